"""Arrivals through the real worker into real SQLite: answers, visits, alerts, facts."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from edge.contracts.answer import ArrivalResult
from edge.contracts.card_id import card_token
from edge.hub.store import alerts as alert_rows
from edge.hub.store import arrivals as arrival_rows
from tests.support.hub import CARD_KEY, DOOR_2, MARIA, MARIA_CARD, STORE, HubBench

OUTCOMES_TABLES = ("arrivals", "visits", "alerts", "alert_recipients", "outbox")


def result_bytes(result: ArrivalResult) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(result, result="new"))


def test_a_tap_becomes_visit_alert_facts_and_answer(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    [result] = bench.take(bench.arrival())
    assert result.result == "new"
    assert result.greeting is not None
    assert (result.greeting.name, result.greeting.assurance, result.greeting.member) == ("Maria", "plain", MARIA)
    [alert] = bench.broker.alerts("ann")
    assert (alert.state, alert.who.kind, alert.who.name, alert.door) == ("open", "member", "Maria", "door-1")
    assert (alert.who.assurance, alert.why_you) == ("plain", "everybody")
    [visit], [arrival] = bench.facts("visit"), bench.facts("arrival")
    assert (visit.member, arrival.member, arrival.visit_id) == (MARIA, MARIA, visit.visit_id)


def test_answers_only_after_the_commit(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put_maria()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.hub.store.file, "_commit", full)
        with pytest.raises(sqlite3.OperationalError):
            bench.take(bench.arrival())
    assert bench.broker.sent == []


@pytest.mark.parametrize("step", ["visit", "alert", "arrival", "fact"])
def test_a_fault_between_two_steps_leaves_nothing(bench: HubBench, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    bench.put_maria()
    bench.phone("ann")
    before = {table: bench.rows(table) for table in OUTCOMES_TABLES}

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    target = {
        "visit": ("edge.hub.store.visits.save",),
        "alert": ("edge.hub.store.alerts._add_recipients",),
        "arrival": ("edge.hub.store.arrivals.insert",),
        "fact": ("edge.hub.filing.Filing._tell_arrival",),
    }[step][0]
    with monkeypatch.context() as patched:
        patched.setattr(target, crash)
        assert bench.take(bench.arrival(arrival_id="a1")) == [], "an arrival that was not stored was answered"
    assert {table: bench.rows(table) for table in OUTCOMES_TABLES} == before
    [result] = bench.take(bench.arrival(arrival_id="a1"))
    assert result.result == "new"


def test_one_arrivals_fault_does_not_hold_up_its_group(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put_maria()
    insert = arrival_rows.insert

    def poisoned(connection: object, store: object, kiosk: object, arrival: object, *rest: object) -> None:
        if arrival.arrival_id == "a2":  # type: ignore[attr-defined]
            raise RuntimeError("poison")
        insert(connection, store, kiosk, arrival, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(arrival_rows, "insert", poisoned)
    results = bench.take(*(bench.guest(arrival_id=f"a{number}") for number in (1, 2, 3)))
    assert [result.arrival_id for result in results] == ["a1", "a3"]
    assert {row["arrival_id"] for row in bench.rows("arrivals")} == {"a1", "a3"}
    assert len(bench.rows("visits")) == 2


def duplicates_hold(bench: HubBench) -> None:
    """The check of guarantee G2 at the hub: sent five times, stored once, answered alike, nobody alerted twice."""
    arrival = bench.arrival(arrival_id="once")
    results = [bench.take(arrival)[0] for _ in range(3)] + bench.take(arrival, arrival)
    assert [result.result for result in results] == ["new"] + ["duplicate"] * 4
    assert len({result_bytes(result) for result in results}) == 1
    assert len([row for row in bench.rows("arrivals") if row["arrival_id"] == "once"]) == 1
    alerts = bench.rows("alerts")
    assert len(alerts) == 1
    assert [alert.rev for alert in bench.broker.alerts("ann")] == [0]


def test_duplicates_are_answered_alike_and_alert_nobody_twice(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    duplicates_hold(bench)


def two_lines_race(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same arrival filed twice by somebody who looked before the other wrote: only the index stands in between."""
    bench.phone("ann")
    arrival = bench.guest(arrival_id="raced")
    bench.take(arrival)
    with monkeypatch.context() as patched:
        patched.setattr(arrival_rows, "find", lambda *_: None)
        patched.setattr(arrival_rows, "find_newest", lambda *_: None)
        bench.take(arrival)
    assert len([row for row in bench.rows("arrivals") if row["arrival_id"] == "raced"]) == 1
    assert len(bench.rows("alerts")) == 1
    assert len(bench.rows("visits")) == 1


