"""Every published negative through the whole hub: refused, the same time for each, and nothing written that a plain tap would not
write (reliability.md, section 3.5)."""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.arrival import Arrival
from edge.hub.config import Proof
from edge.hub.proof import desk
from edge.hub.proof.key_file import KeyFile
from edge.hub.proof.ring import KeyRing
from edge.hub.store.times import now_of
from tests.edge.hub.proof.test_vectors import L2, NEGATIVES, UNREADABLE, V2, V4_KEY, V5, ZERO_KEY
from tests.support.hub import DOOR, DOOR_2, EVIDENCE_KEY, MARIA, HubBench
from tests.support.proofs import tapped
from tests.support.sun_tag import SunTag

V2_CARD, V5_CARD = "nfc:04DE5F1EACC040", "nfc:041E3C8A2D6B80"
# Ten kilobytes never reach the hub's keys: an arrival has at most 2048 bytes.
REFUSED = {name: uri for name, uri in {**NEGATIVES, **UNREADABLE, "lrp": L2}.items() if name != "ten kilobytes"}


def opened(folder: Path) -> HubBench:
    """A hub that holds the vectors' keys of zeros and another version beside, and knows the vectors' cards as Maria's."""
    folder.mkdir()
    with KeyFile(folder / "keys.json", EVIDENCE_KEY).changing() as write:
        write(KeyRing((ZERO_KEY, replace(V4_KEY, version=2))))
    made = HubBench(folder / "hub", proof=Proof(keys_file=str(folder / "keys.json"), test_keys=True))
    made.put_maria()
    with made.hub.store.file.write() as connection:
        for card in (V2_CARD, V5_CARD):
            made.hub.store.members.put_card(connection, card, MARIA)
    return made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = opened(tmp_path / "one")
    yield made
    made.close()


def shown(bench: HubBench, uri: str | None, door: str = DOOR, card: str = V2_CARD, **changes: Any) -> Arrival:
    return tapped(bench, uri, door=door, card_id=card, **changes)


def verdict(bench: HubBench, arrival: Arrival, door: str = DOOR) -> Any:
    bench.take(arrival, kiosk=door)
    return bench.rows("arrivals")[-1]["proof"]


def test_v2_twice(bench: HubBench) -> None:
    assert verdict(bench, shown(bench, V2)) == "proven"
    bench.clock.advance(60)
    assert verdict(bench, shown(bench, V2)) == "proof_replayed"
    assert verdict(bench, shown(bench, V2, DOOR_2), DOOR_2) == "proof_replayed"
    assert [(row["counter"], row["kiosk"]) for row in bench.rows("tag_taps")] == [(61, DOOR)]


def test_v6_60_after_v2(bench: HubBench) -> None:
    assert verdict(bench, shown(bench, V2)) == "proven"
    bench.clock.advance(60)
    assert verdict(bench, shown(bench, SunTag().uri(60))) == "proof_rolled_back"
    assert verdict(bench, shown(bench, SunTag().uri(62))) == "proven", "and the card itself goes on"


def test_v5_at_another_count(bench: HubBench) -> None:
    assert verdict(bench, shown(bench, V5, card=V5_CARD)) == "proven"
    assert verdict(bench, shown(bench, V5.replace("000006", "000007"), card=V5_CARD)) == "proof_wrong"


@pytest.mark.parametrize("name", REFUSED)
def test_no_table_tells_a_refused_proof_from_none(tmp_path: Path, name: str) -> None:
    """Two hubs that differ in nothing else: the verdict beside the arrival is all that is written."""
    dumps = []
    for folder, uri in (("with", REFUSED[name]), ("without", None)):
        bench = opened(tmp_path / folder)
        bench.phone("ann")
        bench.take(shown(bench, uri))
        bench.later(1)
        dumps.append({table: [_plain(row) for row in rows] for table, rows in bench.dump().items()})
        bench.close()
    assert dumps[0].keys() == dumps[1].keys() and dumps[0]["arrivals"]
    for table, rows in dumps[0].items():
        assert rows == dumps[1][table], table


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without the verdict, and without what is random in every session."""
    return {name: value for name, value in row.items() if name not in ("proof", "session_hash", "csrf", "applied_at")}


ROUNDS, TRIES = 40, 6


def furthest_off(bench: HubBench) -> float:
    """By what share of the usual time the quickest or slowest refusal is off. Of each text the least of many measurements counts,
    since a busy machine adds to a time and never takes away; all texts once a round, in another order each time."""
    order, least = list(REFUSED), dict.fromkeys(REFUSED, float("inf"))
    shuffled = random.Random(35)
    arrivals = {name: shown(bench, uri) for name, uri in REFUSED.items()}
    with bench.hub.store.file.write() as connection:
        for _ in range(ROUNDS):
            shuffled.shuffle(order)
            for name in order:
                least[name] = min(least[name], _seconds(bench, connection, arrivals[name]))
    usual = statistics.median(least.values())
    return max(abs(one / usual - 1) for one in least.values())


def _seconds(bench: HubBench, connection: sqlite3.Connection, arrival: Arrival) -> float:
    """This thread's work from a read message to all that is written of it; commit and answer are the same for all."""
    connection.execute("SAVEPOINT measured")
    began = time.thread_time()
    bench.hub.worker._filing.file(connection, arrival, DOOR, now_of(bench.clock))
    taken = time.thread_time() - began
    connection.execute("ROLLBACK TO measured")
    return taken


def within_ten_percent(bench: HubBench) -> bool:
    """On a machine that does other work too, one quiet moment is enough."""
    return any(furthest_off(bench) <= 0.1 for _ in range(TRIES))


def test_every_refusal_takes_the_same_time(bench: HubBench) -> None:
    assert within_ten_percent(bench)


def test_mutant_that_works_longer_on_what_it_can_read_is_caught(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if only what looks like a card were tried with many old versions of the keys."""
    real, readable = desk.verify, [*NEGATIVES.values(), L2]
    longer = lambda uri, templates, keys: real(uri, templates, keys * (8 if uri in readable else 1))  # noqa: E731
    monkeypatch.setattr(desk, "verify", longer)
    assert furthest_off(bench) > 0.1 and furthest_off(bench) > 0.1
