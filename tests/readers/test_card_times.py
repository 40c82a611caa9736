"""From the last byte of a frame, and from a card's entering the field, to the card read in Python: chip and driver are two
processes, line and air take the time they take with hardware (`./shopbell test readers-long`)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pytest

from tests.bench.figures import Goal
from tests.bench.measure import percentile
from tests.bench.parts_chip import chips
from tests.bench.station import Bench
from tests.bench.stations.reader import DOORS, SETTLE_S, Entrance, entrance, floor, uids
from tests.readers.card_kinds import KINDS, KNOWN, MEMBER, CardKind
from tests.readers.results import SEED, Measured, whole_or
from tests.readers.wire_time import on_the_wire

KNOWN_TAPS = whole_or("SHOPBELL_READERS_TAPS", 1000)
TAPS_EACH = min(200, KNOWN_TAPS)
FRAME_TO_READ_MS = 5.0

long = pytest.mark.readers_long


@dataclass(frozen=True)
class Tap:
    """Seconds on CLOCK_MONOTONIC. named: the frame with its id was written whole; None for a card that makes its id up."""

    put: float
    named: float | None
    told: float


def taps(entrances: Sequence[Entrance], kind: CardKind, number: int, random: Random) -> Iterator[Tap]:
    """So many cards of one kind, at one door after the other: while one watches its card go, the next is measured."""
    left = number
    while left:
        row = entrances[: min(left, len(entrances))]
        for one in row:
            yield _tap(one, kind, random)
        for one in row:
            one.door.wait_gone()
        time.sleep(SETTLE_S)
        left -= len(row)


def _tap(one: Entrance, kind: CardKind, random: Random) -> Tap:
    card, uid = kind.card(random)
    one.chip.put(0, card)
    told, found = one.door.card()
    assert kind.phone or found == uid, "another card was read than was put there"
    tap = Tap(one.chip.put_at(), None if kind.phone else one.chip.named_at(0, uid), told)
    one.chip.take(0)
    time.sleep(SETTLE_S)
    return tap


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as opened:
        yield opened


@pytest.fixture
def bench(stack: contextlib.ExitStack) -> Bench:
    return stack.enter_context(Bench("readers", quick=False))


@pytest.fixture
def entrances(bench: Bench, stack: contextlib.ExitStack) -> list[Entrance]:
    found = [entrance(bench, number, stack) for number in range(DOORS)]
    for one in found:
        one.door.wait_up()
    return found


@long
@pytest.mark.timeout(1800)
def test_from_frame_to_card_read(entrances: list[Entrance], measured: Measured) -> None:
    took = sorted(tap.told - tap.named for tap in taps(entrances, KNOWN, KNOWN_TAPS, Random(SEED)) if tap.named is not None)
    assert len(took) == KNOWN_TAPS and took[0] > 0
    late = percentile(took, 99) * 1000
    measured(
        "frame to card read",
        {"n": len(took), "median ms": percentile(took, 50) * 1000, "p99 ms": late, "slowest ms": took[-1] * 1000},
        [Goal("last byte of the frame on the port -> card read, p99", late, FRAME_TO_READ_MS, unit="ms")],
        seed=SEED,
    )


@long
@pytest.mark.timeout(1800)
def test_from_the_field_to_the_id(
    bench: Bench, stack: contextlib.ExitStack, entrances: list[Entrance], measured: Measured
) -> None:
    random = Random(SEED)
    (simulated, members) = (stack.enter_context(chips(bench, 1)), uids(MEMBER))
    rows = [_row("floor: one blocking listing without end, read by hand", floor(simulated, 0, members, stack)(TAPS_EACH))]
    for kind in KINDS:
        took = [tap.told - tap.put for tap in taps(entrances, kind, TAPS_EACH, random)]
        rows.append(_row(kind.says, took))
    measured("field to id", {"n": TAPS_EACH, "kinds": rows}, seed=SEED)


def test_a_card_of_each_kind_is_put_there_then_named_then_told(bench: Bench, stack: contextlib.ExitStack) -> None:
    door = entrance(bench, 0, stack)
    door.door.wait_up()
    for kind in KINDS:
        (tap,) = taps([door], kind, 1, Random(1))
        assert (tap.named is None) is kind.phone
        assert tap.put < (tap.named or tap.told) <= tap.told


def _row(says: str, took: Sequence[float]) -> list[object]:
    """Median and p95 in milliseconds."""
    ordered = sorted(took)
    return [says, *(round(percentile(ordered, percent) * 1000, 2) for percent in (50, 95))]


@long
def test_the_time_on_the_wire(measured: Measured) -> None:
    measured("wire", {kind.says: on_the_wire(kind).plain() for kind in KINDS})
