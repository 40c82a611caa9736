"""Many rows in one statement mean the same on both engines, and never depend on a look made beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from edge.hq.store import bulk
from edge.hq.store.database import Database
from edge.hq.store.tables import members, tombstones
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


def test_only_rows_that_were_not_there_are_told_and_the_others_stay_as_they_are(database: Database) -> None:
    with database.write() as connection:
        assert bulk.put_new_told(connection, members, _rows("a", "b"), members.c.member) == {"a", "b"}
    with database.write() as connection:
        assert bulk.put_new_told(connection, members, _rows("b", "c", rev=1), members.c.member) == {"c"}
        assert bulk.put_new_told(connection, members, [], members.c.member) == frozenset()
        assert _names(connection) == {(STORE, "a"): "rev 0", (STORE, "b"): "rev 0", (STORE, "c"): "rev 1"}


@pytest.mark.postgres
def test_a_look_that_is_out_of_date_changes_nothing(postgres_only: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another transaction filed b after we looked: COPY fails on its key, and the statement decides."""
    with postgres_only.write() as connection:
        bulk.put_new(connection, members, _rows("b"))
    monkeypatch.setattr(bulk, "_unheard", lambda _connection, rows, _key: list(rows))
    with postgres_only.write() as connection:
        assert bulk.put_new_told(connection, members, _rows("a", "b", "c", rev=1), members.c.member) == {"a", "c"}
    with postgres_only.read() as connection:
        assert _names(connection)[STORE, "b"] == "rev 0"


def test_a_newer_row_overwrites_and_an_older_one_does_not(database: Database) -> None:
    with database.write() as connection:
        bulk.put_newer(connection, members, _rows("a", "b", rev=2), "rev")
        bulk.put_newer(connection, members, [*_rows("a", rev=1), *_rows("b", rev=3)], "rev")
        assert _names(connection) == {(STORE, "a"): "rev 2", (STORE, "b"): "rev 3"}
        bulk.put_newer(connection, members, _rows("a", rev=0))
        assert _names(connection)[STORE, "a"] == "rev 0"


def test_rows_are_found_by_store_and_key(database: Database) -> None:
    with database.write() as connection:
        bulk.put_new(connection, members, [*_rows("a", "b", 'q"[}\\', rev=1), *_rows("a", store=OTHER)])
        found = bulk.find(connection, STORE, members.c.member, ["a", 'q"[}\\', "nobody", "a"], members.c.member, members.c.rev)
        assert sorted((row.member, row.rev) for row in found) == [("a", 1), ('q"[}\\', 1)]
        assert bulk.find(connection, STORE, members.c.member, [], members.c.member) == ()


@contextmanager
def _asked(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Statements and their parameters as the driver gets them."""
    heard: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: object) -> None:
        heard.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", listen)
    yield heard
    event.remove(connection, "before_cursor_execute", listen)


@pytest.mark.postgres
@pytest.mark.parametrize("key", [members.c.member, tombstones.c.member], ids=["members", "tombstones"])
def test_a_server_without_statistics_does_not_walk_the_table(postgres_only: Database, key: Any) -> None:
    with postgres_only.write() as connection:
        bulk.put_new(connection, members, _rows(*(f"m-{number:05d}" for number in range(3000))))
        with _asked(connection) as asked:
            bulk.find(connection, STORE, key, [f"m-{number:05d}" for number in range(0, 3000, 7)], key)
        ((statement, parameters),) = asked
        plan = _plan(connection, statement, parameters)
    assert any("Index" in step and "Scan" in step for step in plan)
    assert not [step for step in plan if "Seq Scan" in step or "Filter: (" in step]


def _plan(connection: Connection, statement: str, parameters: Any) -> Sequence[str]:
    return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
