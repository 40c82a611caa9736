"""Console sessions and failed sign-ins.

They live in the database, because several web processes may stand before it; so their times are wall-clock times, the only
ones that several machines share. Tokens are stored hashed: who reads the table cannot sign in with it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, delete, select, update

from edge.hq.store.database import Database, insert
from edge.hq.store.tables import EVERYWHERE, sessions, sign_in_tries

FREE_TRIES = 5
MAX_DELAY_S = 900
_TRIES_KEPT = timedelta(days=1)
# A page that is looked at moves `seen_at` at most once in this time: no write per click.
_TOUCH = timedelta(seconds=30)


class Session(Struct, frozen=True):
    """Somebody signed in. csrf: what every form and changing request has to carry."""

    username: str
    csrf: str


def start(database: Database, token: str, session: Session, now: datetime, longest: timedelta) -> None:
    """Remember a new session, and let go of those that are over."""
    row = {
        "store": EVERYWHERE,
        "digest": digest(token),
        "username": session.username,
        "csrf": session.csrf,
        "started_at": now,
        "seen_at": now,
    }
    with database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.started_at < now - longest))
        connection.execute(insert(connection, sessions), [row])


def find(
    database: Database, token: str, now: datetime, *, longest: timedelta, idle: timedelta, by_a_person: bool = True
) -> Session | None:
    """The session of this token if it still runs. by_a_person: False for a page that refreshes itself."""
    mine = _is(token)
    with database.read() as connection:
        row = connection.execute(select(sessions).where(mine)).first()
    if row is None or now - row.started_at >= longest or now - row.seen_at >= idle:
        return None
    if by_a_person and now - row.seen_at > _TOUCH:
        with database.write() as connection:
            connection.execute(update(sessions).where(mine).values(seen_at=now))
    return Session(row.username, row.csrf)


def end(database: Database, token: str) -> None:
    """Sign out."""
    with database.write() as connection:
        connection.execute(delete(sessions).where(_is(token)))


def attempt(database: Database, address: str, now: datetime) -> int:
    """Count a try to sign in before it is judged. Seconds to wait when there were too many, else 0.

    Counting first means that many tries at once are many tries, not one.
    """
    mine = (sign_in_tries.c.store == EVERYWHERE) & (sign_in_tries.c.address == address)
    with database.write() as connection:
        connection.execute(delete(sign_in_tries).where(sign_in_tries.c.last_at < now - _TRIES_KEPT))
        row = connection.execute(select(sign_in_tries).where(mine).with_for_update()).first()
        wait = _wait_s(row.tries, now - row.last_at) if row else 0
        if wait == 0:
            statement = insert(connection, sign_in_tries)
            values = {"tries": sign_in_tries.c.tries + 1, "last_at": now}
            first = {"store": EVERYWHERE, "address": address, "tries": 1, "last_at": now}
            connection.execute(statement.on_conflict_do_update(index_elements=["store", "address"], set_=values), [first])
        return wait


def succeeded(database: Database, address: str) -> None:
    """Somebody signed in from there: earlier failures are forgotten."""
    with database.write() as connection:
        mine = (sign_in_tries.c.store == EVERYWHERE) & (sign_in_tries.c.address == address)
        connection.execute(delete(sign_in_tries).where(mine))


def digest(token: str) -> str:
    """How a token is stored. It has 32 random bytes, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _is(token: str) -> ColumnElement[bool]:
    return (sessions.c.store == EVERYWHERE) & (sessions.c.digest == digest(token))


def _wait_s(tries: int, passed: timedelta) -> int:
    if tries < FREE_TRIES:
        return 0
    delay = min(MAX_DELAY_S, 1 << min(tries - FREE_TRIES + 1, 10))
    return max(0, delay - int(passed.total_seconds()))
