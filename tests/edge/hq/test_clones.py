"""Proofs from all stores at HQ, on both engines: what contradicts another store rings, once for a card. Guarantee G12 at the
merge."""

from __future__ import annotations

import html
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from edge.contracts.facts import Fact, ProofBody
from edge.hq.clones import StoreTap, is_clone
from edge.hq.store import alarms
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.hq import OTHER, STORE
from tests.support.hub import HubBench
from tests.support.proofs import maria_tag, proof_config, tapped

DAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
TAG = "ab" * 16


def tap(store: str, counter: int, second: float, medium: Literal["nfc", "code"] = "nfc") -> StoreTap:
    return StoreTap(store, medium, counter, DAY + timedelta(seconds=second))


@pytest.mark.parametrize(
    ("new", "other", "rings"),
    [
        (tap("a", 5, 0), tap("b", 5, 9_000), True),
        (tap("a", 6, 200), tap("b", 5, 0), False),
        (tap("a", 5, 200), tap("b", 6, 0), True),
        (tap("a", 6, 0), tap("b", 5, 200), True),
        (tap("a", 5, 120), tap("b", 6, 0), False),  # as far as two stores' clocks may differ
        (tap("a", 5, 0), tap("a", 5, 0), False),  # its own store has judged that
        (tap("a", 5, 9_000, "code"), tap("b", 6, 0, "code"), False),
        (tap("a", 5, 0, "code"), tap("b", 5, 60, "code"), True),
    ],
)
def test_two_stores_and_one_card(new: StoreTap, other: StoreTap, rings: bool) -> None:
    assert is_clone(new, [other]) is rings


def proof(number: int, counter: int, second: float = 0, tag: str = TAG, store: str = STORE, **more: Any) -> bytes:
    body = ProofBody(f"p-{number}", "nfc", tag, counter, "door-1", DAY + timedelta(seconds=second), **({"accepted": True} | more))
    return hq.fact(number, body, DAY, store)


def rung(database: Database) -> list[tuple[str, str, int, int]]:
    rows = alarms.page(database, before=None).rows
    return sorted((row.store, row.kind, row.counter, row.times) for row in rows)


def test_two_partitioned_hubs_merged_ring_exactly_once(database: Database, tmp_path: Path) -> None:
    """A card and its copy, each accepted by a hub that heard nothing of the other; then both reach HQ, in either order, and
    again."""
    hubs = {
        STORE: HubBench(tmp_path / "one", proof=proof_config(tmp_path)),
        OTHER: HubBench(tmp_path / "two", proof=proof_config(tmp_path)),
    }
    copied = maria_tag(60).read()
    for bench in hubs.values():
        bench.put_maria()
        [result] = bench.take(tapped(bench, copied))
        assert result.greeting is not None and result.greeting.assurance == "proven"
    for store in (STORE, OTHER, STORE):
        facts = [row.payload for row in hubs[store].hub.store.outbox.rows()]
        theirs = [msgspec.structs.replace(msgspec.json.decode(raw, type=Fact), store=store) for raw in facts]
        answers = hq.send(database, *(msgspec.json.encode(fact) for fact in theirs), store=store)
        assert {answer.result for answer in answers} <= {"new", "duplicate"}
    assert rung(database) == [("*", "two_stores", 61, 1)]
    for bench in hubs.values():
        bench.close()


def test_a_card_that_travels_rings_nobody(database: Database) -> None:
    hq.send(database, proof(1, 10, 0), proof(2, 12, 7_200))
    hq.send(database, proof(3, 11, 3_600, store=OTHER), store=OTHER)
    assert rung(database) == []


def test_a_roll_back_between_stores_rings(database: Database) -> None:
    hq.send(database, proof(1, 10, 0), proof(2, 50, 1_000))
    hq.send(database, proof(3, 20, 5_000, store=OTHER), store=OTHER)
    assert rung(database) == [("*", "two_stores", 20, 1)]


def test_an_alarm_of_a_store_is_listed_and_counts(database: Database) -> None:
    hq.send(database, proof(1, 10), proof(2, 10, 5, accepted=False, alarm="replayed"))
    hq.send(database, proof(3, 10, 9, accepted=False, alarm="replayed"), proof(3, 10, 9, accepted=False, alarm="replayed"))
    assert rung(database) == [(STORE, "replayed", 10, 2)]


def test_what_a_store_refused_is_no_second_tap(database: Database) -> None:
    hq.send(database, proof(1, 10))
    hq.send(database, proof(2, 10, store=OTHER, accepted=False, alarm="replayed"), store=OTHER)
    assert rung(database) == [(OTHER, "replayed", 10, 1)]


def test_a_restored_hub_that_believes_a_count_again_rings(database: Database) -> None:
    hq.send(database, proof(1, 10, 0))
    hq.send(database, proof(2, 10, 86_400))
    assert rung(database) == [(STORE, "replayed", 10, 1)]


def test_probes_ring_nobody(database: Database) -> None:
    body = ProofBody("p-1", "nfc", TAG, 10, "door-1", DAY, False, "replayed")
    hq.send(database, hq.fact(1, body, DAY, test=True))
    assert rung(database) == []


def test_two_stores_at_the_same_moment_still_ring_once(database: Database) -> None:
    """Twenty cards, each copied, brought by both stores at once: neither batch may miss the other."""
    start = threading.Barrier(2)
    batches = {store: [proof(number, 7, tag=f"{number:032x}", store=store) for number in range(20)] for store in (STORE, OTHER)}

    def bring(store: str) -> None:
        start.wait(20)
        hq.send(database, *batches[store], store=store)

    threads = [threading.Thread(target=bring, args=(store,)) for store in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert rung(database) == [("*", "two_stores", 7, 1)] * 20


def test_the_console_lists_alarms_and_somebody_looks_after_them(sqlite_database: Database, clock: ManualClock) -> None:
    parts = hq.parts(sqlite_database, clock)
    hq.send(sqlite_database, proof(1, 10), now=clock.now())
    hq.send(sqlite_database, proof(2, 10, store=OTHER), store=OTHER, now=clock.now())
    person = hq.client(parts)
    hq.sign_in(person)
    text = html.unescape(person.get("/alarms").text)
    assert "In two stores at once" in text and "Main Street, River Side" in text and "just now" in text
    assert 'aria-label="1 waiting"' in person.get("/").text
    assert "shopbell_hq_card_alarms 1.0" in person.get("/metrics").text
    [row] = alarms.page(sqlite_database, before=None).rows
    address, proof_of_page = f"/alarms/{row.store}/{row.alarm_id}/close", hq.csrf_in(text)
    assert person.post(address, data={"csrf": "none"}).status_code == 403
    done = person.post(address, data={"csrf": proof_of_page}, follow_redirects=True).text
    assert "Marked as looked after" in done and "Looked after just now" in done and alarms.open_count(sqlite_database) == 0
    hq.send(sqlite_database, proof(3, 9, 3_000, store=OTHER), store=OTHER, now=clock.now())
    assert alarms.open_count(sqlite_database) == 1, "it rings again, so it is open again"
