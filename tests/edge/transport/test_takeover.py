"""A client id used twice, told from a broker that restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.transport.takeover import TakeoverWatch


def test_more_than_three_losses_in_a_minute() -> None:
    watch = TakeoverWatch()
    for second in range(3):
        watch.lost(float(second))
    assert not watch.suspected(2.0)
    watch.lost(3.0)
    assert watch.suspected(3.0)
    assert not watch.suspected(61.0)


def test_slow_losses_are_a_bad_network() -> None:
    watch = TakeoverWatch()
    for turn in range(20):
        watch.lost(turn * 21.0)
        assert not watch.suspected(turn * 21.0)


def test_a_broker_that_was_away_explains_the_losses() -> None:
    watch = TakeoverWatch()
    for second in range(20):
        watch.lost(float(second))
        watch.refused()
        assert not watch.suspected(float(second))


@given(st.lists(st.floats(0, 300), max_size=30).map(sorted))
def test_agrees_with_counting(losses: list[float]) -> None:
    watch = TakeoverWatch()
    for count, now in enumerate(losses, start=1):
        watch.lost(now)
        within = sum(now - earlier <= 60.0 for earlier in losses[:count])
        assert watch.suspected(now) == (within > 3)
