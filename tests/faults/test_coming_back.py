"""G5 in the small: whoever came up before the others does not stay ill once they are there."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from edge.process.health import Health
from edge.transport.http import HttpReply, Unreachable
from kiosk.directory_fetch import EVERY_S, DirectoryFetch, pause_s
from tests.support.demo import until
from tests.support.kiosk_core import bench, entry, page


class LateHub:
    """Not there for the first two questions."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self, _path: str, params: dict[str, str | int] | None = None) -> HttpReply:
        self.asked += 1
        if self.asked <= 2:
            raise Unreachable("unreachable", "asking the hub", "It is not there yet.")
        more = [entry("04112233445577")] if params and params["after"] != 99 else []
        return HttpReply(200, msgspec.json.encode(page(more, next_=99)))


def test_a_kiosk_that_was_up_before_its_hub_asks_again_soon(tmp_path: Path) -> None:
    with bench(tmp_path) as kiosk:
        health, hub = Health("kiosk", "0"), LateHub()
        fetch = DirectoryFetch(kiosk.book.directory, hub, health)
        thread = threading.Thread(target=fetch.run)
        thread.start()
        try:
            until(lambda: health.report().parts and health.report().state == "well", "the directory is well", EVERY_S / 3)
        finally:
            fetch.stop()
            thread.join(10)
        assert hub.asked == 3 and kiosk.book.directory.state().cursor == 99


def test_the_pause_grows_up_to_a_minute() -> None:
    assert [pause_s(failures) for failures in (0, 1, 2, 3, 7, 1000)] == [60.0, 0.25, 0.5, 1.0, 16.0, 60.0]
