"""Message numbers: rising by one per message of a machine boot, across restarts of the process."""

from __future__ import annotations

import threading

from edge.process.clock import Clock
from edge.process.sqlite_file import SqliteFile

BLOCK = 1000  # one durable write per thousand messages; a restart skips what is left of the block


class Numbers:
    """The `seq` of outgoing messages. Safe from any thread."""

    def __init__(self, file: SqliteFile, store: str, kiosk: str, clock: Clock) -> None:
        self._file, self._at, self._boot = file, (store, kiosk), clock.boot()
        self._lock = threading.Lock()
        self._next = self._end = 0

    def next(self) -> int:
        """The next number of this boot."""
        with self._lock:
            if self._next == self._end:
                self._reserve()
            self._next += 1
            return self._next - 1

    def _reserve(self) -> None:
        with self._file.write() as connection:
            query = "SELECT next FROM numbers WHERE store = ? AND kiosk = ? AND boot = ?"
            row = connection.execute(query, (*self._at, self._boot)).fetchone()
            start = row[0] if row else 0
            connection.execute(
                "INSERT OR REPLACE INTO numbers (store, kiosk, boot, next) VALUES (?,?,?,?)",
                (*self._at, self._boot, start + BLOCK),
            )
        self._next, self._end = start, start + BLOCK
