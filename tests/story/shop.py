"""A whole demo seen through Chromium: the kiosk's screen, associates' phones and HQ's console, and what it may say of people."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import zxingcpp

from tests.support.demo import Demo, running_demo, until
from tests.support.needs import needs
from tests.support.screen import PORTRAIT, chromium

PHONE, DESK = (390, 844), (1280, 760)
# The demo's own "not today" window would keep these tests waiting for HQ.
WINDOW_S = "4"
# Every scene and title the screen has shown, in order: what flashed by is evidence too.
WATCH_SCREEN = """
addEventListener('DOMContentLoaded', () => {
  window.seen = [];
  const look = () => window.seen.push([document.body.dataset.scene, document.getElementById('title').textContent]);
  new MutationObserver(look).observe(document.body, { attributes: true, subtree: true, childList: true, characterData: true });
});
"""


class Shop:
    """demo: running. Every page belongs to one Chromium and is opened once."""

    def __init__(self, demo: Demo, browser: Any) -> None:
        self.demo, self.browser = demo, browser
        self._phones: dict[str, Any] = {}

    def page(self, url: str, size: tuple[int, int], **options: Any) -> Any:
        """A page of a person of its own; what it complains about stands in `page.complaints`."""
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB", **options)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.add_init_script(WATCH_SCREEN if url == self.demo.ready["kiosk"] else "")
        page.goto(url)
        return page

    @cached_property
    def kiosk(self) -> Any:
        """The screen at the door."""
        page = self.page(self.demo.ready["kiosk"], PORTRAIT)
        page.wait_for_selector("body[data-scene=idle][data-link=up]")
        return page

    def phone(self, name: str) -> Any:
        """An associate's phone, signed in and live."""
        if name not in self._phones:
            page = self.page(self.demo.ready["associates"], PHONE, has_touch=True)
            sign_in(page, name, self.pin_of(name))
            self._phones[name] = page
        return self._phones[name]

    @cached_property
    def console(self) -> Any:
        """HQ's console, signed in."""
        page = self.page(self.demo.ready["hq"], DESK)
        account = self.demo.ready["hq_account"]
        page.get_by_label("User name").fill(account["username"])
        page.get_by_label("Password").fill(account["password"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Overview").wait_for()
        return page

    def hq_shows(self, path: str, row: Callable[[str], bool], what: str, within_s: float = 40) -> str:
        """The text of the first row of one of HQ's lists for which `row(text)` is true, once it is there."""

        def look() -> str | None:
            self.console.goto(self.demo.ready["hq"] + path)
            texts: list[str] = self.console.locator("tbody tr, li.note, .stores article").all_inner_texts()
            return next((text for text in texts if row(text)), None)

        return str(until(look, what, within_s))

    # -- the screen ------------------------------------------------------------------------------------------------

    def see(self, scene: str, title: str | None = None, within_s: float = 10) -> None:
        """Wait until the screen shows this scene (and title)."""
        self.kiosk.wait_for_function(
            "([scene, title]) => document.body.dataset.scene === scene"
            " && (title === null || document.getElementById('title').textContent === title)",
            arg=[scene, title],
            timeout=within_s * 1000,
        )

    def rest(self) -> None:
        """Wait until the screen has returned to idle by itself."""
        self.see("idle", within_s=45)

    def seen(self) -> list[tuple[str, str]]:
        """Scenes and titles the screen showed since the last call, each once in a row."""
        shown = [tuple(one) for one in self.kiosk.evaluate("window.seen.splice(0)")]
        return [one for place, one in enumerate(shown) if place == 0 or one != shown[place - 1]]

    def tap(self, card: str, hold_s: float = 0.3) -> None:
        self.demo.tap(card, hold_s)

    # -- what is known ---------------------------------------------------------------------------------------------

    @cached_property
    def pack(self) -> dict[str, Any]:
        """The made-up store as the demo loaded it."""
        return dict(json.loads((self.demo.folder / "store.json").read_text()))

    def member(self, key: str) -> dict[str, Any]:
        return next(dict(one) for one in self.pack["members"] if one["key"] == key)

    def some(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        """Invented members with these fields, English-speaking and looked after by nobody in particular."""
        fields = {"language": "en", "own_associate": None, "not_today": False} | wanted
        return (one for one in self.pack["members"] if one["key"][1:].isdigit() and fields.items() <= one.items())

    def blocked_card(self, key: str) -> str:
        """The card a member reported lost, as `shopbell tap` takes it."""
        cards = self.member(key)["cards"]
        return str(next(card["card_id"] for card in cards if card["state"] == "blocked")).replace("nfc:", "uid:")

    def pin_of(self, name: str) -> str:
        return next(str(one["sign_in"]) for one in self.demo.ready["associate_accounts"] if one["name"] == name)

    def hub_rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What the hub's own file says; read only."""
        file = next((self.demo.folder / "data" / "hub").glob("*.db"))
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def silent(self, process: str) -> Iterator[None]:
        """The process is there and does not answer."""
        pid = self.demo.pid_of(process)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


def sign_in(page: Any, name: str, pin: str) -> None:
    """At the associates' app, until it is live."""
    page.get_by_label("Your name in the store").fill(name)
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("[data-link=live]")


def waiting(page: Any, who: str) -> Any:
    """The arrival of somebody who waits, on a phone."""
    return page.locator("li.arrival", has=page.get_by_role("heading", name=who, exact=True))


def taken(page: Any, who: str) -> Any:
    """The grey line of somebody a colleague took."""
    return page.locator("li[data-taken]", has_text=who)


def read_code(picture: Any) -> str:
    """What a phone's camera reads of it."""
    until(lambda: picture.evaluate("it => it.complete && it.naturalWidth > 0"), "the picture is drawn")
    picture.evaluate("it => it.scrollIntoView({ block: 'center' })")
    pixels = cv2.imdecode(np.frombuffer(picture.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    return str(zxingcpp.read_barcodes(pixels)[0].text)


def html_of(page: Any) -> str:
    """Everything that stands in the page now."""
    return str(page.evaluate("document.documentElement.outerHTML"))


def personal(pack: dict[str, Any]) -> dict[str, re.Pattern[str]]:
    """Everything about people that no log may hold: what it is -> how to find it."""
    found: dict[str, re.Pattern[str]] = {}
    for member in pack["members"]:
        for name in filter(None, (member["name"], member["call_me"])):
            found[f"name of {member['key']}, {len(name)} letters"] = re.compile(rf"\b{re.escape(name)}\b")
        for card in member["cards"]:
            value = re.escape(card["card_id"].partition(":")[2])
            found[f"card {card['card_id'][:6]}... of {member['key']}"] = re.compile(value, re.IGNORECASE)
    for associate in pack["associates"]:
        # not the microseconds of a time
        found[f"PIN of {associate['associate']}"] = re.compile(rf"(?<![\d.]){associate['pin']}(?!\d)")
    return found


def leaks(folder: Path, pack: dict[str, Any]) -> list[str]:
    """Where a log of the demo holds something personal: file, and what it is (never the value)."""
    patterns = personal(pack)
    logs = [file for file in (folder / "logs").iterdir() if file.is_file()]
    assert logs and len(patterns) > 300
    return [f"{file.name}: {what}" for file in logs for what, found in patterns.items() if found.search(file.read_text())]


def with_short_window() -> list[str]:
    """The option that lets HQ hear of an arrival soon."""
    return ["--not-today-window", WINDOW_S]


@contextlib.contextmanager
def open_shop(folder: Path, kind: type[Shop] = Shop) -> Iterator[Shop]:
    """A demo and a Chromium in front of it; skips or fails where a part is missing."""
    needs("mosquitto")
    executable = needs("chromium")
    with running_demo(folder, *with_short_window()) as demo, chromium(executable) as browser:
        yield kind(demo, browser)
