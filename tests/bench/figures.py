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


class Goal(Struct, frozen=True):
    """A promise about one number. at: whether the value may be at most or at least the limit."""

    text: str
    value: float
    limit: float
    at: Literal["most", "least"] = "most"
    unit: str = "x"

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at == "most" else self.value >= self.limit


class Layer(Struct, frozen=True):
    """One part of the latency budget of a tap, as the stacked bar draws it."""

    name: str
    ms: float


class Curve(Struct, frozen=True):
    """A line of a growth plot: cost y (in `unit`) over the size x (in `of`)."""

    name: str
    of: str
    unit: str
    x: Sequence[float]
    y: Sequence[float]


class Figure(Struct, frozen=True):
    """One metric: what the contenders gave, which goals stand against it, and what a reader has to know beside."""

    metric: str
    series: Sequence[Series] = ()
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    layers: Sequence[Layer] = ()
    curves: Sequence[Curve] = ()


class StationFigures(Struct, frozen=True):
    """All figures of one station, from one run."""

    station: str
    title: str
    at: str
    took_s: float
    machine: dict[str, str]
    figures: Sequence[Figure]


def ratio(over: Series, under: Series, at: Literal["p50", "p95", "p99"] = "p50") -> float:
    """over / under at one percentile."""
    return float(getattr(over, at) / getattr(under, at))


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
