"""Refused items: kept for a person to look at and try again, bounded in size and number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from edge.contracts.facts import FACT_MAX_BYTES
from edge.hq.receive import Refused
from edge.hq.store.database import Database, insert
from edge.hq.store.tables import parked

# More than this of one store is a broken hub: the newest are answered but not kept (the hub keeps its own).
MAX_PER_STORE = 10_000
# Of an item that is too large to be a fact, only the head is kept, for a person to recognise it.
_HEAD_BYTES = 2048


def park(connection: Connection, store: str, items: Sequence[Refused], now: datetime) -> None:
    """Keep refused items. The same bytes again are the same row, tried once more."""
    if not items:
        return
    rows = {row["digest"]: row for row in (_row(store, item, now) for item in items)}
    held = connection.execute(select(func.count()).select_from(parked).where(parked.c.store == store)).scalar_one()
    again = set(connection.execute(select(parked.c.digest).where(parked.c.store == store, parked.c.digest.in_(rows))).scalars())
    room = max(0, MAX_PER_STORE - held)
    fresh = [digest for digest in sorted(rows) if digest not in again][:room]
    wanted = [rows[digest] for digest in sorted([*fresh, *again])]
    if wanted:
        statement = insert(connection, parked)
        new = statement.excluded
        values = {"code": new.code, "hint": new.hint, "tried_at": new.tried_at, "tries": parked.c.tries + 1}
        connection.execute(statement.on_conflict_do_update(index_elements=["store", "digest"], set_=values), wanted)


def find(database: Database, store: str, digest: str) -> bytes | None:
    """The raw item, to be tried again. None: no such item, or only its head was kept."""
    with database.read() as connection:
        row = connection.execute(select(parked.c.raw, parked.c.cut).where(_is(store, digest))).first()
    return None if row is None or row.cut else row.raw.encode()


def keys(database: Database, store: str | None = None) -> list[tuple[str, str]]:
    """(store, digest) of every item that can be tried again; at most MAX_PER_STORE of each store."""
    wanted = select(parked.c.store, parked.c.digest).order_by(parked.c.parked_at)
    with database.read() as connection:
        rows = connection.execute(wanted.where(parked.c.store == store) if store else wanted).all()
    return [(row.store, row.digest) for row in rows]


def discard(database: Database, store: str, digest: str) -> bool:
    """Let go of a parked item; whether it was there."""
    with database.write() as connection:
        return connection.execute(delete(parked).where(_is(store, digest))).rowcount == 1


def count(database: Database) -> dict[str, int]:
    """Parked items per store."""
    with database.read() as connection:
        rows = connection.execute(select(parked.c.store, func.count()).group_by(parked.c.store)).all()
    return {row[0]: row[1] for row in rows}


def _is(store: str, digest: str) -> Any:
    return (parked.c.store == store) & (parked.c.digest == digest)


def _row(store: str, item: Refused, now: datetime) -> dict[str, Any]:
    cut = len(item.raw) > FACT_MAX_BYTES
    text = (item.raw[:_HEAD_BYTES] if cut else item.raw).decode("utf-8", "replace").replace("\x00", "\ufffd")
    return {
        "store": store,
        "digest": hashlib.sha256(item.raw).hexdigest(),
        "id": item.id,
        "code": item.code,
        "hint": item.hint[:500],
        "raw": text,
        "cut": cut or "\ufffd" in text,
        "tries": 1,
        "parked_at": now,
        "tried_at": now,
    }
