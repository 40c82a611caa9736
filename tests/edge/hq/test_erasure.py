"""Forgetting: complete in every table, told to every store, and stronger than anything that comes later."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from edge.contracts.facts import ErasureBody, MemberBody, NoteBody
from edge.contracts.feed import Erasure, MemberChange
from edge.hq.store import erasure, feed, ingest, people, tables
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.postgres import wait_for_a_waiter

NOW = ManualClock().now()
MARIA = "m-maria-0198"


def _everything(database: Database, *, leave_out: tuple[str, ...] = ()) -> str:
    """All that is in the database, as text."""
    with database.read() as connection:
        rows = [
            (str(table.name), [str(value) for value in row])
            for table in tables.METADATA.tables.values()
            if table.name not in leave_out
            for row in connection.execute(select(table))
        ]
    return repr(rows)


def _a_life(store: str = hq.STORE) -> list[bytes]:
    bodies: list[Any] = [
        MemberBody(MARIA, 1, "Maria Okafor", "en", "name"),
        hq.arrival(1, NOW, MARIA),
        hq.visit(1, NOW, MARIA),
        hq.note(1, MARIA, "Her bathroom is tiled."),
        NoteBody("n-unsigned", "visit-1", None, "ann", "The bathroom lady came back."),
        hq.sale(1, NOW, MARIA),
    ]
    return [hq.fact(number, body, NOW, store) for number, body in enumerate(bodies)]


def _fill(database: Database) -> None:
    hq.send(database, *_a_life(), *(hq.fact(100 + n, hq.visit(50 + n, NOW, "m-other"), NOW) for n in range(3)))
    hq.send(database, *_a_life(hq.OTHER), store=hq.OTHER)
    hq.send(
        database, hq.fact(200, MemberBody(MARIA, 2, "Maria O."), NOW), b'{"id":"x","body":{"member":"' + MARIA.encode() + b'"}}'
    )
    people.edit(database, MemberChange(MARIA, "Maria the tiler"), NOW)


def test_every_table_says_what_an_erasure_does_to_it() -> None:
    assert set(erasure.RULES) == set(tables.METADATA.tables.values())
    assert all(rule.does.endswith(".") for rule in erasure.RULES.values())


def test_a_table_with_a_member_in_it_is_really_cleaned() -> None:
    """A rule that only talks is not enough where a column could hold a person."""
    holding = {table for table in tables.METADATA.tables.values() if "member" in table.c or "raw" in table.c or "text" in table.c}
    cleaned = {table for table, rule in erasure.RULES.items() if rule.apply}
    assert holding - cleaned == {tables.tombstones}


def test_nothing_of_the_person_is_left_but_the_tombstone_and_the_erasures(database: Database) -> None:
    _fill(database)
    before = _everything(database)
    assert MARIA in before and "Okafor" in before and "tiler" in before and "bathroom" in before
    assert erasure.erase(database, MARIA, "console", NOW)
    after = _everything(database, leave_out=("tombstones", "feed"))
    for word in (MARIA, "Maria", "Okafor", "tiler", "bathroom"):
        assert word not in after
    assert "m-other" in after


def test_counts_and_money_stay(database: Database) -> None:
    _fill(database)
    erasure.erase(database, MARIA, "console", NOW)
    with database.read() as connection:
        for table, number in ((tables.facts, 16), (tables.arrivals, 2), (tables.visits, 5), (tables.sales, 2), (tables.notes, 0)):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == number, table.name
        assert connection.execute(select(func.sum(tables.sales.c.amount_minor))).scalar_one() == 3060


def test_every_store_is_told_once_and_the_names_leave_the_feed(database: Database) -> None:
    _fill(database)
    assert any(isinstance(item.body, MemberChange) for item in feed.page(database, hq.STORE, 0, 99).items)
    erasure.erase(database, MARIA, "console", NOW)
    for store in (hq.STORE, hq.OTHER, "a-store-of-tomorrow"):
        assert [item.body for item in feed.page(database, store, 0, 99).items] == [Erasure(MARIA)]
    hq.send(database, hq.fact(300, ErasureBody(MARIA), NOW))
    assert len(feed.page(database, hq.STORE, 0, 99).items) == 1


def test_an_erasure_wins_over_any_later_fact(database: Database) -> None:
    _fill(database)
    erasure.erase(database, MARIA, "console", NOW)
    later = [
        hq.fact(400, MemberBody(MARIA, 9, "Maria Okafor"), NOW),
        hq.fact(401, hq.arrival(9, NOW, MARIA), NOW),
        hq.fact(402, hq.note(9, MARIA, "Maria is back"), NOW),
        hq.fact(403, hq.sale(9, NOW, MARIA), NOW),
        b'{"id":"bad","body":{"kind":"note","member":"' + MARIA.encode() + b'","text":"Maria"}}',
    ]
    answers = hq.send(database, *later)
    assert [(a.result, a.code) for a in answers[:4]] == [("new", "erased_member")] * 4
    assert answers[4].result == "refused"
    assert {a.result for a in hq.send(database, *later[:4])} == {"duplicate"}
    left = _everything(database, leave_out=("tombstones", "feed"))
    assert MARIA not in left and "Maria" not in left
    assert people.find(database, MARIA) == []


@pytest.mark.parametrize("place", [0, 3, 6])
def test_an_erasure_from_a_store_wins_wherever_it_stands_in_the_batch(database: Database, place: int) -> None:
    hq.send(database, *_a_life(hq.OTHER), store=hq.OTHER)
    facts = _a_life()
    facts.insert(place, hq.fact(99, ErasureBody(MARIA), NOW))
    assert {a.result for a in hq.send(database, *facts)} == {"new"}
    left = _everything(database, leave_out=("tombstones", "feed", "facts"))
    assert MARIA not in left and "Maria" not in left and "bathroom" not in left
    with database.read() as connection:
        kinds = connection.execute(select(tables.facts.c.kind).where(tables.facts.c.member == MARIA)).scalars().all()
    assert kinds == []


def test_a_probe_erases_nobody(database: Database) -> None:
    hq.send(database, *_a_life(), hq.fact(99, ErasureBody(MARIA), NOW, test=True))
    assert len(people.find(database, MARIA)) == 1


def test_erasing_nobody_says_so_and_does_nothing(database: Database) -> None:
    assert not erasure.erase(database, "m-404", "console", NOW)
    assert feed.end(database) == 0


@pytest.mark.postgres
def test_facts_under_way_cannot_slip_past_an_erasure(postgres_only: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch has looked for tombstones and found none; the erasure must wait until that batch has been filed."""
    database = postgres_only
    hq.send(database, hq.fact(500, MemberBody(MARIA, 1, "Maria"), NOW))
    looked, go_on = threading.Event(), threading.Event()
    project = ingest.project

    def slowly(*arguments: Any, **options: Any) -> None:
        looked.set()
        assert go_on.wait(60)
        project(*arguments, **options)

    monkeypatch.setattr(ingest, "project", slowly)
    filing = threading.Thread(target=hq.send, args=(database, *_a_life()))
    filing.start()
    assert looked.wait(60)
    erasing = threading.Thread(target=erasure.erase, args=(database, MARIA, "console", NOW))
    erasing.start()
    try:
        wait_for_a_waiter(database)
    finally:
        go_on.set()
        filing.join(60)
        erasing.join(60)
    left = _everything(database, leave_out=("tombstones", "feed"))
    assert MARIA not in left and "Maria" not in left and "bathroom" not in left
