"""Clone alarms: what a store rang, and what only HQ can see. One row for a card and what is wrong with it; it counts how
often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from edge.contracts.facts import ProofBody
from edge.hq.clones import StoreTap, is_clone
from edge.hq.receive import Accepted
from edge.hq.store.database import Database, insert
from edge.hq.store.pages import Page, newest_first
from edge.hq.store.tables import EVERYWHERE, card_alarms, counters, proofs

TWO_STORES = "two_stores"


def compare(connection: Connection, store: str, filed: Sequence[Accepted], now: datetime) -> None:
    """Look at newly filed proofs of one store beside those of all others, and ring where they cannot both be the card."""
    bodies = [fact.body for fact in filed if isinstance(fact.body, ProofBody)]
    if not bodies:
        return
    _lock(connection)
    for body in bodies:
        if body.alarm is not None:
            _ring(connection, store, body.alarm, body, [store], now)
        elif body.accepted and _believed_before(connection, store, body):
            _ring(connection, store, "replayed", body, [store], now)
    for body in bodies:
        others = _neighbours(connection, store, body) if body.accepted else []
        if is_clone(_tap(store, body), others):
            _ring(connection, EVERYWHERE, TWO_STORES, body, sorted({store, *(other.store for other in others)}), now)


def page(database: Database, *, before: str | None) -> Page:
    """Alarms, the last rung first."""
    with database.read() as connection:
        order = (card_alarms.c.last_at, card_alarms.c.store, card_alarms.c.alarm_id)
        return newest_first(connection, select(card_alarms), order, before)


def open_count(database: Database) -> int:
    """Alarms nobody has looked after."""
    with database.read() as connection:
        wanted = select(func.count()).select_from(card_alarms).where(card_alarms.c.closed_at.is_(None))
        return int(connection.execute(wanted).scalar_one())


def close(database: Database, store: str, alarm_id: str, at: datetime) -> bool:
    """Somebody has looked after it; whether there was one. It opens again when it rings again."""
    with database.write() as connection:
        mine = (card_alarms.c.store == store) & (card_alarms.c.alarm_id == alarm_id)
        return connection.execute(update(card_alarms).where(mine).values(closed_at=at)).rowcount == 1


def _lock(connection: Connection) -> None:
    """Two stores' batches at the same moment would each not see the other's proof: they wait for each other here."""
    mine = (counters.c.store == EVERYWHERE) & (counters.c.name == "proofs")
    connection.execute(update(counters).where(mine).values(value=counters.c.value + 1))


def _neighbours(connection: Connection, store: str, body: ProofBody) -> list[StoreTap]:
    """The nearest counts at other stores: the same or the next higher, and the next lower."""
    mine = select(proofs.c.store, proofs.c.medium, proofs.c.counter, proofs.c.came_at).where(
        proofs.c.tag == body.tag, proofs.c.store != store, proofs.c.accepted
    )
    above = mine.where(proofs.c.counter >= body.counter).order_by(proofs.c.counter).limit(1)
    below = mine.where(proofs.c.counter < body.counter).order_by(proofs.c.counter.desc()).limit(1)
    return [_of_row(row) for wanted in (above, below) for row in connection.execute(wanted)]


def _believed_before(connection: Connection, store: str, body: ProofBody) -> bool:
    """Whether the same store has accepted this count before: its hub was restored from a backup, and its counts with it."""
    mine = (proofs.c.store == store) & (proofs.c.tag == body.tag) & (proofs.c.counter == body.counter)
    wanted = select(proofs.c.proof_id).where(mine, proofs.c.accepted, proofs.c.proof_id != body.proof_id).limit(1)
    return connection.execute(wanted).first() is not None


def _of_row(row: Any) -> StoreTap:
    return StoreTap(row.store, row.medium, row.counter, row.came_at)


def _tap(store: str, body: ProofBody) -> StoreTap:
    return StoreTap(store, body.medium, body.counter, body.came_at)


def _ring(connection: Connection, store: str, kind: str, body: ProofBody, where: list[str], now: datetime) -> None:
    """One row for a card and a kind of alarm, however often it rings."""
    row = {
        "store": store,
        "alarm_id": f"{body.tag}-{kind}",
        "kind": kind,
        "medium": body.medium,
        "counter": body.counter,
        "door": body.door,
        "stores": where,
        "first_at": now,
        "last_at": now,
        "times": 1,
        "closed_at": None,
    }
    statement = insert(connection, card_alarms)
    newest = {name: statement.excluded[name] for name in ("counter", "door", "stores", "last_at", "closed_at")}
    again = newest | {"times": card_alarms.c.times + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=["store", "alarm_id"], set_=again), [row])
