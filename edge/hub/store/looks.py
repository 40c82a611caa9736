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
