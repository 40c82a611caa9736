"""The kiosk of tests.bench.parts_kiosk_process and its screen, both seen from outside."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from tests.bench.control import ControlLine
from tests.bench.parts_kiosk_process import Ask
from tests.bench.parts_process import PATIENCE_S, count_in, end
from tests.bench.parts_screen import Screen
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench
from tests.bench.trail import Stamp
from tests.support.brokers import BrokerProcess, eventually, free_port, secret_file
from tests.support.hub import DOOR, KIOSK_TOKEN, STORE
from tests.support.kiosk_core import write_config


class Rushed(msgspec.Struct):
    """took_s: from the first card to the last light. welcomed: new rows of visits in the kiosk's own file."""

    took_s: float
    welcomed: int


class Door:
    """trail: the kiosk stamps the way of an arrival."""

    def __init__(self, bench: Bench, broker: BrokerProcess, hub_url: str, *, name: str = "kiosk", trail: bool = False) -> None:
        self._bench, self.folder, self.port = bench, bench.folder / name, free_port()
        self.folder.mkdir()
        self._control, self.file = self.folder / "control", self.folder / "data" / "kiosk.db"
        password = broker.passwords[f"{STORE}.kiosk.{DOOR}"]
        where = {"reader": "bench", "broker_port": broker.port, "hub_url": hub_url, "screen_port": self.port}
        config = write_config(self.folder, **where, password=password)  # type: ignore[arg-type]  # as its parameters say
        secret_file(self.folder / "hub.token", KIOSK_TOKEN)
        words = ("--config", str(config), "--control", str(self._control), *(["--trail"] if trail else []))
        self._command = ("-m", "tests.bench.parts_kiosk_process", *words)
        self._process: subprocess.Popen[bytes] | None = None
        self._hand: ControlLine | None = None
        self._screen: Screen | None = None

    @property
    def screen(self) -> Screen:
        """Of a door that was started."""
        assert self._screen is not None, "the door was not started"
        return self._screen

    def start(self, cards: int) -> Door:
        """Returns when the kiosk knows so many cards and its screen is open."""
        self.launch()
        eventually(lambda: self._cards() >= cards, f"the kiosk knows {cards} cards: see {self.folder / 'log'}", PATIENCE_S)
        self._hand = self._line()
        self._screen = Screen(self.port)
        return self

    def launch(self) -> None:
        """Start it, and do not wait."""
        self._log = (self.folder / "log").open("ab")
        self._process = self._bench.python("kiosk", *self._command, stderr=self._log)

    def stop(self) -> None:
        if self._process is None:
            return
        for open_ in (self._hand, self._screen):
            if open_ is not None:
                open_.close()
        end(self._process)
        self._log.close()

    @property
    def pid(self) -> int:
        """Of the kiosk's process."""
        assert self._process is not None
        return self._process.pid

    def tap(self, number: int) -> None:
        """Hold the card of member `number` to the reader; what its screen had before is forgotten."""
        self.screen.drain()
        self.present(number)

    def present(self, number: int) -> None:
        """The same, while nobody looks at the bench's own screen."""
        assert self._hand is not None
        self._hand.say(msgspec.json.encode(Ask(tap=uid_of(number))))

    def trail(self) -> list[Stamp]:
        """Its stamps since the last time; of a door with a trail."""
        assert self._hand is not None
        return msgspec.json.decode(self._hand.ask(msgspec.json.encode(Ask(trail=True)), "its stamps"), type=list[Stamp])

    def rush(self, numbers: Sequence[int], at_once: int) -> Rushed:
        """So many clients, each with a connection of its own to the reader: a card, its light, the next card."""
        before = count_in(self.file, "visits")
        lines = [self._line() for _ in range(at_once)]
        try:
            with ThreadPoolExecutor(at_once) as pool:
                began = time.perf_counter()
                list(pool.map(_present_all, lines, (numbers[first::at_once] for first in range(at_once))))
                took_s = time.perf_counter() - began
        finally:
            for line in lines:
                line.close()
        return Rushed(took_s, count_in(self.file, "visits") - before)

    def _line(self) -> ControlLine:
        return ControlLine(self._control, "the kiosk")

    def _cards(self) -> int:
        assert self._process is not None and self._process.poll() is None, f"the kiosk ended: see {self.folder / 'log'}"
        return count_in(self.file, "directory")


def _present_all(line: ControlLine, numbers: Sequence[int]) -> None:
    for number in numbers:
        line.ask(msgspec.json.encode(Ask(tap=uid_of(number), told=True)), "the light of a card")
