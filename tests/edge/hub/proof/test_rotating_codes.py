"""A member's rotating code at the hub: a stated window, one use, photographs found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.arrival import Arrival
from edge.contracts.card_id import card_token
from edge.contracts.rotating import WINDOW_STEPS
from edge.contracts.sealed import Evidence, public_key_of, seal
from edge.hub.proof import desk
from edge.hub.proof.counters import Judged
from edge.hub.proof.ring import KeyRing, ProofKey
from tests.support.hub import CARD_KEY, DOOR, DOOR_2, EVIDENCE_KEY, MARIA, HubBench
from tests.support.proofs import CODE_KEY, HANDLE, NFC_KEY, code_now, proof_config, put_pass, showed, write_ring

CARD = f"code:sbq1.{HANDLE}"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path), idle_s=36_000)
    made.put_maria()
    put_pass(made)
    yield made
    made.close()


def told(bench: HubBench, arrival: Arrival, kiosk: str = DOOR) -> tuple[Any, ...]:
    [result] = bench.take(arrival, kiosk=kiosk)
    assert result.greeting is not None
    return result.greeting.outcome, result.greeting.name, result.greeting.assurance


def verdicts(bench: HubBench) -> list[Any]:
    return [row["proof"] for row in bench.rows("arrivals")]


def alarms(bench: HubBench) -> list[Any]:
    return [body.alarm for body in bench.facts("proof") if body.alarm]


def test_a_code_shown_in_time_is_proven(bench: HubBench) -> None:
    assert told(bench, showed(bench, code_now(bench))) == ("welcome", "Maria", "proven")
    [fact] = bench.facts("proof")
    assert (fact.medium, fact.accepted) == ("code", True) and HANDLE not in fact.tag


def test_a_kiosk_that_knows_rotating_codes_sends_what_stays(bench: HubBench) -> None:
    """Its directory finds the member by the part that stays; the text itself travels as proof."""
    arrival = bench.arrival(
        arrival_id="known",
        card_token=card_token(CARD_KEY, CARD),
        evidence=seal(Evidence(CARD, f"code:{code_now(bench)}"), public_key_of(EVIDENCE_KEY), "known"),
    )
    assert told(bench, arrival) == ("welcome", "Maria", "proven")


@pytest.mark.parametrize("steps", range(-4, 5))
def test_the_window_is_two_steps_to_each_side(bench: HubBench, steps: int) -> None:
    bench.clock.advance(10)  # inside a half-minute
    arrival = showed(bench, code_now(bench, steps))
    if abs(steps) <= WINDOW_STEPS:
        assert told(bench, arrival) == ("welcome", "Maria", "proven")
    else:
        assert told(bench, arrival) == ("welcome", None, "plain")
        assert verdicts(bench) == ["proof_expired"] and bench.rows("tag_taps") == []


def test_a_photograph_at_another_door_rings(bench: HubBench) -> None:
    photograph_is_refused(bench)


def photograph_is_refused(bench: HubBench) -> None:
    bench.phone("ann")
    text = code_now(bench)
    assert told(bench, showed(bench, text)) == ("welcome", "Maria", "proven")
    bench.clock.advance(10)
    assert told(bench, showed(bench, text, door=DOOR_2), DOOR_2) == ("welcome", None, "plain")
    assert (verdicts(bench), alarms(bench)) == (["proven", "proof_replayed"], ["replayed"])
    assert bench.broker.alerts("ann")[-1].who.caution == "clone"


def test_mutant_that_lets_a_code_be_used_twice_is_caught(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_judge_code", lambda *_: Judged("proven"))
    monkeypatch.setattr(desk.proofs, "take", lambda *_: None)
    with pytest.raises(AssertionError):
        photograph_is_refused(bench)


def test_a_photograph_a_minute_later_is_worth_nothing(bench: HubBench) -> None:
    text = code_now(bench)
    bench.clock.advance(120)
    assert told(bench, showed(bench, text)) == ("welcome", None, "plain")
    assert (verdicts(bench), alarms(bench)) == (["proof_expired"], [])


def test_a_shopper_who_shows_it_twice_at_one_door_is_not_accused(bench: HubBench) -> None:
    bench.phone("ann")
    text = code_now(bench)
    told(bench, showed(bench, text))
    bench.clock.advance(5)
    assert told(bench, showed(bench, text)) == ("welcome", None, None)
    assert (verdicts(bench)[-1], alarms(bench)) == ("proof_repeated", [])
    who = bench.broker.alerts("ann")[-1].who
    assert (who.name, who.assurance, who.caution) == ("Maria", "proven", None), "what they proved a moment ago stays"


def test_a_repeated_arrival_is_no_second_use(bench: HubBench) -> None:
    arrival = showed(bench, code_now(bench))
    assert [told(bench, arrival) for _ in range(3)] == [("welcome", "Maria", "proven")] * 3
    assert alarms(bench) == []


def test_a_code_that_waited_at_an_offline_door_counts_by_when_it_was_shown(bench: HubBench) -> None:
    text = code_now(bench)
    bench.clock.advance(3_600)
    assert told(bench, showed(bench, text, age_s=3_600.0)) == ("welcome", "Maria", "proven")


def test_the_part_that_stays_alone_proves_nothing(bench: HubBench) -> None:
    assert told(bench, bench.stranger(CARD)) == ("welcome", None, "plain")


@pytest.mark.parametrize("spoil", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t.replace(HANDLE, HANDLE[::-1])])
def test_a_code_that_was_made_up_is_refused(bench: HubBench, spoil: Any) -> None:
    arrival = showed(bench, spoil(code_now(bench)))
    [result] = bench.take(arrival)
    assert result.greeting is not None and result.greeting.name is None
    assert verdicts(bench) == ["proof_wrong"]


def test_a_code_on_the_wrong_carrier_is_a_copy(bench: HubBench) -> None:
    """The text of somebody's code written on a tag of one's own."""
    assert told(bench, showed(bench, code_now(bench), card_id="nfc:04FFFFFFFFFFFF"))[0] == "stranger"
    assert (verdicts(bench), alarms(bench)) == (["proof_copied"], ["copied"])


def test_a_hub_whose_clock_was_never_set_judges_no_code(bench: HubBench) -> None:
    text = code_now(bench)
    bench.clock.reboot("again", quality="unset")
    assert told(bench, showed(bench, text)) == ("welcome", None, "plain")
    assert verdicts(bench) == ["proof_clock_unset"]


def test_a_new_key_goes_beside_the_old(bench: HubBench, tmp_path: Path) -> None:
    new = ProofKey(2, "code", "same", bytes(range(100, 132)), suffix=b"")
    write_ring(tmp_path / "proof-keys.json", KeyRing((NFC_KEY, CODE_KEY, new)))
    assert told(bench, showed(bench, code_now(bench)))[2] == "proven"
    bench.clock.advance(60)
    assert told(bench, showed(bench, code_now(bench, key=new)))[2] == "proven"
    retired = ProofKey(1, "code", "same", CODE_KEY.master, suffix=b"", retires_on=date(2026, 11, 20))
    write_ring(tmp_path / "proof-keys.json", KeyRing((NFC_KEY, retired, new)))
    bench.clock.advance(60)
    assert told(bench, showed(bench, code_now(bench)))[2] == "plain"
    assert MARIA in {row["member"] for row in bench.rows("visits")}
