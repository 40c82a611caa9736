"""A kiosk screen to look at: the real server on a free port, and a real Chromium in front of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from edge.contracts.outcomes import Reason
from edge.process.clock import Clock, SystemClock
from edge.process.health import Health
from kiosk.screen.board import Board
from kiosk.screen.serve import ScreenServer
from kiosk.screen.server import create_app
from kiosk.visit.words import SceneKind, Tone, Words

AXE = Path(__file__).resolve().parents[2] / "edge" / "look" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PORTRAIT, LANDSCAPE, SMALL = (1080, 1920), (1280, 800), (800, 480)


def words(
    scene: SceneKind,
    title: str = "Welcome back",
    line: str = "Lovely to see you.",
    *,
    tone: Tone = "warm",
    seconds: float = 30.0,
    language: str = "en",
    reasons: bool = False,
    not_today: bool = False,
) -> Words:
    """Words of a scene, short to write in a test."""
    return Words(scene, title, line, tone, seconds, language, reasons, not_today)


@dataclass
class Deeds:
    """Actions that remember what was asked, and what goes wrong when `trouble` is set."""

    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    trouble: Exception | None = None

    def ring_bell(self, language: str | None) -> None:
        self._do("bell", language, None)

    def choose_reason(self, arrival_id: str, reason: Reason) -> None:
        self._do("reason", arrival_id, reason)

    def not_today(self, arrival_id: str | None) -> None:
        self._do("not_today", arrival_id, None)

    def set_language(self, language: str) -> None:
        self._do("language", language, None)

    def _do(self, what: str, first: str | None, second: str | None) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.asked.append((what, first, second))


class Screen:
    """One kiosk's screen, served on loopback."""

    def __init__(self, clock: Clock | None = None, port: int = 0, language: str = "en") -> None:
        self.board = Board(clock or SystemClock(), language)
        self.deeds = Deeds()
        self.health = Health("kiosk", "test")
        self.app = create_app(self.board, self.deeds, self.health, allowed_hosts=frozenset({"127.0.0.1", "localhost"}))
        self.server = ScreenServer(self.app, self.board, "127.0.0.1", port)
        self.server.start()

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        """What the page would send. Returns status and decoded body."""
        return self.send(
            "POST", path, json.dumps(body).encode(), {"Origin": self.url, "Content-Type": "application/json", **headers}
        )

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> HTTPResponse:
        """A page or file; its body is read already into `.text`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]  # a test's convenience
        connection.close()
        return answer

    def stop(self) -> None:
        self.server.stop()


@contextlib.contextmanager
def screen(clock: Clock | None = None, port: int = 0, language: str = "en") -> Iterator[Screen]:
    """A served screen that ends with the block."""
    served = Screen(clock, port, language)
    try:
        yield served
    finally:
        served.stop()


@contextlib.contextmanager
def chromium(executable: str) -> Iterator[Any]:
    """A running Chromium; open pages with `browser.new_page(viewport=...)` or `page_of`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=list(CHROMIUM_ARGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(browser: Any, url: str, size: tuple[int, int] = PORTRAIT, **options: Any) -> Iterator[Any]:
    """A page of its own context at `url`, as large as the kiosk's screen; what it complains about is in `page.complaints`."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.goto(url)
    try:
        yield page
    finally:
        context.close()


def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until something has become true, or fail."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not become true in time"
        time.sleep(0.01)


def serious(page: Any) -> list[str]:
    """What axe-core finds serious or critical on this page, as readable lines."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in bad for node in v["nodes"]]
