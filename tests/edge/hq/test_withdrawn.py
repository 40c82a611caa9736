"""A visit that comes again without its member takes the member out of what HQ had filed of it."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from edge.hq.store import tables
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq

NOW = ManualClock().now()
MARIA = "m-maria-0198"


def _mentions(database: Database) -> list[str]:
    """Tables in which the member still stands; members themselves stay known."""
    with database.read() as connection:
        held = (tables.facts, tables.arrivals, tables.visits)
        return [table.name for table in held if MARIA in repr(connection.execute(select(table)).all())]


def test_not_today_said_late_is_kept_at_hq_too(database: Database) -> None:
    arrival, visit = hq.arrival(1, NOW, MARIA), hq.visit(1, NOW, MARIA)
    hq.send(database, hq.fact(1, arrival, NOW), hq.fact(2, visit, NOW))
    assert _mentions(database) == ["facts", "arrivals", "visits"]
    left = msgspec.structs.replace(arrival, rev=1, outcome="not_today", member=None, visit_id=None, reason=None)
    hq.send(database, hq.fact(3, left, NOW), hq.fact(4, msgspec.structs.replace(visit, rev=visit.rev + 1, member=None), NOW))
    assert _mentions(database) == []


def test_an_older_state_that_comes_late_takes_nobody_away(database: Database) -> None:
    visit = msgspec.structs.replace(hq.visit(1, NOW, MARIA), rev=3)
    hq.send(database, hq.fact(1, hq.arrival(1, NOW, MARIA), NOW), hq.fact(2, visit, NOW))
    hq.send(database, hq.fact(3, msgspec.structs.replace(visit, rev=2, member=None), NOW))
    assert _mentions(database) == ["facts", "arrivals", "visits"]
