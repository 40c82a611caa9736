"""Proofs from all stores at HQ, on both engines: what clashes with another store rings once for a card, and the stores hear of
it. Guarantee G12 at the merge."""

from __future__ import annotations

import html
import random
import threading
from datetime import datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import pytest

from edge.contracts.facts import ProofBody
from edge.hq import clones
from edge.hq.console import words
from edge.hq.store import alarms, feed
from edge.hq.store.database import Database
from edge.process.clock import ManualClock
from tests.support import hq
from tests.support.hq import OTHER, STORE

DAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
TAG = "ab" * 16


def proof(number: int, counter: int, second: float = 0, tag: str = TAG, store: str = STORE, **more: Any) -> bytes:
    fields = {"accepted": True, "clock": "synchronised"} | more
    body = ProofBody(f"p-{number}", "nfc", tag, counter, "door-1", DAY + timedelta(seconds=second), **fields)
    return hq.fact(number, body, DAY, store)


def rung(database: Database) -> list[tuple[str, str, int, int]]:
    rows = alarms.page(database, before=None).rows
    return sorted((row.store, row.kind, row.counter, row.times) for row in rows)


def told(database: Database, store: str = STORE) -> list[tuple[str, str]]:
    """What that store's hub reads of tags in the feed."""
    return [(item.body.tag, item.body.state) for item in feed.page(database, store, 0, 500).items]  # type: ignore[union-attr]


def test_every_alarm_has_its_words() -> None:
    by_stores = {one for one in get_args(get_type_hints(ProofBody)["alarm"]) if one is not type(None)}
    [kinds] = [set(get_args(one)) for one in by_stores]
    assert kinds | set(get_args(clones.Kind)) == set(words.ALARMS) == set(words.ALARM_HINTS)


def test_a_card_that_travels_rings_nobody(database: Database) -> None:
    hq.send(database, proof(1, 10, 0), proof(2, 12, 7_200))
    hq.send(database, proof(3, 11, 3_600, store=OTHER), store=OTHER)
    assert rung(database) == [] and told(database) == []


def test_one_card_in_two_stores_within_ten_minutes_rings(database: Database) -> None:
    """Relayed by radio: its count rises as it should, at a place where the card is not."""
    hq.send(database, proof(1, 10, 0))
    hq.send(database, proof(2, 11, 540, store=OTHER), store=OTHER)
    assert rung(database) == [("*", "too_soon", 11, 1)]
    assert told(database) == told(database, OTHER) == [(TAG, "doubted")]
    hq.send(database, proof(3, 5, 9_000))
    assert rung(database) == [("*", "two_stores", 5, 2)], "graver than before, and still one alarm"
    assert told(database) == [(TAG, "doubted")]


@pytest.mark.parametrize("clock", ["free", "unset"])
def test_a_clock_that_was_not_set_accuses_nobody(database: Database, clock: str) -> None:
    hq.send(database, proof(1, 10, 0), proof(2, 50, 100))
    hq.send(database, proof(3, 11, 60, store=OTHER, clock=clock), proof(4, 20, 9_000, store=OTHER, clock=clock), store=OTHER)
    assert rung(database) == []
    hq.send(database, proof(5, 10, 90_000, store=OTHER, clock=clock), store=OTHER)
    assert rung(database) == [("*", "two_stores", 10, 1)], "the same count twice needs no clock"


# (count, second): a copy that was shown at the other store while the card went on, and a relay the day after
STORY = {STORE: [(10, 0), (12, 7_000), (13, 90_000), (15, 200_000)], OTHER: [(11, 3_600), (12, 3_700), (9, 8_000), (14, 90_300)]}


