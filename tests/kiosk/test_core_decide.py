"""Station 4: what a recognition means here and now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.outcomes import ARRIVAL_OUTCOMES
from edge.contracts.sealed import Evidence
from edge.process.clock import ManualClock
from kiosk.visit.decide import Decision, Policy, Recent, decide
from kiosk.visit.recognise import Recognition
from tests.support.kiosk_core import moment

NOW = moment(ManualClock())
POLICY = Policy(repeat_window_s=600, not_today_armed_s=20)
MEMBER = Recognition("member", "t" * 32, "m_1", "de", "name")
STRANGER = Recognition("stranger", "s" * 32, evidence=Evidence("nfc:04A1B2C3"))
BLOCKED = Recognition("blocked", "b" * 32)


def seen(ago_s: float, member: str = "m_1", boot: str = NOW.boot) -> Recent:
    return Recent(member, boot, NOW.monotonic - ago_s)


@pytest.mark.parametrize(
    ("recognition", "recent", "armed_ago_s", "outcome"),
    [
        (MEMBER, [], None, "welcome"),
        (MEMBER, [seen(1)], None, "repeat"),
        (MEMBER, [seen(0)], None, "repeat"),
        (MEMBER, [seen(599.99)], None, "repeat"),
        (MEMBER, [seen(600)], None, "welcome"),
        (MEMBER, [seen(-1)], None, "repeat"),
        (MEMBER, [seen(-600)], None, "welcome"),
        (MEMBER, [seen(1, "m_2")], None, "welcome"),
        (MEMBER, [seen(1, boot="before")], None, "welcome"),
        (MEMBER, [seen(9000), seen(5)], None, "repeat"),
        (STRANGER, [seen(1)], None, "stranger"),
        (BLOCKED, [seen(1)], None, "blocked"),
        (MEMBER, [], 0, "not_today"),
        (MEMBER, [], 20, "not_today"),
        (MEMBER, [], 20.01, "welcome"),
        (MEMBER, [seen(1)], 5, "not_today"),
        (STRANGER, [], 5, "not_today"),
        (BLOCKED, [], 5, "not_today"),
        (replace(MEMBER, wishes_not_today=True), [seen(1)], None, "not_today"),
        (Recognition("phone_uid"), [], 5, "phone_uid"),
        (Recognition("unreadable"), [], 5, "unreadable"),
        (Recognition("ambiguous"), [], None, "ambiguous"),
    ],
)
def test_outcomes(recognition, recent, armed_ago_s, outcome):
    armed_at = None if armed_ago_s is None else NOW.monotonic - armed_ago_s
    assert decide(recognition, recent, POLICY, armed_at, NOW).outcome == outcome


kinds = st.sampled_from(["member", "stranger", "blocked", "phone_uid", "unreadable", "ambiguous"])
recognitions = st.builds(
    Recognition,
    kinds,
    st.none() | st.just("t" * 32),
    st.none() | st.just("m_1"),
    st.none() | st.just("fr"),
    st.sampled_from(["name", "nameless"]),
    st.booleans(),
    st.none() | st.builds(Evidence, st.just("nfc:04A1B2C3")),
)
recents = st.lists(st.builds(Recent, st.sampled_from(["m_1", "m_2"]), st.sampled_from(["boot1", "old"]), st.floats(0, 2000)))


@given(recognitions, recents, st.none() | st.floats(0, 2000))
def test_whoever_wants_to_be_left_alone_is_counted_without_anything_of_them(recognition, recent, armed_at):
    armed = armed_at is not None and 0 <= NOW.monotonic - armed_at <= POLICY.not_today_armed_s
    decision = decide(recognition, recent, POLICY, armed_at, NOW)
    if recognition.kind in ("member", "stranger", "blocked") and (armed or recognition.wishes_not_today):
        assert decision == Decision("not_today", language=recognition.language)
    else:
        assert decision.outcome != "not_today"


@given(recognitions, recents, st.none() | st.floats(0, 2000), st.integers(-3650, 3650))
def test_a_jump_of_the_wall_clock_changes_no_outcome(recognition, recent, armed_at, days):
    clock = ManualClock()
    clock.jump(days * 86_400)
    assert decide(recognition, recent, POLICY, armed_at, moment(clock)) == decide(recognition, recent, POLICY, armed_at, NOW)


@given(recognitions, recents)
def test_only_arrivals_identify(recognition, recent):
    decision = decide(recognition, recent, POLICY, None, NOW)
    if decision.outcome not in ARRIVAL_OUTCOMES:
        assert (decision.member, decision.token, decision.evidence) == (None, None, None)


@given(st.floats(0, 5000), st.floats(1, 4000))
def test_the_window_is_open_at_its_end(ago_s, window_s):
    policy = replace(POLICY, repeat_window_s=window_s)
    now = replace(NOW, monotonic=10_000.0)
    row = Recent("m_1", NOW.boot, 10_000.0 - ago_s)
    expected = "repeat" if 10_000.0 - row.monotonic < window_s else "welcome"
    assert decide(MEMBER, [row], policy, None, now).outcome == expected
