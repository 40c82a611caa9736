"""What the hub remembers of proofs: the newest counts of each tag and pass, under a keyed hash. Plain sqlite3: the path of
every tap."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

from edge.hub.proof.counters import KEPT, Taken
from edge.hub.store.times import columns, read_moment


@dataclass(frozen=True, slots=True)
class Tag:
    """tag: keyed hash. card_id: of the card it stood on, None once that is forgotten. version: of the keys it holds."""

    tag: str
    card_id: str | None
    version: int
    retired: bool


@dataclass(frozen=True, slots=True)
class Tap:
    """A count that was accepted, for which arrival and where."""

    taken: Taken
    arrival_id: str
    kiosk: str


@dataclass(frozen=True, slots=True)
class VersionUse:
    """How many tags are known to hold the keys of one version, and when the last of them was here."""

    version: int
    tags: int
    last_at: datetime


def find(connection: sqlite3.Connection, store: str, tag: str) -> Tag | None:
    """The tag, or None."""
    row = connection.execute("SELECT * FROM tags WHERE store = ? AND tag = ?", (store, tag)).fetchone()
    return None if row is None else Tag(row["tag"], row["card_id"], row["version"], bool(row["retired"]))


def taps(connection: sqlite3.Connection, store: str, tag: str) -> list[Tap]:
    """Counts accepted of this tag, rising; at most KEPT."""
    rows = connection.execute("SELECT * FROM tag_taps WHERE store = ? AND tag = ? ORDER BY counter", (store, tag))
    return [Tap(Taken(row["counter"], read_moment(row, "came")), row["arrival_id"], row["kiosk"]) for row in rows]


def learn(connection: sqlite3.Connection, store: str, tag: Tag, medium: str, at: datetime) -> None:
    """The tag was here: which keys it holds and whether it is worn out."""
    connection.execute(
        "INSERT INTO tags (store, tag, card_id, medium, version, retired, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (store, tag) DO UPDATE SET card_id = excluded.card_id, version = excluded.version,"
        " retired = max(retired, excluded.retired), last_at = excluded.last_at",
        (store, tag.tag, tag.card_id, medium, tag.version, int(tag.retired), at.isoformat(), at.isoformat()),
    )


def take(connection: sqlite3.Connection, store: str, tag: str, tap: Tap) -> None:
    """Use a count up. The primary key refuses it a second time (sqlite3.IntegrityError). Only the newest KEPT stay."""
    connection.execute(
        "INSERT INTO tag_taps (store, tag, counter, arrival_id, kiosk, came_at, came_boot, came_mono)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (store, tag, tap.taken.counter, tap.arrival_id, tap.kiosk, *columns(tap.taken.came)),
    )
    connection.execute(
        "DELETE FROM tag_taps WHERE store = ? AND tag = ? AND counter < (SELECT min(counter) FROM (SELECT counter FROM tag_taps"
        " WHERE store = ? AND tag = ? ORDER BY counter DESC LIMIT ?))",
        (store, tag, store, tag, KEPT),
    )


def doubt(connection: sqlite3.Connection, store: str, tag: str, since: datetime) -> None:
    """HQ has seen this tag in two stores at once; whether it was ever here."""
    query = "INSERT INTO doubted_tags (store, tag, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    connection.execute(query, (store, tag, since.isoformat()))


def clear(connection: sqlite3.Connection, store: str, tag: str) -> None:
    """Somebody at HQ has looked after it."""
    connection.execute("DELETE FROM doubted_tags WHERE store = ? AND tag = ?", (store, tag))


def is_doubted(connection: sqlite3.Connection, store: str, tag: str) -> bool:
    """Whether HQ's word against this tag stands."""
    found = connection.execute("SELECT 1 FROM doubted_tags WHERE store = ? AND tag = ?", (store, tag)).fetchone()
    return found is not None


def use_of_versions(connection: sqlite3.Connection, store: str, medium: str) -> list[VersionUse]:
    """Tags by version, lowest first."""
    query = "SELECT version, count(*), max(last_at) FROM tags WHERE store = ? AND medium = ? GROUP BY version ORDER BY version"
    return [VersionUse(row[0], row[1], datetime.fromisoformat(row[2])) for row in connection.execute(query, (store, medium))]


def not_seen(connection: sqlite3.Connection, store: str, medium: str) -> int:
    """Cards registered with a proof that have never shown one here."""
    query = (
        "SELECT count(*) FROM cards c WHERE c.store = ? AND c.provable = 1 AND c.state = 'active' AND c.card_id LIKE ? || ':%'"
        " AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.store = c.store AND t.card_id = c.card_id)"
    )
    return int(connection.execute(query, (store, medium)).fetchone()[0])


def not_seen_since(connection: sqlite3.Connection, store: str, medium: str, version: int, day: date) -> int:
    """Tags of one version that were last here before `day`."""
    query = "SELECT count(*) FROM tags WHERE store = ? AND medium = ? AND version = ? AND last_at < ?"
    return int(connection.execute(query, (store, medium, version, day.isoformat())).fetchone()[0])


def forget_cards(connection: sqlite3.Connection, store: str, member: str) -> None:
    """A member's card ids go; hash and counts stay, so that no old tap of these cards is ever accepted again."""
    connection.execute(
        "UPDATE tags SET card_id = NULL WHERE store = ?"
        " AND card_id IN (SELECT card_id FROM cards WHERE store = ? AND member = ?)",
        (store, store, member),
    )
