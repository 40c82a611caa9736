"""Filing and forgetting must not overlap.

A transaction that files facts looks for tombstones, then writes. If an erasure began and committed in between, it would clean
what is there and miss what is about to be. So whoever files takes the gate's row shared, whoever erases takes it alone.
On SQLite there is one writer at a time anyhow, and the row lock is left out by the dialect.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from edge.hq.store.tables import EVERYWHERE, counters

_ROW = select(counters.c.value).where(counters.c.store == EVERYWHERE, counters.c.name == "erasure")
_SHARED, _ALONE = _ROW.with_for_update(read=True), _ROW.with_for_update()


def enter(connection: Connection, *, alone: bool) -> None:
    """Wait at the gate; held until the transaction ends. Enter before anything else is locked, and once only."""
    connection.execute(_ALONE if alone else _SHARED).one()
