"""Two hubs and one HQ over HTTP: the same card in two stores, what HQ rings, and what the next tap at either store says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from edge.contracts.answer import ArrivalResult
from edge.hq.store import alarms
from edge.hq.store.database import Database
from edge.hq.store.tables import METADATA
from edge.hub.proof.ring import KeyRing, ProofKey
from edge.process.clock import ManualClock
from edge.transport.http import HttpClient
from tests.support import hq
from tests.support.hq import OTHER, STORE
from tests.support.hub import HubBench
from tests.support.proofs import MASTER, META, RING, maria_tag, proof_config, tapped

# The other store got the card's key as its second, after one that this store never had.
OTHER_RING = KeyRing((ProofKey(1, "nfc", "an10922", bytes(range(100, 116)), META), ProofKey(2, "nfc", "an10922", MASTER, META)))
HOLD_S = 60.0


@dataclass
class Chain:
    """Both hubs, their HQ, and time that passes for all of them alike."""

    hubs: dict[str, HubBench]
    database: Database
    clock: ManualClock

    def later(self, seconds: float) -> None:
        for one in (self, *self.hubs.values()):
            one.clock.advance(seconds)

    def meet(self, *stores: str) -> None:
        """These hubs reach HQ, one after the other: they send what they have and read what is there for them."""
        for store in stores:
            exchange = self.hubs[store].hub.exchange
            assert exchange is not None
            exchange._pulled = None
            assert exchange.turn() >= 0 and self.hubs[store].hub.health.report().state == "well"

    def show(self, store: str, uri: str) -> ArrivalResult:
        [result] = self.hubs[store].take(tapped(self.hubs[store], uri))
        return result

    def rung(self) -> list[tuple[str, int, list[str]]]:
        return [(row.kind, row.times, row.stores) for row in alarms.page(self.database, before=None).rows]


@pytest.fixture(params=[RING, OTHER_RING], ids=["same ring", "other version"])
def chain(request: pytest.FixtureRequest, sqlite_database: Database, tmp_path: Path) -> Iterator[Chain]:
    clock, rings = ManualClock(), {STORE: RING, OTHER: request.param}
    with hq.serving(hq.parts(sqlite_database, clock)) as url:
        hubs = {}
        for store, ring in rings.items():
            (tmp_path / store).mkdir()
            way = HttpClient(url, hq.TOKENS[store], 5)
            proof = proof_config(tmp_path / store, ring)
            hubs[store] = HubBench(
                tmp_path / store / "hub", way, proof, store, idle_s=1_000_000, session_s=604_800, hold_s=HOLD_S
            )
            hubs[store].put_maria()
        yield Chain(hubs, sqlite_database, clock)
        for bench in hubs.values():
            bench.close()
            bench.hq.close()


def seen(result: ArrivalResult) -> tuple[Any, ...]:
    assert result.greeting is not None
    return result.greeting.outcome, result.greeting.name, result.greeting.assurance


def verdict(bench: HubBench) -> Any:
    return bench.rows("arrivals")[-1]["proof"]


PROVEN, NAMELESS = ("welcome", "Maria", "proven"), ("welcome", None, "plain")


@pytest.mark.parametrize("first", [STORE, OTHER])
def test_a_relayed_card_rings_once_and_is_in_doubt_at_both_stores_until_somebody_has_looked(chain: Chain, first: str) -> None:
    """It shows rising counts at two stores nine minutes apart; either store may have been cut off from HQ for two days."""
    second = OTHER if first == STORE else STORE
    tag, phones = maria_tag(60), {store: bench.phone("ann") for store, bench in chain.hubs.items()}
    assert seen(chain.show(STORE, tag.read())) == PROVEN
    chain.later(540)
    assert seen(chain.show(OTHER, tag.read())) == PROVEN
    chain.later(2 * HOLD_S)
    chain.meet(first)
    assert chain.rung() == []
    chain.later(172_800)
    chain.meet(second, first, second)
    assert chain.rung() == [("too_soon", 1, [STORE, OTHER])]
    chain.later(3_600)
    for store, bench in chain.hubs.items():
        chain.later(3_600)
        assert seen(chain.show(store, tag.read())) == NAMELESS and verdict(bench) == "proof_doubted"
        alert = bench.broker.alerts(phones[store].name)[-1]
        assert (alert.who.name, alert.who.caution, alert.headline) == (None, "clone", None)
    chain.later(HOLD_S + 1)
    chain.meet(STORE, OTHER)
    assert chain.rung() == [("too_soon", 1, [STORE, OTHER])], "a card in doubt that travels honestly rings nobody again"

    [row] = alarms.page(chain.database, before=None).rows
    assert alarms.close(chain.database, row.store, row.alarm_id, chain.clock.now())
    chain.later(86_400)
    chain.meet(STORE, OTHER)
    for store in chain.hubs:
        assert seen(chain.show(store, tag.read())) == PROVEN
        chain.later(3_600)


@pytest.mark.parametrize("first", [STORE, OTHER])
def test_a_copy_that_two_partitioned_hubs_both_believed_rings_once(chain: Chain, first: str) -> None:
    """A card and its copy, each accepted by a hub that heard nothing of the other; then both reach HQ, in either order, and
    again."""
    copied = maria_tag(60).read()
    for store in chain.hubs:
        assert seen(chain.show(store, copied)) == PROVEN
        chain.later(86_400)
    chain.meet(first, *chain.hubs, first)
    assert chain.rung() == [("two_stores", 1, [STORE, OTHER])]


@pytest.mark.parametrize("first", [STORE, OTHER])
def test_an_old_message_shown_at_another_store_rings(chain: Chain, first: str) -> None:
    """Recorded and kept while the card went on at its own store: below what HQ has seen, and new to the store it is shown at."""
    tag = maria_tag(60)
    kept = tag.read()
    assert seen(chain.show(STORE, tag.read())) == PROVEN
    chain.later(86_400)
    assert seen(chain.show(OTHER, kept)) == PROVEN, "alone, that store cannot know"
    chain.later(HOLD_S + 1)
    chain.meet(first, *chain.hubs)
    assert chain.rung() == [("two_stores", 1, [STORE, OTHER])]


def test_a_revision_of_a_doubted_tap_stays_without_a_name(chain: Chain) -> None:
    copied = maria_tag(60).read()
    for store in chain.hubs:
        chain.show(store, copied)
        chain.later(HOLD_S + 1)
    chain.meet(STORE, OTHER, STORE)
    bench, uri = chain.hubs[STORE], maria_tag(70).read()
    for rev, reason in enumerate((None, "help")):
        [result] = bench.take(tapped(bench, uri, arrival_id="doubted", rev=rev, reason=reason))
        assert seen(result) == NAMELESS and verdict(bench) == "proof_doubted"
    [again] = bench.take(tapped(bench, uri, arrival_id="doubted", rev=2, reason="return", evidence=None))
    assert seen(again) == NAMELESS


def test_both_stores_send_one_reference_and_no_card_id(chain: Chain) -> None:
    copied = maria_tag(60).read()
    for store in chain.hubs:
        chain.show(store, copied)
    bodies = [body for bench in chain.hubs.values() for body in bench.facts("proof")]
    assert len(bodies) == 2 and len({body.tag for body in bodies}) == 1
    chain.later(HOLD_S + 1)
    waiting = b"".join(row.payload for bench in chain.hubs.values() for row in bench.hub.store.outbox.rows())
    chain.meet(STORE, OTHER, STORE)
    with chain.database.read() as connection:
        kept = [str(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    assert any(bodies[0].tag in row for row in kept)
    uid = maria_tag().uid.hex()
    assert uid not in waiting.decode().lower() and not [row for row in kept if uid in row.lower()]
