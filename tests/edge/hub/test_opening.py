"""The hub's file: made, migrated from version 1, opened again."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from edge.hub.store import schema
from edge.hub.store.opening import FILE_NAME, migrate, open_hub_store
from edge.outbox import box
from edge.process.clock import ManualClock
from edge.process.ids import CountingIds
from edge.process.sqlite_file import SqliteFile
from tests.support.hub import MARIA, MARIA_CARD, STORE, HubBench


def test_a_file_of_version_1_is_brought_up_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir(mode=0o700)
    file = SqliteFile(tmp_path / "hub" / FILE_NAME)
    box.migrate(file)
    database = Database(file.writer)
    schema.CORE.apply(database, stop_before="m0002_withdrawn_tokens")
    assert [migration.name for migration in schema.CORE.applied(database)] == ["m0001_base"]
    with file.write() as connection:
        connection.execute(
            "INSERT INTO members (store, member, name, greeting, rev) VALUES (?, ?, 'Maria', 'name', 0)", (STORE, MARIA)
        )
        connection.execute(
            "INSERT INTO cards (store, card_id, member, state, seq) VALUES (?, ?, ?, 'active', 1)", (STORE, MARIA_CARD, MARIA)
        )
        connection.execute("INSERT INTO hub_state (store, key, value) VALUES (?, 'directory', 1)", (STORE,))
    file.close()

    bench = HubBench(tmp_path / "hub")
    [result] = bench.take(bench.arrival())
    assert result.greeting is not None
    assert result.greeting.name == "Maria"
    assert len(schema.CORE.applied(Database(bench.hub.store.file.writer))) == len(schema.CORE._migrations)
    bench.close()


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    first = open_hub_store(tmp_path, STORE, ManualClock(), CountingIds())
    with first.file.write() as connection:
        first.members.put_member(connection, MARIA, name="Maria")
    migrate(first.file)
    first.file.close()
    second = open_hub_store(tmp_path, STORE, ManualClock(), CountingIds())
    assert second.outbox.count() == 1
    second.file.close()


def test_putting_the_same_member_again_is_no_news(tmp_path: Path) -> None:
    store = open_hub_store(tmp_path, STORE, ManualClock(), CountingIds())
    with store.file.write() as connection:
        assert store.members.put_member(connection, MARIA, name="Maria", language="de")
        assert store.members.put_card(connection, MARIA_CARD, MARIA)
        assert not store.members.put_member(connection, MARIA, name="Maria", language="de")
        assert not store.members.put_card(connection, MARIA_CARD, MARIA)
        assert store.members.put_member(connection, MARIA, name="Maria K.", language="de")
    assert store.outbox.count() == 2
    store.file.close()
