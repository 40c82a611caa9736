"""Visits: arrivals of one shopper close in time, from several doors."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from edge.associates.moments import Moment, elapsed
from edge.contracts.outcomes import Assurance, Caution, Reason
from edge.hub.store.times import columns, hour_of, read_moment

VisitKind = Literal["member", "stranger", "guest"]


@dataclass(frozen=True, slots=True)
class Visit:
    """kind: who came. card_token: a stranger's only mark, kept while the visit is open. door: where they stand.

    caution: why the card they showed is in doubt.
    """

    visit_id: str
    rev: int
    kind: VisitKind
    member: str | None
    card_token: str | None
    reason: Reason | None
    language: str | None
    assurance: Assurance | None
    door: str
    test: bool
    open: bool
    started_at: datetime
    last: Moment
    caution: Caution | None = None


def find(connection: sqlite3.Connection, store: str, visit_id: str) -> Visit | None:
    """The visit, or None."""
    row = connection.execute("SELECT * FROM visits WHERE store = ? AND visit_id = ?", (store, visit_id)).fetchone()
    return None if row is None else _visit(row)


def find_open(connection: sqlite3.Connection, store: str, member: str | None, token: str | None) -> Visit | None:
    """The open visit of a member, else of a stranger's card token, or None."""
    if member is not None:
        query, value = "SELECT * FROM visits WHERE store = ? AND open = 1 AND member = ?", member
    elif token is not None:
        query, value = "SELECT * FROM visits WHERE store = ? AND open = 1 AND card_token = ? ORDER BY last_at DESC", token
    else:
        return None
    row = connection.execute(query, (store, value)).fetchone()
    return None if row is None else _visit(row)


def overdue(connection: sqlite3.Connection, store: str, now: Moment, gap_s: float) -> list[str]:
    """Ids of the open visits whose last arrival is at least `gap_s` ago. Only those that may be are read, by the index."""
    open_ones = "SELECT visit_id, last_at, last_boot, last_mono FROM visits WHERE store = :store AND open = 1 AND last_boot"
    query = f"{open_ones} = :boot AND last_mono <= :mono UNION ALL {open_ones} < :boot UNION ALL {open_ones} > :boot"
    rows = connection.execute(query, {"store": store, "boot": now.boot, "mono": now.mono - gap_s})
    return [row["visit_id"] for row in rows if elapsed(read_moment(row, "last"), now) >= gap_s]


def of_member(connection: sqlite3.Connection, store: str, member: str) -> list[Visit]:
    """Every visit of a member."""
    rows = connection.execute("SELECT * FROM visits WHERE store = ? AND member = ?", (store, member))
    return [_visit(row) for row in rows]


def save(connection: sqlite3.Connection, store: str, visit: Visit) -> None:
    """Make or replace the visit."""
    connection.execute(
        "INSERT INTO visits (store, visit_id, rev, kind, member, card_token, reason, language, assurance, door, test,"
        " open, started_at, last_at, last_boot, last_mono, caution)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        # an upsert on this key alone: OR REPLACE would also sweep away another visit that a unique index protects
        " ON CONFLICT (store, visit_id) DO UPDATE SET rev = excluded.rev, kind = excluded.kind, member = excluded.member,"
        " card_token = excluded.card_token, reason = excluded.reason, language = excluded.language,"
        " assurance = excluded.assurance, door = excluded.door, test = excluded.test, open = excluded.open,"
        " started_at = excluded.started_at, last_at = excluded.last_at, last_boot = excluded.last_boot,"
        " last_mono = excluded.last_mono, caution = excluded.caution",
        (
            store,
            visit.visit_id,
            visit.rev,
            visit.kind,
            visit.member,
            visit.card_token,
            visit.reason,
            visit.language,
            visit.assurance,
            visit.door,
            int(visit.test),
            int(visit.open),
            visit.started_at.isoformat(),
            *columns(visit.last),
            visit.caution,
        ),
    )


def close(connection: sqlite3.Connection, store: str, visit_id: str) -> None:
    """The shopper has left; a stranger's mark goes with them."""
    connection.execute("UPDATE visits SET open = 0, card_token = NULL WHERE store = ? AND visit_id = ?", (store, visit_id))


def without_person(visit: Visit) -> Visit:
    """The visit as it is remembered after not today: that there was one, in that hour."""
    return replace(
        visit,
        rev=visit.rev + 1,
        kind="guest",
        member=None,
        card_token=None,
        reason=None,
        language=None,
        assurance=None,
        caution=None,
        open=False,
        started_at=hour_of(visit.started_at),
        last=replace(visit.last, at=hour_of(visit.last.at)),
    )


def _visit(row: sqlite3.Row) -> Visit:
    return Visit(
        visit_id=row["visit_id"],
        rev=row["rev"],
        kind=row["kind"],
        member=row["member"],
        card_token=row["card_token"],
        reason=row["reason"],
        language=row["language"],
        assurance=row["assurance"],
        door=row["door"],
        test=bool(row["test"]),
        open=bool(row["open"]),
        started_at=datetime.fromisoformat(row["started_at"]),
        last=read_moment(row, "last"),
        caution=row["caution"],
    )
