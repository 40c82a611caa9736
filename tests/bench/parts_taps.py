"""Taps at a door whose kiosk and hub keep a trail: how long each took, and by which way it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tests.bench import ways
from tests.bench.measure import Contender
from tests.bench.parts_clients import Listeners
from tests.bench.parts_door import Door
from tests.bench.parts_store import Hub
from tests.bench.trail import Stamp

REST_S = 0.005  # between taps, for everybody: what one tap still does behind the welcome is not part of the next
SLOW_MS = 50.0


class Taps:
    """Taps of members who have not been there yet: a second tap of the same would be a repeat, not a welcome.

    marks: of each tap since `begin`, warm-up included.
    """

    def __init__(self, door: Door, hub: Hub, members: int) -> None:
        self._door, self._hub, self._members = door, hub, members
        self._next = 0
        self.marks: list[ways.Marks] = []

    def begin(self) -> None:
        """Another series: what was before is not its."""
        self.marks.clear()

    def until(self, moment: str, listeners: Listeners | None = None) -> Contender:
        """Seconds from the card's delivery until `moment`: welcome and name are at the screen's socket; told: the last of the
        listeners had the alert.
        """

        def take(n: int) -> Sequence[float]:
            self._trails()  # whatever came between
            seen = [self._one(listeners) for _ in range(n)]
            taps = ways.of_taps(self._trails(), seen)
            self.marks += taps
            return [one[moment] - marks[0][1] for one, marks in zip(seen, taps, strict=True)]

        return take

    def _one(self, listeners: Listeners | None) -> dict[str, float]:
        assert self._next < self._members, "every member has been here"
        self._door.tap(self._next)
        self._next += 1
        welcome, name = self._door.screen.greeted()
        seen = {"welcome": welcome, "name": name}
        if listeners is not None:
            seen["told"] = listeners.last_heard()
        time.sleep(REST_S)
        return seen

    def _trails(self) -> dict[str, list[Stamp]]:
        return {"kiosk": self._door.trail(), "hub": self._hub.trail()}


class Remembered:
    """A contender whose single values are still there after the series."""

    def __init__(self, take: Contender) -> None:
        self._take = take
        self.ms: list[float] = []

    def __call__(self, n: int) -> Sequence[float]:
        found = self._take(n)
        self.ms += [one * 1000 for one in found]
        return found


def rested(one: Callable[[], float]) -> Contender:
    """One after the other, with the same rest as Shopbell's taps."""

    def take(n: int) -> Sequence[float]:
        taken = []
        for _ in range(n):
            taken.append(one())
            time.sleep(REST_S)
        return taken

    return take


def tail(way: ways.Way, marks: Sequence[ways.Marks], measured: dict[str, Remembered], warm_up: int) -> str:
    """A sentence about the slowest of each, warm-up left out. marks: Shopbell's, as many as its values."""
    after = {name: one.ms[warm_up:] for name, one in measured.items()}
    slowest = ", ".join(f"{name} {max(ms):.1f} ms" for name, ms in after.items())
    slow = ", ".join(f"{name} {sum(one > SLOW_MS for one in ms)} of {len(ms):,}" for name, ms in after.items())
    ours = next(iter(after.values()))
    said = f"At the slowest: {slowest}. Over {SLOW_MS:.0f} ms: {slow}."
    longest = ways.longest(way, marks[warm_up:][ours.index(max(ours))])
    if longest is None:
        return said
    hop, took_ms = longest
    return f"{said} Of Shopbell's slowest, {took_ms:.1f} ms went into one part: {hop.process}, {hop.part}."
