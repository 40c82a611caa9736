"""Straight to PostgreSQL's driver, on SQLAlchemy's connection and in its transaction: for what every batch of facts asks.

Rows have names and errors come in SQLAlchemy's words, as if it had been asked itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError

_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its type out


class Overtaken(Exception):
    """Another transaction has filed one of these keys since somebody looked. This transaction is lost: begin again."""


def run(connection: Connection, statement: Any, parameters: Mapping[str, str]) -> Sequence[Any]:
    """The rows a statement gives, if it gives any. The statement: always the same object, for its words are kept."""
    text = words(statement)
    with _told(connection, text):
        cursor = _driver(connection).cursor(row_factory=_psycopg(connection).rows.namedtuple_row).execute(text, parameters)
        return cursor.fetchall() if cursor.description else ()


@contextlib.contextmanager
def copying(connection: Connection, statement: str, text: bytes) -> Iterator[None]:
    """COPY; the server is at it while the block runs, which may ask it nothing. Raises Overtaken where a key is taken."""
    try:
        with _told(connection, statement), _driver(connection).cursor().copy(statement) as into:
            into.write(text)
            yield
    except IntegrityError:
        raise Overtaken from None


@cache
def words(statement: Any) -> str:
    """The statement as the driver wants it."""
    return str(statement.compile(dialect=_DIALECT))


@contextlib.contextmanager
def _told(connection: Connection, statement: str) -> Iterator[None]:
    kind = _psycopg(connection).Error
    try:
        yield
    except kind as error:
        raise DBAPIError.instance(statement, None, error, kind) from error


def _psycopg(connection: Connection) -> Any:
    """The module, which is not imported where HQ runs on SQLite."""
    return connection.dialect.loaded_dbapi


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
