"""Many rows in one statement mean the same on both engines, and never depend on a look made beforehand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import OperationalError

from edge.hq.store import bulk, copying, direct
from edge.hq.store.database import Database
from edge.hq.store.tables import arrivals, feed, members, sales, tombstones
from edge.process.clock import ManualClock
from tests.support.hq import OTHER, STORE

NOW = ManualClock().now()


def _rows(*names: str, rev: int = 0, store: str = STORE) -> list[dict[str, Any]]:
    return [
        {"store": store, "member": name, "rev": rev, "greeting": "nameless", "changed_at": NOW, "name": f"rev {rev}"}
        for name in names
    ]


def _names(connection: Connection) -> dict[tuple[str, str], str]:
    return {(row.store, row.member): row.name for row in connection.execute(select(members))}


def _told(database: Database, rows: list[dict[str, Any]]) -> frozenset[str]:
    with database.write() as connection:
        put = bulk.Put(members, rows)
        bulk.look(connection, STORE, [put])
        return _new(connection, put)


def _new(connection: Connection, put: bulk.Put) -> frozenset[str]:
    with bulk.putting(connection, put, members.c.member) as new:
        return new


@pytest.mark.postgres
def test_an_error_while_the_server_copies_takes_everything_back(postgres_only: Database) -> None:
    with pytest.raises(ZeroDivisionError), postgres_only.write() as connection:
        put = bulk.Put(members, _rows("a"))
        bulk.look(connection, STORE, [put])
        with bulk.putting(connection, put, members.c.member):
            raise ZeroDivisionError
    with postgres_only.write() as connection:
        assert _names(connection) == {}
        put = bulk.Put(members, _rows("b"))
        bulk.look(connection, STORE, [put])
        bulk.put(connection, [put, bulk.Put(sales, [_line(1)], there=frozenset()), bulk.Put(arrivals, [], there=frozenset())])
    with postgres_only.read() as connection:
        assert _names(connection) == {(STORE, "b"): "rev 0"}
        assert [row.invoice for row in connection.execute(select(sales))] == ["536365"]


def test_only_rows_that_were_not_there_are_told_and_the_others_stay_as_they_are(database: Database) -> None:
    assert _told(database, _rows("a", "b")) == {"a", "b"}
    assert _told(database, _rows("b", "c", rev=1)) == {"c"}
    assert _told(database, _rows("c")) == _told(database, []) == frozenset()
    with database.read() as connection:
        assert _names(connection) == {(STORE, "a"): "rev 0", (STORE, "b"): "rev 0", (STORE, "c"): "rev 1"}


def test_without_a_look_the_statement_decides_what_is_new(database: Database) -> None:
    with database.write() as connection:
        assert _new(connection, bulk.Put(members, _rows("a", "b"))) == {"a", "b"}
        assert _new(connection, bulk.Put(members, _rows("b", "c", rev=1))) == {"c"}
        bulk.put(connection, [bulk.Put(members, _rows("a", rev=1), "rev")])
        assert _names(connection) == {(STORE, "a"): "rev 1", (STORE, "b"): "rev 0", (STORE, "c"): "rev 1"}


@pytest.mark.postgres
def test_a_look_that_is_out_of_date_changes_nothing(postgres_only: Database) -> None:
    """Another transaction filed b after we looked: COPY fails on its key, and says so by a name of its own."""
    put = bulk.Put(members, _rows("a", "b", "c", rev=1))
    with postgres_only.read() as connection:
        bulk.look(connection, STORE, [put])
    assert put.there == frozenset()
    with postgres_only.write() as connection:
        bulk.put(connection, [bulk.Put(members, _rows("b"))])
    with pytest.raises(direct.Overtaken), postgres_only.write() as connection:
        bulk.put(connection, [put])
    with postgres_only.read() as connection:
        assert _names(connection) == {(STORE, "b"): "rev 0"}


def _line(ordinal: int, invoice: str = "536365", description: str = "Bell") -> dict[str, Any]:
    words = {"product_code": "85123A", "description": description, "unit_price": "2.55", "currency": "GBP", "line_kind": "sale"}
    key = {"store": STORE, "source": "till-1", "invoice": invoice, "ordinal": ordinal}
    return {**key, "sold_at": NOW, "quantity": -6, "amount_minor": 1530, "member": None, **words}


@pytest.mark.postgres
def test_one_look_tells_of_several_tables_by_their_whole_keys(postgres_only: Database) -> None:
    odd = 'in"v\\[1],\t{}'
    with postgres_only.write() as connection:
        bulk.put(connection, [bulk.Put(members, [*_rows("a"), *_rows("b", store=OTHER)])])
        bulk.put(connection, [bulk.Put(sales, [_line(1), _line(2, odd)])])
        puts = [
            bulk.Put(sales, [_line(2), _line(1), _line(1, odd), _line(2, odd)]),
            bulk.Put(arrivals, []),
            bulk.Put(members, _rows("b", "a")),
        ]
        bulk.look(connection, STORE, puts)
    assert [put.there for put in puts] == [{1, 3}, frozenset(), {1}]


@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
        | st.text("\\\n\r\t\"N.,'{}\u2028\x0b\x85é🛁", max_size=6)
        | st.sampled_from(["null", "None", r"\N", r"\.", ""]),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.postgres
def test_what_is_copied_comes_back_as_it_was(postgres_only: Database, words: list[str]) -> None:
    made = [
        {**row, "name": word, "origin": None if number % 2 else word[::-1]}
        for number, (word, row) in enumerate(zip(words, _rows(*(f"m-{number}" for number in range(len(words)))), strict=True))
    ]
    kept = [
        {"store": STORE, "seq": number, "kind": "x", "body": [word, None], "member": "", "at": NOW}
        for number, word in enumerate(words)
    ]
    with contextlib.suppress(_Undone), postgres_only.write() as connection:
        for table, rows in ((members, made), (feed, kept)):
            with copying.copying(connection, copying.written(table, rows)):
                pass
        found = connection.execute(
            select(members.c.name, members.c.origin, members.c.changed_at).order_by(members.c.member)
        ).all()
        bodies = connection.execute(select(feed.c.body).order_by(feed.c.seq)).scalars().all()
        assert found == [(row["name"], row["origin"], NOW) for row in made]
        assert bodies == [row["body"] for row in kept]
        raise _Undone


class _Undone(Exception):
    """What this transaction wrote is not wanted."""


def test_a_newer_row_overwrites_and_an_older_one_does_not(database: Database) -> None:
    with database.write() as connection:
        bulk.put_newer(connection, members, _rows("a", "b", rev=2), "rev")
        bulk.put_newer(connection, members, [*_rows("a", rev=1), *_rows("b", rev=3)], "rev")
        assert _names(connection) == {(STORE, "a"): "rev 2", (STORE, "b"): "rev 3"}
        bulk.put_newer(connection, members, _rows("a", rev=0))
        assert _names(connection)[STORE, "a"] == "rev 0"


def test_rows_are_found_by_store_and_key(database: Database) -> None:
    with database.write() as connection:
        bulk.put(connection, [bulk.Put(members, [*_rows("a", "b", 'q"[}\\', rev=1), *_rows("a", store=OTHER)])])
        found = bulk.find(connection, STORE, members.c.member, ["a", 'q"[}\\', "nobody", "a"], members.c.member, members.c.rev)
        assert sorted((row.member, row.rev) for row in found) == [("a", 1), ('q"[}\\', 1)]
        assert bulk.find(connection, STORE, members.c.member, [], members.c.member) == ()
        everywhere = bulk.find(connection, None, members.c.member, ["a", "nobody"], members.c.store)
        assert sorted(row.store for row in everywhere) == sorted([STORE, OTHER])


_WANTED = [f"m-{number:05d}" for number in range(0, 3000, 7)]
_LOOKS: dict[str, Callable[[Connection], Any]] = {
    "members": lambda connection: bulk.find(connection, STORE, members.c.member, _WANTED, members.c.member),
    "everywhere": lambda connection: bulk.find(connection, None, members.c.member, _WANTED, *members.c),
    "tombstones": lambda connection: bulk.find(connection, STORE, tombstones.c.member, _WANTED, tombstones.c.member),
    "look": lambda connection: bulk.look(connection, STORE, [bulk.Put(members, _rows(*_WANTED)), bulk.Put(sales, [_line(1)])]),
}


@pytest.mark.postgres
@pytest.mark.parametrize("rows", [0, 3000])
@pytest.mark.parametrize("ask", _LOOKS.values(), ids=list(_LOOKS))
def test_a_server_without_statistics_does_not_walk_the_table(
    postgres_only: Database, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Connection], Any], rows: int
) -> None:
    """Nor does it plan to while the table is empty: that plan would be kept for a connection's life."""
    asked: list[tuple[Any, Any]] = []
    run = direct.run
    with postgres_only.write() as connection:
        bulk.put(connection, [bulk.Put(members, _rows(*(f"m-{number:05d}" for number in range(rows))))])
        monkeypatch.setattr(direct, "run", lambda connection, *what: (asked.append(what), run(connection, *what))[1])
        ask(connection)
        ((statement, parameters),) = asked
        plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {direct.words(statement)}", parameters)]
    assert any("Index" in step and "Scan" in step for step in plan)
    assert not [step for step in plan if "Seq Scan" in step or "Filter: (" in step]


@pytest.mark.postgres
@pytest.mark.parametrize("looks", [True, False], ids=["look", "copy"])
def test_a_lost_connection_is_told_in_sqlalchemys_words(postgres_only: Database, looks: bool) -> None:
    """The web application answers 503 to these, and the next transaction gets a connection that lives."""
    put = bulk.Put(members, _rows("a"), there=frozenset())
    with pytest.raises(OperationalError), postgres_only.write() as connection:
        mine = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgres_only.read() as other:
            other.execute(text("SELECT pg_terminate_backend(:mine, 60000)"), {"mine": mine})
        if looks:
            bulk.look(connection, STORE, [put])
        bulk.put(connection, [put])
    with postgres_only.write() as connection:
        bulk.put(connection, [put])
        assert _names(connection) == {(STORE, "a"): "rev 0"}
