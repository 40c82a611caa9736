"""What is asked at every tap and in every second finds its rows by an index; nothing walks through what grows for years."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest

from edge.hub.pass_desk import PassDesk
from edge.hub.store.opening import FILE_NAME
from edge.hub.store.times import now_of
from tests.support.hub import DOOR_2, MARIA, STORE, HubBench
from tests.support.proofs import RING, code_now, maria_tag, proof_config, put_pass, showed, tapped

# Walked as a whole, because it is small by nature: who is signed in, open visits, what nobody was told yet, a day's answers,
# the thousand newest tries to sign in, and links of the last quarter of an hour.
SMALL = ("sessions ", "visits_open", "alerts_unpublished", "idempotency_by_visit", "sign_in_tries", "passes_unopened")
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


def test_nor_do_proofs_and_passes(tmp_path: Path) -> None:
    """Cards that prove themselves, copies, codes, a pass given, opened, shown and given back."""
    bench = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    bench.put_maria()
    put_pass(bench)
    statements: set[str] = set()
    bench.hub.store.file.writer.set_trace_callback(statements.add)
    tag, ann = maria_tag(), bench.phone("ann")
    for uri in (recorded := tag.read(), recorded, tag.read()):
        bench.take(tapped(bench, uri))
    bench.take(showed(bench, code_now(bench)), showed(bench, code_now(bench), door=DOOR_2))
    alert = ann.alerts()[0]
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    with bench.hub.store.file.write() as connection:
        desk = PassDesk(STORE, lambda: RING, bench.hub.store.members, bench.ids.token, timezone.utc)
        link = desk.issue(connection, MARIA, now_of(bench.clock))
        phone = desk.open(connection, link or "", now_of(bench.clock))
        assert phone is not None and desk.shown(connection, phone, now_of(bench.clock)) is not None
        desk.give_back(connection, phone)
    looked_at = [one for one in statements if re.match(r"\s*(SELECT|UPDATE|DELETE)", one)]
    assert any("FROM tag_taps" in one for one in looked_at) and any("FROM passes" in one for one in looked_at)
    assert {one: walked for one in looked_at if (walked := walks(bench.folder, one))} == {}
    bench.close()


def test_a_walk_would_be_noticed(bench: HubBench) -> None:
    assert walks(bench.folder, "SELECT * FROM arrivals")
    assert walks(bench.folder, f"SELECT * FROM cards WHERE store = '{STORE}' ORDER BY seq")
