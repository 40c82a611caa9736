"""What the hub remembers of proofs: the newest counts of each tag and pass, under a keyed hash. Plain sqlite3: the path of
every tap."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

from edge.associates.moments import Moment
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
    """A count that was accepted, for which arrival and where; None once that is forgotten."""

    taken: Taken
    arrival_id: str | None
    kiosk: str | None


@dataclass(frozen=True, slots=True)
class Spent:
    """A count of a tag or pass that an arrival used up. medium: None where the tag itself is not known here."""

    tag: str
    counter: int
    medium: str | None


@dataclass(frozen=True, slots=True)
class VersionUse:
    """How many tags are known to hold the keys of one version, and the day the last of them was here (None: forgotten)."""

    version: int
    tags: int
    last_day: date | None


def find(connection: sqlite3.Connection, store: str, tag: str) -> Tag | None:
    """The tag, or None."""
    row = connection.execute("SELECT * FROM tags WHERE store = ? AND tag = ?", (store, tag)).fetchone()
    return None if row is None else Tag(row["tag"], row["card_id"], row["version"], bool(row["retired"]))


def taps(connection: sqlite3.Connection, store: str, tag: str) -> list[Tap]:
    """Counts accepted of this tag, rising; at most KEPT."""
    rows = connection.execute("SELECT * FROM tag_taps WHERE store = ? AND tag = ? ORDER BY counter", (store, tag))
    return [Tap(Taken(row["counter"], _came(row), row["place"]), row["arrival_id"], row["kiosk"]) for row in rows]


def learn(connection: sqlite3.Connection, store: str, tag: Tag, medium: str, day: date | None) -> None:
    """Which keys the tag holds and whether it is worn out. day: on which it proved itself here, None where it did not."""
    connection.execute(
        "INSERT INTO tags (store, tag, card_id, medium, version, retired, last_day) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (store, tag) DO UPDATE SET card_id = excluded.card_id, version = excluded.version,"
        " retired = max(retired, excluded.retired), last_day = coalesce(excluded.last_day, last_day)",
        (store, tag.tag, tag.card_id, medium, tag.version, int(tag.retired), None if day is None else day.isoformat()),
    )


def take(connection: sqlite3.Connection, store: str, tag: str, tap: Tap) -> None:
    """Use a count up. The primary key refuses it a second time (sqlite3.IntegrityError). Only the newest KEPT stay."""
    connection.execute(
        "INSERT INTO tag_taps (store, tag, counter, arrival_id, kiosk, place, came_at, came_boot, came_mono)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (store, tag, tap.taken.counter, tap.arrival_id, tap.kiosk, tap.taken.place, *_columns(tap.taken.came)),
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


def spent_by(connection: sqlite3.Connection, store: str, arrival_id: str) -> list[Spent]:
    """What an arrival used up and is still remembered for it: at most one of each tag."""
    rows = connection.execute(
        "SELECT p.tag, p.counter, t.medium FROM tag_taps p LEFT JOIN tags t ON t.store = p.store AND t.tag = p.tag"
        " WHERE p.store = ? AND p.arrival_id = ?",
        (store, arrival_id),
    )
    return [Spent(row["tag"], row["counter"], row["medium"]) for row in rows]


def forget_tap(connection: sqlite3.Connection, store: str, spent: Spent, kept_as: int) -> None:
    """The count stays used up, under the number `kept_as`; when, where and for which arrival is forgotten, and so is the day if
    the tag was not seen on it otherwise."""
    connection.execute(
        "UPDATE OR REPLACE tag_taps SET counter = ?, arrival_id = NULL, kiosk = NULL, place = NULL, came_at = NULL,"
        " came_boot = NULL, came_mono = NULL WHERE store = ? AND tag = ? AND counter = ?",
        (kept_as, store, spent.tag, spent.counter),
    )
    connection.execute(
        "UPDATE tags SET last_day = (SELECT max(substr(came_at, 1, 10)) FROM tag_taps WHERE store = ? AND tag = ?)"
        " WHERE store = ? AND tag = ?",
        (store, spent.tag, store, spent.tag),
    )


def use_of_versions(connection: sqlite3.Connection, store: str, medium: str) -> list[VersionUse]:
    """Tags by version, lowest first."""
    query = "SELECT version, count(*), max(last_day) FROM tags WHERE store = ? AND medium = ? GROUP BY version ORDER BY version"
    rows = connection.execute(query, (store, medium))
    return [VersionUse(row[0], row[1], None if row[2] is None else date.fromisoformat(row[2])) for row in rows]


def not_seen(connection: sqlite3.Connection, store: str, medium: str) -> int:
    """Cards registered with a proof that have never shown one here."""
    query = (
        "SELECT count(*) FROM cards c WHERE c.store = ? AND c.provable = 1 AND c.state = 'active' AND c.card_id LIKE ? || ':%'"
        " AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.store = c.store AND t.card_id = c.card_id)"
    )
    return int(connection.execute(query, (store, medium)).fetchone()[0])


def not_seen_since(connection: sqlite3.Connection, store: str, medium: str, version: int, day: date) -> int:
    """Tags of one version that were last here before `day`."""
    query = "SELECT count(*) FROM tags WHERE store = ? AND medium = ? AND version = ? AND last_day < ?"
    return int(connection.execute(query, (store, medium, version, day.isoformat())).fetchone()[0])


def forget_cards(connection: sqlite3.Connection, store: str, member: str) -> None:
    """A member's card ids go; hash and counts stay, so that no old tap of these cards is ever accepted again."""
    connection.execute(
        "UPDATE tags SET card_id = NULL WHERE store = ?"
        " AND card_id IN (SELECT card_id FROM cards WHERE store = ? AND member = ?)",
        (store, store, member),
    )


def _came(row: sqlite3.Row) -> Moment | None:
    return None if row["came_at"] is None else read_moment(row, "came")


def _columns(came: Moment | None) -> tuple[str | None, str | None, float | None]:
    return (None, None, None) if came is None else columns(came)
