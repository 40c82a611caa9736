"""The kiosks' directory as a sequence of changes. Tokens are made when a page is served, so no table holds them."""

from __future__ import annotations

import base64
import hashlib
import sqlite3

from edge.contracts.card_id import card_token
from edge.contracts.directory import DIRECTORY_MAX_PAGE, DirectoryEntry, DirectoryPage
from edge.process.ids import Ids

# Cards and withdrawn tokens share one sequence; both halves walk their own index on (store, seq).
_PAGE = """
SELECT c.seq AS seq, c.card_id AS card_id, NULL AS token, c.state AS state, c.member AS member, m.language AS language,
       m.greeting AS greeting, m.not_today AS not_today
  FROM cards c LEFT JOIN members m ON m.store = c.store AND m.member = c.member
 WHERE c.store = :store AND c.seq > :after
UNION ALL
SELECT w.seq, NULL, w.token, 'gone', NULL, NULL, NULL, 0 FROM withdrawn_tokens w
 WHERE w.store = :store AND w.key = :key AND w.seq > :after
 ORDER BY seq LIMIT :limit
"""


def fingerprint(card_key: bytes) -> str:
    """By which a kiosk sees that the card key was changed: 16 hex digits that do not give the key away."""
    return hashlib.sha256(b"shopbell card key" + card_key).hexdigest()[:16]


def begin(connection: sqlite3.Connection, store: str, ids: Ids) -> None:
    """Give a new database a mark of its own: cursors of another one, which may have counted as far, mean nothing here."""
    query = "INSERT INTO hub_state (store, key, value) VALUES (?, 'directory_mark', ?) ON CONFLICT DO NOTHING"
    connection.execute(query, (store, int(ids.token(6), 16)))


def page(connection: sqlite3.Connection, store: str, *, after: int, limit: int, card_key: bytes, hub_key: bytes) -> DirectoryPage:
    """Changes after the cursor, oldest first. hub_key: the hub's public key for evidence, 32 raw bytes.

    A cursor beyond the newest change (this database was restored from a backup) is brought back to it: the kiosk begins again.
    """
    limit = min(max(limit, 1), DIRECTORY_MAX_PAGE)
    key = fingerprint(card_key)
    values = {"store": store, "after": after, "limit": limit + 1, "key": key}
    rows = connection.execute(_PAGE, values).fetchall()
    shown = rows[:limit]
    entries = [_entry(row, card_key) for row in shown]
    following = shown[-1]["seq"] if shown else min(after, newest(connection, store))
    mark = f"{key}-{_number(connection, store, 'directory_mark'):x}"
    return DirectoryPage(entries, following, len(rows) > limit, mark, base64.b64encode(hub_key).decode())


def newest(connection: sqlite3.Connection, store: str) -> int:
    """The cursor of the newest change, 0 when there is none."""
    return _number(connection, store, "directory")


def _number(connection: sqlite3.Connection, store: str, key: str) -> int:
    row = connection.execute("SELECT value FROM hub_state WHERE store = ? AND key = ?", (store, key)).fetchone()
    return int(row[0]) if row else 0


def _entry(row: sqlite3.Row, card_key: bytes) -> DirectoryEntry:
    token = row["token"] or card_token(card_key, row["card_id"])
    if row["state"] == "gone":
        return DirectoryEntry(token=token, state="gone")
    return DirectoryEntry(
        token=token,
        state=row["state"],
        member=row["member"],
        language=row["language"],
        greeting=row["greeting"] or "nameless",
        not_today=bool(row["not_today"]),
    )
