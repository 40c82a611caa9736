"""A whole kiosk in a process of its own, whose reader is told over a socket which card it has just read.

`python -m tests.bench.parts_kiosk_process --config FILE --control SOCKET` is the kiosk's own command as in a shop; only the
reader and the lights are the bench's. --own-reader: neither is. --trail: with stamps on the way of an arrival.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from flask import Flask
from paho.mqtt import client as paho

import kiosk.reception
import kiosk.screen.stream
from edge.process.clock import SystemClock
from edge.process.sqlite_file import SqliteFile
from edge.transport.mqtt import MqttLine
from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from kiosk import wiring
from kiosk.__main__ import run
from kiosk.answers import Answers
from kiosk.devices.patterns import Cue
from kiosk.hub_link import HubLink
from kiosk.reception import Reception
from kiosk.screen.board import Board
from kiosk.tap_loop import TapLoop
from tests.bench.control import Answer, Control
from tests.bench.trail import Trail, on_thread, topic_ends

CLOCK = SystemClock()  # the kiosk's own, by which it judges how late a card is told
Deliver = Callable[[ReaderEvent], None]


class Ask(msgspec.Struct, omit_defaults=True):
    """One line to the process. tap: deliver this card. told: answer when its light plays, with the light's cue.

    trail: answer with the stamps since the last (tests.bench.trail), as JSON.
    """

    tap: str | None = None
    told: bool = False
    trail: bool = False


class Light:
    """The kiosk's lights: told by the tap loop after the commit, when the screen has been told too; in the order of the taps.

    Whoever wants to know is told on a thread of its own, so that the tap loop never writes to the bench.
    """

    def __init__(self) -> None:
        self._waiting: deque[Answer | None] = deque()
        self._played: queue.SimpleQueue[tuple[Answer, Cue]] = queue.SimpleQueue()
        threading.Thread(target=self._tell, name="bench-light", daemon=True).start()

    def expect(self, told: Answer | None) -> None:
        """Of the tap that is delivered next: who wants to know of its light."""
        self._waiting.append(told)

    def play(self, cue: Cue) -> None:
        told = self._waiting.popleft() if self._waiting else None
        if told is not None:
            self._played.put((told, cue))

    def close(self) -> None:
        """Nothing is open."""

    def _tell(self) -> None:
        while True:
            told, cue = self._played.get()
            with contextlib.suppress(OSError):  # whoever asked has gone
                told(cue.encode())


class TellingReader:
    """kiosk's reader: delivers what it is told."""

    def __init__(self, name: str, control: Control, light: Light, trail: Trail) -> None:
        self._name, self._control, self._light, self._trail = name, control, light, trail

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        deliver(ReaderState(self._name, CLOCK.monotonic(), up=True))
        self._control.serve(lambda line, answer: self._obey(line, answer, deliver), stop)

    def _obey(self, line: bytes, answer: Answer, deliver: Deliver) -> None:
        ask = msgspec.json.decode(line, type=Ask)
        if ask.tap is not None:
            self._light.expect(answer if ask.told else None)
            deliver(CardRead("nfc", ask.tap, self._name, CLOCK.monotonic()))
        if ask.trail:
            answer(msgspec.json.encode(self._trail.take()))


def follow(trail: Trail) -> None:
    """Stamp this process's part of the way: tests.bench.ways names the hops."""
    trail.around(TapLoop, "deliver", begins="delivered", when=lambda _loop, event, *_: isinstance(event, CardRead))
    trail.around(Reception, "taps", begins="taken")
    trail.around(Reception, "_check_in", begins="begun")
    trail.around(kiosk.reception, "check_in", ends="decided")
    trail.around(SqliteFile, "_commit", begins="written", ends="committed", when=on_thread("tap-loop"))
    trail.around(Board, "show", begins="shown")
    trail.around(HubLink, "wake", begins="woken")
    trail.around(MqttLine, "publish", begins="published", when=topic_ends("/arrival"))
    trail.around(paho.Client, "_packet_write", begins="writes")
    trail.around(HubLink, "deliver", begins="answered", when=topic_ends("/answer"))
    trail.around(Answers, "take", begins="read")
    trail.around(Reception, "greet", begins="greeted")
    trail.around(Board, "complete", begins="completed")
    trail.around(Flask, "wsgi_app", begins="asked")
    trail.around(Board, "speak", begins="spoken")
    trail.around(kiosk.screen.stream, "event_of", begins="composed")


def main() -> None:
    parser = argparse.ArgumentParser(description="a kiosk whose cards come over a socket")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--control", type=Path, required=True)
    parser.add_argument("--own-reader", action="store_true", help="the one of its configuration; the socket tells stamps only")
    parser.add_argument("--trail", action="store_true")
    asked = parser.parse_args()
    trail, control, light = Trail(), Control(asked.control), Light()
    if asked.trail:
        follow(trail)
    reader = TellingReader("bench", control, light, trail)
    if asked.own_reader:
        work = (lambda event: None, threading.Event())
        threading.Thread(target=reader.run, args=work, name="bench-control", daemon=True).start()
    else:
        wiring.open_reader = lambda *_, **__: reader  # type: ignore[attr-defined]  # the one part that is not the product's
        wiring.open_signals = lambda **_: light  # type: ignore[attr-defined]  # and the lights, a port of the kiosk's
    run(asked.config)


if __name__ == "__main__":
    main()
