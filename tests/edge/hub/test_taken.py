"""A claim is no secret: everybody on shift sees that somebody is taken care of and by whom, and forgets it when told to."""

from __future__ import annotations

from typing import Any

from tests.support.hub import HubBench, Phone


def taken_by_ann(bench: HubBench) -> tuple[Phone, Phone, dict[str, Any]]:
    """Maria's own associate is Ann, so Ben was never asked; Ann takes her."""
    ann, ben = bench.phone("ann"), bench.phone("ben")
    bench.put_maria(own_associate="ann")
    bench.take(bench.arrival())
    [alert] = ann.alerts()
    assert ben.alerts() == [] and bench.broker.alerts("ben") == []
    assert ann.act(f"/api/v1/alerts/{alert['alert_id']}/claim").status_code == 200
    bench.hub.announcer.turn()
    return ann, ben, alert


def test_a_colleague_who_was_never_asked_sees_who_took_her(bench: HubBench) -> None:
    _, ben, alert = taken_by_ann(bench)
    [published] = bench.broker.alerts("ben")
    [answered] = ben.alerts()
    assert (published.state, published.claimed_by, published.claimed_by_name) == ("claimed", "ann", "Ann")
    assert published.who.name == "Maria"
    assert published.headline is None and "headline" not in answered, "the line about her is for who serves her"
    assert (answered["alert_id"], answered["rev"], answered["claimed_by"]) == (alert["alert_id"], published.rev, "ann")
    assert ben.act(f"/api/v1/alerts/{alert['alert_id']}/claim").status_code == 409
    assert ben.get(f"/api/v1/visits/{alert['visit_id']}/card").status_code == 403


def test_whoever_signs_in_later_sees_it_too(bench: HubBench) -> None:
    taken_by_ann(bench)
    cleo = bench.phone("cleo")
    bench.later(1)
    assert [one["claimed_by"] for one in cleo.alerts()] == ["ann"]
    assert bench.broker.alerts("cleo")[-1].state == "claimed"
    assert len(bench.broker.alerts("cleo")) == 1
    bench.later(1)
    assert len(bench.broker.alerts("cleo")) == 1, "told twice"


def test_given_back_it_waits_for_the_colleague_as_well(bench: HubBench) -> None:
    ann, ben, alert = taken_by_ann(bench)
    assert ann.act(f"/api/v1/alerts/{alert['alert_id']}/release").status_code == 200
    bench.hub.announcer.turn()
    assert bench.broker.alerts("ben")[-1].state == "open"
    assert ben.act(f"/api/v1/alerts/{alert['alert_id']}/claim").status_code == 200


def test_its_end_reaches_everybody_who_was_told(bench: HubBench) -> None:
    ann, ben, alert = taken_by_ann(bench)
    assert ann.act(f"/api/v1/alerts/{alert['alert_id']}/served").status_code == 200
    bench.hub.announcer.turn()
    assert bench.broker.alerts("ben")[-1].state == "served"
    assert ben.alerts() == []


def test_not_today_after_the_claim_is_forgotten_by_the_colleague_as_well(bench: HubBench) -> None:
    _, ben, alert = taken_by_ann(bench)
    bench.take(bench.arrival(arrival_id="arrival-1", rev=1, outcome="not_today", member=None, card_token=None))
    last = bench.broker.alerts("ben")[-1]
    assert (last.alert_id, last.state, last.who.name, last.claimed_by) == (alert["alert_id"], "withdrawn", None, None)
    assert ben.alerts() == []
