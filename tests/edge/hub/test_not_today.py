"""Not today: nobody is alerted, nobody remembers who it was, and HQ never hears it."""

from __future__ import annotations

import msgspec

from edge.contracts.outcomes import ALERT_ENDS
from tests.support.hub import MARIA, STORE, HubBench


def test_armed_before_the_tap_it_is_only_counted(bench: HubBench) -> None:
    bench.put_maria()
    bench.phone("ann")
    bench.take(bench.arrival(outcome="not_today", member=None, card_token=None))
    assert bench.broker.alerts("ann") == []
    assert bench.rows("visits") == []
    [fact] = bench.facts("arrival")
    assert (fact.outcome, fact.member, fact.visit_id) == ("not_today", None, None)


def test_a_standing_wish_is_known_here_even_if_the_kiosk_does_not_know_it_yet(bench: HubBench) -> None:
    bench.put_maria(not_today=True)
    bench.phone("ann")
    [result] = bench.take(bench.arrival())
    assert result.greeting is not None
    assert (result.greeting.outcome, result.greeting.name, result.greeting.member) == ("not_today", None, None)
    assert bench.broker.alerts("ann") == []
    assert bench.rows("arrivals")[0]["member"] is None


def touched_afterwards(bench: HubBench, wait_s: float = 5) -> str:
    """Maria taps, Ann takes it, Maria says not today. Returns the visit's id."""
    bench.put_maria()
    ann = bench.phone("ann")
    bench.phone("ben")
    first = bench.arrival(arrival_id="m1")
    bench.take(first)
    [alert] = ann.alerts()
    assert ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim").status_code == 200
    bench.clock.advance(wait_s)
    changed = msgspec.structs.replace(first, rev=1, outcome="not_today", member=None, card_token=None)
    assert bench.take(changed)[0].result == "revised"
    return str(alert["visit_id"])


def test_touched_afterwards_every_phone_forgets(bench: HubBench) -> None:
    touched_afterwards(bench)
    for name in ("ann", "ben"):
        last = bench.broker.alerts(name)[-1]
        assert last.state == "withdrawn"
        assert (last.who.name, last.headline, last.claimed_by, last.reason, last.language) == (None, None, None, None, None)
        assert last.rev == max(alert.rev for alert in bench.broker.alerts(name))


def test_touched_afterwards_nothing_in_the_hub_ties_her_to_today(bench: HubBench) -> None:
    touched_afterwards(bench)
    for table in ("arrivals", "visits", "alerts", "alert_recipients", "idempotency", "outbox", "looks"):
        text = repr([row for row in bench.rows(table) if not (table == "outbox" and b'"kind":"member"' in row["payload"])])
        assert MARIA not in text, table
        assert "Maria" not in text, table


def test_facts_that_were_held_leave_without_her(bench: HubBench) -> None:
    touched_afterwards(bench)
    [arrival] = bench.facts("arrival")
    assert (arrival.rev, arrival.outcome, arrival.member) == (1, "not_today", None)
    [visit] = bench.facts("visit")
    assert visit.member is None
    assert [fact.end for fact in bench.facts("alert_outcome")] == ["withdrawn"]


def test_the_card_closes_at_once(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    first = bench.arrival()
    bench.take(first)
    [alert] = ann.alerts()
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim", key="claim-key-1")
    assert ann.get(f"/api/v1/visits/{alert['visit_id']}/card").status_code == 200
    bench.take(msgspec.structs.replace(first, rev=1, outcome="not_today", member=None, card_token=None))
    closed = ann.get(f"/api/v1/visits/{alert['visit_id']}/card")
    assert (closed.status_code, closed.json["error"]["code"]) == (403, "card_closed")
    again = ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim", key="claim-key-1")
    assert again.status_code == 409, "the kept answer told about her again"


def test_the_same_arrival_sent_again_names_nobody(bench: HubBench) -> None:
    touched_afterwards(bench)
    [result] = bench.take(bench.arrival(arrival_id="m1"))
    assert result.result == "duplicate"
    assert result.greeting is not None
    assert (result.greeting.name, result.greeting.member) == (None, None)


def test_a_later_revision_does_not_bring_her_back(bench: HubBench) -> None:
    touched_afterwards(bench)
    [result] = bench.take(bench.arrival(arrival_id="m1", rev=2, reason="help"))
    assert result.greeting is not None
    assert result.greeting.outcome == "not_today"
    assert all(row["state"] in ALERT_ENDS for row in bench.rows("alerts"))
    assert all(row["member"] is None for row in bench.rows("arrivals"))


def test_an_alert_that_was_served_is_forgotten_too(bench: HubBench) -> None:
    bench.put_maria()
    ann = bench.phone("ann")
    first = bench.arrival()
    bench.take(first)
    [alert] = ann.alerts()
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim")
    ann.act(f"/api/v1/alerts/{alert['alert_id']}/served")
    bench.hub.announcer.turn()
    bench.take(msgspec.structs.replace(first, rev=1, outcome="not_today", member=None, card_token=None))
    last = bench.broker.alerts("ann")[-1]
    assert (last.state, last.who.name) == ("served", None)
    assert [fact.end for fact in bench.facts("alert_outcome")] == ["served"], "an alert has one end"
    closed = ann.get(f"/api/v1/visits/{alert['visit_id']}/card")
    assert closed.json.get("member") is None


def test_other_arrivals_of_that_visit_leave_nameless(bench: HubBench) -> None:
    bench.put_maria()
    bench.take(bench.arrival(arrival_id="m1"))
    second = bench.arrival(arrival_id="m2", outcome="repeat")
    bench.take(second)
    bench.take(msgspec.structs.replace(second, rev=1, outcome="not_today", member=None, card_token=None))
    assert [(fact.arrival_id, fact.member) for fact in bench.facts("arrival")] == [("m1", None), ("m2", None)]
    assert bench.rows("visits")[0]["store"] == STORE
