"""A hub's file of the first schema is brought up with everything in it; no migration changes what an older one made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from edge.hub.store import memory_schema, schema
from edge.hub.store.opening import FILE_NAME, open_hub_store
from edge.outbox import box
from edge.process.clock import ManualClock
from edge.process.ids import CountingIds

STORE = "main-street"
# Written by the first versions of the three sets of migrations, with a row of each kind; it is never written again.
GOLDEN = (Path(__file__).parent / "golden" / "hub_v1.sql").read_text()
FIRST_AFTER = {box: "m002_outbox_by_state", schema: "m0002_withdrawn_tokens", memory_schema: "m0004_preferences_in_order"}
SETS = (box.MIGRATIONS, schema.CORE, memory_schema.MIGRATIONS)


def golden(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(GOLDEN)


def shape(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Every table and index with its words; blanks do not count."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(row[0], " ".join(row[1].split())) for row in rows}


def test_a_file_of_version_1_is_brought_up_with_everything_in_it(tmp_path: Path) -> None:
    golden(tmp_path / FILE_NAME)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as before:
        assert all(one.pending(before) for one in SETS), "version 1 is what came before these"
    hub = open_hub_store(tmp_path, STORE, ManualClock(), CountingIds())
    with hub.file.read() as connection:
        kept = {table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables(connection)}
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        upgraded = shape(connection)
    assert [row.key for row in hub.outbox.rows()] == ["a-1:0"] and hub.outbox.rows()[0].payload == b'{"kept":true}'
    hub.file.close()
    for table, text in {
        "members": "Maria",
        "cards": "nfc:04A2B3C4D5E680",
        "tombstones": "m-gone",
        "arrivals": "a-1",
        "visits": "v-1",
        "alerts": "served",
        "preferences": "Few words, short visits",
        "products": "Tile",
        "hub_state": "fed_to",
    }.items():
        assert text in repr(kept[table]), table
    fresh = open_hub_store(tmp_path / "fresh", STORE, ManualClock(), CountingIds())
    with fresh.file.read() as connection:
        assert upgraded == shape(connection), "brought up, a file is what a new one is"
    fresh.file.close()


def tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def test_the_first_migrations_are_what_they_were() -> None:
    """Somebody who edits an old migration instead of adding one leaves every store that ran it behind."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made, closing(sqlite3.connect(":memory:")) as kept:
        for module, name in FIRST_AFTER.items():
            (module.CORE if module is schema else module.MIGRATIONS).apply(made, stop_before=name)
        kept.executescript(GOLDEN)
        assert shape(made) == shape(kept)


def test_a_second_opening_changes_nothing(tmp_path: Path) -> None:
    golden(tmp_path / FILE_NAME)
    for _ in range(2):
        hub = open_hub_store(tmp_path, STORE, ManualClock(), CountingIds())
        with hub.file.read() as connection:
            applied = connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0]
            assert applied == sum(len(one.applied(connection)) for one in SETS)
        hub.file.close()
