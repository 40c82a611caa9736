"""Clone alarms: what a store rang, and what only HQ can see. One row for a card and what is wrong with it; it counts how
often.

An alarm of two stores is what the filed proofs of a tag add up to (edge.hq.clones), so it is the same however often and in
whatever order they come. While it is open, every store's hub doubts the tag: it hears of that, and of its end, through the feed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from edge.contracts.facts import ProofBody
from edge.contracts.feed import TagChange
from edge.hq.clones import TWO_STORES, Finding, StoreTap, judge
from edge.hq.receive import Accepted
from edge.hq.store import feed
from edge.hq.store.database import Database, insert
from edge.hq.store.pages import Page, newest_first
from edge.hq.store.tables import EVERYWHERE, card_alarms, counters, proofs


def compare(connection: Connection, store: str, filed: Sequence[Accepted], now: datetime) -> None:
    """Look at newly filed proofs of one store beside those of all others, and ring where they cannot both be the card.

    It may write to the feed, so it is called before rows of `members` are touched.
    """
    bodies = [fact.body for fact in filed if isinstance(fact.body, ProofBody)]
    if not bodies:
        return
    _lock(connection)
    for body in bodies:
        if body.alarm is not None:
            _ring(connection, store, body.alarm, body, now)
        elif body.accepted and _believed_before(connection, store, body):
            _ring(connection, store, "replayed", body, now)
    travelled = _seen_elsewhere(connection, store, {body.tag for body in bodies if body.accepted})
    for tag, taps in _taps(connection, travelled).items():
        found = judge(taps)
        if found is not None:
            _ring_everywhere(connection, tag, found, now)


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
    """Somebody has looked after it, and stores doubt the card no more; whether it was open. It opens when it rings again."""
    with database.write() as connection:
        mine = (card_alarms.c.store == store) & (card_alarms.c.alarm_id == alarm_id) & card_alarms.c.closed_at.is_(None)
        was_open = connection.execute(update(card_alarms).where(mine).values(closed_at=at)).rowcount == 1
        if was_open and store == EVERYWHERE:
            feed.append(connection, [(EVERYWHERE, TagChange(alarm_id.partition("-")[0], "cleared"))], at)
    return was_open


def _lock(connection: Connection) -> None:
    """Two stores' batches at the same moment would each not see the other's proof: they wait for each other here."""
    mine = (counters.c.store == EVERYWHERE) & (counters.c.name == "proofs")
    connection.execute(update(counters).where(mine).values(value=counters.c.value + 1))


def _seen_elsewhere(connection: Connection, store: str, tags: Iterable[str]) -> list[str]:
    """Those of the tags that another store has accepted; most cards stay with one store, and cost no more than this look."""
    other = proofs.c.tag.in_(sorted(tags)) & (proofs.c.store != store) & proofs.c.accepted
    return sorted(connection.execute(select(proofs.c.tag).where(other).distinct()).scalars())


def _taps(connection: Connection, tags: Sequence[str]) -> dict[str, list[StoreTap]]:
    """Every proof of these tags that any store accepted."""
    found: defaultdict[str, list[StoreTap]] = defaultdict(list)
    if tags:
        for row in connection.execute(select(proofs).where(proofs.c.tag.in_(tags), proofs.c.accepted).order_by(proofs.c.tag)):
            timed = row.clock == "synchronised"
            found[row.tag].append(StoreTap(row.store, row.medium, row.counter, row.came_at, timed, row.proof_id, row.door))
    return found


def _believed_before(connection: Connection, store: str, body: ProofBody) -> bool:
    """Whether the same store has accepted this count before: its hub was restored from a backup, and its counts with it."""
    mine = (proofs.c.store == store) & (proofs.c.tag == body.tag) & (proofs.c.counter == body.counter)
    wanted = select(proofs.c.proof_id).where(mine, proofs.c.accepted, proofs.c.proof_id != body.proof_id).limit(1)
    return connection.execute(wanted).first() is not None


def _ring_everywhere(connection: Connection, tag: str, found: Finding, now: datetime) -> None:
    """Write down what was found; it rings if it is more than was known."""
    alarm_id = f"{tag}-{TWO_STORES}"
    mine = (card_alarms.c.store == EVERYWHERE) & (card_alarms.c.alarm_id == alarm_id)
    known = connection.execute(select(card_alarms).where(mine).with_for_update()).first()
    rings = known is None or (known.times, known.kind) != (found.times, found.kind)
    row = _row(EVERYWHERE, alarm_id, found.kind, found.second, found.stores, now) | {
        "times": found.times,
        "taps": [_told(tap) for tap in (found.first, found.second)],
    }
    if known is None:
        connection.execute(insert(connection, card_alarms), [row])
    else:
        kept = {"first_at": known.first_at} | ({} if rings else {"last_at": known.last_at, "closed_at": known.closed_at})
        connection.execute(update(card_alarms).where(mine).values(row | kept))
    if rings and (known is None or known.closed_at is not None):
        feed.append(connection, [(EVERYWHERE, TagChange(tag, "doubted"))], now)


def _told(tap: StoreTap) -> dict[str, Any]:
    return {"store": tap.store, "door": tap.door, "counter": tap.counter, "at": tap.came_at, "timed": tap.timed}


def _ring(connection: Connection, store: str, kind: str, body: ProofBody, now: datetime) -> None:
    """What one store saw by itself. One row for a card and a kind of alarm, however often it rings."""
    row = _row(store, f"{body.tag}-{kind}", kind, body, [store], now) | {"times": 1, "taps": []}
    statement = insert(connection, card_alarms)
    newest = {name: statement.excluded[name] for name in ("counter", "door", "stores", "last_at", "closed_at")}
    again = newest | {"times": card_alarms.c.times + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=["store", "alarm_id"], set_=again), [row])


def _row(store: str, alarm_id: str, kind: str, tap: StoreTap | ProofBody, where: list[str], now: datetime) -> dict[str, Any]:
    return {
        "store": store,
        "alarm_id": alarm_id,
        "kind": kind,
        "medium": tap.medium,
        "counter": tap.counter,
        "door": tap.door,
        "stores": where,
        "first_at": now,
        "last_at": now,
        "closed_at": None,
    }
