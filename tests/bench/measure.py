"""Alternating blocks: every contender is measured in turns, so that a slow minute of the machine is everybody's."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from tests.bench.machine import QuietGate

Contender = Callable[[int], Sequence[float]]
Tell = Callable[[int, int], None]


class Series(Struct, frozen=True):
    """What one contender gave. Values in `unit`; low and high are the smallest and largest median of a block.

    busy: the largest share of the machine (0 to 1) that others used just before one of its blocks.
    """

    name: str
    unit: str
    n: int
    p50: float
    p95: float
    p99: float
    low: float
    high: float
    busy: float = 0.0


def alternate(
    contenders: Mapping[str, Contender],
    *,
    n: int,
    blocks: int,
    warm_up: int = 0,
    unit: str = "ms",
    scale: float = 1000.0,
    tell: Tell | None = None,
    gate: QuietGate | None = None,
) -> dict[str, Series]:
    """Take n measurements of each contender in `blocks` turns; a contender returns k seconds (or other numbers) for k asked.

    warm_up: measurements of each before the first block, thrown away. scale: from what contenders return to `unit`.
    Within a block order is by turn: the contender that began one block is last in the next.
    """
    gate = gate or QuietGate()
    names = list(contenders)
    taken: dict[str, list[list[float]]] = {name: [] for name in names}
    busy = dict.fromkeys(names, 0.0)
    if warm_up:
        for name in names:
            contenders[name](warm_up)
    for block, size in enumerate(_sizes(n, blocks)):
        for name in names[block % len(names) :] + names[: block % len(names)]:
            busy[name] = max(busy[name], gate.wait())
            gc.collect()
            taken[name].append([value * scale for value in contenders[name](size)])
        if tell:
            tell(block + 1, blocks)
    return {name: summary(name, unit, taken[name], busy[name]) for name in names}


def summary(name: str, unit: str, blocks: Sequence[Sequence[float]], busy: float = 0.0) -> Series:
    """Percentiles over all blocks together, and the spread of their medians."""
    values = sorted(value for block in blocks for value in block)
    medians = [statistics.median(block) for block in blocks if block]
    return Series(
        name,
        unit,
        len(values),
        percentile(values, 50),
        percentile(values, 95),
        percentile(values, 99),
        min(medians),
        max(medians),
        busy,
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile of an ordered, non-empty sequence."""
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def _sizes(n: int, blocks: int) -> list[int]:
    """n split into blocks as equal as can be; no block is empty."""
    blocks = max(1, min(n, blocks))
    return [n // blocks + (turn < n % blocks) for turn in range(blocks)]
