"""When each store's hub was last heard."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from edge.hq.store import projections
from edge.hq.store.database import Database
from edge.hq.store.tables import contacts

# A hub asks for the feed every few seconds; writing that down each time would be a durable write for nothing.
_OFTEN = timedelta(seconds=20)


def heard(database: Database, store: str, now: datetime) -> None:
    """The store's hub asked for something."""
    with database.read() as connection:
        last = connection.execute(select(contacts.c.heard_at).where(contacts.c.store == store)).scalar()
    if last is None or now - last > _OFTEN:
        with database.write() as connection:
            projections.heard(connection, store, now)
