"""One door to the database: `write()` is one durable transaction, `read()` can only look.

SQLite (demo, one process): one writing connection under a lock in WAL with synchronous FULL, asserted at start; readers apart.
PostgreSQL (production, any number of processes): a pool, READ COMMITTED; what must not overlap takes a row of `counters`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from edge.hq.store.types import to_json
from edge.process.errors import OperatorError
from edge.process.sqlite_file import SqliteFile, opening

_BUSY_S = 10
# A statement that runs longer than this hangs on something; the hub tries again, nothing is lost.
_STATEMENT_MS = 30_000


class Database(Protocol):
    """What the rest of the store needs to know of a database."""

    def write(self) -> contextlib.AbstractContextManager[Connection]:
        """One durable transaction: committed when the block ends, rolled back when it raises."""

    def read(self) -> contextlib.AbstractContextManager[Connection]:
        """A connection to look with."""

    def close(self) -> None:
        """Let go of every connection."""


def open_database(url: str) -> Database:
    """`sqlite:///file` or `postgresql+psycopg://user:password@host/name`, or OperatorError `database_*`. Creates no table."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _bad_url() from None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        return SqliteDatabase(Path(parsed.database))
    if parsed.drivername == "postgresql+psycopg":
        return PostgresDatabase(parsed)
    raise _bad_url()


def _bad_url() -> OperatorError:
    return OperatorError(
        "database_url_invalid",
        "reading the database URL",
        "Use sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME.",
    )


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that has ON CONFLICT: the dialects' classes differ in module only."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


class SqliteDatabase:
    """A file of this process alone."""

    def __init__(self, path: Path) -> None:
        with opening(path):
            self._file = SqliteFile(path)
        self._file.writer.row_factory = None  # SQLAlchemy builds its own rows
        self._writer = self._engine_on_writer()
        self._readers = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", pool_size=8, max_overflow=16)
        event.listen(self._readers, "connect", _only_look)

    def _engine_on_writer(self) -> Engine:
        """SQLAlchemy on SqliteFile's own writing connection; SqliteFile begins, commits and rolls back, nobody else."""
        engine = create_engine(
            "sqlite://",
            creator=lambda: self._file.writer,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        engine.connect().close()  # the first connect sets the isolation level, which would end a transaction
        return engine

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        with self._file.write(), self._writer.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        with self._readers.connect() as connection:
            yield connection

    def require_owner(self) -> None:
        """Raises OperatorError `store_in_use` where another process has this file."""
        self._file.require_owner()

    def close(self) -> None:
        self._readers.dispose()
        self._file.close()


def _only_look(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("query_only=ON", "wal_autocheckpoint=0", f"busy_timeout={_BUSY_S * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


class PostgresDatabase:
    """A PostgreSQL server shared by any number of HQ processes."""

    def __init__(self, url: URL) -> None:
        options = f"-c timezone=UTC -c statement_timeout={_STATEMENT_MS} -c synchronous_commit=on"
        self._engine = create_engine(
            url,
            json_serializer=to_json,
            pool_size=16,
            max_overflow=4,
            pool_timeout=_BUSY_S,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "application_name": "shopbell-hq", "options": options},
        )

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def answers(database: Database) -> bool:
    """Whether the database answers at all."""
    try:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, sqlite3.Error):
        return False
    return True
