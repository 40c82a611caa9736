"""Today's visits at this kiosk: what a second tap, a chosen reason, "not today" and a late answer have to know."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from edge.contracts.arrival import Arrival, read_arrival
from edge.contracts.envelope import encode
from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile
from kiosk.visit.decide import Recent

DAY_S = 86_400.0
State = Literal["waiting", "answered", "refused"]
_KEEP = (
    "INSERT OR REPLACE INTO visits (store, kiosk, arrival_id, rev, outcome, member, made_at, made_boot, made_monotonic, body)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """arrival: the newest revision as stored. boot, monotonic (s): when the tap was. state: what the hub said of it."""

    arrival: Arrival
    boot: str
    monotonic: float
    state: State


class Visits:
    """Visits of one kiosk, a day long. Safe from any thread."""

    def __init__(self, file: SqliteFile, store: str, kiosk: str, clock: Clock) -> None:
        self._file, self._at, self._clock = file, (store, kiosk), clock

    def keep(self, connection: sqlite3.Connection, arrival: Arrival, boot: str, monotonic: float) -> None:
        """Store an arrival, or its newer revision in place of the older, in the caller's transaction."""
        made_at = arrival.at.isoformat()
        row = (arrival.arrival_id, arrival.rev, arrival.outcome, arrival.member, made_at, boot, monotonic, encode(arrival))
        connection.execute(_KEEP, (*self._at, *row))

    def find(self, arrival_id: str) -> Visit | None:
        """One visit, or None."""
        query = "SELECT body, made_boot, made_monotonic, state FROM visits WHERE store = ? AND kiosk = ? AND arrival_id = ?"
        with self._file.read() as connection:
            row = connection.execute(query, (*self._at, arrival_id)).fetchone()
        return _visit(row) if row else None

    def tapped(self, arrival_id: str) -> tuple[str, float] | None:
        """Boot and monotonic seconds of a visit's tap, or None."""
        query = "SELECT made_boot, made_monotonic FROM visits WHERE store = ? AND kiosk = ? AND arrival_id = ?"
        with self._file.read() as connection:
            row = connection.execute(query, (*self._at, arrival_id)).fetchone()
        return (row[0], row[1]) if row else None

    def recent(self, member: str | None) -> Sequence[Recent]:
        """The latest arrival of this member that opened a visit here on this boot; repeats do not prolong the window."""
        if member is None:
            return ()
        query = (
            "SELECT made_boot, max(made_monotonic) FROM visits WHERE store = ? AND kiosk = ? AND member = ?"
            " AND outcome = 'welcome' AND made_boot = ? GROUP BY made_boot"
        )
        with self._file.read() as connection:
            row = connection.execute(query, (*self._at, member, self._clock.boot())).fetchone()
        return (Recent(member, row[0], row[1]),) if row else ()

    def of_member(self, member: str, within_s: float) -> list[Visit]:
        """This member's visits here on this boot, not older than `within_s`, oldest first."""
        query = (
            "SELECT body, made_boot, made_monotonic, state FROM visits WHERE store = ? AND kiosk = ? AND member = ?"
            " AND made_boot = ? AND made_monotonic >= ? ORDER BY made_monotonic"
        )
        since = self._clock.monotonic() - within_s
        with self._file.read() as connection:
            rows = connection.execute(query, (*self._at, member, self._clock.boot(), since)).fetchall()
        return [_visit(row) for row in rows]

    def answered(self, arrival_id: str, rev: int, state: State) -> bool:
        """Note the hub's answer to this revision. False when there is no such visit or a newer revision is waiting."""
        query = "UPDATE visits SET state = ? WHERE store = ? AND kiosk = ? AND arrival_id = ? AND rev = ?"
        with self._file.write() as connection:
            return connection.execute(query, (state, *self._at, arrival_id, rev)).rowcount == 1

    def count(self) -> int:
        """How many visits are kept."""
        with self._file.read() as connection:
            return int(connection.execute("SELECT count(*) FROM visits WHERE store = ? AND kiosk = ?", self._at).fetchone()[0])

    def prune(self) -> int:
        """Forget what is older than a day; returns how many. What still waits for the hub waits in the outbox.

        On this boot the monotonic clock tells the age. Of an earlier boot it is known only that it is older than this
        boot, or what the wall clock says: one that is a day off, either way, may forget too early, never too late.
        """
        now, monotonic, boot = self._clock.now().astimezone(timezone.utc), self._clock.monotonic(), self._clock.boot()
        early, late = _stamp(now - timedelta(days=1)), _stamp(now + timedelta(days=1))
        query = (
            "DELETE FROM visits WHERE store = ? AND kiosk = ? AND ((made_boot = ? AND ? - made_monotonic > ?)"
            " OR (made_boot <> ? AND (? > ? OR made_at < ? OR made_at > ?)))"
        )
        with self._file.write() as connection:
            values = (*self._at, boot, monotonic, DAY_S, boot, monotonic, DAY_S, early, late)
            return connection.execute(query, values).rowcount


def _visit(row: sqlite3.Row) -> Visit:
    return Visit(read_arrival(row[0]), row[1], row[2], row[3])


def _stamp(at: datetime) -> str:
    """Text that sorts like `made_at`: both are ISO 8601 in UTC."""
    return at.isoformat()
