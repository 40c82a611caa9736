"""A whole kiosk in a process of its own whose reader is told, over a socket, which card it has just read.

`python -m tests.bench.parts_kiosk_process --config FILE --control SOCKET` is the kiosk's own command as in a shop; only the
reader and the lights are the bench's. The reader stamps the moment in which it delivers a card, the green light the moment in
which the arrival is committed and handed to the screen: time.perf_counter, on Linux one clock for all processes.
"""

from __future__ import annotations

import argparse
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from edge.process.clock import SystemClock
from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from kiosk import wiring
from kiosk.__main__ import run
from kiosk.devices.patterns import Cue

RUSH_PATIENCE_S = 30.0
CLOCK = SystemClock()  # the kiosk's own, by which it judges how late a card is told
LOOK_EVERY_S = 0.2
Deliver = Callable[[ReaderEvent], None]


class Lines(Protocol):
    """Where answers go."""

    def write(self, line: bytes, /) -> int: ...
    def flush(self) -> None: ...


class Ask(msgspec.Struct, omit_defaults=True):
    """One line to the reader. tap: deliver this card. rush: deliver these, with `at_once` of them under way at a time.

    stamps: answer with those of the last tap.
    """

    tap: str | None = None
    rush: list[str] | None = None
    at_once: int = 4
    stamps: bool = False


class Stamps(msgspec.Struct):
    """delivered, lit: seconds of perf_counter. cue: what the lights were told."""

    delivered: float
    lit: float
    cue: str


class Rushed(msgspec.Struct):
    """took_s: from the first card to the last light. welcomed: cards that became an arrival and a welcome."""

    took_s: float
    welcomed: int


class Light:
    """The kiosk's lights: told by the tap loop after the commit, when the screen has been told too."""

    def __init__(self) -> None:
        self.lit, self.cue, self.welcomed = 0.0, "", 0
        self.played = threading.Semaphore(0)

    def play(self, cue: Cue) -> None:
        self.lit, self.cue = time.perf_counter(), cue
        self.welcomed += cue == "welcome"
        self.played.release()

    def close(self) -> None:
        """Nothing is open."""


class TellingReader:
    """kiosk's reader: delivers what it is told on a Unix socket."""

    def __init__(self, name: str, control: Path, light: Light) -> None:
        self._name, self._light, self._delivered = name, light, 0.0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(control))
        self._listener.listen(1)
        self._listener.settimeout(LOOK_EVERY_S)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        deliver(ReaderState(self._name, CLOCK.monotonic(), up=True))
        while not stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            with connection, connection.makefile("rwb") as lines:
                for line in lines:
                    self._obey(msgspec.json.decode(line, type=Ask), deliver, lines)

    def _obey(self, ask: Ask, deliver: Deliver, lines: Lines) -> None:
        if ask.tap is not None:
            self._tap(ask.tap, deliver)
        if ask.rush is not None:
            _tell(lines, self._rush(ask.rush, ask.at_once, deliver))
        if ask.stamps:
            _tell(lines, Stamps(self._delivered, self._light.lit, self._light.cue))

    def _tap(self, uid: str, deliver: Deliver) -> None:
        read = CardRead("nfc", uid, self._name, CLOCK.monotonic())
        self._delivered = time.perf_counter()
        deliver(read)

    def _rush(self, uids: list[str], at_once: int, deliver: Deliver) -> Rushed:
        light, before = self._light, self._light.welcomed
        while light.played.acquire(blocking=False):
            """Of taps before this rush."""
        began = time.perf_counter()
        for number, uid in enumerate(uids):
            if number >= at_once and not light.played.acquire(timeout=RUSH_PATIENCE_S):
                break
            deliver(CardRead("nfc", uid, self._name, CLOCK.monotonic()))
        for _ in range(min(at_once, len(uids))):
            light.played.acquire(timeout=RUSH_PATIENCE_S)
        return Rushed(light.lit - began, light.welcomed - before)


def _tell(lines: Lines, answer: msgspec.Struct) -> None:
    lines.write(msgspec.json.encode(answer) + b"\n")
    lines.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="a kiosk whose cards come over a socket")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--control", type=Path, required=True)
    asked = parser.parse_args()
    light = Light()
    reader = TellingReader("bench", asked.control, light)
    wiring.open_reader = lambda *_, **__: reader  # type: ignore[assignment]  # the one part that is not the product's
    wiring.open_signals = lambda **_: light  # type: ignore[attr-defined]  # and the lights, a port of the kiosk's
    run(asked.config)


if __name__ == "__main__":
    main()
