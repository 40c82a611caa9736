"""Proofs through the real worker into real SQLite: who is greeted, what an associate is told, what HQ hears. Guarantee G12."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.answer import ArrivalResult
from edge.contracts.arrival import Arrival
from edge.contracts.feed import CardChange, FeedItem, TagChange
from edge.hub.proof import counters, desk
from edge.hub.proof.counters import Judged
from edge.hub.store.times import now_of
from tests.support.hub import DOOR, DOOR_2, MARIA, STORE, HubBench
from tests.support.proofs import maria_tag, proof_config, tapped
from tests.support.sun_tag import SunTag

RANDOM_ID = "nfc:08A1B2C3"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path), idle_s=36_000)
    made.put_maria()
    yield made
    made.close()


def one(bench: HubBench, arrival: Arrival, kiosk: str = DOOR) -> ArrivalResult:
    [result] = bench.take(arrival, kiosk=kiosk)
    return result


def told(result: ArrivalResult) -> tuple[Any, ...]:
    assert result.greeting is not None
    return result.greeting.outcome, result.greeting.name, result.greeting.assurance


def verdicts(bench: HubBench) -> list[Any]:
    return [row["proof"] for row in bench.rows("arrivals")]


def alarms(bench: HubBench) -> list[Any]:
    return [body.alarm for body in bench.facts("proof") if body.alarm]


def test_a_card_that_proves_itself_is_proven(bench: HubBench) -> None:
    tag = maria_tag()
    bench.phone("ann")
    assert told(one(bench, tapped(bench, tag.read()))) == ("welcome", "Maria", "proven")
    [alert] = bench.broker.alerts("ann")
    assert (alert.who.name, alert.who.assurance, alert.who.caution) == ("Maria", "proven", None)
    [fact] = bench.facts("proof")
    assert (fact.counter, fact.accepted, fact.alarm, fact.door, fact.medium) == (1, True, None, DOOR, "nfc")
    assert tag.uid.hex() not in fact.tag
    assert bench.facts("arrival")[0].assurance == "proven"


def test_a_phone_like_id_is_known_by_its_proof_alone(bench: HubBench) -> None:
    """A DNA tag with random id: the kiosk sees 08..., the hub finds the true id inside the proof."""
    arrival = bench.stranger(RANDOM_ID, f"uri:{maria_tag(9).read()}", card_token=None)
    result = one(bench, arrival)
    assert told(result) == ("welcome", "Maria", "proven") and result.greeting is not None
    assert result.greeting.member == MARIA


def test_a_replay_is_never_accepted_while_the_hub_is_reachable(bench: HubBench) -> None:
    replays_are_refused(bench)


def replays_are_refused(bench: HubBench) -> None:
    """The check of G12: a recorded address, presented again anywhere, is not the card."""
    bench.phone("ann")
    tag = maria_tag(60)
    recorded = tag.read()
    assert told(one(bench, tapped(bench, recorded))) == ("welcome", "Maria", "proven")
    bench.clock.advance(6000)
    assert told(one(bench, tapped(bench, recorded, door=DOOR_2), DOOR_2)) == ("welcome", None, "plain")
    stale = maria_tag().uri(60)
    assert told(one(bench, tapped(bench, stale))) == ("welcome", None, "plain")
    assert verdicts(bench) == ["proven", "proof_replayed", "proof_rolled_back"]
    assert alarms(bench) == ["replayed", "rolled_back"]
    alert = bench.broker.alerts("ann")[-1]
    assert (alert.who.kind, alert.who.name, alert.who.assurance, alert.who.caution) == ("member", None, "plain", "clone")
    assert alert.headline is None


def test_mutant_without_a_look_at_the_counter_is_caught(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same check fails when its subject is taken away, so it does check it."""
    monkeypatch.setattr(desk, "judge", lambda *_, **__: Judged("proven"))
    monkeypatch.setattr(desk.proofs, "take", lambda *_: None)  # nor the primary key, which would refuse it too
    with pytest.raises(AssertionError):
        replays_are_refused(bench)


