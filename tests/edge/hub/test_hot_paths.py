"""What is asked at every tap and in every second finds its rows by an index; nothing walks through what grows for years."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.hub.store.opening import FILE_NAME
from tests.support.hub import STORE, HubBench

# Walked as a whole, because it is small by nature: who is signed in, open visits, what nobody was told yet, a day's answers,
# and the thousand newest tries to sign in.
SMALL = ("sessions ", "visits_open", "alerts_unpublished", "idempotency_by_visit", "sign_in_tries")
_WALK = re.compile(r"SCAN (?!CONSTANT)|\(store=\?\)$")


@pytest.fixture
def asked(bench: HubBench) -> Iterator[set[str]]:
    """Every statement the hub's connections run from here on, with its values."""
    statements: set[str] = set()
    file = bench.hub.store.file
    connect = file._connect

    def listening(**how: Any) -> sqlite3.Connection:
        connection = connect(**how)
        connection.set_trace_callback(statements.add)
        return connection

    file._connect = listening  # type: ignore[method-assign]  # readers of new threads are listened to as well
    file.writer.set_trace_callback(statements.add)
    with file.read() as reader:
        reader.set_trace_callback(statements.add)
    yield statements


def a_morning(bench: HubBench) -> None:
    """Taps of every kind, a claim, a card, a note, and time."""
    bench.put_maria(own_associate="ann")
    ann = bench.phone("ann", skills=("help",))
    first = bench.arrival()
    bench.take(first, bench.stranger(), bench.guest())
    bench.take(bench.arrival(arrival_id=first.arrival_id, rev=1, reason="help"))
    alert = ann.alerts()[0]
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    ann.get(f"/api/v1/visits/{alert['visit_id']}/card")
    ann.act(f"/api/v1/visits/{alert['visit_id']}/notes", {"text": "She found it."})
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/served")
    bench.later(1)
    bench.take(bench.arrival(arrival_id=first.arrival_id, rev=2, outcome="not_today", member=None, card_token=None))
    bench.hub.announcer.link(True)
    bench.later(400)


def walks(folder: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return [step for step in steps if _WALK.search(step) and not any(small in step for small in SMALL)]


def test_nothing_walks_through_what_grows(bench: HubBench, asked: set[str]) -> None:
    a_morning(bench)
    looked_at = [one for one in asked if re.match(r"\s*(SELECT|UPDATE|DELETE)", one)]
    assert len(looked_at) > 40
    found = {one: walked for one in looked_at if (walked := walks(bench.folder, one))}
    assert found == {}


def test_a_walk_would_be_noticed(bench: HubBench) -> None:
    assert walks(bench.folder, "SELECT * FROM arrivals")
    assert walks(bench.folder, f"SELECT * FROM cards WHERE store = '{STORE}' ORDER BY seq")
