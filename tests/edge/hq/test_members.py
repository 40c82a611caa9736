"""edge.hq.members: who hears of a change, and that two hubs cannot keep each other busy."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from edge.contracts.facts import MemberBody
from edge.contracts.feed import MemberChange
from edge.hq.members import MemberRow, edited, told

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
LATER = NOW + timedelta(minutes=5)


def _row(store: str = "a", **fields: object) -> MemberRow:
    return MemberRow(**{"store": store, "member": "m", "rev": 1, "changed_at": NOW, "name": "Maria", **fields})  # type: ignore[arg-type]  # fields of the test


def test_a_new_member_is_a_row_and_nobody_else_hears() -> None:
    outcome = told("a", [(NOW, MemberBody("m", 1, "Maria", "en", "name"))], [])
    assert outcome.rows == [MemberRow("a", "m", 1, NOW, "Maria", "en", "name")]
    assert outcome.feed == []


def test_another_store_that_knows_the_member_hears_the_difference_once() -> None:
    other = _row("b", rev=7)
    first = told("a", [(LATER, MemberBody("m", 2, "Mary"))], [_row(), other])
    assert first.feed == [("b", MemberChange("m", "Mary", "", "nameless"))]
    rows = {row.store: row for row in first.rows}
    assert (rows["b"].name, rows["b"].rev) == ("Mary", 7)
    echo = told("b", [(LATER, MemberBody("m", 8, "Mary"))], list(rows.values()))
    assert echo.feed == []


def test_an_older_revision_changes_nothing() -> None:
    assert told("a", [(LATER, MemberBody("m", 1, "Old"))], [_row(rev=2)]).rows == []


def test_of_several_revisions_in_one_batch_the_highest_counts_in_any_order() -> None:
    news = [(NOW, MemberBody("m", rev, f"name {rev}")) for rev in (3, 1, 2)]
    assert [row.name for row in told("a", news, []).rows] == ["name 3"]


def test_what_a_hub_said_before_it_heard_of_a_change_at_hq_does_not_undo_it() -> None:
    outcome = told("a", [(NOW, MemberBody("m", 2, "Old"))], [_row(changed_at=LATER, name="New")])
    assert [(row.name, row.rev) for row in outcome.rows] == [("New", 2)]


def test_an_edit_goes_to_every_store_that_knows_the_member() -> None:
    outcome = edited([_row("a"), _row("b")], MemberChange("m", greeting="name"), LATER)
    assert [(row.store, row.name, row.greeting, row.changed_at) for row in outcome.rows] == [
        ("a", "Maria", "name", LATER),
        ("b", "Maria", "name", LATER),
    ]
    assert [store for store, _ in outcome.feed] == ["a", "b"]


def test_an_empty_name_takes_the_name_away() -> None:
    (row,) = edited([_row(language="en")], MemberChange("m", name=""), LATER).rows
    assert (row.name, row.language) == (None, "en")
