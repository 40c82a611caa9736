"""Alternating blocks: every contender is measured in turns, so that a slow minute of the machine is everybody's."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from tests.bench.machine import Others, QuietGate

Contender = Callable[[int], Sequence[float]]
Tell = Callable[[int, int], None]
SHORT_S = 0.2  # the kernel counts in hundredths of a second: in less, a single tick is a large share of two cores


class Block(Struct, frozen=True, array_like=True):
    """One turn of one contender: how many values, their percentiles, and the share of the machine that others used meanwhile."""

    n: int
    p50: float
    p95: float
    p99: float
    busy: float = 0.0


class Series(Struct, frozen=True):
    """What one contender gave. Values in `unit`; p50 is the median; low and high are the smallest and largest median of a block.

    busy: the largest share of the machine (0 to 1) that others used during one of its blocks. least, most: of all values.
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
    least: float | None = None
    most: float | None = None
    blocks: Sequence[Block] = ()

    @property
    def is_rate(self) -> bool:
        """Whether more is better: so many a second."""
        return self.unit.endswith("per s")


def alternate(
    contenders: Mapping[str, Contender],
    *,
    n: int,
    blocks: int,
    warm_up: int | Callable[[], object],
    unit: str = "ms",
    scale: float = 1000.0,
    tell: Tell | None = None,
    gate: QuietGate | None = None,
) -> dict[str, Series]:
    """Take n measurements of each contender in `blocks` turns; a contender returns k seconds (or other numbers) for k asked.

    warm_up: measurements of each before the first block, thrown away, at least one; or what to do instead where one takes long.
    scale: from what contenders return to `unit`. Order is by turn: the contender that began one block is last in the next.
    Raises ValueError without a warm-up: the first to be measured would pay for what the others find ready.
    """
    if isinstance(warm_up, int) and warm_up < 1:
        raise ValueError("every contender is warmed up, or the first one pays for all")
    gate = gate or QuietGate()
    names = list(contenders)
    taken: dict[str, list[list[float]]] = {name: [] for name in names}
    busy: dict[str, list[float]] = {name: [] for name in names}
    if callable(warm_up):
        warm_up()
    else:
        for name in names:
            contenders[name](warm_up)
    for block, size in enumerate(_sizes(n, blocks)):
        for name in names[block % len(names) :] + names[: block % len(names)]:
            before = gate.wait()
            gc.collect()
            began, others = time.monotonic(), Others()
            taken[name].append([value * scale for value in contenders[name](size)])
            long_enough = time.monotonic() - began >= SHORT_S
            busy[name].append(others.share() if long_enough else before)
        if tell:
            tell(block + 1, blocks)
    return {name: summary(name, unit, taken[name], busy[name]) for name in names}


def summary(name: str, unit: str, blocks: Sequence[Sequence[float]], busy: float | Sequence[float] = 0.0) -> Series:
    """Percentiles over all blocks together, and the spread of their medians. busy: of all blocks, or of each."""
    shares = [busy] * len(blocks) if isinstance(busy, (int, float)) else list(busy)
    turns = [_block(values, share) for values, share in zip(blocks, shares, strict=True) if values]
    values = sorted(value for block in blocks for value in block)
    medians = [turn.p50 for turn in turns]
    return Series(
        name,
        unit,
        len(values),
        statistics.median(values),
        percentile(values, 95),
        percentile(values, 99),
        min(medians),
        max(medians),
        max(turn.busy for turn in turns),
        values[0],
        values[-1],
        turns,
    )


def _block(values: Sequence[float], busy: float) -> Block:
    ordered = sorted(values)
    return Block(len(ordered), statistics.median(ordered), percentile(ordered, 95), percentile(ordered, 99), round(busy, 3))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile of an ordered, non-empty sequence."""
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def _sizes(n: int, blocks: int) -> list[int]:
    """n split into blocks as equal as can be; no block is empty."""
    blocks = max(1, min(n, blocks))
    return [n // blocks + (turn < n % blocks) for turn in range(blocks)]
