"""Alerts and whom they went to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from edge.associates.floor import FloorAlert
from edge.associates.routing import Recipient
from edge.contracts.outcomes import AlertState
from edge.hub.store.times import columns, read_moment


@dataclass(frozen=True, slots=True)
class AlertFace:
    """What an alert shows beyond what decides about it. door: where the shopper stands."""

    door: str
    arrived_at: datetime
    headline: str | None


@dataclass(frozen=True, slots=True)
class LiveAlert:
    """An alert that has not ended, and whether its visit is still open."""

    alert: FloorAlert
    visit_open: bool


_LIVE = (
    "SELECT a.*, coalesce(v.open, 0) AS visit_open FROM alerts a"
    " LEFT JOIN visits v ON v.store = a.store AND v.visit_id = a.visit_id"
    " WHERE a.store = ? AND a.state IN ('open', 'claimed') ORDER BY a.rowid"
)
_LIVE_RECIPIENTS = (
    "SELECT r.alert_id, r.associate, r.why FROM alerts a"
    " CROSS JOIN alert_recipients r ON r.store = a.store AND r.alert_id = a.alert_id"  # CROSS: the few alerts lead
    " WHERE a.store = ? AND a.state IN ('open', 'claimed') ORDER BY a.rowid, r.rowid"
)
_SELECT = "SELECT * FROM alerts a WHERE a.store = ?"
_TOLD_TO = (
    "a.state IN ('open', 'claimed') AND EXISTS (SELECT 1 FROM alert_recipients r"
    " WHERE r.store = a.store AND r.alert_id = a.alert_id AND r.associate = ?)"
)


def insert(connection: sqlite3.Connection, store: str, alert: FloorAlert, face: AlertFace, kind: str) -> None:
    """A new alert; the unique index refuses a second live one of the same visit."""
    connection.execute(
        "INSERT INTO alerts (store, alert_id, rev, published_rev, visit_id, state, kind, door, arrived_at, reason, language,"
        " headline, own, claimed_by, escalated, opened_at, opened_boot, opened_mono)"
        " VALUES (?, ?, ?, -1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            store,
            alert.alert_id,
            alert.rev,
            alert.visit_id,
            alert.state,
            kind,
            face.door,
            face.arrived_at.isoformat(),
            alert.reason,
            alert.language,
            face.headline,
            alert.own,
            alert.claimed_by,
            int(alert.escalated),
            *columns(alert.opened),
        ),
    )
    _add_recipients(connection, store, alert)


def save(connection: sqlite3.Connection, store: str, alert: FloorAlert) -> None:
    """What decides about the alert; its face stays."""
    ended = (None, None, None) if alert.ended is None else columns(alert.ended)
    connection.execute(
        "UPDATE alerts SET rev = ?, state = ?, reason = ?, language = ?, own = ?, claimed_by = ?, escalated = ?, opened_at = ?,"
        " opened_boot = ?, opened_mono = ?, ended_at = ?, ended_boot = ?, ended_mono = ? WHERE store = ? AND alert_id = ?",
        (
            alert.rev,
            alert.state,
            alert.reason,
            alert.language,
            alert.own,
            alert.claimed_by,
            int(alert.escalated),
            *columns(alert.opened),
            *ended,
            store,
            alert.alert_id,
        ),
    )
    _add_recipients(connection, store, alert)


def set_face(connection: sqlite3.Connection, store: str, alert_id: str, *, headline: str | None, kind: str) -> None:
    """Another line for the same alert (a reason was chosen, the shopper is known now), or none."""
    connection.execute(
        "UPDATE alerts SET headline = ?, kind = ? WHERE store = ? AND alert_id = ?", (headline, kind, store, alert_id)
    )


def kind_of(connection: sqlite3.Connection, store: str, alert_id: str) -> str:
    """member, stranger or guest."""
    query = "SELECT kind FROM alerts WHERE store = ? AND alert_id = ?"
    return str(connection.execute(query, (store, alert_id)).fetchone()[0])


def find(connection: sqlite3.Connection, store: str, alert_id: str) -> FloorAlert | None:
    """The alert, or None."""
    row = connection.execute(f"{_SELECT} AND a.alert_id = ?", (store, alert_id)).fetchone()
    return None if row is None else _alert(connection, row)


def newest_of_visit(connection: sqlite3.Connection, store: str, visit_id: str) -> FloorAlert | None:
    """The last alert raised for a visit, or None."""
    row = connection.execute(f"{_SELECT} AND a.visit_id = ? ORDER BY a.rowid DESC LIMIT 1", (store, visit_id)).fetchone()
    return None if row is None else _alert(connection, row)


def of_visit(connection: sqlite3.Connection, store: str, visit_id: str) -> list[FloorAlert]:
    """Every alert of a visit, oldest first."""
    rows = connection.execute(f"{_SELECT} AND a.visit_id = ? ORDER BY a.rowid", (store, visit_id)).fetchall()
    return [_alert(connection, row) for row in rows]


def live(connection: sqlite3.Connection, store: str) -> list[LiveAlert]:
    """Every alert that has not come to its end, oldest first; in two statements, however many there are."""
    told: dict[str, list[Recipient]] = {}
    for row in connection.execute(_LIVE_RECIPIENTS, (store,)):
        told.setdefault(row["alert_id"], []).append(Recipient(row["associate"], row["why"]))
    rows = connection.execute(_LIVE, (store,)).fetchall()
    return [LiveAlert(_read(row, told.get(row["alert_id"], [])), bool(row["visit_open"])) for row in rows]


def meant_for(connection: sqlite3.Connection, store: str, associate: str) -> list[FloorAlert]:
    """Open ones routed to this associate, their own claims, and what a colleague has taken; oldest first."""
    query = f"{_SELECT} AND {_TOLD_TO} ORDER BY a.rowid"
    return [_alert(connection, row) for row in connection.execute(query, (store, associate)).fetchall()]


def face_of(connection: sqlite3.Connection, store: str, alert_id: str) -> AlertFace:
    """What the alert shows."""
    query = "SELECT door, arrived_at, headline FROM alerts WHERE store = ? AND alert_id = ?"
    row = connection.execute(query, (store, alert_id)).fetchone()
    return AlertFace(row["door"], datetime.fromisoformat(row["arrived_at"]), row["headline"])


def unpublished(connection: sqlite3.Connection, store: str, limit: int) -> list[FloorAlert]:
    """Alerts whose newest revision nobody was told yet, oldest first."""
    # INDEXED BY: without statistics SQLite does not see that this index holds next to nothing
    query = (
        "SELECT * FROM alerts a INDEXED BY alerts_unpublished WHERE a.store = ? AND a.published_rev < a.rev"
        " ORDER BY a.rowid LIMIT ?"
    )
    return [_alert(connection, row) for row in connection.execute(query, (store, limit)).fetchall()]


def mark_published(connection: sqlite3.Connection, store: str, told: Iterable[tuple[str, int]]) -> None:
    """(alert_id, rev) pairs that were handed to the broker."""
    connection.executemany(
        "UPDATE alerts SET published_rev = max(published_rev, ?) WHERE store = ? AND alert_id = ?",
        [(rev, store, alert_id) for alert_id, rev in told],
    )


def tell_again(connection: sqlite3.Connection, store: str) -> None:
    """Whoever was told of a live alert is told once more; phones keep the highest revision, so nobody is alerted twice."""
    connection.execute("UPDATE alerts SET published_rev = rev - 1 WHERE store = ? AND state IN ('open', 'claimed')", (store,))


def count_live(connection: sqlite3.Connection, store: str) -> dict[AlertState, int]:
    """How many are open and claimed."""
    query = "SELECT state, count(*) FROM alerts WHERE store = ? AND state IN ('open', 'claimed') GROUP BY state"
    return {row[0]: row[1] for row in connection.execute(query, (store,))}


def _add_recipients(connection: sqlite3.Connection, store: str, alert: FloorAlert) -> None:
    connection.executemany(
        "INSERT INTO alert_recipients (store, alert_id, associate, why) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(store, alert.alert_id, recipient.associate, recipient.why) for recipient in alert.recipients],
    )


def _alert(connection: sqlite3.Connection, row: sqlite3.Row) -> FloorAlert:
    query = "SELECT associate, why FROM alert_recipients WHERE store = ? AND alert_id = ? ORDER BY rowid"
    recipients = connection.execute(query, (row["store"], row["alert_id"])).fetchall()
    return _read(row, [Recipient(person["associate"], person["why"]) for person in recipients])


def _read(row: sqlite3.Row, recipients: Iterable[Recipient]) -> FloorAlert:
    return FloorAlert(
        alert_id=row["alert_id"],
        visit_id=row["visit_id"],
        state=row["state"],
        rev=row["rev"],
        opened=read_moment(row, "opened"),
        recipients=tuple(recipients),
        own=row["own"],
        reason=row["reason"],
        language=row["language"],
        claimed_by=row["claimed_by"],
        escalated=bool(row["escalated"]),
        ended=None if row["ended_at"] is None else read_moment(row, "ended"),
    )
