"""Moments in columns: `{prefix}_at` RFC 3339 text, `{prefix}_boot`, `{prefix}_mono`."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from edge.associates.moments import Moment
from edge.process.clock import Clock


def now_of(clock: Clock) -> Moment:
    """The present by this clock."""
    return Moment(clock.now(), clock.boot(), clock.monotonic())


def read_moment(row: sqlite3.Row, prefix: str) -> Moment:
    """The moment in the columns of that prefix."""
    return Moment(datetime.fromisoformat(row[f"{prefix}_at"]), row[f"{prefix}_boot"], row[f"{prefix}_mono"])


def hour_of(at: datetime) -> datetime:
    """The hour it began in: what is left of a time that is to tell about nobody."""
    return at.replace(minute=0, second=0, microsecond=0)


def columns(moment: Moment) -> tuple[str, str, float]:
    """Values for `_at`, `_boot`, `_mono`."""
    return moment.at.isoformat(), moment.boot, moment.mono
