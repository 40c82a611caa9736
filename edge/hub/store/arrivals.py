"""Arrivals as they were filed. Plain sqlite3: this is the path of every tap, several to one commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

import msgspec

from edge.contracts.answer import Greeting
from edge.contracts.arrival import Arrival
from edge.contracts.outcomes import ArrivalOutcome, Assurance, Reason

_GREETING = msgspec.json.Decoder(Greeting)


@dataclass(frozen=True, slots=True)
class FiledArrival:
    """One filed revision. greeting: what was answered, and is answered again to the same (arrival_id, rev). proof: the verdict
    on it."""

    arrival_id: str
    rev: int
    outcome: ArrivalOutcome
    member: str | None
    reason: Reason | None
    language: str | None
    assurance: Assurance | None
    visit_id: str | None
    arrived_at: datetime
    greeting: Greeting | None
    proof: str | None = None


def find(connection: sqlite3.Connection, store: str, arrival_id: str, rev: int) -> FiledArrival | None:
    """Exactly this revision, or None."""
    query = "SELECT * FROM arrivals WHERE store = ? AND arrival_id = ? AND rev = ?"
    row = connection.execute(query, (store, arrival_id, rev)).fetchone()
    return None if row is None else _filed(row)


def find_newest(connection: sqlite3.Connection, store: str, arrival_id: str) -> FiledArrival | None:
    """The highest revision, or None."""
    query = "SELECT * FROM arrivals WHERE store = ? AND arrival_id = ? ORDER BY rev DESC LIMIT 1"
    row = connection.execute(query, (store, arrival_id)).fetchone()
    return None if row is None else _filed(row)


def insert(
    connection: sqlite3.Connection,
    store: str,
    kiosk: str,
    arrival: Arrival,
    filed: FiledArrival,
    result: str,
    received_at: datetime,
) -> None:
    """File one revision; the unique index refuses a second one (sqlite3.IntegrityError)."""
    connection.execute(
        "INSERT INTO arrivals (store, arrival_id, rev, kiosk, outcome, result, member, reason, language, assurance, visit_id,"
        " arrived_at, received_at, age_s, clock, boot, seq, test, greeting, proof)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            store,
            filed.arrival_id,
            filed.rev,
            kiosk,
            filed.outcome,
            result,
            filed.member,
            filed.reason,
            filed.language,
            filed.assurance,
            filed.visit_id,
            filed.arrived_at.isoformat(),
            received_at.isoformat(),
            arrival.age_s,
            arrival.clock,
            arrival.boot,
            arrival.seq,
            int(arrival.test),
            None if filed.greeting is None else msgspec.json.encode(filed.greeting),
            filed.proof,
        ),
    )


def of_visit(connection: sqlite3.Connection, store: str, visit_id: str) -> list[tuple[str, int]]:
    """(arrival_id, rev) of every filed revision of a visit."""
    rows = connection.execute("SELECT arrival_id, rev FROM arrivals WHERE store = ? AND visit_id = ?", (store, visit_id))
    return [(row[0], row[1]) for row in rows]


def forget_of_visit(connection: sqlite3.Connection, store: str, visit_id: str) -> None:
    """Take the person out of every arrival of a visit; that somebody came stays."""
    plain = msgspec.json.encode(Greeting(outcome="not_today"))
    connection.execute(
        "UPDATE arrivals SET member = NULL, outcome = 'not_today', language = NULL, reason = NULL, assurance = NULL,"
        " visit_id = NULL, proof = NULL, greeting = ? WHERE store = ? AND visit_id = ?",
        (plain, store, visit_id),
    )


def _filed(row: sqlite3.Row) -> FiledArrival:
    return FiledArrival(
        arrival_id=row["arrival_id"],
        rev=row["rev"],
        outcome=row["outcome"],
        member=row["member"],
        reason=row["reason"],
        language=row["language"],
        assurance=row["assurance"],
        visit_id=row["visit_id"],
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        greeting=None if row["greeting"] is None else _GREETING.decode(row["greeting"]),
        proof=row["proof"],
    )
