"""What facts add up to: rows that the console and the feed read. Every statement can be run again without harm.

Newest state wins by `rev` (arrivals, visits, members) or by time (devices); a fact that comes late changes nothing.
Tables are written in one order, in each the new rows before those that are there, and these in key order, so that two
transactions cannot wait for each other in a ring.
Facts of probes are filed and show nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table

from edge.contracts.facts import AlertBody, ArrivalBody, DeviceBody, MemberBody, NoteBody, ProofBody, SaleBody, VisitBody
from edge.hq.members import MemberRow, told
from edge.hq.receive import Accepted
from edge.hq.store import alarms, bulk, feed
from edge.hq.store.tables import alert_ends, arrivals, contacts, devices, members, notes, proofs, sales, visits

Row = dict[str, Any]
# A member who was only mentioned: whatever anybody says of them is newer.
_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Projected(Struct):
    """What newly filed facts of one store add up to. spoken_of: members. real: the facts that are no probe's, by kind of body."""

    store: str
    puts: Sequence[bulk.Put]
    spoken_of: bulk.Put
    real: defaultdict[type, list[Accepted]]


def projected(store: str, filed: Sequence[Accepted]) -> Projected:
    """The rows. The database is asked nothing."""
    real = _by_shape(fact for fact in filed if not fact.test)
    puts = [bulk.Put(table, _rows(store, table, real[shape], to_row, newer), newer) for table, shape, to_row, newer in _RULES]
    return Projected(store, puts, bulk.Put(members, _mentioned(store, real)), real)


def project(connection: Connection, what: Projected, now: datetime, *, copies: bool) -> None:
    """Bring every projection up to date. copies: see edge.hq.store.bulk."""
    if copies:
        bulk.look(connection, what.store, [*what.puts, what.spoken_of])
    bulk.put(connection, what.puts)
    alarms.compare(connection, what.store, what.real[ProofBody], now)
    _tell_members(connection, what.store, what.real[MemberBody], now)
    bulk.put(connection, [what.spoken_of])


def _rows(store: str, table: Table, told: Iterable[Accepted], to_row: Callable[[Accepted], Row], newer: str | None) -> list[Row]:
    ordered = sorted(told, key=_age(newer))
    return _one_per_key(table, [{"store": store, **to_row(fact)} for fact in ordered], newer)


def _one_per_key(table: Table, rows: Sequence[Row], newer: str | None) -> list[Row]:
    """In key order; of several rows of one key the last, or the first where the first one stays: a statement may not meet a
    row twice."""
    key = itemgetter(*bulk.keys(table))
    found = {key(row): row for row in (rows if newer else reversed(rows))}
    return [found[one] for one in sorted(found)]


def _age(newer: str | None) -> Callable[[Accepted], Any]:
    """What decides which of two facts of one batch about one thing stays: the higher revision, else the later one."""
    return (lambda fact: getattr(fact.body, "rev", 0)) if newer == "rev" else (lambda fact: fact.at)


def heard(connection: Connection, store: str, now: datetime) -> None:
    """The store's hub is there."""
    bulk.put_newer(connection, contacts, [{"store": store, "heard_at": now}], "heard_at")


def member_rows(connection: Connection, wanted: Iterable[str]) -> list[MemberRow]:
    """Rows of these members at every store."""
    found = bulk.find(connection, None, members.c.member, wanted, *members.c)
    return sorted((MemberRow(**row._asdict()) for row in found), key=lambda row: row.store)


def write_members(connection: Connection, rows: Sequence[MemberRow]) -> None:
    """Overwrite these rows. The caller holds the feed's lock, so nobody else writes members."""
    ordered = sorted((msgspec.structs.asdict(row) for row in rows), key=lambda row: (row["store"], row["member"]))
    bulk.put_newer(connection, members, ordered)


def _tell_members(connection: Connection, store: str, told_of: Iterable[Accepted], now: datetime) -> None:
    news = [(fact.at, fact.body) for fact in told_of if isinstance(fact.body, MemberBody)]
    if news:
        feed.lock(connection)
        outcome = told(store, news, member_rows(connection, {body.member for _, body in news}))
        write_members(connection, outcome.rows)
        feed.append(connection, outcome.feed, now)


def _mentioned(store: str, real: Mapping[type, Sequence[Accepted]]) -> list[Row]:
    """Rows of members whom these facts speak of without telling who they are."""
    told_of = {fact.member for fact in real.get(MemberBody, ())}
    mentioned = {member for facts in real.values() for fact in facts if (member := fact.member)} - told_of
    blank = {"store": store, "rev": -1, "greeting": "nameless", "changed_at": _NEVER}
    return [{**blank, "member": member} for member in sorted(mentioned)]


def _by_shape(filed: Iterable[Accepted]) -> defaultdict[type, list[Accepted]]:
    """Facts by the kind of their body."""
    found: defaultdict[type, list[Accepted]] = defaultdict(list)
    for fact in filed:
        found[type(fact.body)].append(fact)
    return found


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
