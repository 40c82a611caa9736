"""The checker itself: each counter rises for its own fault, and for no other."""

from __future__ import annotations

import pytest

from tests.support.ledger import Announced, Counters, Ledger


def filled() -> Ledger:
    """Three tries; the third was not seen confirmed."""
    ledger = Ledger()
    for thing in ("ann", "ben", "cem"):
        ledger.attempted(thing)
    ledger.confirmed("a")
    ledger.confirmed("b")
    return ledger


@pytest.mark.parametrize(
    ("recorded", "expected", "sound"),
    [
        ([("a", "ann"), ("b", "ben")], Counters(3, 2, 0, 0, 0, 0), True),
        ([("a", "ann"), ("b", "ben"), ("c", "cem")], Counters(3, 2, 0, 0, 0, 1), True),
        ([("a", "ann")], Counters(3, 2, 1, 0, 0, 0), False),
        ([("a", "ann"), ("a", "ann"), ("b", "ben")], Counters(3, 2, 0, 0, 1, 0), False),
        ([("a", "ann"), ("b", "ben"), ("d", "dora")], Counters(3, 2, 0, 1, 0, 1), False),
        ([("a", "ann"), ("b", "ben"), ("d", "ben")], Counters(3, 2, 0, 1, 0, 1), False),
        ([], Counters(3, 2, 2, 0, 0, 0), False),
    ],
    ids=["all", "one more than was seen", "lost", "twice", "nobody tried", "one try, two arrivals", "nothing"],
)
def test_each_fault_has_its_counter(recorded: list[tuple[str, str]], expected: Counters, sound: bool) -> None:
    counters = filled().check(recorded)
    assert (counters, counters.sound) == (expected, sound)


def alert(rev: int, state: str = "open", alert_id: str = "alert", visit_id: str = "visit") -> dict[str, object]:
    return {"alert_id": alert_id, "rev": rev, "state": state, "visit_id": visit_id}


def heard(*alerts: dict[str, object]) -> Announced:
    phone = Announced()
    for one in alerts:
        phone.hear(one)
    return phone


def test_a_message_that_comes_again_announces_nothing() -> None:
    phone = heard(alert(0), alert(0), alert(1, "claimed"), alert(2), alert(3, "served"), alert(2), alert(0))
    assert (phone.twice, phone.repeated, phone.visits["visit"]) == ([], 3, 1)


def test_a_second_alert_for_a_visit_is_noticed() -> None:
    assert heard(alert(0), alert(0, alert_id="other")).twice == ["visit"]


def test_what_is_heard_of_only_when_it_has_ended_is_not_announced() -> None:
    assert heard(alert(4, "expired"), alert(0)).visits.total() == 0
