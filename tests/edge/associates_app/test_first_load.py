"""The app in the first moments of its page, when the hub may answer before the browser has drawn its first frame."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.support.hub import HubBench
from tests.support.needs import needs
from tests.support.screen import chromium

# A browser that is busy with other things: its frames, and what waits a short while for them, come two seconds late.
LATE_FRAMES = """
const later = window.setTimeout.bind(window);
window.requestAnimationFrame = (draw) => later(() => draw(performance.now()), 2000);
window.setTimeout = (act, after, ...rest) => later(act, (after ?? 0) < 200 ? 2000 : after, ...rest);
"""


@pytest.mark.chromium
def test_an_answer_before_the_first_frame_is_shown(tmp_path: Path) -> None:
    bench = HubBench(tmp_path)
    server = make_server("127.0.0.1", 0, bench.hub.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium(needs("chromium")) as browser:
            page = browser.new_page(viewport={"width": 390, "height": 844})
            page.add_init_script(LATE_FRAMES)
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.get_by_label("Your name in the store").wait_for(timeout=15_000)
    finally:
        server.shutdown()
        bench.close()
