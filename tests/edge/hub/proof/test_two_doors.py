"""One card at two doors within seconds: counts that rise are no excuse, and honest shoppers are not accused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from edge.contracts.arrival import Arrival
from edge.hub.__main__ import main
from edge.hub.config import HubConfig
from tests.edge.hub.proof.ceremony import Ceremony
from tests.support import hub as support
from tests.support.brokers import secret_file
from tests.support.hub import DOOR, DOOR_2, HubBench
from tests.support.proofs import code_now, maria_tag, proof_config, put_pass, showed, tapped


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub", proof=proof_config(tmp_path), idle_s=36_000)
    made.put_maria()
    put_pass(made)
    yield made
    made.close()


def shown(bench: HubBench, arrival: Arrival, door: str) -> tuple[str | None, str | None]:
    """(name on the kiosk, assurance)"""
    [result] = bench.take(arrival, kiosk=door)
    assert result.greeting is not None
    return result.greeting.name, result.greeting.assurance


def tap(bench: HubBench, count: int, door: str, **changes: Any) -> tuple[str | None, str | None]:
    return shown(bench, tapped(bench, maria_tag().uri(count), door=door, **changes), door)


def alarms(bench: HubBench) -> list[Any]:
    return [body.alarm for body in bench.facts("proof") if body.alarm]


PROVEN, DOUBTED = ("Maria", "proven"), (None, "plain")


def test_two_cards_that_take_turns_are_noticed(bench: HubBench) -> None:
    rung_at_two_doors(bench)


def rung_at_two_doors(bench: HubBench) -> None:
    """61 here, 62 there, 63 here, a second apart: every count rises."""
    bench.phone("ann")
    assert tap(bench, 61, DOOR) == PROVEN
    for count, door in ((62, DOOR_2), (63, DOOR)):
        bench.clock.advance(1)
        assert tap(bench, count, door) == DOUBTED
    assert alarms(bench) == ["two_doors", "two_doors"]
    assert [body.accepted for body in bench.facts("proof")] == [True] * 3, "a count that was shown is used up"
    alert = bench.broker.alerts("ann")[-1]
    assert (alert.who.name, alert.who.caution, alert.headline) == (None, "two_doors", None)


def test_mutant_without_a_look_at_the_place_is_caught(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.hub.proof.counters.is_elsewhere", lambda *_: False)
    with pytest.raises(AssertionError):
        rung_at_two_doors(bench)


def test_in_the_same_instant_too(bench: HubBench) -> None:
    assert (tap(bench, 61, DOOR), tap(bench, 62, DOOR_2)) == (PROVEN, DOUBTED)
    assert alarms(bench) == ["two_doors"]


def test_whoever_walks_over_is_the_same_person(bench: HubBench) -> None:
    for count, door in enumerate((DOOR, DOOR_2, DOOR), start=61):
        assert tap(bench, count, door) == PROVEN
        bench.clock.advance(10)
    assert alarms(bench) == []


def test_at_one_door_nobody_is_too_quick(bench: HubBench) -> None:
    for count in range(61, 66):
        assert tap(bench, count, DOOR) == PROVEN
        bench.clock.advance(0.5)


def test_the_next_tap_takes_the_caution_away(bench: HubBench) -> None:
    bench.phone("ann")
    tap(bench, 61, DOOR), tap(bench, 62, DOOR_2)
    bench.clock.advance(10)
    assert tap(bench, 63, DOOR_2) == PROVEN
    assert bench.broker.alerts("ann")[-1].who.caution is None


def test_a_revision_keeps_the_doubt_and_rings_no_second_time(bench: HubBench) -> None:
    tap(bench, 61, DOOR)
    assert tap(bench, 62, DOOR_2, arrival_id="a") == DOUBTED
    bench.clock.advance(60)
    assert tap(bench, 62, DOOR_2, arrival_id="a", rev=1, reason="help") == DOUBTED
    assert alarms(bench) == ["two_doors"]


def test_a_tap_that_comes_late_is_placed_by_when_it_happened(bench: HubBench) -> None:
    """Door 2 was cut off; its clock and the age it sends say that the tap was four seconds before the one at door 1."""
    then = bench.clock.now()
    bench.clock.advance(4)
    tap(bench, 62, DOOR)
    bench.clock.advance(600)
    assert tap(bench, 61, DOOR_2, age_s=604.0, at=then) == DOUBTED
    assert alarms(bench) == ["two_doors"]


def test_a_message_that_waited_accuses_nobody(bench: HubBench) -> None:
    """The hub stood still for a minute: both messages say "just now", and only the kiosks' clocks tell them apart."""
    first, second = bench.clock.now() - timedelta(seconds=65), bench.clock.now() - timedelta(seconds=5)
    assert tap(bench, 61, DOOR, at=first) == PROVEN
    assert tap(bench, 62, DOOR_2, at=second) == PROVEN
    assert alarms(bench) == []


