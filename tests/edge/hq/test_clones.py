"""The rule by which HQ compares stores: what clashes, in whatever order it is heard of."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hq import clones
from edge.hq.clones import TWO_STORES, Kind, StoreTap, clash, judge

DAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)


def tap(store: str, counter: int, second: float, medium: Literal["nfc", "code"] = "nfc", timed: bool = True) -> StoreTap:
    return StoreTap(store, medium, counter, DAY + timedelta(seconds=second), timed, f"{store}-{counter}-{second}")


@pytest.mark.parametrize(
    ("new", "other", "found"),
    [
        (tap("a", 5, 0), tap("b", 5, 9_000), "two_stores"),
        (tap("a", 5, 0, timed=False), tap("b", 5, 9_000), "two_stores"),  # needs no clock
        (tap("a", 5, 9_000), tap("b", 6, 0), "two_stores"),
        (tap("a", 5, 9_000), tap("b", 6, 0, timed=False), None),
        (tap("a", 5, 9_000, timed=False), tap("b", 6, 0), None),
        (tap("a", 6, 9_000), tap("b", 5, 0), None),  # it travelled
        (tap("a", 6, 600), tap("b", 5, 0), None),
        (tap("a", 6, 599), tap("b", 5, 0), "too_soon"),  # a card relayed by radio counts as it should
        (tap("a", 6, 599, timed=False), tap("b", 5, 0), None),
        (tap("a", 5, 121), tap("b", 6, 0), "two_stores"),
        (tap("a", 5, 120), tap("b", 6, 0), "too_soon"),  # as far as two stores' clocks may differ
        (tap("a", 5, 0), tap("a", 5, 0), None),  # its own store has judged that
        (tap("a", 5, 9_000, "code"), tap("b", 6, 0, "code"), None),  # the shopper's clock, not a count of reads
        (tap("a", 5, 500, "code"), tap("b", 6, 0, "code"), "too_soon"),  # a pass on two phones
        (tap("a", 5, 0, "code"), tap("b", 5, 60, "code"), "two_stores"),  # a photograph of a code
    ],
)
def test_two_taps(new: StoreTap, other: StoreTap, found: Kind | None) -> None:
    assert clash(new, other) == clash(other, new) == found
    finding = judge([new, other])
    assert (finding and finding.kind) == found


def test_taps_of_a_card_that_travels_are_one_card() -> None:
    assert judge([tap("abc"[number % 3], number, 3_600 * number) for number in range(300)]) is None
    assert judge([]) is None


def test_the_graver_finding_is_told_and_every_clash_counted() -> None:
    taps = [tap("a", 1, 0), tap("b", 2, 300), tap("c", 2, 90_000), tap("a", 3, 180_000), tap("b", 4, 180_060)]
    finding = judge(taps)
    assert finding is not None
    assert (finding.kind, finding.times, finding.stores) == ("two_stores", 3, ["a", "b", "c"])
    assert (finding.first, finding.second) == (taps[1], taps[2])


TAPS = st.lists(
    st.builds(
        StoreTap,
        store=st.sampled_from("abc"),
        medium=st.just("nfc"),
        counter=st.integers(0, 12),
        came_at=st.integers(0, 40).map(lambda steps: DAY + timedelta(seconds=60 * steps)),
        timed=st.sampled_from([True, True, True, False]),
        proof_id=st.uuids().map(str),
    ),
    max_size=14,
)


@given(taps=TAPS, seed=st.randoms(use_true_random=False))
def test_no_order_changes_what_is_found(taps: list[StoreTap], seed: random.Random) -> None:
    shuffled = seed.sample(taps, len(taps))
    assert judge(shuffled) == judge(taps)


@given(taps=TAPS)
def test_one_more_tap_never_makes_it_less(taps: list[StoreTap]) -> None:
    found = [judge(taps[:count]) for count in range(len(taps) + 1)]
    grades = [(0, False) if one is None else (one.times, one.kind == TWO_STORES) for one in found]
    assert all(after[0] >= before[0] and after[1] >= before[1] for before, after in pairwise(grades))


@given(taps=TAPS)
def test_it_finds_what_looking_at_every_pair_finds(taps: list[StoreTap]) -> None:
    all_pairs_agree(taps)


def all_pairs_agree(taps: list[StoreTap]) -> None:
    """`judge` looks at few of the earlier taps; here each is held beside all of them."""
    ordered = sorted(taps, key=lambda one: (one.came_at, one.store, one.proof_id))
    kinds = [{clash(one, other) for other in ordered[:place]} - {None} for place, one in enumerate(ordered)]
    finding = judge(taps)
    assert (0 if finding is None else finding.times) == sum(bool(found) for found in kinds)
    assert (finding is not None and finding.kind == TWO_STORES) == any(TWO_STORES in found for found in kinds)


def test_mutant_that_remembers_only_the_last_tap_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    taps = [tap("b", 50, 0), tap("b", 20, 1_000), tap("a", 30, 9_000)]
    all_pairs_agree(taps)
    monkeypatch.setattr(clones._Before, "suspects", lambda self, _: list(self._last.values()))
    with pytest.raises(AssertionError):
        all_pairs_agree(taps)


def test_times_at_the_end_of_the_calendar_are_only_times() -> None:
    """A store may send any date; what stands in the table must not make every later comparison fail."""
    first, last = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
    taps = [StoreTap("a", "nfc", 9, first), StoreTap("b", "nfc", 8, last), StoreTap("a", "nfc", 7, last)]
    finding = judge(taps)
    assert finding is not None and finding.kind == TWO_STORES


def test_a_card_tapped_without_end_is_judged_in_steps_not_squares() -> None:
    """Ten thousand clashing taps: by pairs it would be fifty million looks."""
    taps = [tap("ab"[number % 2], number, number) for number in range(10_000)]
    looks, judged = 0, clones.clash

    def counted(one: StoreTap, other: StoreTap) -> Kind | None:
        nonlocal looks
        looks += 1
        return judged(one, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clones, "clash", counted)
        finding = judge(taps)
    assert finding is not None and finding.times == 9_999
    assert looks <= 5 * len(taps), looks
