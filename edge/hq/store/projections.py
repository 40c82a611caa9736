"""What facts add up to: rows that the console and the feed read. Every statement can be run again without harm.

Newest state wins by `rev` (arrivals, visits, members) or by time (devices); a fact that comes late changes nothing.
Rows are written in key order and tables in one order, so that two transactions cannot wait for each other in a ring.
Facts of probes are filed and show nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from edge.contracts.facts import AlertBody, ArrivalBody, DeviceBody, MemberBody, NoteBody, ProofBody, SaleBody, VisitBody
from edge.hq.members import MemberRow, told
from edge.hq.receive import Accepted
from edge.hq.store import alarms, feed
from edge.hq.store.database import insert
from edge.hq.store.tables import alert_ends, arrivals, contacts, devices, members, notes, proofs, sales, visits

Row = dict[str, Any]
# A member who was only mentioned: whatever anybody says of them is newer.
_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)


def project(connection: Connection, store: str, filed: Sequence[Accepted], now: datetime) -> None:
    """Bring every projection up to date with newly filed facts of one store."""
    real = [fact for fact in filed if not fact.test]
    for table, shape, to_row, newer in _RULES:
        rows = {}
        for fact in sorted(_of(real, shape), key=_age(newer)):
            row = {"store": store, **to_row(fact)}
            if newer or _key(table, row) not in rows:
                rows[_key(table, row)] = row  # one row per key: an upsert may not meet the same row twice
        upsert(connection, table, [rows[key] for key in sorted(rows)], newer)
    _project_members(connection, store, real, now)
    alarms.compare(connection, store, real, now)


def _age(newer: str | None) -> Callable[[Accepted], Any]:
    """What decides which of two facts of one batch about one thing stays: the higher revision, else the later one."""
    return (lambda fact: getattr(fact.body, "rev", 0)) if newer == "rev" else (lambda fact: fact.at)


def upsert(connection: Connection, table: Table, rows: list[Row], newer: str | None) -> None:
    """Insert; where the key is taken, overwrite if column `newer` has risen, or leave it where `newer` is None."""
    if not rows:
        return
    statement = insert(connection, table)
    if newer is None:
        connection.execute(statement.on_conflict_do_nothing(), rows)
        return
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    where = table.c[newer] < statement.excluded[newer]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values, where=where), rows)


def heard(connection: Connection, store: str, now: datetime) -> None:
    """The store's hub is there."""
    upsert(connection, contacts, [{"store": store, "heard_at": now}], "heard_at")


def member_rows(connection: Connection, wanted: Iterable[str]) -> list[MemberRow]:
    """Rows of these members at every store."""
    found = connection.execute(select(members).where(members.c.member.in_(sorted(wanted))).order_by(members.c.store))
    return [MemberRow(**row) for row in found.mappings()]


def write_members(connection: Connection, rows: Sequence[MemberRow]) -> None:
    """Overwrite these rows. The caller holds the feed's lock, so nobody else writes members."""
    if rows:
        statement = insert(connection, members)
        values = {name: statement.excluded[name] for name in MemberRow.__struct_fields__ if name not in ("store", "member")}
        ordered = sorted((msgspec.structs.asdict(row) for row in rows), key=lambda row: (row["store"], row["member"]))
        connection.execute(statement.on_conflict_do_update(index_elements=["store", "member"], set_=values), ordered)


def _project_members(connection: Connection, store: str, filed: Sequence[Accepted], now: datetime) -> None:
    news = [(fact.at, fact.body) for fact in filed if isinstance(fact.body, MemberBody)]
    if news:
        feed.lock(connection)
        outcome = told(store, news, member_rows(connection, {body.member for _, body in news}))
        write_members(connection, outcome.rows)
        feed.append(connection, outcome.feed, now)
    mentioned = sorted({fact.member for fact in filed if fact.member})
    rows = [{"store": store, "member": member, "rev": -1, "greeting": "nameless", "changed_at": _NEVER} for member in mentioned]
    upsert(connection, members, rows, None)


def _of(filed: Iterable[Accepted], shape: type[Any]) -> list[Accepted]:
    return [fact for fact in filed if isinstance(fact.body, shape)]


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _fields(fact: Accepted, *left_out: str) -> Row:
    assert fact.body is not None
    return {name: value for name, value in msgspec.structs.asdict(fact.body).items() if name not in left_out}


def _timed(fact: Accepted) -> Row:
    return {**_fields(fact), "at": fact.at}


def _alert_end(fact: Accepted) -> Row:
    assert isinstance(fact.body, AlertBody)
    return {**_fields(fact, "end"), "end_state": fact.body.end, "at": fact.at}


def _sale(fact: Accepted) -> Row:
    assert isinstance(fact.body, SaleBody)
    return {**_fields(fact, "amount"), "amount_minor": fact.body.amount.minor, "currency": fact.body.amount.currency}


# (table, kind of body, how a row is made of it, the column by which newer wins; None: the first one stays)
_RULES: tuple[tuple[Table, type[Any], Callable[[Accepted], Row], str | None], ...] = (
    (arrivals, ArrivalBody, _fields, "rev"),
    (visits, VisitBody, _fields, "rev"),
    (notes, NoteBody, _timed, None),
    (alert_ends, AlertBody, _alert_end, None),
    (devices, DeviceBody, _timed, "at"),
    (sales, SaleBody, _sale, None),
    (proofs, ProofBody, _fields, None),
)
