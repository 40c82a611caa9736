"""A batch of facts becomes rows: one durable transaction per batch.

The unique key (store, id) decides what is new, not a look beforehand: the same batch sent by two connections at the same moment
is filed once. Rows are inserted in the order of their ids, so that two batches that overlap cannot wait for each other in a ring.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, StatementError

from edge.contracts.facts import FactAnswer
from edge.hq.receive import Accepted, Judgement, Refused, answer, erasures, judge, mentioned, without_erased
from edge.hq.store import bulk, erasure, gate, parked
from edge.hq.store.database import Database
from edge.hq.store.direct import Overtaken
from edge.hq.store.projections import heard, project, projected
from edge.hq.store.tables import facts
from edge.hq.store.withdrawn import leave_nameless


def receive(database: Database, store: str, items: Sequence[bytes], now: datetime) -> list[FactAnswer]:
    """Take a batch of raw items from the hub of `store`; one answer per item, after the commit."""
    return take(database, store, [judge(item, store) for item in items], now)


def take(database: Database, store: str, judged: Sequence[Judgement], now: datetime) -> list[FactAnswer]:
    """File judged items. If the database refuses a value that passed every check, that item alone is refused."""
    try:
        return _take(database, store, judged, now)
    except (StatementError, OverflowError, UnicodeError) as error:
        if not _is_about_a_value(error):
            raise
    if len(judged) == 1:
        return _take(database, store, [_unstorable(item) for item in judged], now)
    return [result for item in judged for result in take(database, store, [item], now)]


def retry(database: Database, store: str, digest: str, now: datetime) -> FactAnswer | None:
    """Judge a parked item again, as if the hub had sent it now. Filed or known: it leaves. None: it cannot be tried again."""
    raw = parked.find(database, store, digest)
    if raw is None:
        return None
    outcome = receive(database, store, [raw], now)[0]
    if outcome.result != "refused":
        parked.discard(database, store, digest)
    return outcome


def _take(database: Database, store: str, judged: Sequence[Judgement], now: datetime) -> list[FactAnswer]:
    try:
        return _in_one_transaction(database, store, judged, now, copies=True)
    except Overtaken:
        return _in_one_transaction(database, store, judged, now, copies=False)


def _in_one_transaction(
    database: Database, store: str, judged: Sequence[Judgement], now: datetime, *, copies: bool
) -> list[FactAnswer]:
    forgotten = erasures(judged)
    with database.write() as connection:
        gate.enter(connection, alone=bool(forgotten))
        erasure.forget(connection, forgotten, store, now)
        gone = erasure.standing(connection, mentioned(judged)) | forgotten
        judged = without_erased(judged, gone)
        accepted = _first_of_each([item for item in judged if isinstance(item, Accepted)])
        with _filing(connection, store, accepted, now, copies=copies) as filed:
            fresh = [fact for fact in accepted if fact.id in filed]
            rows = projected(store, fresh)
        leave_nameless(connection, store, fresh)
        project(connection, rows, now, copies=copies)
        parked.park(connection, store, [item for item in judged if isinstance(item, Refused) and item.member not in gone], now)
        heard(connection, store, now)
    return answer(judged, filed)


def _first_of_each(accepted: Sequence[Accepted]) -> list[Accepted]:
    return list({fact.id: fact for fact in reversed(accepted)}.values())


@contextlib.contextmanager
def _filing(
    connection: Connection, store: str, accepted: Sequence[Accepted], now: datetime, *, copies: bool
) -> Iterator[frozenset[str]]:
    """Insert what is not there yet, while the block runs; gives the ids that were not."""
    rows = [_row(store, fact, now) for fact in sorted(accepted, key=lambda fact: fact.id)]
    put = bulk.Put(facts, rows)
    if copies:
        bulk.look(connection, store, [put])
    with bulk.putting(connection, put, facts.c.id) as filed:
        yield filed


def _row(store: str, fact: Accepted, now: datetime) -> dict[str, Any]:
    return {
        "store": store,
        "id": fact.id,
        "kind": fact.kind,
        "at": fact.at,
        "received_at": now,
        "member": fact.member,
        "visit": fact.visit,
        "test": fact.test,
        "body": fact.content,
    }


def _is_about_a_value(error: Exception) -> bool:
    """Whether the database (or its driver) refused a value, rather than being away, full or locked."""
    cause = getattr(error, "orig", None) or error
    return isinstance(error, DataError) or isinstance(cause, OverflowError | ValueError | UnicodeError)


def _unstorable(item: Judgement) -> Judgement:
    if isinstance(item, Refused):
        return item
    hint = "The database refuses a value of this fact; send it to Shopbell's makers."
    return Refused(item.id, "unstorable", hint, item.raw, item.member)
