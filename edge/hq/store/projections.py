"""What facts add up to: rows that the console and the feed read. Every statement can be run again without harm.

Newest state wins by `rev` (arrivals, visits, members) or by time (devices); a fact that comes late changes nothing.
Rows are written in key order and tables in one order, so that two transactions cannot wait for each other in a ring.
Facts of probes are filed and show nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from edge.contracts.facts import AlertBody, ArrivalBody, DeviceBody, MemberBody, NoteBody, ProofBody, SaleBody, VisitBody
from edge.hq.members import MemberRow, told
from edge.hq.receive import Accepted
from edge.hq.store import alarms, bulk, feed
from edge.hq.store.tables import alert_ends, arrivals, contacts, devices, members, notes, proofs, sales, visits

Row = dict[str, Any]
# A member who was only mentioned: whatever anybody says of them is newer.
_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)


def project(connection: Connection, store: str, filed: Sequence[Accepted], now: datetime) -> None:
    """Bring every projection up to date with newly filed facts of one store."""
    real = _by_shape(fact for fact in filed if not fact.test)
    for table, shape, to_row, newer in _RULES:
        told = sorted(real[shape], key=_age(newer))
        rows = _one_per_key(table, ({"store": store, **to_row(fact)} for fact in told), newer)
        if newer:
            bulk.put_newer(connection, table, rows, newer)
        else:
            bulk.put_new(connection, table, rows)
    alarms.compare(connection, store, real[ProofBody], now)
    _project_members(connection, store, real, now)


def _one_per_key(table: Table, rows: Iterable[Row], newer: str | None) -> list[Row]:
    """In key order; of several rows of one key the last, or the first where the first one stays: a statement may not meet a
    row twice."""
    key, found = itemgetter(*_keys(table)), dict[Any, Row]()
    for row in rows:
        if newer:
            found[key(row)] = row
        else:
            found.setdefault(key(row), row)
    return [found[one] for one in sorted(found)]


def _age(newer: str | None) -> Callable[[Accepted], Any]:
    """What decides which of two facts of one batch about one thing stays: the higher revision, else the later one."""
    return (lambda fact: getattr(fact.body, "rev", 0)) if newer == "rev" else (lambda fact: fact.at)


def heard(connection: Connection, store: str, now: datetime) -> None:
    """The store's hub is there."""
    bulk.put_newer(connection, contacts, [{"store": store, "heard_at": now}], "heard_at")


def member_rows(connection: Connection, wanted: Iterable[str]) -> list[MemberRow]:
    """Rows of these members at every store."""
    found = connection.execute(select(members).where(members.c.member.in_(sorted(wanted))).order_by(members.c.store))
    return [MemberRow(**row) for row in found.mappings()]


def write_members(connection: Connection, rows: Sequence[MemberRow]) -> None:
    """Overwrite these rows. The caller holds the feed's lock, so nobody else writes members."""
    ordered = sorted((msgspec.structs.asdict(row) for row in rows), key=lambda row: (row["store"], row["member"]))
    bulk.put_newer(connection, members, ordered)


def _project_members(connection: Connection, store: str, real: Mapping[type, Sequence[Accepted]], now: datetime) -> None:
    news = [(fact.at, fact.body) for fact in real.get(MemberBody, ()) if isinstance(fact.body, MemberBody)]
    if news:
        feed.lock(connection)
        outcome = told(store, news, member_rows(connection, {body.member for _, body in news}))
        write_members(connection, outcome.rows)
        feed.append(connection, outcome.feed, now)
    mentioned = sorted({member for facts in real.values() for fact in facts if (member := fact.member)})
    rows = [{"store": store, "member": member, "rev": -1, "greeting": "nameless", "changed_at": _NEVER} for member in mentioned]
    bulk.put_new_told(connection, members, rows, members.c.member)


def _by_shape(filed: Iterable[Accepted]) -> defaultdict[type, list[Accepted]]:
    """Facts by the kind of their body."""
    found: defaultdict[type, list[Accepted]] = defaultdict(list)
    for fact in filed:
        found[type(fact.body)].append(fact)
    return found


@cache
def _keys(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _fields(fact: Accepted, *left_out: str) -> Row:
    assert fact.body is not None
    fields = msgspec.structs.asdict(fact.body)
    for name in left_out:
        del fields[name]
    return fields


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
