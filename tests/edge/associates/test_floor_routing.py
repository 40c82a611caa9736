"""Whom an alert goes to, and what has no say in it."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.associates import floor, routing
from edge.associates.routing import OnShift, route

ANN = OnShift("ann", frozenset({"return"}), frozenset({"en"}))
BEN = OnShift("ben", frozenset({"help"}), frozenset({"en", "de"}))
CLEO = OnShift("cleo", frozenset({"help"}), frozenset({"en"}))
ALL = [ANN, BEN, CLEO]


@pytest.mark.parametrize(
    ("own", "reason", "language", "expected"),
    [
        ("ann", "help", "de", [("ann", "own")]),
        ("zoe", "return", None, [("ann", "reason")]),
        (None, "help", None, [("ben", "reason"), ("cleo", "reason")]),
        (None, "help", "de", [("ben", "reason")]),
        (None, "return", "de", [("ann", "reason")]),
        (None, "pickup", "de", [("ben", "language")]),
        (None, None, "de-AT", [("ben", "language")]),
        (None, None, "en", [("ann", "everybody"), ("ben", "everybody"), ("cleo", "everybody")]),
        (None, None, "pl", [("ann", "everybody"), ("ben", "everybody"), ("cleo", "everybody")]),
        (None, None, None, [("ann", "everybody"), ("ben", "everybody"), ("cleo", "everybody")]),
    ],
)
def test_the_first_rule_that_finds_somebody_decides(
    own: str | None, reason: str | None, language: str | None, expected: list[tuple[str, str]]
) -> None:
    found = route(ALL, own=own, reason=reason, language=language)  # type: ignore[arg-type]
    assert [(recipient.associate, recipient.why) for recipient in found] == expected


def test_nobody_on_shift_is_nobody_asked() -> None:
    assert route([], own="ann", reason="help", language="de") == ()


people = st.lists(
    st.builds(
        OnShift,
        st.sampled_from(["ann", "ben", "cleo", "dora"]),
        st.frozensets(st.sampled_from(["help", "return", "pickup"])),
        st.frozensets(st.sampled_from(["en", "de", "pl"])),
    ),
    unique_by=lambda person: person.associate,
)


@given(
    people, st.sampled_from([None, "ann", "zoe"]), st.sampled_from([None, "help", "return"]), st.sampled_from([None, "de", "fr"])
)
def test_somebody_is_always_asked_once_and_only_from_those_on_shift(
    on_shift: list[OnShift], own: str | None, reason: str | None, language: str | None
) -> None:
    found = [recipient.associate for recipient in route(on_shift, own=own, reason=reason, language=language)]  # type: ignore[arg-type]
    assert len(found) == len(set(found))
    assert set(found) <= {person.associate for person in on_shift}
    assert bool(found) == bool(on_shift)


def test_worth_and_person_are_no_inputs() -> None:
    """Spend, tier, lifetime value, demographics or a name cannot change routing, because routing cannot be told them."""
    allowed = {"on_shift", "own", "reason", "language"}
    assert set(inspect.signature(routing.route).parameters) == allowed
    assert set(inspect.signature(floor.raise_alert).parameters) == allowed | {"alert_id", "visit_id", "now"}
    assert set(inspect.signature(floor.learn).parameters) == allowed | {"alert"}
    fields = set(floor.FloorAlert.__dataclass_fields__)
    assert not fields & {"name", "member", "tier", "spend", "points", "age", "gender", "value", "assurance"}