def test_without_an_age_nobody_knows_the_seconds(bench: HubBench) -> None:
    assert tap(bench, 61, DOOR, age_s=None) == PROVEN
    assert tap(bench, 62, DOOR_2, age_s=None) == PROVEN


def test_what_she_wanted_forgotten_is_not_held_against_her(bench: HubBench) -> None:
    tap(bench, 61, DOOR, arrival_id="a")
    bench.take(bench.arrival(arrival_id="a", rev=1, outcome="not_today", member=None, card_token=None))
    assert tap(bench, 62, DOOR_2) == PROVEN


def test_a_members_code_on_two_phones_too(bench: HubBench) -> None:
    assert shown(bench, showed(bench, code_now(bench)), DOOR) == PROVEN
    bench.clock.advance(5)
    assert shown(bench, showed(bench, code_now(bench, 1), door=DOOR_2), DOOR_2) == DOUBTED
    bench.clock.advance(30)
    assert shown(bench, showed(bench, code_now(bench, 1), door=DOOR_2), DOOR_2) == PROVEN


def test_two_kiosks_at_one_entrance_are_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_entrances(monkeypatch, "front", "front")
    bench = HubBench(tmp_path / "hub", proof=proof_config(tmp_path))
    bench.put_maria()
    assert (tap(bench, 61, DOOR), tap(bench, 62, DOOR_2)) == (PROVEN, PROVEN)
    bench.close()


def test_a_store_can_turn_it_off_or_set_its_own_span(tmp_path: Path) -> None:
    for name, span, second in (("off", 0, PROVEN), ("short", 3, PROVEN), ("long", 6, DOUBTED)):
        bench = HubBench(tmp_path / name, proof=proof_config(tmp_path), two_doors_s=span)
        bench.put_maria()
        assert tap(bench, 61, DOOR) == PROVEN
        bench.clock.advance(4)
        assert tap(bench, 62, DOOR_2) == second
        bench.close()


def with_entrances(monkeypatch: pytest.MonkeyPatch, *entrances: str) -> None:
    usual = support.config_for

    def named(*given: Any, **policy: float) -> HubConfig:
        made = usual(*given, **policy)
        kiosks = [
            msgspec.structs.replace(kiosk, entrance=entrance) for kiosk, entrance in zip(made.kiosks, entrances, strict=True)
        ]
        return msgspec.structs.replace(made, kiosks=kiosks)

    monkeypatch.setattr(support, "config_for", named)


@pytest.mark.parametrize(("entrance", "noted"), [("", True), ('entrance = "front"', False)])
def test_check_config_asks_which_kiosks_stand_together(tmp_path: Path, entrance: str, noted: bool) -> None:
    kiosks = [
        f'[[kiosks]]\nname = "{name}"\ntoken_file = "{secret_file(tmp_path / name, name)}"\n{entrance}\n'
        for name in (DOOR, DOOR_2)
    ]
    config = Ceremony(tmp_path / "hub", more="\n".join(kiosks)).config
    said = CliRunner().invoke(main, ["check-config", str(config)])
    assert said.exit_code == 0 and ("each counts as a door of its own" in said.output) is noted, said.output