@pytest.mark.parametrize("seed", range(6))
def test_late_facts_and_repeated_ones_in_any_order_are_one_alarm(database: Database, seed: int) -> None:
    """Outages at either store: facts come alone or together, early or days late, and again under the ids they had."""
    chance, expected = random.Random(seed), [("*", "two_stores", 9, 3)]
    everything = [(store, number) for store, taps in STORY.items() for number in range(len(taps))]
    chance.shuffle(everything)
    while everything:
        store = everything[0][0]
        batch = [number for its, number in everything if its == store][: chance.randint(1, 3)]
        everything = [one for one in everything if one not in [(store, number) for number in batch]]
        facts = [proof(number, *STORY[store][number], store=store) for number in batch]
        hq.send(database, *facts, *facts[:1], store=store)
        hq.send(database, *facts, store=store)
    assert rung(database) == expected
    [row] = alarms.page(database, before=None).rows
    assert [(tap["store"], tap["counter"], tap["timed"]) for tap in row.taps] == [(STORE, 12, True), (OTHER, 9, True)]
    assert row.stores == [STORE, OTHER]
    assert told(database) == [(TAG, "doubted")]


def test_looked_after_it_stays_closed_until_something_new_clashes(database: Database) -> None:
    hq.send(database, proof(1, 10, 0))
    hq.send(database, proof(2, 10, 900, store=OTHER), store=OTHER)
    [row] = alarms.page(database, before=None).rows
    assert alarms.close(database, row.store, row.alarm_id, DAY) and not alarms.close(database, row.store, row.alarm_id, DAY)
    assert told(database) == [(TAG, "doubted"), (TAG, "cleared")]
    hq.send(database, proof(2, 10, 900, store=OTHER), store=OTHER)  # the same fact
    body = ProofBody("p-2", "nfc", TAG, 10, "door-1", DAY + timedelta(seconds=900), True, clock="synchronised")
    hq.send(database, hq.fact(77, body, DAY, OTHER), store=OTHER)  # the same proof in another fact
    hq.send(database, proof(3, 11, 90_000))  # an honest tap
    assert alarms.open_count(database) == 0 and rung(database) == [("*", "two_stores", 10, 1)]
    hq.send(database, proof(4, 11, 180_000, store=OTHER), store=OTHER)
    assert alarms.open_count(database) == 1 and rung(database) == [("*", "two_stores", 11, 2)]
    assert told(database, "a third store") == [(TAG, "doubted"), (TAG, "cleared"), (TAG, "doubted")]


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
    assert sorted(told(database)) == [(f"{number:032x}", "doubted") for number in range(20)]


def test_the_console_lists_alarms_and_somebody_looks_after_them(sqlite_database: Database, clock: ManualClock) -> None:
    parts = hq.parts(sqlite_database, clock)
    hq.send(sqlite_database, proof(1, 10), now=clock.now())
    hq.send(sqlite_database, proof(2, 10, store=OTHER), store=OTHER, now=clock.now())
    person = hq.client(parts)
    hq.sign_in(person)
    text = html.unescape(person.get("/alarms").text)
    assert "In two stores at once" in text and "Main Street, River Side" in text and "just now" in text
    assert "ask the member in, block the card" in text and "no store greets this card by name" in text
    assert text.count("<span>count 10</span>") == 2
    assert 'aria-label="1 waiting"' in person.get("/").text
    assert "shopbell_hq_card_alarms 1.0" in person.get("/metrics").text
    [row] = alarms.page(sqlite_database, before=None).rows
    address, proof_of_page = f"/alarms/{row.store}/{row.alarm_id}/close", hq.csrf_in(text)
    assert person.post(address, data={"csrf": "none"}).status_code == 403
    done = person.post(address, data={"csrf": proof_of_page}, follow_redirects=True).text
    assert "Marked as looked after" in done and "Looked after just now" in done and alarms.open_count(sqlite_database) == 0
    hq.send(sqlite_database, proof(3, 9, 3_000, store=OTHER), store=OTHER, now=clock.now())
    assert alarms.open_count(sqlite_database) == 1, "it rings again, so it is open again"
