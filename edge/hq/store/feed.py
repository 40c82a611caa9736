"""What goes to the hubs. A reader with a cursor must never skip an item that was committed late.

Numbers from a sequence are given out before commit: writer 1 takes 7, writer 2 takes 8 and commits first, a hub reads 8 and
asks from there on, then 7 appears and is never read. So the number comes from one row of `counters`, and that row stays locked
until its writer commits: numbers become visible in their order, and a rollback gives its number back. Feed writes are rare
(a person changes or forgets a member), so the queue at that row costs nothing that matters.

Whoever takes the counter takes it before touching rows of `members`, so that two writers cannot wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy import insert as plain_insert

from edge.contracts.feed import FEED_MAX_PAGE, FeedBody, FeedItem, FeedPage
from edge.hq.store.database import Database
from edge.hq.store.tables import EVERYWHERE, counters, feed

_HERE = (counters.c.store == EVERYWHERE) & (counters.c.name == "feed")
_LOCK = update(counters).where(_HERE).values(value=counters.c.value)


def lock(connection: Connection) -> None:
    """Wait for other writers of the feed, and keep them waiting until this transaction ends."""
    connection.execute(_LOCK)


def append(connection: Connection, items: Iterable[tuple[str, FeedBody]], at: datetime) -> int:
    """Put items behind the feed's end, each for one store or EVERYWHERE; how many."""
    bodies = list(items)
    if not bodies:
        return 0
    taken = update(counters).where(_HERE).values(value=counters.c.value + len(bodies)).returning(counters.c.value)
    first = connection.execute(taken).scalar_one() - len(bodies) + 1
    rows = [_row(store, first + place, body, at) for place, (store, body) in enumerate(bodies)]
    connection.execute(plain_insert(feed), rows)
    return len(bodies)


def forget(connection: Connection, member: str) -> None:
    """Take back everything about a member, names above all. Numbers may have holes; cursors do not mind."""
    connection.execute(delete(feed).where(feed.c.member == member, feed.c.kind != "erasure"))


def page(database: Database, store: str, after: int, limit: int) -> FeedPage:
    """Items for `store` behind the cursor, oldest first.

    A cursor beyond the end (this database was restored from an older backup) is brought back to the end, so that the hub
    does not wait for numbers that will mean something else.
    """
    limit = max(1, min(limit, FEED_MAX_PAGE))
    wanted = (
        select(feed.c.seq, feed.c.body)
        .where(feed.c.store.in_((store, EVERYWHERE)), feed.c.seq > after)
        .order_by(feed.c.seq)
        .limit(limit + 1)
    )
    with database.read() as connection:
        end = connection.execute(select(counters.c.value).where(_HERE)).scalar_one()
        rows = connection.execute(wanted).all()
    items = [FeedItem(row.seq, msgspec.convert(row.body, FeedBody)) for row in rows[:limit]]
    return FeedPage(items, items[-1].seq if items else min(after, end), len(rows) > limit)


def end(database: Database) -> int:
    """The highest number given out."""
    with database.read() as connection:
        return int(connection.execute(select(counters.c.value).where(_HERE)).scalar_one())


def _row(store: str, seq: int, body: FeedBody, at: datetime) -> dict[str, Any]:
    kind = str(body.__struct_config__.tag)
    return {
        "store": store,
        "seq": seq,
        "kind": kind,
        "body": msgspec.to_builtins(body),
        "member": getattr(body, "member", None) or "",
        "at": at,
    }