def test_the_index_stands_even_where_the_look_up_fails(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    two_lines_race(bench, monkeypatch)


def test_mutant_without_the_unique_index_is_caught(bench: HubBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same check fails when its subject is taken away, so it does check it."""
    with bench.hub.store.file.write() as connection:
        connection.execute("DROP INDEX arrivals_once")
    with pytest.raises(AssertionError):
        two_lines_race(bench, monkeypatch)


def test_two_doors_are_one_visit_and_one_alert(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    bench.take(bench.arrival())
    bench.clock.advance(700)
    [second] = bench.take(bench.arrival(source=f"{STORE}/kiosk/{DOOR_2}"), kiosk=DOOR_2)
    assert second.result == "new"
    [visit] = bench.rows("visits")
    assert visit["door"] == DOOR_2
    assert len(bench.rows("alerts")) == 1


def test_after_the_gap_it_is_another_visit(bench: HubBench) -> None:
    bench.put_maria()
    bench.take(bench.arrival())
    bench.clock.advance(5400)
    bench.take(bench.arrival())
    assert [row["open"] for row in bench.rows("visits")] == [0, 1]
    assert [row["state"] for row in bench.rows("alerts")] == ["expired", "open"]


def test_an_arrival_that_comes_late_is_history(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    results = bench.take(bench.arrival(age_s=301.0), bench.arrival(age_s=None), bench.arrival(test=True))
    assert [result.result for result in results] == ["new"] * 3
    assert bench.broker.alerts("ann") == []
    assert len(bench.rows("arrivals")) == 3
    assert [fact.door for fact in bench.facts("arrival")] == ["door-1"] * 3


def test_a_late_arrival_does_not_move_who_is_here_now(bench: HubBench) -> None:
    bench.put_maria()
    bench.take(bench.arrival())
    before = bench.rows("visits")[0]
    bench.take(bench.arrival(age_s=2000.0, source=f"{STORE}/kiosk/{DOOR_2}"), kiosk=DOOR_2)
    after = bench.rows("visits")[0]
    assert (after["door"], after["last_mono"]) == ("door-1", before["last_mono"])


def test_a_stranger_whom_the_hub_knows_is_greeted(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    [result] = bench.take(bench.stranger(MARIA_CARD))
    assert result.greeting is not None
    assert (result.greeting.outcome, result.greeting.name, result.greeting.member) == ("welcome", "Maria", MARIA)
    assert len(bench.broker.alerts("ann")) == 1


def test_a_real_stranger_alerts_when_they_say_why_they_came(bench: HubBench) -> None:
    bench.phone("ann")
    first = bench.stranger(arrival_id="s1")
    bench.take(first)
    assert bench.broker.alerts("ann") == []
    [result] = bench.take(msgspec.structs.replace(first, rev=1, reason="return"))
    assert result.result == "revised"
    [alert] = bench.broker.alerts("ann")
    assert (alert.who.kind, alert.who.name, alert.reason) == ("stranger", None, "return")


def test_a_stranger_twice_is_one_visit(bench: HubBench) -> None:
    bench.take(bench.stranger())
    bench.take(bench.stranger())
    assert len(bench.rows("visits")) == 1


def test_evidence_of_another_arrival_is_worth_nothing(bench: HubBench) -> None:
    bench.put_maria()
    copied = bench.stranger(MARIA_CARD, arrival_id="seen").evidence
    [result] = bench.take(bench.stranger(MARIA_CARD, arrival_id="forged", evidence=copied))
    assert result.greeting is not None
    assert (result.greeting.outcome, result.greeting.member) == ("stranger", None)


def test_a_reference_with_somebody_elses_card_is_a_stranger(bench: HubBench) -> None:
    bench.put_maria()
    [result] = bench.take(bench.arrival(card_token=card_token(CARD_KEY, "nfc:04000000000000")))
    assert result.greeting is not None
    assert result.greeting.outcome == "stranger"


def test_a_lost_card_names_nobody(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, MARIA_CARD, MARIA, "blocked")
    [result] = bench.take(bench.arrival())
    assert result.greeting is not None
    assert (result.greeting.outcome, result.greeting.name) == ("blocked", None)
    assert bench.rows("visits") == []
    assert bench.broker.alerts("ann") == []
    assert bench.rows("arrivals")[0]["outcome"] == "blocked"


def test_a_typed_number_is_said_to_be_typed(bench: HubBench) -> None:
    bench.put_maria()
    with bench.hub.store.file.write() as connection:
        bench.hub.store.members.put_card(connection, "typed:4711", MARIA)
    [result] = bench.take(bench.arrival(card_token=card_token(CARD_KEY, "typed:4711")))
    assert result.greeting is not None
    assert result.greeting.assurance == "typed"


def test_a_guest_is_alerted_at_once(bench: HubBench) -> None:
    bench.phone("ann")
    bench.take(bench.guest())
    [alert] = bench.broker.alerts("ann")
    assert (alert.who.kind, alert.who.name) == ("guest", None)


def test_a_reason_reaches_the_alert(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    first = bench.arrival()
    bench.take(first)
    bench.take(msgspec.structs.replace(first, rev=1, reason="pickup"))
    assert [(alert.rev, alert.reason) for alert in bench.broker.alerts("ann")] == [(0, None), (1, "pickup")]
    assert bench.rows("visits")[0]["reason"] == "pickup"
    assert [fact.rev for fact in bench.facts("visit")] == [1], "an older state of the visit was left to be sent"


def test_a_revision_may_come_first(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    first = bench.arrival()
    [later] = bench.take(msgspec.structs.replace(first, rev=1, reason="pickup"))
    [earlier] = bench.take(first)
    assert (later.result, earlier.result) == ("new", "duplicate")
    assert len(bench.broker.alerts("ann")) == 1


def test_the_own_associate_comes_first_and_then_everybody(bench: HubBench) -> None:
    bench.put_maria(own_associate="ben")
    bench.phone("ann")
    bench.phone("ben")
    bench.take(bench.arrival())
    assert (len(bench.broker.alerts("ann")), len(bench.broker.alerts("ben"))) == (0, 1)
    bench.later(60)
    assert bench.broker.alerts("ann")[-1].why_you == "everybody"
    assert bench.broker.alerts("ben")[-1].why_you == "own"


def test_all_live_alerts_are_one_to_a_visit(bench: HubBench) -> None:
    bench.put_maria()
    bench.take(bench.arrival(), bench.arrival(outcome="repeat"), bench.guest(), bench.guest())
    with bench.hub.store.file.read() as connection:
        live = alert_rows.live(connection, STORE)
    assert len(live) == len({one.alert.visit_id for one in live}) == 3
