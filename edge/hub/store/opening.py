"""Opens the hub's one SQLite file, brings it to the newest version, and hands out what writes to it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.hub.store import directory, memory_schema, schema
from edge.hub.store.facts import Facts
from edge.hub.store.members import Members
from edge.hub.store.memory import MemoryStore
from edge.outbox import box
from edge.outbox.box import Outbox
from edge.process.clock import Clock
from edge.process.errors import OperatorError
from edge.process.ids import Ids
from edge.process.sqlite_file import SqliteFile, opening

FILE_NAME = "hub.db"


@dataclass(frozen=True, slots=True)
class HubStore:
    """Everything that belongs to one open file. Close it with `file.close()`."""

    store: str
    file: SqliteFile
    outbox: Outbox
    facts: Facts
    members: Members
    memory: MemoryStore


def open_hub_store(data_dir: Path, store: str, clock: Clock, ids: Ids) -> HubStore:
    """Open (or make) `hub.db` in `data_dir`. Raises OperatorError `store_*`."""
    path = data_dir / FILE_NAME
    with opening(path):
        file = SqliteFile(path)
        migrate(file)
        with file.write() as connection:
            directory.begin(connection, store, ids)
    outbox = Outbox(file, store, clock)
    facts = Facts(outbox, store, clock, ids)
    return HubStore(store, file, outbox, facts, Members(store, facts), MemoryStore(file, store))


@contextlib.contextmanager
def reading_hub_store(data_dir: Path) -> Iterator[sqlite3.Connection | None]:
    """`hub.db` to look into beside a running hub: nothing is made, migrated or written. None: there is no store yet.

    Raises OperatorError `store_*`, `store_older` for one that a hub of this version has not opened yet.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        yield None
        return
    with opening(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
        pending = schema.CORE.pending(connection)
    try:
        if pending:
            raise OperatorError("store_older", f"reading {path}", "Start the hub of this version once: it brings its store up.")
        yield connection
    finally:
        connection.close()


def migrate(file: SqliteFile) -> None:
    """Apply every migration that has not been applied, each in a transaction of its own."""
    box.migrate(file)
    schema.CORE.apply(file.writer)
    memory_schema.MIGRATIONS.apply(file.writer)
