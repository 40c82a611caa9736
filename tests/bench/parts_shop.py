"""A whole store of real processes with a card reader on a serial line, and Chromium in front of it: the screen and a phone."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tests.bench.control import ControlLine
from tests.bench.parts_kiosk_process import Ask
from tests.bench.parts_process import count_in, end
from tests.bench.parts_screen import Screen
from tests.bench.station import Bench
from tests.bench.trail import Stamp
from tests.story.shop import PHONE, sign_in
from tests.support.brokers import BrokerProcess, eventually, free_port, secret_file
from tests.support.demo import Associate
from tests.support.hub import DOOR, KIOSK_TOKEN, PIN, STORE
from tests.support.kiosk_core import write_config
from tests.support.screen import PORTRAIT, chromium

PATIENCE_S = 20.0
PARTS = {"reader", "directory", "broker"}
CLOCK_LOOKS = 20
# The moment is taken first; what is noted beside it costs the page nothing that counts. Observers run after the whole change.
WATCH_SCREEN = """
addEventListener('DOMContentLoaded', () => {
  window.noted = [];
  const note = () => noted.push([performance.timeOrigin + performance.now(), document.body.dataset.scene]);
  new MutationObserver(note).observe(document.body, { attributes: true, attributeFilter: ['data-scene'] });
});
"""
WATCH_PHONE = """
addEventListener('DOMContentLoaded', () => {
  window.noted = [];
  const here = () => [...document.querySelectorAll('li.arrival')].map((one) => one.dataset.alert);
  const note = () => { const now = performance.timeOrigin + performance.now(); noted.push([now, here()]); };
  new MutationObserver(note).observe(document.getElementById('app'), { childList: true, subtree: true });
});
"""


class Kiosk:
    """The kiosk's own command with its reader at a serial port; it stamps the way of an arrival."""

    def __init__(self, bench: Bench, broker: BrokerProcess, hub_url: str, port: str) -> None:
        self._bench, self.folder, self.port = bench, bench.folder / "kiosk", free_port()
        self.folder.mkdir()
        self.file, self._log_file = self.folder / "data" / "kiosk.db", self.folder / "log"
        where = {"reader": port, "broker_port": broker.port, "hub_url": hub_url, "screen_port": self.port}
        password = broker.passwords[f"{STORE}.kiosk.{DOOR}"]
        self._config = write_config(self.folder, **where, password=password)  # type: ignore[arg-type]  # as its parameters say
        self._control = self.folder / "control"
        secret_file(self.folder / "hub.token", KIOSK_TOKEN)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self, cards: int) -> Kiosk:
        """Returns when it is well and knows so many cards."""
        with self._log_file.open("ab") as log:
            words = ("--config", str(self._config), "--control", str(self._control), "--own-reader", "--trail")
            self._process = self._bench.python("kiosk", "-m", "tests.bench.parts_kiosk_process", *words, stderr=log, stdout=log)
        eventually(lambda: self._well() and count_in(self.file, "directory") >= cards, "the kiosk is ready", PATIENCE_S)
        return self

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def trail(self) -> list[Stamp]:
        """Its stamps since the last time."""
        with contextlib.closing(ControlLine(self._control, "the kiosk")) as line:
            return msgspec.json.decode(line.ask(msgspec.json.encode(Ask(trail=True)), "its stamps"), type=list[Stamp])

    def _well(self) -> bool:
        assert self._process is not None and self._process.poll() is None, (
            f"the kiosk ended: {self._log_file.read_text()[-2000:]}"
        )
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "healthz", timeout=5) as answer:
            return {part["part"] for part in json.load(answer)["parts"] if part["well"]} >= PARTS
        return False


class Page:
    """One page of the browser that notes its own changes."""

    def __init__(self, browser: Any, url: str, size: tuple[int, int], watch: str) -> None:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
        self.page = context.new_page()
        self.page.add_init_script(watch)
        self.page.goto(url)
        self._noted: list[tuple[float, Any]] = []

    def forget(self) -> None:
        """What was noted until now belongs to an earlier tap."""
        self._fetch()
        self._noted.clear()

    def when(self, wanted: Callable[[Any], bool], what: str) -> float:
        """Wall clock (s) of the first change since `forget` after which the page showed what is wanted; waits for it."""
        found: list[float] = []

        def look() -> bool:
            self._fetch()
            found.extend(at for at, shown in self._noted if wanted(shown))
            return bool(found)

        eventually(look, f"the page shows {what}", PATIENCE_S)
        return found[0]

    def _fetch(self) -> None:
        self._noted += [(at / 1000, shown) for at, shown in self.page.evaluate("window.noted.splice(0)")]

    def ahead_s(self) -> tuple[float, float]:
        """Page's clock minus time.time(), and how far that may be wrong: half the round trip of the quickest of some looks."""
        looks = [self._look() for _ in range(CLOCK_LOOKS)]
        return min(looks, key=lambda look: look[1])

    def _look(self) -> tuple[float, float]:
        began = time.time()
        there = self.page.evaluate("performance.timeOrigin + performance.now()") / 1000
        ended = time.time()
        return there - (began + ended) / 2, (ended - began) / 2


class Phone(Page):
    """An associate's app, signed in, and the same associate's second session, which serves whoever has been measured."""

    def __init__(self, browser: Any, url: str, name: str) -> None:
        super().__init__(browser, url, PHONE, WATCH_PHONE)
        sign_in(self.page, name, PIN)
        self.colleague = Associate(url, name, PIN)

    def heard(self, since: int) -> tuple[str, float]:
        """The first alert after the first `since` messages: its id, and when a plain client had it (monotonic)."""
        eventually(lambda: len(self.colleague.alerts) > since, "an alert", PATIENCE_S)
        return str(self.colleague.alerts[since]["alert_id"]), self.colleague.heard_at[since]

    def serve(self, alert: str) -> None:
        """Take it and finish it, so that the list does not grow from tap to tap."""
        for act in ("claim", "served"):
            status, answer = self.colleague.call("POST", f"/api/v1/alerts/{alert}/{act}")
            assert status == 200, answer
        eventually(lambda: self.colleague.newest()[alert]["state"] == "served", "the alert's end", PATIENCE_S)


@contextlib.contextmanager
def kiosk_at(bench: Bench, broker: BrokerProcess, hub_url: str, port: str, cards: int) -> Iterator[Kiosk]:
    """A kiosk with its reader at `port` that knows `cards` cards; ended with the block."""
    kiosk = Kiosk(bench, broker, hub_url, port)
    try:
        yield kiosk.start(cards)
    finally:
        kiosk.stop()


@contextlib.contextmanager
def pages(bench: Bench, kiosk: Kiosk, hub_url: str, associate: str) -> Iterator[tuple[Page, Phone, Screen]]:
    """The kiosk's screen and a phone in one Chromium, and a second stream of the screen on a raw socket."""
    with chromium(str(bench.part("chromium"))) as browser, contextlib.ExitStack() as stack:
        door = Page(browser, kiosk.url, PORTRAIT, WATCH_SCREEN)
        door.page.wait_for_selector("body[data-scene=idle][data-link=up]")
        phone = Phone(browser, hub_url, associate)
        stack.callback(phone.colleague.close)
        yield door, phone, stack.enter_context(contextlib.closing(Screen(kiosk.port)))
