"""The feed: complete, in order, and never with a gap that fills later."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select

from edge.contracts.facts import MemberBody
from edge.contracts.feed import CardChange, Erasure, MemberChange
from edge.hq.store import feed, people, tables
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.postgres import wait_for_a_waiter

NOW = ManualClock().now()
JOIN_S = 60


def _append(database: Database, *items: tuple[str, MemberChange | CardChange | Erasure]) -> None:
    with database.write() as connection:
        feed.append(connection, items, NOW)


def test_each_store_reads_its_own_items_and_what_is_for_everybody(database: Database) -> None:
    _append(database, (hq.STORE, MemberChange("m-1", "Maria")), (hq.OTHER, MemberChange("m-2")), ("*", Erasure("m-3")))
    page = feed.page(database, hq.STORE, 0, 500)
    assert [(item.seq, item.body) for item in page.items] == [(1, MemberChange("m-1", "Maria")), (3, Erasure("m-3"))]
    assert (page.next, page.more) == (3, False)


def test_pages_follow_each_other_without_loss_or_repeat(database: Database) -> None:
    _append(database, *((hq.STORE, MemberChange(f"m-{n}")) for n in range(25)))
    seen, after, more = [], 0, True
    while more:
        page = feed.page(database, hq.STORE, after, 10)
        seen += [item.seq for item in page.items]
        after, more = page.next, page.more
    assert seen == list(range(1, 26))
    assert feed.page(database, hq.STORE, after, 10).items == []


def test_a_cursor_beyond_the_end_is_brought_back(database: Database) -> None:
    _append(database, (hq.STORE, MemberChange("m-1")))
    assert feed.page(database, hq.STORE, 700, 10).next == 1


def test_a_rollback_gives_its_number_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        feed.append(connection, [(hq.STORE, MemberChange("m-1"))], NOW)
        raise RuntimeError
    _append(database, (hq.STORE, MemberChange("m-2")))
    assert [item.seq for item in feed.page(database, hq.STORE, 0, 10).items] == [1]


@pytest.mark.postgres
def test_a_writer_that_commits_late_is_not_overtaken(postgres_only: Database) -> None:
    """Writer 1 has its number and has not committed; writer 2 must wait, or a reader would pass over writer 1's item."""
    database = postgres_only
    second = threading.Thread(target=_append, args=(database, (hq.STORE, MemberChange("second"))))
    with database.write() as connection:
        feed.append(connection, [(hq.STORE, MemberChange("first"))], NOW)
        second.start()
        wait_for_a_waiter(database)
        assert feed.page(database, hq.STORE, 0, 10).items == []
    second.join(JOIN_S)
    assert [item.body.member for item in feed.page(database, hq.STORE, 0, 10).items] == ["first", "second"]


def test_a_reader_beside_many_writers_reads_every_number_in_order(database: Database) -> None:
    def write(name: int) -> None:
        for number in range(12):
            _append(database, (hq.STORE, MemberChange(f"m-{name}-{number}")), ("*", Erasure(f"e-{name}-{number}")))

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    deadline = time.monotonic() + JOIN_S
    while len(seen) < 96 and time.monotonic() < deadline:
        page = feed.page(database, hq.STORE, seen[-1] if seen else 0, 7)
        seen += [item.seq for item in page.items]
    for writer in writers:
        writer.join(JOIN_S)
    assert seen == list(range(1, 97))


def test_an_edit_at_hq_reaches_every_store_that_knows_the_member(database: Database) -> None:
    for store in (hq.STORE, hq.OTHER):
        hq.send(database, hq.fact(1, MemberBody("m-1", 1, "Maria"), NOW, store), store=store)
    people.edit(database, MemberChange("m-1", "Mary", "de", "name"), NOW)
    for store in (hq.STORE, hq.OTHER):
        assert [item.body for item in feed.page(database, store, 0, 9).items] == [MemberChange("m-1", "Mary", "de", "name")]
    assert {(row.name, row.language, row.greeting) for row in people.find(database, "m-1")} == {("Mary", "de", "name")}


def test_an_edit_of_nobody_changes_nothing(database: Database) -> None:
    assert people.edit(database, MemberChange("m-404", "Mary"), NOW) == []
    assert feed.end(database) == 0


def test_what_one_store_learned_reaches_the_others_that_know_the_member(database: Database) -> None:
    hq.send(database, hq.fact(1, hq.arrival(1, NOW), NOW, hq.OTHER), store=hq.OTHER)
    hq.send(database, hq.fact(1, MemberBody("m-1", 1, "Maria", "en", "name"), NOW))
    assert [item.body for item in feed.page(database, hq.OTHER, 0, 9).items] == [MemberChange("m-1", "Maria", "en", "name")]
    assert feed.page(database, hq.STORE, 0, 9).items == []
    hq.send(database, hq.fact(2, MemberBody("m-1", 1, "Maria", "en", "name"), NOW, hq.OTHER), store=hq.OTHER)
    assert feed.end(database) == 1


def test_numbers_are_unique_in_the_database_itself(database: Database) -> None:
    _append(database, (hq.STORE, MemberChange("m-1")), (hq.OTHER, MemberChange("m-1")))
    with database.read() as connection:
        numbers = list(connection.execute(select(tables.feed.c.seq).order_by(tables.feed.c.seq)).scalars())
    assert numbers == [1, 2]
