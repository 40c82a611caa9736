"""The directory of cards: keyed hashes and opaque references, as the hub gave them. No name, no card id."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
import threading
from dataclasses import dataclass

from edge.contracts.directory import DirectoryEntry, DirectoryPage
from edge.process.sqlite_file import SqliteFile

# Plain sqlite3 with one prepared statement: this look-up stands in the path of every tap, and sqlite-utils costs more than
# the look-up itself (reference: performance.md, section 2).
_FIND = "SELECT state, member, language, greeting, not_today FROM directory WHERE store = ? AND kiosk = ? AND token = ?"
_KEEP = (
    "INSERT OR REPLACE INTO directory (store, kiosk, token, state, member, language, greeting, not_today)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")  # what an arrival may carry (edge.contracts.arrival)


@dataclass(frozen=True, slots=True)
class DirectoryState:
    """cursor: to ask with. key: mark of the card key and of the hub's database (edge.contracts.directory). hub_key: 32 raw bytes,
    or None."""

    cursor: int = 0
    key: str = ""
    hub_key: bytes | None = None


class Directory:
    """Tokens of one store at one kiosk. Safe from any thread."""

    def __init__(self, file: SqliteFile, store: str, kiosk: str) -> None:
        self._file, self._at = file, (store, kiosk)
        self._state: DirectoryState | None = None  # asked for on every tap, changed by `take` alone
        self._taking = threading.Lock()

    def find(self, token: str) -> DirectoryEntry | None:
        """What the hub last said of this card, or None. Some tens of microseconds."""
        with self._file.read() as connection:
            row = connection.execute(_FIND, (*self._at, token)).fetchone()
        return DirectoryEntry(token, row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def state(self) -> DirectoryState:
        """Where the last page ended."""
        if self._state is None:
            with self._taking:
                self._state = self._read_state()
        return self._state

    def _read_state(self) -> DirectoryState:
        query = "SELECT cursor, key, hub_key FROM directory_state WHERE store = ? AND kiosk = ?"
        with self._file.read() as connection:
            row = connection.execute(query, self._at).fetchone()
        return DirectoryState(row[0], row[1], _public_key(row[2])) if row else DirectoryState()

    def count(self) -> int:
        """How many cards are known."""
        with self._file.read() as connection:
            return int(connection.execute("SELECT count(*) FROM directory WHERE store = ? AND kiosk = ?", self._at).fetchone()[0])

    def take(self, page: DirectoryPage) -> bool:
        """Apply one page with its cursor, in one transaction.

        False when the page was made with another card key or from another database than the pages before, or when the hub's
        count went back: everything is forgotten and the caller asks again from 0 (unless it just did: a first page is always
        applied).
        """
        with self._taking:
            try:
                return self._take(page, self._read_state())
            finally:
                self._state = self._read_state()

    def _take(self, page: DirectoryPage, before: DirectoryState) -> bool:
        with self._file.write() as connection:
            if before.cursor > 0 and (before.key != page.key or page.next < before.cursor):
                self._forget_all(connection)
                return False
            for entry in page.entries:
                self._apply(connection, entry)
            connection.execute(
                "INSERT OR REPLACE INTO directory_state (store, kiosk, cursor, key, hub_key) VALUES (?,?,?,?,?)",
                (*self._at, page.next, page.key, page.hub_key),
            )
        return True

    def _apply(self, connection: sqlite3.Connection, entry: DirectoryEntry) -> None:
        if entry.state == "gone":
            self._remove(connection, entry.token)
            return
        language = entry.language if entry.language and _LANGUAGE.match(entry.language) else None
        connection.execute(
            _KEEP,
            (*self._at, entry.token, entry.state, entry.member, language, entry.greeting, int(entry.not_today)),
        )

    def _remove(self, connection: sqlite3.Connection, token: str) -> None:
        """A withdrawn card or an erased member. With the last card of a member, today's visits forget the member as well."""
        row = connection.execute(_FIND, (*self._at, token)).fetchone()
        connection.execute("DELETE FROM directory WHERE store = ? AND kiosk = ? AND token = ?", (*self._at, token))
        member = row["member"] if row else None
        if member is None or self._has_card(connection, member):
            return
        connection.execute("DELETE FROM visits WHERE store = ? AND kiosk = ? AND member = ?", (*self._at, member))

    def _has_card(self, connection: sqlite3.Connection, member: str) -> bool:
        query = "SELECT 1 FROM directory WHERE store = ? AND kiosk = ? AND member = ? LIMIT 1"
        return connection.execute(query, (*self._at, member)).fetchone() is not None

    def _forget_all(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM directory WHERE store = ? AND kiosk = ?", self._at)
        connection.execute("DELETE FROM directory_state WHERE store = ? AND kiosk = ?", self._at)


def _public_key(text: str) -> bytes | None:
    """32 raw bytes, or None where the hub sent something else."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == 32 else None
