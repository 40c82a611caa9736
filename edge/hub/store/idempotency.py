"""The first answer to every acting request, given again to its repetition."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edge.associates.moments import Moment, elapsed
from edge.hub.store.times import columns, read_moment

KEPT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """request_hash: of method, path and body. visit_id: whose visit the body tells about, so that it can be forgotten."""

    request_hash: str
    status: int
    body: bytes
    visit_id: str | None


def find(connection: sqlite3.Connection, store: str, associate: str, key: str) -> FirstAnswer | None:
    """What this associate was answered under this key, or None."""
    query = "SELECT * FROM idempotency WHERE store = ? AND associate = ? AND key = ?"
    row = connection.execute(query, (store, associate, key)).fetchone()
    return None if row is None else FirstAnswer(row["request_hash"], row["status"], row["body"], row["visit_id"])


def insert(connection: sqlite3.Connection, store: str, associate: str, key: str, answer: FirstAnswer, now: Moment) -> None:
    """Keep an answer, in the transaction of what it answers."""
    connection.execute(
        "INSERT INTO idempotency (store, associate, key, request_hash, visit_id, status, body, made_at, made_boot, made_mono)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (store, associate, key, answer.request_hash, answer.visit_id, answer.status, answer.body, *columns(now)),
    )


def forget_visit(connection: sqlite3.Connection, store: str, visit_id: str) -> None:
    """Answers that tell about a visit are not given again."""
    connection.execute("DELETE FROM idempotency WHERE store = ? AND visit_id = ?", (store, visit_id))


def prune(connection: sqlite3.Connection, store: str, now: Moment) -> int:
    """Drop answers older than a day; returns how many."""
    rows = connection.execute("SELECT rowid, made_at, made_boot, made_mono FROM idempotency WHERE store = ?", (store,)).fetchall()
    old = [(row["rowid"],) for row in rows if elapsed(read_moment(row, "made"), now) >= KEPT_S]
    connection.executemany("DELETE FROM idempotency WHERE rowid = ?", old)
    return len(old)
