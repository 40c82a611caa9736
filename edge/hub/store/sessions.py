"""Who is signed in (which is who is on shift), and how often a PIN was wrong. Session secrets are kept hashed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edge.associates.moments import Moment, elapsed
from edge.hub.store.times import columns, read_moment

_TRIES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session. broker_username: the broker account that lives as long as it does."""

    session_hash: str
    associate: str
    csrf: str
    broker_username: str
    made: Moment
    seen: Moment


def insert(connection: sqlite3.Connection, store: str, session: SignedIn) -> None:
    """A new session."""
    connection.execute(
        "INSERT INTO sessions (store, session_hash, associate, csrf, broker_username, made_at, made_boot, made_mono,"
        " seen_at, seen_boot, seen_mono) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            store,
            session.session_hash,
            session.associate,
            session.csrf,
            session.broker_username,
            *columns(session.made),
            *columns(session.seen),
        ),
    )


def find(connection: sqlite3.Connection, store: str, session_hash: str) -> SignedIn | None:
    """The session, or None."""
    query = "SELECT * FROM sessions WHERE store = ? AND session_hash = ?"
    row = connection.execute(query, (store, session_hash)).fetchone()
    return None if row is None else _session(row)


def every(connection: sqlite3.Connection, store: str) -> list[SignedIn]:
    """All sessions, oldest first."""
    rows = connection.execute("SELECT * FROM sessions WHERE store = ? ORDER BY rowid", (store,)).fetchall()
    return [_session(row) for row in rows]


def touch(connection: sqlite3.Connection, store: str, session_hash: str, now: Moment) -> None:
    """The session was used just now."""
    connection.execute(
        "UPDATE sessions SET seen_at = ?, seen_boot = ?, seen_mono = ? WHERE store = ? AND session_hash = ?",
        (*columns(now), store, session_hash),
    )


def remove(connection: sqlite3.Connection, store: str, session_hash: str) -> bool:
    """End the session; False if it had ended."""
    query = "DELETE FROM sessions WHERE store = ? AND session_hash = ?"
    return connection.execute(query, (store, session_hash)).rowcount == 1


def alive(session: SignedIn, now: Moment, session_s: float, idle_s: float) -> bool:
    """Pure: whether neither the whole session nor the time without use is over."""
    return elapsed(session.made, now) < session_s and elapsed(session.seen, now) < idle_s


def tries(connection: sqlite3.Connection, store: str, associate: str) -> tuple[int, Moment] | None:
    """(wrong PINs in a row, the last of them), or None."""
    query = "SELECT * FROM sign_in_tries WHERE store = ? AND associate = ?"
    row = connection.execute(query, (store, associate)).fetchone()
    return None if row is None else (row["failures"], read_moment(row, "last"))


def add_try(connection: sqlite3.Connection, store: str, associate: str, now: Moment) -> None:
    """One more wrong PIN. The table keeps the newest thousand names, so inventing names fills no disk."""
    connection.execute(
        "INSERT INTO sign_in_tries (store, associate, failures, last_at, last_boot, last_mono) VALUES (?, ?, 1, ?, ?, ?)"
        " ON CONFLICT (store, associate) DO UPDATE SET failures = failures + 1, last_at = excluded.last_at,"
        " last_boot = excluded.last_boot, last_mono = excluded.last_mono",
        (store, associate, *columns(now)),
    )
    connection.execute(
        "DELETE FROM sign_in_tries WHERE store = ? AND rowid NOT IN"
        " (SELECT rowid FROM sign_in_tries WHERE store = ? ORDER BY last_at DESC LIMIT ?)",
        (store, store, _TRIES_KEPT),
    )


def clear_tries(connection: sqlite3.Connection, store: str, associate: str) -> None:
    """The right PIN came."""
    connection.execute("DELETE FROM sign_in_tries WHERE store = ? AND associate = ?", (store, associate))


def _session(row: sqlite3.Row) -> SignedIn:
    return SignedIn(
        session_hash=row["session_hash"],
        associate=row["associate"],
        csrf=row["csrf"],
        broker_username=row["broker_username"],
        made=read_moment(row, "made"),
        seen=read_moment(row, "seen"),
    )
