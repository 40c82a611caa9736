"""The schema: the same on both engines, reached step by step from revision 1, and durable on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from edge.hq.store import feed, tables
from edge.hq.store.database import Database, SqliteDatabase, open_database
from edge.hq.store.schema import current, migrate, newest
from edge.process.errors import OperatorError
from tests.support import hq


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    opened = open_database(empty_url)
    yield opened
    opened.close()


def _shape(database: Database) -> dict[str, object]:
    """Tables, columns, keys and indexes, without the engine's own type names."""
    with database.read() as connection:
        looked = inspect(connection)
        return {
            name: (
                [(column["name"], bool(column["nullable"])) for column in looked.get_columns(name)],
                looked.get_pk_constraint(name)["constrained_columns"],
                sorted(str(index["name"]) for index in looked.get_indexes(name) if not index["unique"]),
                sorted(str(unique["column_names"]) for unique in looked.get_unique_constraints(name)),
            )
            for name in looked.get_table_names()
            if name != "alembic_version"
        }


def test_migrations_end_in_exactly_the_tables_of_the_code(empty: Database) -> None:
    assert migrate(empty) == newest()
    with empty.read() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables.METADATA)
    assert difference == []


@pytest.mark.postgres
def test_both_engines_have_the_same_tables(sqlite_database: Database, postgres_only: Database) -> None:
    assert _shape(sqlite_database) == _shape(postgres_only)


def test_a_database_of_revision_1_keeps_its_rows(empty: Database) -> None:
    assert migrate(empty, "0001") == "0001"
    with empty.write() as connection:
        row = "INSERT INTO contacts (store, heard_at) VALUES ('main-street', '2026-11-20T09:00:00.000000Z')"
        connection.execute(text(row))
    migrate(empty)
    with empty.read() as connection:
        assert connection.execute(text("SELECT store FROM contacts")).scalars().all() == ["main-street"]
    assert feed.end(empty) == 0


def test_several_processes_may_migrate_at_once(empty: Database) -> None:
    start, reached, troubles = threading.Barrier(4), [], []

    def work() -> None:
        start.wait(20)
        try:
            reached.append(migrate(empty))
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (reached, troubles) == ([newest()] * 4, [])


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OperatorError) as caught:
        migrate(database)
    assert caught.value.code == "schema_newer"
    with database.read() as connection:
        assert current(connection) == "9999"


def test_a_migration_that_breaks_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    made = op.create_index
    monkeypatch.setattr(op, "create_index", lambda name, *rest: made(name, *rest) if "notes" not in name else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        migrate(empty)
    monkeypatch.undo()
    assert _shape(empty) == {}
    assert migrate(empty) == newest()


def test_store_stands_in_every_key() -> None:
    assert [table.name for table in tables.METADATA.tables.values() if "store" not in table.primary_key.columns] == []


def test_sqlite_writes_with_wal_and_full_synchronisation(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "hq.db")
    migrate(database)
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA query_only").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == 0
        strict = (
            connection.exec_driver_sql("SELECT name FROM pragma_table_list WHERE strict = 0 AND schema = 'main'").scalars().all()
        )
    assert set(strict) <= {"alembic_version", "sqlite_schema"}
    database.close()


def test_what_was_filed_is_there_after_opening_again(url: str) -> None:
    now = hq.ManualClock().now()
    for expected in ("new", "duplicate"):
        opened = open_database(url)
        migrate(opened)
        assert hq.send(opened, hq.fact(1, hq.visit(1, now), now))[0].result == expected
        opened.close()


@pytest.mark.parametrize("bad", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgresql://x/y"])
def test_a_url_that_is_no_database_is_refused_with_a_sentence(bad: str) -> None:
    with pytest.raises(OperatorError) as caught:
        open_database(bad)
    assert caught.value.code == "database_url_invalid"
