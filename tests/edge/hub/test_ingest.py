"""The pure decision: every outcome, every revision, every refusal."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.answer import Greeting
from edge.contracts.arrival import Arrival
from edge.contracts.topics import TopicName
from edge.hub import ingest
from edge.hub.ingest import Known, Person, Prior

AT = datetime(2026, 11, 20, 9, tzinfo=timezone.utc)
MARIA = Person("m-maria", "Maria", "de")
NO_NAME = Person("m-quiet", None, "en")


def arrival(**changes: Any) -> Arrival:
    fields: dict[str, Any] = {
        "v": "1.0", "id": "i1", "source": "main-street/kiosk/door-1", "at": AT, "clock": "free", "boot": "b", "seq": 1,
        "age_s": 0.2, "arrival_id": "a1", "rev": 0, "outcome": "welcome", "member": "m-maria",
    }  # fmt: skip
    return Arrival(**(fields | changes))


def known(**changes: Any) -> Known:
    return Known(**({"card": "active", "person": MARIA, "assurance": "plain"} | changes))


STRANGER = Known()


@pytest.mark.parametrize(
    ("came", "what", "outcome", "visit", "alert", "member"),
    [
        (arrival(), known(), "welcome", "open", "raise", "m-maria"),
        (arrival(), known(visit_id="v", alert="open"), "welcome", "join", "learn", "m-maria"),
        (arrival(), known(visit_id="v", alert="claimed"), "welcome", "join", "learn", "m-maria"),
        (arrival(), known(visit_id="v", alert="served"), "welcome", "join", "none", "m-maria"),
        (arrival(), known(visit_id="v", alert="expired"), "welcome", "join", "raise", "m-maria"),
        (arrival(outcome="repeat"), known(visit_id="v", alert="served"), "repeat", "join", "none", "m-maria"),
        (arrival(outcome="repeat"), known(), "repeat", "open", "none", "m-maria"),
        (arrival(outcome="stranger", member=None), known(), "welcome", "open", "raise", "m-maria"),
        (arrival(outcome="stranger", member=None), STRANGER, "stranger", "open", "none", None),
        (arrival(outcome="welcome"), STRANGER, "stranger", "open", "none", None),
        (arrival(outcome="stranger", member=None, reason="help"), STRANGER, "stranger", "open", "raise", None),
        (arrival(outcome="stranger", member=None, reason="looking"), STRANGER, "stranger", "open", "none", None),
        (arrival(outcome="guest", member=None), STRANGER, "guest", "open", "raise", None),
        (arrival(outcome="not_today", member=None), STRANGER, "not_today", "none", "none", None),
        (arrival(), known(person=Person("m-maria", not_today=True)), "not_today", "none", "none", None),
        (arrival(outcome="blocked"), STRANGER, "blocked", "none", "none", None),
        (arrival(), Known(card="blocked"), "blocked", "none", "none", None),
        (arrival(outcome="blocked"), known(), "welcome", "open", "raise", "m-maria"),
        (arrival(age_s=None), known(), "welcome", "open", "none", "m-maria"),
        (arrival(age_s=300.0), known(), "welcome", "open", "raise", "m-maria"),
        (arrival(age_s=300.1), known(), "welcome", "open", "none", "m-maria"),
        (arrival(test=True), known(), "welcome", "open", "none", "m-maria"),
        (arrival(outcome="guest", member=None, age_s=301.0), STRANGER, "guest", "open", "none", None),
    ],
)  # fmt: skip
def test_a_first_revision(came: Arrival, what: Known, outcome: str, visit: str, alert: str, member: str | None) -> None:
    decision = ingest.decide(came, what)
    assert decision.result == "new"
    assert (decision.outcome, decision.visit, decision.alert, decision.member) == (outcome, visit, alert, member)
    assert decision.greeting is not None
    assert decision.greeting.outcome == outcome


PRIOR = Prior(0, "welcome", Greeting("welcome", "Maria"), "v", None, "de", "plain")


@pytest.mark.parametrize(
    ("came", "prior", "alert_now", "outcome", "visit", "alert"),
    [
        (arrival(rev=1, reason="pickup"), PRIOR, "open", "welcome", "join", "learn"),
        (arrival(rev=1, reason="pickup"), PRIOR, "expired", "welcome", "join", "raise"),
        (arrival(rev=1, reason="pickup"), PRIOR, "served", "welcome", "join", "raise"),
        (arrival(rev=1), PRIOR, "served", "welcome", "join", "none"),
        (arrival(rev=1), PRIOR, None, "welcome", "join", "none"),
        (arrival(rev=1, outcome="not_today", member=None), PRIOR, "open", "not_today", "forget", "withdraw"),
        (arrival(rev=2, reason="help"), Prior(1, "not_today", None), None, "not_today", "none", "none"),
        (arrival(rev=2, reason="help"), Prior(1, "welcome", None, "v", "help"), "expired", "welcome", "join", "none"),
    ],
)
def test_a_later_revision(came: Arrival, prior: Prior, alert_now: Any, outcome: str, visit: str, alert: str) -> None:
    decision = ingest.decide(came, known(prior=prior, visit_id="v", alert=alert_now))
    assert decision.result == "revised"
    assert (decision.outcome, decision.visit, decision.alert) == (outcome, visit, alert)


def test_the_same_again_gets_the_same_greeting() -> None:
    said = Greeting("welcome", "Maria", "de", "plain", "m-maria")
    decision = ingest.decide(arrival(), Known(filed_same=True, same=said))
    assert (decision.result, decision.greeting, decision.alert, decision.visit) == ("duplicate", said, "none", "none")


def test_a_lower_revision_after_a_higher_one_is_a_duplicate() -> None:
    decision = ingest.decide(arrival(rev=0), known(prior=Prior(1, "not_today", Greeting("not_today"))))
    assert (decision.result, decision.alert) == ("duplicate", "none")
    assert decision.greeting == Greeting("not_today")


def test_a_name_only_for_who_asked_for_it() -> None:
    loud, quiet = ingest.decide(arrival(), known()).greeting, ingest.decide(arrival(), known(person=NO_NAME)).greeting
    assert loud is not None
    assert quiet is not None
    assert (loud.name, loud.assurance) == ("Maria", "plain")
    assert (quiet.name, quiet.member) == (None, "m-quiet")


@pytest.mark.parametrize(
    ("source", "topic", "code"),
    [
        ("main-street/kiosk/door-1", TopicName("main-street", "kiosk", "door-1", "arrival"), None),
        ("elsewhere/kiosk/door-1", TopicName("elsewhere", "kiosk", "door-1", "arrival"), "store_wrong"),
        ("elsewhere/kiosk/door-1", TopicName("main-street", "kiosk", "door-1", "arrival"), "store_wrong"),
        ("main-street/kiosk/door-2", TopicName("main-street", "kiosk", "door-1", "arrival"), "source_mismatch"),
        ("main-street/hub/door-1", TopicName("main-street", "kiosk", "door-1", "arrival"), "source_mismatch"),
        ("main-street/kiosk/door-9", TopicName("main-street", "kiosk", "door-9", "arrival"), "kiosk_unknown"),
    ],
)
def test_who_may_send(source: str, topic: TopicName, code: str | None) -> None:
    refusal = ingest.check(arrival(source=source), topic, "main-street", {"door-1", "door-2"})
    assert (refusal.code if refusal else None) == code
    if refusal:
        assert refusal.result == "refused"
        assert refusal.hint


outcomes = st.sampled_from(["welcome", "repeat", "stranger", "guest", "not_today", "blocked"])
priors = st.none() | st.builds(
    Prior, st.integers(0, 3), outcomes, st.none(), st.sampled_from([None, "v"]), st.sampled_from([None, "help", "pickup"])
)
knowns = st.builds(
    Known,
    st.sampled_from(["active", "blocked", "unknown"]),
    st.sampled_from([None, MARIA, NO_NAME, Person("m", not_today=True)]),
    st.sampled_from([None, "plain"]),
    st.booleans(),
    st.none(),
    priors,
    st.sampled_from([None, "v"]),
    st.sampled_from([None, "open", "claimed", "served", "expired", "withdrawn"]),
)
arrivals = st.builds(
    arrival,
    rev=st.integers(0, 4),
    outcome=outcomes,
    member=st.just(None),
    reason=st.sampled_from([None, "help", "pickup", "looking"]),
    age_s=st.none() | st.floats(0, 10_000),
    test=st.booleans(),
)


@given(arrivals, knowns)
def test_what_holds_for_everything(came: Arrival, what: Known) -> None:
    decision = ingest.decide(came, what)
    if decision.result == "duplicate":
        assert (decision.visit, decision.alert) == ("none", "none")
        return
    if decision.alert == "raise":
        assert ingest.fresh(came), "something old or a probe was announced as new"
        assert what.alert not in ("open", "claimed"), "a second live alert for one visit"
    if decision.outcome in ("not_today", "blocked"):
        assert decision.member is None
        assert decision.alert in ("none", "withdraw")
        assert decision.greeting is not None
        assert (decision.greeting.name, decision.greeting.member) == (None, None)
    if came.outcome in ("not_today", "guest"):
        assert decision.member is None
    if what.prior is not None and what.prior.outcome == "not_today":
        assert decision.outcome == "not_today"
    assert (decision.visit == "join") <= (what.visit_id is not None)
