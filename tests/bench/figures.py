"""What a station reports, and how it is kept: docs/performance.json holds the last complete figures of each station."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tests.bench.measure import Series

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs" / "performance.json"


class Ratio(Struct, frozen=True):
    """One series over another at one percentile. over, under: both sides in `unit`, and whose they are.

    low, high: the smallest and largest ratio of a block, each block over the other's in the same turn; None where unknown.
    """

    value: float
    over: float
    under: float
    unit: str
    over_name: str
    under_name: str
    low: float | None = None
    high: float | None = None

    def __format__(self, form: str) -> str:
        return format(self.value, form)


class Goal(Struct, frozen=True):
    """A promise about one number. at: whether the value may be at most or at least the limit.

    spread: the smallest and largest value of a block, for a value that is no ratio; a Ratio brings its own.
    """

    text: str
    value: float | Ratio
    limit: float
    at: Literal["most", "least"] = "most"
    unit: str = "x"
    spread: tuple[float, float] | None = None

    @property
    def number(self) -> float:
        return self.value.value if isinstance(self.value, Ratio) else self.value

    @property
    def met(self) -> bool:
        return self.number <= self.limit if self.at == "most" else self.number >= self.limit

    @property
    def blocks(self) -> tuple[float, float] | None:
        """The smallest and largest value of a block."""
        if isinstance(self.value, Ratio):
            low, high = self.value.low, self.value.high
            return None if low is None or high is None else (low, high)
        return self.spread

    @property
    def in_the_noise(self) -> bool:
        """Whether some blocks stand on this side of the limit and some on the other."""
        return self.blocks is not None and self.blocks[0] <= self.limit <= self.blocks[1] and self.blocks[0] < self.blocks[1]


class Layer(Struct, frozen=True):
    """One part of the latency budget of a tap, as the stacked bar draws it."""

    name: str
    ms: float


class Share(Struct, frozen=True):
    """One line of where the time goes. process: who has it; part: on what; share: of the whole, 0 to 1; ms: of one tap."""

    process: str
    part: str
    share: float
    ms: float | None = None


class Size(Struct, frozen=True):
    """One line of what a tap weighs. count: in `unit`."""

    what: str
    count: float
    unit: str = "bytes"


class Curve(Struct, frozen=True):
    """A line of a growth plot: cost y (in `unit`) over the size x (in `of`)."""

    name: str
    of: str
    unit: str
    x: Sequence[float]
    y: Sequence[float]


class Figure(Struct, frozen=True):
    """One metric: what the contenders gave, which goals stand against it, and what a reader has to know beside.

    profile: where the time goes. takes: what it would take to meet a goal that is not met. sizes: what a tap weighs.
    """

    metric: str
    series: Sequence[Series] = ()
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    layers: Sequence[Layer] = ()
    curves: Sequence[Curve] = ()
    profile: Sequence[Share] = ()
    takes: str | None = None
    sizes: Sequence[Size] = ()


class StationFigures(Struct, frozen=True):
    """All figures of one station, from one run.

    at: when it ended. began: when its whole run began (UTC, both), which names the run. missing: what was not measured here, and
    how to have it measured, a sentence each; without figures, the whole station.
    """

    station: str
    title: str
    at: str
    took_s: float
    machine: dict[str, str]
    figures: Sequence[Figure]
    began: str = ""
    missing: Sequence[str] = ()


def ratio(over: Series, under: Series, at: Literal["p50", "p95", "p99"] = "p50") -> Ratio:
    """over / under at one percentile, with both sides and the spread over the blocks both were measured in."""
    mine, theirs = float(getattr(over, at)), float(getattr(under, at))
    blocks = [getattr(a, at) / getattr(b, at) for a, b in zip(over.blocks, under.blocks, strict=False)]
    low, high = (min(blocks), max(blocks)) if blocks and len(over.blocks) == len(under.blocks) else (None, None)
    return Ratio(mine / theirs, mine, theirs, over.unit, over.name, under.name, low, high)


def kept() -> dict[str, StationFigures]:
    """The last complete figures of each station; empty before the first run."""
    if not KEPT.exists():
        return {}
    return {one.station: one for one in msgspec.json.decode(KEPT.read_bytes(), type=list[StationFigures])}


def keep(new: Sequence[StationFigures], order: Sequence[str]) -> dict[str, StationFigures]:
    """Replace the figures of the stations that ran; a station that is no more (not in `order`) is dropped."""
    both = kept() | {one.station: one for one in new}
    found = {name: both[name] for name in order if name in both}
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(list(found.values())), indent=1) + b"\n")
    return found
