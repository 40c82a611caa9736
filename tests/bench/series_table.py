"""Pure. The table of a figure's contenders, with the columns that mean something for so many values."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.machine import QUIET_SHARE
from tests.bench.measure import Series
from tests.bench.words import number

# With fewer values a percentile is the largest value under another name.
FOR_P95, FOR_P99 = 20, 100


def table(series: Sequence[Series]) -> list[str]:
    """Lines of Markdown."""
    if all(one.n == 1 for one in series):
        return ["| | measured once |", "|---|---|", *(f"| {_name(one)} | {number(one.p50)} |" for one in series)]
    if all(one.is_rate or one.n < FOR_P95 for one in series):
        rows = (f"| {_name(one)} | {' | '.join(_ends(one))} | {one.n:,} |" for one in series)
        return ["| | smallest | median | largest | n |", "|---|---|---|---|---|", *rows]
    rows = (f"| {_name(one)} | {' | '.join(_percentiles(one))} | {one.n:,} |" for one in series)
    return ["| | p50 | p95 | p99 | slowest | blocks | n |", "|---|---|---|---|---|---|---|", *rows]


def _name(series: Series) -> str:
    return f"{series.name}{' (busy)' if series.busy > QUIET_SHARE else ''}, {series.unit}"


def _ends(series: Series) -> list[str]:
    """Figures of an earlier form know the ends of blocks only."""
    least = series.low if series.least is None else series.least
    most = series.high if series.most is None else series.most
    return [number(least), number(series.p50), number(most)]


def _percentiles(series: Series) -> list[str]:
    p95 = number(series.p95) if series.n >= FOR_P95 else ""
    p99 = number(series.p99) if series.n >= FOR_P99 else ""
    slowest = "" if series.most is None else number(series.most)
    one_block = len(series.blocks) == 1 or series.low == series.high
    return [number(series.p50), p95, p99, slowest, "" if one_block else f"{number(series.low)}–{number(series.high)}"]
