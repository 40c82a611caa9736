"""Counts of a card: what rises, what is replayed, what comes late and is honest all the same."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.associates.moments import Moment
from edge.hub.proof.counters import KEPT, Judged, Taken, judge
from edge.hub.proof.sun import COUNTER_END

DAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)


def at(second: float, boot: str = "b1") -> Moment:
    return Moment(DAY + timedelta(seconds=second), boot, 1000.0 + second)


USED = [Taken(50, at(0)), Taken(61, at(100)), Taken(62, at(200))]


@pytest.mark.parametrize(
    ("counter", "came", "expected"),
    [
        (63, at(300), Judged("proven")),
        (1062, at(300), Judged("proven")),
        (1063, at(300), Judged("proven", "jumped")),
        (62, at(300), Judged("proof_replayed", "replayed")),
        (50, at(300), Judged("proof_replayed", "replayed")),
        (60, at(300), Judged("proof_rolled_back", "rolled_back")),
        (60, at(100), Judged("proof_rolled_back", "rolled_back")),
        (60, at(99), Judged("proven")),  # a door that was offline: it happened before 61 did
        (60, at(-1), Judged("proven")),
        (60, at(-3), Judged("proven", "rolled_back")),  # then 50, shown after it, was the copy
        (63, at(150), Judged("proven", "rolled_back")),  # 62 was shown when 63 had been read: 62 was a copy
        (63, at(199), Judged("proven")),  # two doors' clocks may differ by this much
        (COUNTER_END, at(300), Judged("tag_retired", "retired")),
        (COUNTER_END - 1, at(300), Judged("proven", "jumped")),
    ],
)
def test_a_count_against_those_used(counter: int, came: Moment, expected: Judged) -> None:
    assert judge(counter, came, USED, age_known=True) == expected


def test_an_age_nobody_knows_proves_nothing_and_accuses_nobody() -> None:
    assert judge(60, at(99), USED, age_known=False) == Judged("proof_unplaceable")
    assert judge(63, at(300), USED, age_known=False) == Judged("proven")


NOT_TODAY = [Taken(50, at(0)), Taken(61, at(100)), Taken(62, None)]


@pytest.mark.parametrize(
    ("counter", "came", "expected"),
    [
        (63, at(300), Judged("proven")),
        (62, at(300), Judged("proof_replayed", "replayed")),
        (60, at(300), Judged("proof_rolled_back", "rolled_back")),  # 61 is remembered, and says so
        (60, at(99), Judged("proven")),
        (1063, at(300), Judged("proven", "jumped")),
    ],
)
def test_a_count_whose_moment_is_forgotten_still_counts(counter: int, came: Moment, expected: Judged) -> None:
    assert judge(counter, came, NOT_TODAY, age_known=True) == expected


def test_before_a_forgotten_moment_nothing_can_be_placed() -> None:
    used = [Taken(50, at(0)), Taken(62, None)]
    assert judge(61, at(300), used, age_known=True) == Judged("proof_unplaceable")
    assert judge(61, at(300), [*used, Taken(63, at(200))], age_known=True) == Judged("proof_rolled_back", "rolled_back")


def test_the_first_tap_of_a_card_stands_alone() -> None:
    assert judge(5000, at(0), [], age_known=True) == Judged("proven")


def test_a_tag_at_its_end_stays_there() -> None:
    assert judge(7, at(0), [], age_known=True, retired=True) == Judged("tag_retired")


def test_below_what_is_remembered_nothing_is_believed() -> None:
    used = [Taken(100 + number, at(number)) for number in range(KEPT)]
    assert judge(99, at(-10), used, age_known=True).verdict == "proof_rolled_back"
    assert judge(99, at(-10), used[1:], age_known=True).verdict == "proven"


def test_after_a_restart_of_the_hub_the_wall_clock_decides() -> None:
    assert judge(60, at(99, "b2"), USED, age_known=True) == Judged("proven")
    assert judge(60, at(101, "b2"), USED, age_known=True) == Judged("proof_rolled_back", "rolled_back")
    assert judge(63, at(150, "b2"), USED, age_known=True) == Judged("proven"), "within what wall clocks may differ"


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1000)), max_size=40))
def test_no_count_is_ever_believed_twice(taps: list[tuple[int, int]]) -> None:
    used: list[Taken] = []
    for counter, second in taps:
        if judge(counter, at(second), used, age_known=True).verdict == "proven":
            assert counter not in {one.counter for one in used}
            used = sorted([*used, Taken(counter, at(second))], key=lambda one: one.counter)


@given(st.permutations(range(8)))
def test_honest_taps_are_believed_in_whatever_order_they_come(order: list[int]) -> None:
    """One card, eight taps in eight places, delivered as the doors came back."""
    used: list[Taken] = []
    for number in order:
        judged = judge(10 + number, at(number * 10), used, age_known=True)
        assert judged == Judged("proven")
        used = sorted([*used, Taken(10 + number, at(number * 10))], key=lambda one: one.counter)
