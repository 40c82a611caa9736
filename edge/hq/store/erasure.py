"""Forgetting a member: what it does to each table. A table that is not in RULES fails a test.

An erasure is a tombstone: it stays, and wins over every later fact. Counts and money stay, without the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, Table, bindparam, delete, or_, select, tuple_, update

from edge.contracts.facts import FactBody
from edge.contracts.feed import Erasure
from edge.hq.receive import ERASED, depersonalised
from edge.hq.store import bulk, gate, tables
from edge.hq.store import feed as feed_store
from edge.hq.store.database import Database, insert
from edge.hq.store.tables import EVERYWHERE, arrivals, facts, members, notes, parked, sales, tombstones, visits

_CHUNK = 500


class Rule(Struct, frozen=True):
    """does: for people who ask. apply: (connection, member), None where the table holds nobody."""

    does: str
    apply: Callable[[Connection, str], None] | None = None


def erase(database: Database, member: str, asked_by: str, at: datetime) -> bool:
    """Forget a member who is known here, in one transaction with the feed. False: nobody knows this member."""
    with database.write() as connection:
        gate.enter(connection, alone=True)
        known = connection.execute(select(members.c.store).where(members.c.member == member).limit(1)).first() is not None
        if known:
            forget(connection, [member], asked_by, at)
        return known


def forget(connection: Connection, who: Iterable[str], asked_by: str, at: datetime) -> None:
    """Put up tombstones and clean every table. The caller is alone behind the gate. Once forgotten, nothing more happens."""
    fresh = sorted(set(who) - standing(connection, who))
    for member in fresh:
        feed_store.lock(connection)
        row = {"store": EVERYWHERE, "member": member, "asked_by": asked_by, "at": at}
        connection.execute(insert(connection, tombstones).on_conflict_do_nothing(), [row])
        for rule in RULES.values():
            if rule.apply:
                rule.apply(connection, member)
        feed_store.append(connection, [(EVERYWHERE, Erasure(member))], at)


def standing(connection: Connection, who: Iterable[str]) -> frozenset[str]:
    """Which of these members have been erased."""
    found = bulk.find(connection, EVERYWHERE, tombstones.c.member, who, tombstones.c.member)
    return frozenset(row.member for row in found)


def _nobody(table: Table) -> Callable[[Connection, str], None]:
    def apply(connection: Connection, member: str) -> None:
        connection.execute(update(table).where(table.c.member == member).values(member=None))

    return apply


def _gone(table: Table) -> Callable[[Connection, str], None]:
    def apply(connection: Connection, member: str) -> None:
        connection.execute(delete(table).where(table.c.member == member))

    return apply


def _visits_of(member: str) -> Select[Any]:
    return select(visits.c.store, visits.c.visit_id).where(visits.c.member == member)


def _clean_facts(connection: Connection, member: str) -> None:
    columns = select(facts.c.store, facts.c.id, facts.c.kind, facts.c.body)
    about_member = columns.where(facts.c.member == member)
    about_visit = columns.where(facts.c.kind == "note", tuple_(facts.c.store, facts.c.visit).in_(_visits_of(member)))
    rows = [*connection.execute(about_member).all(), *connection.execute(about_visit).all()]
    statement = (
        update(facts)
        .where(facts.c.store == bindparam("its_store"), facts.c.id == bindparam("its_id"))
        .values(kind=bindparam("new_kind"), body=bindparam("new_body"), member=None)
    )
    for start in range(0, len(rows), _CHUNK):
        connection.execute(statement, [_cleaned(row) for row in rows[start : start + _CHUNK]])


def _cleaned(row: Any) -> dict[str, Any]:
    left = depersonalised(msgspec.convert(row.body, FactBody))
    kind = ERASED if left is None else row.kind
    body = {"kind": ERASED} if left is None else msgspec.to_builtins(left)
    return {"its_store": row.store, "its_id": row.id, "new_kind": kind, "new_body": body}


def _clean_notes(connection: Connection, member: str) -> None:
    """Notes about the member, and notes about their visits that forgot to say whose visit it was."""
    about_visit = tuple_(notes.c.store, notes.c.visit_id).in_(_visits_of(member))
    connection.execute(delete(notes).where(or_(notes.c.member == member, about_visit)))


def _clean_parked(connection: Connection, member: str) -> None:
    connection.execute(delete(parked).where(parked.c.raw.contains(member, autoescape=True)))


# In the order in which they are applied: visits tell which notes are about the member, so they come after those.
RULES: dict[Table, Rule] = {
    facts: Rule("Arrivals, visits and sales lose the member; notes and member records lose everything.", _clean_facts),
    notes: Rule("Notes about the member or the member's visits are deleted.", _clean_notes),
    arrivals: Rule("Stay as counts, without the member.", _nobody(arrivals)),
    visits: Rule("Stay as counts, without the member.", _nobody(visits)),
    sales: Rule("Stay as money, without the member.", _nobody(sales)),
    members: Rule("The member's row at every store is deleted.", _gone(members)),
    tables.feed: Rule("Items about the member are deleted; one erasure for every store takes their place.", feed_store.forget),
    parked: Rule("Refused items that speak of the member are deleted.", _clean_parked),
    tombstones: Rule("Keeps the member's opaque reference for ever, so that no later fact brings the person back."),
    tables.alert_ends: Rule("Names nobody: how an alert about a visit ended."),
    tables.devices: Rule("Names nobody: devices."),
    tables.proofs: Rule("Names nobody: counts under keyed hashes, whose key HQ does not have."),
    tables.card_alarms: Rule("Names nobody: alarms about keyed hashes."),
    tables.contacts: Rule("Names nobody: when a store was last heard."),
    tables.counters: Rule("Names nobody: numbers given out."),
    tables.sessions: Rule("Names no member: who is signed in at this console."),
    tables.sign_in_tries: Rule("Names no member: addresses that failed to sign in; deleted after a day."),
}
