"""What an erasure does to every table of the hub, in one declared place, and the statements that do it.

A test compares these names with the tables that exist: a new table without its line fails it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from edge.contracts.answer import Greeting
from edge.contracts.card_id import card_token
from edge.hub.store import members, proofs
from edge.hub.store.directory import fingerprint

CORE: dict[str, str] = {
    "hub_state": "nothing: counters and a random mark",
    "members": "the row is emptied and marked erased; its random reference stays so that nothing brings the member back",
    "tombstones": "a row is written: it wins over every later fact and change",
    "cards": "the member's rows are deleted",
    "withdrawn_tokens": "a keyed hash of each card is written, so that every kiosk drops it",
    "associates": "nothing: staff",
    "arrivals": "member, language and the greeting's name are taken out; that somebody came stays",
    "visits": "member, language and assurance are taken out, and an open visit is closed",
    "alerts": "live ones are withdrawn; headline and own associate are taken out",
    "alert_recipients": "nothing: staff",
    "sessions": "nothing: staff",
    "sign_in_tries": "nothing: staff",
    "idempotency": "answers that tell about the member's visits are deleted",
    "looks": "member and reason are taken out; that an associate looked stays",
    "devices": "nothing: names no person",
    "tags": "the card ids are taken out; a keyed hash stays, so that no old tap of the card is ever accepted again",
    "tag_taps": "nothing: counts under a keyed hash; 'not today' takes moment, door and arrival out of them",
    "doubted_tags": "nothing: keyed hashes, taken out again when HQ has looked after the alarm",
    "passes": "the member's rows are deleted",
}
OUTBOX: dict[str, str] = {
    "outbox": "facts still waiting lose the member; those about nothing else are deleted; an erasure fact is added"
}


def write_tombstone(connection: sqlite3.Connection, store: str, member: str, at: datetime) -> bool:
    """False if one stands already."""
    cursor = connection.execute(
        "INSERT INTO tombstones (store, member, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (store, member, at.isoformat())
    )
    return cursor.rowcount == 1


def empty_member(connection: sqlite3.Connection, store: str, member: str) -> None:
    """Nothing is left of the row but its reference."""
    connection.execute(
        "UPDATE members SET name = NULL, call_me = NULL, language = NULL, greeting = 'nameless', not_today = 0,"
        " own_associate = NULL, origin = NULL, since = NULL, erased = 1 WHERE store = ? AND member = ?",
        (store, member),
    )


def withdraw_cards(connection: sqlite3.Connection, store: str, member: str, card_key: bytes) -> int:
    """The member's card ids go, their keyed hashes are withdrawn from the kiosks; returns how many there were."""
    cards = members.cards_of(connection, store, member)
    for card in cards:
        connection.execute(
            "INSERT INTO withdrawn_tokens (store, token, key, seq) VALUES (?, ?, ?, ?) ON CONFLICT (store, token)"
            " DO UPDATE SET seq = excluded.seq, key = excluded.key",
            (
                store,
                card_token(card_key, card.card_id),
                fingerprint(card_key),
                members.next_number(connection, store, "directory"),
            ),
        )
    proofs.forget_cards(connection, store, member)
    connection.execute("DELETE FROM passes WHERE store = ? AND member = ?", (store, member))
    connection.execute("DELETE FROM cards WHERE store = ? AND member = ?", (store, member))
    return len(cards)


def empty_arrivals(connection: sqlite3.Connection, store: str, member: str) -> None:
    """Arrivals of a member become arrivals of somebody."""
    rows = connection.execute("SELECT rowid, outcome FROM arrivals WHERE store = ? AND member = ?", (store, member)).fetchall()
    connection.executemany(
        "UPDATE arrivals SET member = NULL, language = NULL, assurance = NULL, greeting = ? WHERE rowid = ?",
        [(msgspec.json.encode(Greeting(outcome=row["outcome"])), row["rowid"]) for row in rows],
    )


def empty_past(connection: sqlite3.Connection, store: str, member: str) -> None:
    """Visits, the alerts and answers about them, and looks lose the member."""
    mine = "SELECT visit_id FROM visits WHERE store = ? AND member = ?"
    key = (store, store, member)
    connection.execute(
        f"UPDATE alerts SET headline = NULL, own = NULL, language = NULL WHERE store = ? AND visit_id IN ({mine})",  # noqa: S608 - our text
        key,
    )
    connection.execute(f"DELETE FROM idempotency WHERE store = ? AND visit_id IN ({mine})", key)  # noqa: S608 - our text
    connection.execute("UPDATE looks SET member = NULL, reason = NULL WHERE store = ? AND member = ?", (store, member))
    connection.execute(
        "UPDATE visits SET member = NULL, card_token = NULL, language = NULL, assurance = NULL, caution = NULL, open = 0"
        " WHERE store = ? AND member = ?",
        (store, member),
    )
