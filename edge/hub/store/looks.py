"""Every look at a client card: who looked, at whom, when, and why where it was by break-glass."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Literal

LookKind = Literal["claim", "break_glass"]


def insert(
    connection: sqlite3.Connection,
    store: str,
    look_id: str,
    *,
    visit_id: str,
    member: str | None,
    associate: str,
    at: datetime,
    kind: LookKind,
    reason: str | None = None,
) -> None:
    """Log one look."""
    connection.execute(
        "INSERT INTO looks (store, look_id, visit_id, member, associate, at, kind, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (store, look_id, visit_id, member, associate, at.isoformat(), kind, reason),
    )


def forget_visit(connection: sqlite3.Connection, store: str, member: str, visit_id: str) -> None:
    """That somebody looked during this visit stays; at whom, and why, goes."""
    query = "UPDATE looks SET member = NULL, reason = NULL WHERE store = ? AND member = ? AND visit_id = ?"
    connection.execute(query, (store, member, visit_id))
