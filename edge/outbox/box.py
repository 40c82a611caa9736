"""The outbox: a table in the caller's SQLite file, filled in the caller's own transaction, emptied only by an answer.

Plain sqlite3 on the caller's connection: `put` stands in the path of every tap and of every committed fact, where
sqlite-utils' own insert takes half as long again. The schema goes through sqlite-utils migrations like every other.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edge.outbox.plan import Row, State
from edge.process.clock import Clock
from edge.process.migrations import Migrations
from edge.process.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATIONS = Migrations("outbox")
_COLUMNS = ", ".join(Row.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM outbox WHERE store = ? AND state = ? ORDER BY seq LIMIT ?"  # noqa: S608 - names of our own columns
_SELECT_THESE = (
    f"SELECT {_COLUMNS} FROM outbox WHERE store = ? AND state = 'waiting'"  # noqa: S608 - names of our own columns
    " AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
)
_INSERT = (
    "INSERT INTO outbox (store, key, payload, made_at, made_boot, made_monotonic, hold_s) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (store, key) DO NOTHING"
)
_ALL = -1  # SQLite's LIMIT without a limit


@MIGRATIONS()
def m001_outbox(db: Database) -> None:
    """AUTOINCREMENT: a seq is never used twice, so a late mark_tried cannot meet another row."""
    db.execute(
        """
        CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            store TEXT NOT NULL,
            key TEXT NOT NULL,
            payload BLOB NOT NULL,
            made_at TEXT NOT NULL,
            made_boot TEXT NOT NULL,
            made_monotonic REAL NOT NULL,
            hold_s REAL NOT NULL DEFAULT 0 CHECK (hold_s >= 0),
            tries INTEGER NOT NULL DEFAULT 0,
            tried_boot TEXT,
            tried_monotonic REAL,
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'parked')),
            code TEXT,
            hint TEXT,
            UNIQUE (store, key)
        ) STRICT
        """
    )


@MIGRATIONS()
def m002_outbox_by_state(db: Database) -> None:
    """Counting what waits is done every second, hundreds of thousands of rows after an import: without their payloads."""
    db.execute("CREATE INDEX outbox_by_state ON outbox (store, state, seq)")


def migrate(file: SqliteFile) -> None:
    """Bring the table of `file` to the newest version; called once at start, before anything is put."""
    MIGRATIONS.apply(file.writer)


class Outbox:
    """The rows of one store. Every method is one durable transaction of its own, or joins the one that is open."""

    def __init__(self, file: SqliteFile, store: str, clock: Clock) -> None:
        self._file, self._store, self._clock = file, store, clock

    def put(self, connection: sqlite3.Connection, key: str, payload: bytes, hold_s: float = 0.0) -> bool:
        """Add a row in the caller's transaction. False (and nothing changed) when the key is there already: put is repeatable.

        hold_s: seconds from now in which it is not sent. Raises ValueError unless it is finite and not negative.
        """
        if not (math.isfinite(hold_s) and hold_s >= 0):
            raise ValueError(f"hold_s must be finite and not negative, not {hold_s}")
        clock = self._clock
        values = (self._store, key, payload, clock.now().isoformat(), clock.boot(), clock.monotonic(), hold_s)
        return connection.execute(_INSERT, values).rowcount == 1

    def put_many(self, connection: sqlite3.Connection, rows: Iterable[tuple[str, bytes]]) -> None:
        """Add rows (key, payload), all made now and free to leave, in the caller's transaction; keys that are there stay."""
        clock = self._clock
        made = (clock.now().isoformat(), clock.boot(), clock.monotonic(), 0.0)
        connection.executemany(_INSERT, ((self._store, key, payload, *made) for key, payload in rows))

    def rewrite(self, connection: sqlite3.Connection, key: str, payload: bytes) -> bool:
        """Give a row another payload in the caller's transaction; its place and tries stay. False when there is no such key."""
        return self._change(connection, "UPDATE outbox SET payload = ? WHERE store = ? AND key = ?", payload, key)

    def remove(self, connection: sqlite3.Connection, key: str) -> bool:
        """Take a row out in the caller's transaction. False when there is no such key."""
        cursor = connection.execute("DELETE FROM outbox WHERE store = ? AND key = ?", (self._store, key))
        return cursor.rowcount == 1

    def rows(self, most: int | None = None) -> list[Row]:
        """The waiting rows, in the order they were made: all, or the oldest `most`."""
        return self._select("waiting", _ALL if most is None else most)

    def waiting(self, most: int) -> list[int]:
        """The seqs of the oldest `most` waiting rows, in the order they were made; reads an index alone."""
        with self._file.read() as connection:
            query = "SELECT seq FROM outbox WHERE store = ? AND state = 'waiting' ORDER BY seq LIMIT ?"
            return [row[0] for row in connection.execute(query, (self._store, most))]

    def rows_of(self, seqs: Sequence[int]) -> list[Row]:
        """Those of these rows that wait, in the order they were made."""
        if not seqs:
            return []
        with self._file.read() as connection:
            return [Row(*row) for row in connection.execute(_SELECT_THESE, (self._store, json.dumps(list(seqs))))]

    def parked(self) -> list[Row]:
        """The parked rows with code and hint, in the order they were made."""
        return self._select("parked", _ALL)

    def count(self, state: State = "waiting") -> int:
        """How many rows wait, or are parked; reads an index alone."""
        with self._file.read() as connection:
            query = "SELECT count(*) FROM outbox WHERE store = ? AND state = ?"
            return int(connection.execute(query, (self._store, state)).fetchone()[0])

    def has_room(self, connection: sqlite3.Connection, most: int) -> bool:
        """Whether fewer than `most` rows are there, waiting or parked. Asked on every tap: the span of the numbers says it
        without counting, and only where that is too wide are rows counted."""
        span = connection.execute("SELECT (SELECT max(seq) FROM outbox) - (SELECT min(seq) FROM outbox) + 1").fetchone()[0]
        if (span or 0) < most:
            return True
        return int(connection.execute("SELECT count(*) FROM outbox WHERE store = ?", (self._store,)).fetchone()[0]) < most

    def mark_tried(self, seqs: Iterable[int]) -> None:
        """These rows were handed over now; they are due again after their backoff unless an answer removes them."""
        self.note_tries(dict.fromkeys(seqs, self._clock.monotonic()))

    def note_tries(self, tried: Mapping[int, float]) -> None:
        """These rows (by seq) were handed over at these times: monotonic seconds of this boot."""
        values = [(self._clock.boot(), at, self._store, seq) for seq, at in tried.items()]
        with self._file.write() as connection:
            connection.executemany(
                "UPDATE outbox SET tries = tries + 1, tried_boot = ?, tried_monotonic = ? WHERE store = ? AND seq = ?", values
            )

    def due_now(self) -> None:
        """Forget the backoff of every waiting row (not its hold): the link came back, so trying again is worth it."""
        with self._file.write() as connection:
            query = (
                "UPDATE outbox SET tried_boot = NULL, tried_monotonic = NULL"
                " WHERE store = ? AND state = 'waiting' AND tried_boot IS NOT NULL"  # what was never tried is not written anew
            )
            connection.execute(query, (self._store,))

    def done(self, keys: Sequence[str]) -> int:
        """Remove rows whose answer came; returns how many there were. Unknown keys are nothing to worry about."""
        with self._file.write() as connection:
            return sum(self.remove(connection, key) for key in keys)

    def park(self, key: str, code: str, hint: str) -> bool:
        """Set a row aside with a stable code and what to do; it stays listed and re-sendable. False: no such key."""
        query = "UPDATE outbox SET state = 'parked', code = ?, hint = ? WHERE store = ? AND key = ?"
        with self._file.write() as connection:
            return self._change(connection, query, code, hint, key)

    def park_planned(self, park: Iterable[tuple[int, str]]) -> None:
        """Set aside what `plan` said, by seq and code."""
        values = [(code, _HINTS.get(code, _HINT), self._store, seq) for seq, code in park]
        with self._file.write() as connection:
            connection.executemany("UPDATE outbox SET state = 'parked', code = ?, hint = ? WHERE store = ? AND seq = ?", values)

    def resend(self, key: str) -> bool:
        """Let a parked row wait again as if it had never been tried. False when no such row is parked."""
        query = (
            "UPDATE outbox SET state = 'waiting', code = NULL, hint = NULL, tries = 0, tried_boot = NULL, tried_monotonic = NULL"
            " WHERE state = 'parked' AND store = ? AND key = ?"
        )
        with self._file.write() as connection:
            return self._change(connection, query, key)

    def _select(self, state: State, most: int) -> list[Row]:
        with self._file.read() as connection:
            return [Row(*row) for row in connection.execute(_SELECT, (self._store, state, most))]

    def _change(self, connection: sqlite3.Connection, query: str, *values: Any) -> bool:
        """Run an update whose last two parameters are store and key."""
        cursor = connection.execute(query, (*values[:-1], self._store, values[-1]))
        return cursor.rowcount == 1


_HINT = "Look at the row, mend its cause, then resend it."
_HINTS = {
    "too_large": "The message is larger than the broker carries; report it, nothing on this device can shorten it.",
    "tries_exhausted": "Nobody answered it; see that the receiver is alive, then resend it.",
}
