"""Members' passes: a one-time link, then one phone. Only hashes of the link's and the phone's secrets are kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge.associates.moments import Moment, elapsed
from edge.hub.store.times import columns, read_moment


@dataclass(frozen=True, slots=True)
class Pass:
    """handle: what the code names it by (edge.contracts.rotating). made: when its link was given out."""

    handle: str
    member: str
    made: Moment


def insert(connection: sqlite3.Connection, store: str, made: Pass, link_hash: str) -> None:
    """A pass whose link nobody has opened."""
    connection.execute(
        "INSERT INTO passes (store, handle, member, link_hash, made_at, made_boot, made_mono) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (store, made.handle, made.member, link_hash, *columns(made.made)),
    )


def by_link(connection: sqlite3.Connection, store: str, link_hash: str) -> Pass | None:
    """The pass whose link this is, while nobody has opened it."""
    return _one(connection, "SELECT * FROM passes WHERE store = ? AND link_hash = ?", (store, link_hash))


def by_phone(connection: sqlite3.Connection, store: str, phone_hash: str) -> Pass | None:
    """The pass this phone holds."""
    return _one(connection, "SELECT * FROM passes WHERE store = ? AND phone_hash = ?", (store, phone_hash))


def opened(connection: sqlite3.Connection, store: str, handle: str, phone_hash: str, at: datetime) -> None:
    """The link was opened on a phone: it opens nothing any more."""
    connection.execute(
        "UPDATE passes SET link_hash = NULL, phone_hash = ?, opened_at = ? WHERE store = ? AND handle = ?",
        (phone_hash, at.isoformat(), store, handle),
    )


def of_member(connection: sqlite3.Connection, store: str, member: str) -> list[Pass]:
    """A member's passes on phones, oldest first."""
    query = "SELECT * FROM passes WHERE store = ? AND member = ? AND phone_hash IS NOT NULL ORDER BY opened_at, rowid"
    return [_pass(row) for row in connection.execute(query, (store, member))]


def remove(connection: sqlite3.Connection, store: str, handle: str) -> None:
    """There is no such pass any more."""
    connection.execute("DELETE FROM passes WHERE store = ? AND handle = ?", (store, handle))


def drop_unopened(connection: sqlite3.Connection, store: str, older_than_s: float, now: Moment) -> None:
    """Links nobody opened in time."""
    rows = connection.execute("SELECT * FROM passes WHERE store = ? AND link_hash IS NOT NULL", (store,)).fetchall()
    for one in (_pass(row) for row in rows):
        if elapsed(one.made, now) >= older_than_s:
            remove(connection, store, one.handle)


def _one(connection: sqlite3.Connection, query: str, values: tuple[str, str]) -> Pass | None:
    row = connection.execute(query, values).fetchone()
    return None if row is None else _pass(row)


def _pass(row: sqlite3.Row) -> Pass:
    return Pass(row["handle"], row["member"], read_moment(row, "made"))
