"""The outbox's plan, by example and by property."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.plan import Backoff, Plan, Row, no_jitter, plan, steady_jitter

NOW = 1000.0
BACKOFF = Backoff()


def row(seq: int, key: str = "", **changes: Any) -> Row:
    return Row(
        **{
            "seq": seq,
            "store": "main-street",
            "key": key or f"thing{seq}",
            "payload": b"{}",
            "made_at": "2026-11-20T09:00:00+00:00",
            "made_boot": "boot1",
            "made_monotonic": NOW - 1,
            **changes,
        }
    )


def tried(seq: int, key: str = "", *, tries: int = 1, ago: float = 0.0, **changes: Any) -> Row:
    return row(seq, key, tries=tries, tried_boot="boot1", tried_monotonic=NOW - ago, **changes)


def planned(*rows: Row, now: float = NOW, boot: str = "boot1", batch: int = 50, backoff: Backoff = BACKOFF, **more: Any) -> Plan:
    return plan(rows, now=now, boot=boot, batch=batch, backoff=backoff, **more)


def test_nothing_waits() -> None:
    assert planned() == Plan([], None, [])


def test_new_rows_go_at_once_in_the_order_they_were_made() -> None:
    assert planned(row(3), row(1), row(2)) == Plan([1, 2, 3], None, [])


def test_the_batch_is_a_limit_and_the_rest_is_due_now() -> None:
    assert planned(*(row(seq) for seq in range(1, 6)), batch=2) == Plan([1, 2], 0.0, [])


@pytest.mark.parametrize(("tries", "delay"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (1000, 60.0), (10**9, 60.0)])
def test_backoff_doubles_up_to_a_minute(tries: int, delay: float) -> None:
    assert planned(tried(1, tries=tries)).wait_s == pytest.approx(delay)
    assert planned(tried(1, tries=tries, ago=delay)).send == [1]


def test_jitter_spreads_by_a_fifth_and_never_moves() -> None:
    lowest, highest = Backoff(jitter=lambda _seq, _tries: 0.0), Backoff(jitter=lambda _seq, _tries: 0.999999)
    assert lowest.delay_s(1, 1) == pytest.approx(0.8)
    assert highest.delay_s(1, 1) == pytest.approx(1.2, abs=1e-5)
    steady = steady_jitter("door-1")
    assert steady(7, 2) == steady(7, 2)
    assert {steady(seq, 1) for seq in range(20)} != {steady_jitter("door-2")(seq, 1) for seq in range(20)}
    assert no_jitter(1, 1) == 0.5


def test_after_a_reboot_everything_is_due_at_once() -> None:
    waiting = [tried(1, tries=9), row(2, hold_s=500.0)]
    assert planned(*waiting).send == []
    assert planned(*waiting, boot="boot2", now=1.0) == Plan([1, 2], None, [])


def test_a_held_row_waits_from_its_making() -> None:
    assert planned(row(1, hold_s=90.0)) == Plan([], 89.0, [])
    assert planned(row(1, hold_s=90.0), now=NOW + 89.0).send == [1]


def test_a_time_that_has_not_come_yet_releases_what_it_would_hold_for_ever() -> None:
    assert planned(row(1, hold_s=90.0, made_monotonic=NOW + 1)) == Plan([], 91.0, [])  # put after `now` was read
    assert planned(row(1, hold_s=90.0, made_monotonic=NOW + 1e6)).send == [1]


def test_a_held_row_holds_up_its_own_thing_only() -> None:
    held, later, other = row(1, "a:0", hold_s=90.0), row(2, "a:1"), row(3, "b:0")
    assert planned(held, later, other) == Plan([3], 89.0, [])


def test_a_revision_need_not_wait_for_the_backoff_of_what_has_left() -> None:
    assert planned(tried(1, "a:0", tries=5), row(2, "a:1")).send == [2]


def test_what_left_on_an_earlier_boot_leaves_first_again() -> None:
    before = row(1, "a:0", tries=3, tried_boot="boot0", tried_monotonic=5.0, made_boot="boot0")
    assert planned(before, row(2, "a:1")).send == [1, 2]
    assert planned(before, row(2, "a:1"), batch=1) == Plan([1], 0.0, [])


def test_too_large_is_parked_and_holds_nobody_up() -> None:
    assert planned(row(1, "a:0", payload=b"x" * 11), row(2, "a:1"), max_bytes=10) == Plan([2], None, [(1, "too_large")])


def test_giving_up_is_only_for_who_asks() -> None:
    patient, impatient = planned(tried(1, tries=99, ago=99)), planned(tried(1, tries=3), backoff=Backoff(give_up_after=3))
    assert patient.send == [1]
    assert impatient == Plan([], None, [(1, "tries_exhausted")])


def test_parked_rows_are_left_alone() -> None:
    assert planned(row(1, state="parked", code="refused")) == Plan([], None, [])


def test_age_is_unknown_after_a_reboot() -> None:
    assert row(1).age_s(NOW, "boot1") == 1.0
    assert row(1).age_s(NOW - 50, "boot1") == 0.0
    assert row(1).age_s(5.0, "boot2") is None


rows_of_life = st.lists(
    st.builds(
        row,
        seq=st.just(0),
        key=st.sampled_from(["a", "b", "c", "d"]),
        made_boot=st.sampled_from(["boot0", "boot1"]),
        made_monotonic=st.floats(0, 2000),
        hold_s=st.sampled_from([0.0, 0.0, 30.0, 90.0, 1e9]),
        tries=st.integers(0, 80),
        tried_boot=st.sampled_from([None, "boot0", "boot1"]),
        tried_monotonic=st.none() | st.floats(0, 2000),
        state=st.sampled_from(["waiting", "waiting", "waiting", "parked"]),
        payload=st.sampled_from([b"{}", b"x" * 100]),
    ),
    max_size=12,
).map(lambda rows: [msgspec.structs.replace(one, seq=n, key=f"{one.key}:{n}") for n, one in enumerate(rows, start=1)])


def thing(one: Row) -> str:
    return one.key.partition(":")[0]


@given(rows=rows_of_life, now=st.floats(0, 3000), batch=st.integers(1, 6))
def test_properties_of_any_plan(rows: list[Row], now: float, batch: int) -> None:
    made = plan(rows, now=now, boot="boot1", batch=batch, backoff=BACKOFF, max_bytes=50)
    by_seq = {one.seq: one for one in rows}
    parked = dict(made.park)
    assert made.send == sorted(made.send)
    assert len(made.send) <= batch
    assert not set(made.send) & set(parked)
    assert parked == {one.seq: "too_large" for one in rows if one.state == "waiting" and len(one.payload) > 50}
    assert all(by_seq[seq].state == "waiting" for seq in made.send)
    left = [one for one in rows if one.state == "waiting" and one.seq not in made.send and one.seq not in parked]
    assert (made.wait_s is None) == (not left)
    assert made.wait_s is None or made.wait_s >= 0
    for seq in made.send:
        one = by_seq[seq]
        unknown = one.made_boot != "boot1" or one.made_monotonic > now + 10
        assert unknown or now >= one.made_monotonic + one.hold_s - 1e-6 or one.hold_s == 0
        for earlier in left:  # nothing overtakes: what is left behind has left before, on this boot
            assert not (thing(earlier) == thing(one) and earlier.seq < seq) or earlier.tried_boot == "boot1"


@given(rows=rows_of_life, start=st.floats(0, 3000))
def test_nothing_is_stuck_and_nothing_overtakes(rows: list[Row], start: float) -> None:
    """Follow the plan as a sender does: each row leaves in bounded turns, for the first time in order."""
    waiting = {one.seq: one for one in rows if one.state == "waiting" and len(one.payload) <= 50 and one.hold_s < 1e6}
    now, departures = start, list[int]()
    for _ in range(200):
        untried = [one for one in waiting.values() if one.seq not in departures]
        if not untried:
            break
        made = plan(list(waiting.values()), now=now, boot="boot2", batch=3, backoff=BACKOFF)
        for seq in made.send:
            departures += [seq] if seq not in departures else []
            one = waiting[seq]
            waiting[seq] = msgspec.structs.replace(one, tries=one.tries + 1, tried_boot="boot2", tried_monotonic=now)
        if not made.send:
            assert made.wait_s is not None
            now += max(made.wait_s, 1e-3)
    assert sorted(departures) == sorted(waiting)
    for name in "abcd":
        of_thing = [seq for seq in departures if thing(waiting[seq]) == name]
        assert of_thing == sorted(of_thing)


@given(rows=rows_of_life, now=st.floats(0, 3000))
def test_waiting_as_long_as_told_makes_something_due(rows: list[Row], now: float) -> None:
    made = plan(rows, now=now, boot="boot1", batch=50, backoff=BACKOFF)
    if made.send or made.wait_s is None:
        return
    later = now + made.wait_s
    assert plan(rows, now=later + 1e-6 * max(1.0, later), boot="boot1", batch=50, backoff=BACKOFF).send
