"""The life of an alert: one claimer, exactly one end, whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.associates import floor
from edge.associates.floor import FloorAlert, FloorPolicy, Refusal
from edge.associates.moments import LONGEST_S, Moment, elapsed
from edge.associates.routing import OnShift
from edge.contracts.outcomes import ALERT_ENDS

START = datetime(2026, 11, 20, 9, tzinfo=timezone.utc)
PEOPLE = [OnShift("ann"), OnShift("ben"), OnShift("cleo")]
POLICY = FloorPolicy(expires_s=300, escalate_s=60, grace_s=900)


def at(seconds: float, boot: str = "b1") -> Moment:
    return Moment(START + timedelta(seconds=seconds), boot, 1000 + seconds if boot == "b1" else seconds)


def an_alert(own: str | None = None, people: list[OnShift] = PEOPLE) -> FloorAlert:
    return floor.raise_alert("a1", "v1", at(0), people, own=own, reason=None, language=None)


def claimed(by: str = "ann") -> FloorAlert:
    result = floor.claim(an_alert(), by)
    assert isinstance(result, FloorAlert)
    return result


def test_claim_makes_one_claimer() -> None:
    taken = claimed("ann")
    assert (taken.state, taken.claimed_by, taken.rev) == ("claimed", "ann", 1)
    assert floor.claim(taken, "ben") == Refusal("already_claimed", "ann")
    assert floor.claim(taken, "ann") == taken


def test_only_those_it_went_to_may_claim() -> None:
    assert floor.claim(an_alert(own="ann"), "ben") == Refusal("not_your_alert")


@pytest.mark.parametrize("end", ["served", "withdrawn", "expired"])
def test_an_end_is_the_end(end: str) -> None:
    ended = {
        "served": floor.serve(claimed(), "ann", at(5)),
        "withdrawn": floor.withdraw(claimed(), at(5)),
        "expired": floor.expire(claimed(), at(5)),
    }[end]
    assert isinstance(ended, FloorAlert)
    assert ended.state == end
    assert floor.withdraw(ended, at(6)) == ended
    assert floor.expire(ended, at(6)) == ended
    assert floor.tick(ended, at(10_000), PEOPLE, POLICY, visit_open=False) == ended
    for refused in (floor.claim(ended, "ben"), floor.serve(ended, "ann", at(6)), floor.release(ended, "ann", at(6), PEOPLE)):
        assert isinstance(refused, Refusal)
        assert refused.code == "alert_ended"


def test_only_the_claimer_serves_and_releases() -> None:
    assert floor.serve(claimed("ann"), "ben", at(1)) == Refusal("already_claimed", "ann")
    assert floor.release(claimed("ann"), "ben", at(1), PEOPLE) == Refusal("already_claimed", "ann")
    assert floor.serve(an_alert(), "ann", at(1)) == Refusal("not_claimed")


def test_released_goes_to_everybody_and_its_time_begins_anew() -> None:
    alert = floor.claim(an_alert(own="ann"), "ann")
    assert isinstance(alert, FloorAlert)
    free = floor.release(alert, "ann", at(290), PEOPLE)
    assert isinstance(free, FloorAlert)
    assert (free.state, free.claimed_by) == ("open", None)
    assert {recipient.associate for recipient in free.recipients} == {"ann", "ben", "cleo"}
    assert floor.tick(free, at(400), PEOPLE, POLICY).state == "open"
    assert floor.tick(free, at(590), PEOPLE, POLICY).state == "expired"


def test_escalates_once_and_then_expires() -> None:
    alert = an_alert(own="ann")
    assert floor.tick(alert, at(59), PEOPLE, POLICY) == alert
    asked = floor.tick(alert, at(60), PEOPLE, POLICY)
    assert (asked.rev, asked.escalated, len(asked.recipients)) == (1, True, 3)
    assert floor.tick(asked, at(61), PEOPLE, POLICY) == asked
    assert floor.tick(asked, at(300), PEOPLE, POLICY).state == "expired"


def test_waits_for_somebody_to_come_to_work() -> None:
    alert = an_alert(people=[])
    assert alert.recipients == ()
    found = floor.tick(alert, at(10), [OnShift("dora")], POLICY)
    assert [recipient.associate for recipient in found.recipients] == ["dora"]
    assert found.rev == 1


def test_claimed_ends_with_its_visit_not_with_its_time() -> None:
    assert floor.tick(claimed(), at(3000), PEOPLE, POLICY).state == "claimed"
    assert floor.tick(claimed(), at(3000), PEOPLE, POLICY, visit_open=False).state == "expired"


def test_a_claim_is_told_to_everybody_and_to_whoever_comes_to_work_later() -> None:
    taken = floor.claim(an_alert(own="ann"), "ann")
    assert isinstance(taken, FloorAlert)
    told = floor.tell_all(taken, PEOPLE)
    assert [(r.associate, r.why) for r in told.recipients] == [("ann", "own"), ("ben", "everybody"), ("cleo", "everybody")]
    assert floor.tick(told, at(3000), PEOPLE, POLICY) == told
    later = floor.tick(told, at(5), [*PEOPLE, OnShift("dora")], POLICY)
    assert (later.rev, later.state, later.recipients[-1].associate) == (told.rev + 1, "claimed", "dora")
    assert floor.claim(later, "dora") == Refusal("already_claimed", "ann")


def test_a_reason_asks_more_people_and_drops_nobody() -> None:
    people = [OnShift("ann"), OnShift("ben", frozenset({"return"}))]
    alert = floor.raise_alert("a", "v", at(0), people, own="ann", reason=None, language=None)
    told = floor.learn(alert, people, own=None, reason="return", language=None)
    assert [(r.associate, r.why) for r in told.recipients] == [("ann", "own"), ("ben", "reason")]
    assert (told.reason, told.rev) == ("return", 1)
    assert floor.learn(told, people, own=None, reason="return", language=None) == told


def test_the_card_closes_after_the_grace() -> None:
    served = floor.serve(claimed("ann"), "ann", at(100))
    assert isinstance(served, FloorAlert)
    assert floor.card_open(served, "ann", at(1000), POLICY)
    assert not floor.card_open(served, "ann", at(1001), POLICY)
    assert not floor.card_open(served, "ben", at(101), POLICY)
    assert not floor.card_open(an_alert(), "ann", at(1), POLICY)
    assert not floor.card_open(replace(claimed("ann"), state="withdrawn", ended=at(2)), "ann", at(3), POLICY)


def test_age_survives_a_restart_and_any_wall_clock() -> None:
    assert elapsed(at(0), at(30, "b2")) == 30
    assert elapsed(at(0), at(-500, "b2")) == 0
    assert elapsed(at(0), at(10 * 365 * 86_400, "b2")) == LONGEST_S
    jumped = Moment(START + timedelta(days=3650), "b1", 1010)
    assert elapsed(at(0), jumped) == 10


@given(st.lists(st.floats(min_value=0, max_value=4000), max_size=20))
def test_time_alone_ends_every_open_alert(steps: list[float]) -> None:
    alert, now = an_alert(), 0.0
    for step in steps:
        now += step
        alert = floor.tick(alert, at(now), PEOPLE, POLICY)
    assert alert.state == ("expired" if now >= POLICY.expires_s else "open")


class Floor(RuleBasedStateMachine):
    """Everything that can happen to one alert, against a few words of model."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ends = 0
        self.holders: list[str] = []
        self.visit_open = True

    @initialize(own=st.sampled_from([None, "ann", "zoe"]), on_shift=st.integers(0, 3))
    def begin(self, own: str | None, on_shift: int) -> None:
        self.alert = an_alert(own, PEOPLE[:on_shift])
        self.history = [self.alert]

    def keep(self, result: FloorAlert | Refusal) -> None:
        if isinstance(result, Refusal):
            return
        before = self.alert
        if result != before:
            assert result.rev in (before.rev, before.rev + 1)
            assert before.state not in ALERT_ENDS, "an ended alert changed"
            assert set(before.recipients) <= set(result.recipients)
        if result.state in ALERT_ENDS and before.state not in ALERT_ENDS:
            self.ends += 1
        self.alert = result

    @rule(seconds=st.floats(0, 200))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.keep(floor.tick(self.alert, at(self.now), PEOPLE, POLICY, visit_open=self.visit_open))

    @rule()
    def visit_ends(self) -> None:
        self.visit_open = False

    @rule(by=st.sampled_from(["ann", "ben", "cleo"]))
    def claim(self, by: str) -> None:
        result = floor.claim(self.alert, by)
        if isinstance(result, FloorAlert) and self.alert.state == "claimed":
            assert self.alert.claimed_by == by, "two claimers"
        self.keep(result)

    @rule(by=st.sampled_from(["ann", "ben"]))
    def release(self, by: str) -> None:
        self.keep(floor.release(self.alert, by, at(self.now), PEOPLE))

    @rule(by=st.sampled_from(["ann", "ben"]))
    def serve(self, by: str) -> None:
        holder = self.alert.claimed_by if self.alert.state == "claimed" else None
        result = floor.serve(self.alert, by, at(self.now))
        assert isinstance(result, FloorAlert) == (holder == by)
        self.keep(result)

    @precondition(lambda self: self.now > 100)
    @rule()
    def withdraw(self) -> None:
        self.keep(floor.withdraw(self.alert, at(self.now)))

    @rule(reason=st.sampled_from([None, "help", "return"]))
    def learn(self, reason: str | None) -> None:
        self.keep(floor.learn(self.alert, PEOPLE, own=None, reason=reason, language=None))  # type: ignore[arg-type]

    @invariant()
    def one_end_at_most(self) -> None:
        assert self.ends <= 1
        if hasattr(self, "alert"):
            assert (self.alert.state in ALERT_ENDS) == (self.ends == 1)
            assert (self.alert.ended is not None) == (self.ends == 1)
            if self.alert.state == "claimed":
                assert self.alert.claimed_by is not None
            if self.alert.state == "open":
                assert self.alert.claimed_by is None


TestFloorMachine = Floor.TestCase