def test_exactly_one_of_fifty_doors_is_believed(bench: HubBench) -> None:
    """Fifty doors bring one and the same message at the same moment, each as an arrival of its own."""
    uri = maria_tag(100).read()
    doors = [f"door-{number}" for number in range(50)]
    arrivals = [tapped(bench, uri, door=door, arrival_id=f"raced-at-{door}") for door in doors]
    start, results = threading.Barrier(50), []

    def run(arrival: Arrival, door: str) -> None:
        start.wait(30)
        results.extend(_filed(bench, arrival, door))

    threads = [threading.Thread(target=run, args=raced) for raced in zip(arrivals, doors, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 50
    assert sorted(verdicts(bench)) == ["proof_replayed"] * 49 + ["proven"]
    [spent] = bench.rows("tag_taps")
    assert f"raced-at-{spent['kiosk']}" == spent["arrival_id"]
    assert len({row["kiosk"] for row in bench.rows("arrivals")}) == 50 and alarms(bench) == ["replayed"] * 49


def _filed(bench: HubBench, arrival: Arrival, door: str) -> list[ArrivalResult]:
    with bench.hub.store.file.write() as connection:
        return [bench.hub.worker._filing.file(connection, arrival, door, now_of(bench.clock))]


def test_a_repeated_arrival_is_answered_alike_and_is_no_replay(bench: HubBench) -> None:
    arrival = tapped(bench, maria_tag(5).read())
    first, *again = [one(bench, arrival) for _ in range(4)]
    assert [result.result for result in again] == ["duplicate"] * 3
    assert all(told(result) == told(first) == ("welcome", "Maria", "proven") for result in again)
    assert alarms(bench) == [] and len(bench.rows("tag_taps")) == 1


def test_a_revision_keeps_the_verdict(bench: HubBench) -> None:
    uri = maria_tag(5).read()
    one(bench, tapped(bench, uri, arrival_id="a"))
    revised = one(bench, tapped(bench, uri, arrival_id="a", rev=1, reason="help"))
    assert revised.result == "revised" and told(revised) == ("welcome", "Maria", "proven")
    one(bench, tapped(bench, uri, arrival_id="copy"))
    worse = one(bench, tapped(bench, uri, arrival_id="copy", rev=1, reason="help"))
    assert told(worse) == ("welcome", None, "plain")
    assert alarms(bench) == ["replayed"], "the revision of a replay rings no second time"


def test_a_standing_wish_tells_hq_nothing_and_a_revision_rings_nobody(bench: HubBench) -> None:
    """The kiosk had not heard of the wish yet; the count is used up all the same."""
    bench.put_maria(not_today=True)
    uri = maria_tag(5).read()
    for rev, reason in enumerate((None, "help", "return")):
        [result] = bench.take(tapped(bench, uri, arrival_id="a", rev=rev, reason=reason))
        assert result.greeting is not None and result.greeting.outcome == "not_today"
    assert bench.facts("proof") == [] and len(bench.rows("tag_taps")) == 1
    one(bench, tapped(bench, uri, arrival_id="copy"))
    assert alarms(bench) == ["replayed"], "what was shown again rings, whoever wanted to be left alone"


def test_not_today_afterwards_takes_back_what_hq_would_hear(bench: HubBench) -> None:
    uri = maria_tag(5).read()
    one(bench, tapped(bench, uri, arrival_id="a"))
    one(bench, tapped(bench, uri, arrival_id="a", rev=1, reason="help"))
    assert len(bench.facts("proof")) == 1
    bench.take(bench.arrival(arrival_id="a", rev=2, outcome="not_today", member=None, card_token=None))
    assert bench.facts("proof") == [] and alarms(bench) == []
    late = tapped(bench, uri, arrival_id="a", rev=3, reason="return")
    assert bench.take(late)[0].result == "revised" and alarms(bench) == [], "nor does a revision that overtook"


def test_a_revision_cannot_bring_another_cards_proof_in(bench: HubBench) -> None:
    one(bench, tapped(bench, maria_tag(5).read(), arrival_id="a"))
    stale = tapped(bench, maria_tag().uri(3), arrival_id="a", rev=1, reason="help")
    assert told(one(bench, stale))[1:] == (None, "plain")


def test_a_provable_card_without_proof_is_not_greeted_by_name(bench: HubBench) -> None:
    bench.phone("ann")
    one(bench, tapped(bench, maria_tag().read()))  # from now on it is known to prove itself
    bench.later(6000)
    assert told(one(bench, tapped(bench, None))) == ("welcome", None, "plain")
    alert = bench.broker.alerts("ann")[-1]
    assert (alert.who.name, alert.who.caution, alert.headline) == (None, "unproven", None)
    assert alarms(bench) == [], "a missing proof is no proof of a copy"
    assert told(one(bench, tapped(bench, maria_tag(7).read()))) == ("welcome", "Maria", "proven")
    assert bench.broker.alerts("ann")[-1].who.caution is None, "the same visit, proven after all"


def test_a_copy_is_not_forgotten_while_the_visit_lasts(bench: HubBench) -> None:
    bench.phone("ann")
    tag = maria_tag()
    recorded = tag.read()
    one(bench, tapped(bench, recorded))
    one(bench, tapped(bench, recorded, door=DOOR_2), DOOR_2)
    assert bench.broker.alerts("ann")[-1].who.caution == "clone", "whoever is with them hears of it"
    one(bench, tapped(bench, tag.read()))
    assert bench.broker.alerts("ann")[-1].who.caution == "clone"


def test_a_card_is_registered_as_provable_beforehand(bench: HubBench) -> None:
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, maria_tag().card_id, MARIA, provable=True)
    assert told(one(bench, tapped(bench, None))) == ("welcome", None, "plain")


def test_hq_tells_that_a_card_can_prove_itself(bench: HubBench) -> None:
    card = maria_tag().card_id
    bench.hub.feed.apply([FeedItem(1, CardChange(card, "active", MARIA, provable=True))], 1)
    assert told(one(bench, tapped(bench, None))) == ("welcome", None, "plain")
    bench.hub.feed.apply([FeedItem(2, CardChange(card, "active", MARIA))], 2)
    assert told(one(bench, tapped(bench, None)))[1] is None, "a change that does not speak of it leaves it"
    bench.hub.feed.apply([FeedItem(3, CardChange(card, "active", MARIA, provable=False))], 3)
    assert told(one(bench, tapped(bench, None)))[1] == "Maria"


def test_hq_tells_that_two_stores_saw_a_card_and_that_somebody_has_looked(bench: HubBench) -> None:
    tag, ann = maria_tag(), bench.phone("ann")
    assert told(one(bench, tapped(bench, tag.read()))) == ("welcome", "Maria", "proven")
    reference = bench.facts("proof")[0].tag
    doubted = [FeedItem(1, TagChange(reference, "doubted")), FeedItem(2, TagChange("0" * 32, "doubted"))]
    bench.hub.feed.apply(doubted, 2)
    assert told(one(bench, tapped(bench, tag.read()))) == ("welcome", None, "plain")
    alert = bench.broker.alerts(ann.name)[-1]
    assert (alert.who.name, alert.who.caution, alert.headline) == (None, "clone", None), "of the visit that had begun, too"
    fact = bench.facts("proof")[-1]
    assert (fact.counter, fact.accepted, fact.alarm) == (2, True, None), "HQ goes on comparing"
    assert told(one(bench, tapped(bench, maria_tag().uri(2)))) == ("welcome", None, "plain")
    assert verdicts(bench) == ["proven", "proof_doubted", "proof_replayed"], "its count is used up all the same"
    bench.hub.feed.apply([*doubted, FeedItem(3, TagChange(reference, "cleared"))], 3)
    bench.clock.advance(6000)
    assert told(one(bench, tapped(bench, tag.read()))) == ("welcome", "Maria", "proven")
    assert [row["tag"] for row in bench.rows("doubted_tags")] == ["0" * 32]


def test_hq_hears_how_good_the_time_of_a_tap_is(bench: HubBench) -> None:
    """By the hub's clock, where the age is known; else the kiosk's is in it too."""
    tag = maria_tag()
    for age_s, clock in ((1.0, "unset"), (None, "synchronised"), (None, "free"), (None, "unset")):
        one(bench, tapped(bench, tag.read(), age_s=age_s, clock=clock))
    bench.clock.reboot("again", "free")
    for age_s, clock in ((1.0, "synchronised"), (None, "unset")):
        one(bench, tapped(bench, tag.read(), age_s=age_s, clock=clock))
    told_hq = [fact.clock for fact in bench.facts("proof")]
    assert told_hq == ["synchronised", "synchronised", "free", "unset", "free", "unset"]


@pytest.mark.parametrize(
    ("proof", "verdict"),
    [
        ("https://shop.example/loyalty", "proof_absent"),
        ("https://a.b/?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086", "proof_wrong"),
        ("https://a.b/?e=00&c=00", "proof_malformed"),
        ("https://a.b/?e=1FCBE61B3E4CAD980CBFDD333E7A4AC4A579569BAFD22C5F&c=4231608BA7B02BA9", "proof_lrp"),
    ],
)
def test_a_bad_proof_changes_nothing_but_the_assurance(bench: HubBench, proof: str, verdict: str) -> None:
    before = bench.dump()
    assert told(one(bench, tapped(bench, proof)))[2] == "plain"
    assert verdicts(bench) == [verdict]
    for table in ("tags", "tag_taps", "cards"):
        assert bench.dump()[table] == before[table]
    assert bench.facts("proof") == []


def test_a_stolen_address_on_another_card_is_a_copy(bench: HubBench) -> None:
    """A thief reads Maria's card in her bag and writes what it said on a card of their own."""
    bench.phone("ann")
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_member(connection, "m-thief", name="T", greeting="name")
        bench.hub.store.members.put_card(connection, "nfc:04111111111111", "m-thief")
    stolen = maria_tag(10).read()
    result = one(bench, bench.stranger("nfc:04111111111111", f"uri:{stolen}"))
    assert told(result) == ("welcome", None, "plain") and result.greeting is not None and result.greeting.member == "m-thief"
    assert (verdicts(bench), alarms(bench)) == (["proof_copied"], ["copied"])
    one(bench, tapped(bench, stolen))
    assert verdicts(bench)[-1] == "proof_replayed", "and it is used up"


def test_a_tap_that_waited_at_an_offline_door_is_judged_by_when_it_happened(bench: HubBench) -> None:
    tag = maria_tag(20)
    waiting = tag.read()  # 21, at door-2 while that door was cut off
    bench.clock.advance(30)
    one(bench, tapped(bench, tag.read()))  # 22, at door-1
    bench.clock.advance(600)
    late = tapped(bench, waiting, door=DOOR_2, age_s=630.0)
    assert told(one(bench, late, DOOR_2)) == ("welcome", "Maria", "proven")
    unknown_age = tapped(bench, maria_tag().uri(20), door=DOOR_2, age_s=None)
    one(bench, unknown_age, DOOR_2)
    assert verdicts(bench) == ["proven", "proven", "proof_unplaceable"]
    assert alarms(bench) == []


def test_a_copy_that_waited_at_an_offline_door_is_found_when_it_comes(bench: HubBench) -> None:
    tag = maria_tag(20)
    copied = tag.read()
    one(bench, tapped(bench, copied))
    one(bench, tapped(bench, tag.read()))
    bench.clock.advance(600)
    one(bench, tapped(bench, copied, door=DOOR_2, age_s=590.0), DOOR_2)
    assert (verdicts(bench)[-1], alarms(bench)) == ("proof_replayed", ["replayed"])


def test_a_jump_rings_and_is_believed_and_the_end_retires(bench: HubBench) -> None:
    for count in (5, 5000, 0xFFFFFF, 0xFFFFFF, 5001):
        one(bench, tapped(bench, maria_tag().uri(count)))
    assert verdicts(bench) == ["proven", "proven", "tag_retired", "tag_retired", "tag_retired"]
    assert alarms(bench) == ["jumped", "retired"]


def test_only_the_newest_counts_are_remembered(bench: HubBench) -> None:
    tag = maria_tag()
    for _ in range(counters.KEPT + 5):
        one(bench, tapped(bench, tag.read()))
    rows = [row["counter"] for row in bench.rows("tag_taps")]
    assert sorted(rows) == list(range(6, counters.KEPT + 6))


def test_strangers_cards_count_too(bench: HubBench) -> None:
    """A card of ours that nobody registered yet: its counts are kept, so that what it said is worth nothing later."""
    unknown = SunTag(bytes.fromhex("04AAAAAAAAAAAA"), maria_tag().card_key, maria_tag().meta_key)
    assert told(one(bench, bench.stranger(unknown.card_id, f"uri:{unknown.read()}")))[0] == "stranger"
    assert verdicts(bench) == ["proof_wrong"], "its own key is another one"


def test_a_fault_gives_the_count_back(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count and the arrival are one transaction: an arrival that was not filed has used nothing up."""
    arrival = tapped(bench, maria_tag().read())
    with monkeypatch.context() as patched:
        patched.setattr("edge.hub.store.arrivals.insert", lambda *_, **__: 1 / 0)
        assert bench.take(arrival) == []
    assert bench.rows("tag_taps") == [] and bench.facts("proof") == []
    assert told(one(bench, arrival)) == ("welcome", "Maria", "proven")


def test_guessing_never_gets_in(bench: HubBench) -> None:
    guess = random.Random(424)
    good = maria_tag(3).uri()
    for _ in range(200):
        one(bench, tapped(bench, good[:-16] + guess.randbytes(8).hex().upper()))
    assert set(verdicts(bench)) == {"proof_wrong"} and bench.rows("tag_taps") == []


def test_nothing_personal_is_logged(bench: HubBench, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = maria_tag().read()
    for _ in range(2):
        one(bench, tapped(bench, recorded))
    one(bench, tapped(bench, "https://a.b/?e=00&c=00"))
    said = "".join(capsys.readouterr())
    assert "clone_alarm" in said and "proof_refused" in said
    assert maria_tag().uid.hex() not in said.lower() and recorded[-16:] not in said


def test_an_erasure_forgets_the_card_and_not_its_count(bench: HubBench) -> None:
    recorded = maria_tag().read()
    one(bench, tapped(bench, recorded))
    with bench.hub.store.file.write() as connection:
        bench.hub.eraser.erase_member(connection, MARIA, now_of(bench.clock))
    assert maria_tag().card_id not in repr(bench.dump())
    one(bench, tapped(bench, recorded, member=None))
    assert verdicts(bench)[-1] == "proof_replayed"


def test_a_hub_without_keys_stays_as_it_was(tmp_path: Path) -> None:
    plain = HubBench(tmp_path / "plain")
    plain.put_maria()
    assert told(one(plain, tapped(plain, maria_tag().read()))) == ("welcome", "Maria", "plain")
    assert STORE in {row["store"] for row in plain.rows("arrivals")} and plain.rows("tags") == []
    plain.close()
