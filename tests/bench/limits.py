"""Pure. What physics, or the machine, asks of each metric at least: found in the figures of the same run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.figures import Figure, StationFigures
from tests.bench.measure import Series

COMMIT, SYNC, PYTHON = "one durable commit", "disk sync", "Python alone"


@dataclass(frozen=True)
class Part:
    """One series, of the first figure of a station that has it."""

    station: str
    series: str


@dataclass(frozen=True)
class Limit:
    """value: in `unit`. says: what it is the limit of."""

    value: float
    unit: str
    says: str


_COMMIT, _FLOOR, _RELAY = Part("limits", COMMIT), Part("reader", "floor"), Part("welcome", "bare two-hop relay")
# Station and the words a metric holds -> parts whose medians add up to the limit, and what they are.
_LIMITS: Sequence[tuple[str, str, tuple[Part, ...], str]] = (
    ("start", "process start", (Part("limits", PYTHON),), "Python alone, with no module"),
    ("reader", "Card in the field", (_FLOOR,), "radio, phase and wire: the floor"),
    ("welcome", "welcome at the screen", (_COMMIT,), "one durable commit"),
    ("welcome", "name at the screen", (_RELAY,), "two durable commits and two hops: the relay"),
    ("welcome", "associates' clients", (_RELAY,), "two durable commits and two hops: the relay"),
    ("browser", "card -> welcome", (_FLOOR, _COMMIT), "radio and wire, one durable commit"),
    ("browser", "card -> name", (_FLOOR, _RELAY), "radio and wire, and the relay"),
    ("browser", "card -> associate's page", (_FLOOR, _RELAY), "radio and wire, and the relay"),
    ("screens", "one tap", (_COMMIT,), "one durable commit"),
    ("lookup", "Member by card", (Part("lookup", "raw SQL"),), "the statement alone"),
    ("drain", "backlog", (Part("drain", "paho, raw QoS 1"),), "the broker alone"),
    ("hq", "HQ ingest", (Part("hq", "COPY of the facts alone"),), "COPY alone"),
    ("import", "Sales of", (Part("import", "executemany, lines alone"),), "executemany alone"),
)
_RATES = (("throughput", "check-ins", COMMIT, "durable commits, one each"),)


def limit_of(station: str, metric: str, stations: Mapping[str, StationFigures]) -> Limit | None:
    """The limit of a metric; None where there is none, or where it was not measured."""
    for name, words, parts, says in _LIMITS:
        if name == station and words in metric:
            found = [_series(stations, part) for part in parts]
            if all(found):
                medians = [series.p50 for series in found if series is not None]
                return Limit(sum(medians), _unit(found), says)
    for name, words, series_name, says in _RATES:
        series = _series(stations, Part("limits", series_name)) if name == station and words in metric else None
        if series is not None:
            return Limit(1000 / series.p50, "per s", says)
    return None


def _unit(found: Sequence[Series | None]) -> str:
    return next(series.unit for series in found if series is not None)


def _series(stations: Mapping[str, StationFigures], part: Part) -> Series | None:
    figures = stations[part.station].figures if part.station in stations else ()
    return next(_named(figures, part.series), None)


def _named(figures: Sequence[Figure], name: str) -> Iterator[Series]:
    return (series for figure in figures for series in figure.series if series.name == name)
