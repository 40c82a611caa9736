"""What a reader tells late is recorded and judged by when it happened: a board keeps reports while its cable is out."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.contracts.arrival import Arrival
from firmware_bridge.card_read import ButtonPressed
from kiosk.records.book import FILE_NAME
from kiosk.tap_loop import TapLoop
from kiosk.visit.decide import Policy
from kiosk.visit.moment import LATEST_S
from tests.support.kiosk_core import NEW_UID, Bench, bench, read, until


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def told(kiosk: Bench, late_s: float, uid: str | None = None) -> Arrival:
    """Maria's tap (or another card's) of `late_s` ago; the arrival it became."""
    card = read(**({} if uid is None else {"uid": uid}), monotonic=kiosk.clock.monotonic() - late_s)
    kiosk.reception.tap(card)
    return kiosk.waiting()[-1]


def ago(kiosk: Bench, arrival: Arrival) -> tuple[float, float | None]:
    """How long ago an arrival was, by the wall clock in it and by its age."""
    return (kiosk.clock.now() - arrival.at).total_seconds(), arrival.age_s


def test_a_tap_told_late_is_an_arrival_of_its_own_time(kiosk: Bench, tmp_path: Path) -> None:
    assert ago(kiosk, told(kiosk, 15.0)) == (15.0, 15.0)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        visits = connection.execute("SELECT made_monotonic FROM visits").fetchall()
    assert visits == [(kiosk.clock.monotonic() - 15.0,)]


@pytest.mark.parametrize(("late_s", "expected_s"), [(-5.0, 0.0), (0.0, 0.0), (LATEST_S, LATEST_S), (4_294_967.0, LATEST_S)])
def test_what_a_reader_claims_has_its_bounds(kiosk: Bench, late_s: float, expected_s: float) -> None:
    assert ago(kiosk, told(kiosk, late_s)) == (expected_s, expected_s)


def test_the_repeat_window_counts_from_the_tap_not_from_when_it_was_told(tmp_path: Path) -> None:
    with bench(tmp_path, policy=Policy(repeat_window_s=20)) as kiosk:
        assert told(kiosk, 15.0).outcome == "welcome"
        kiosk.clock.advance(10)
        assert told(kiosk, 0.0).outcome == "welcome", "25 s after the tap, 10 s after it was told"


def test_the_earlier_of_two_taps_told_last_is_the_same_visit(kiosk: Bench) -> None:
    assert [told(kiosk, 0.0).outcome, told(kiosk, 15.0).outcome] == ["welcome", "repeat"]


def test_a_tap_from_before_the_touch_leaves_the_wish_to_the_next(kiosk: Bench) -> None:
    kiosk.clock.advance(100)
    kiosk.reception.not_today(None)
    kiosk.clock.advance(5)
    assert told(kiosk, 10.0).outcome == "welcome"
    assert told(kiosk, 0.0, NEW_UID).outcome == "not_today"


def test_a_tap_within_the_wish_is_left_alone_however_late_it_is_told(kiosk: Bench) -> None:
    kiosk.reception.not_today(None)
    kiosk.clock.advance(35)
    assert told(kiosk, 17.0).outcome == "not_today"


def test_a_card_that_comes_behind_the_finger_while_the_disk_stalls_is_left_alone(kiosk: Bench) -> None:
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    finger = threading.Thread(target=lambda: loop.not_today(None))
    finger.start()
    until(lambda: loop._jobs.qsize() == 1, "the touch waits")
    kiosk.clock.advance(1)
    loop.deliver(read(monotonic=kiosk.clock.monotonic()))
    kiosk.clock.advance(1)  # only now the loop gets to both
    run = threading.Thread(target=loop.run)
    run.start()
    until(kiosk.waiting, "the arrival")
    loop.stop()
    run.join(10)
    finger.join(10)
    assert [arrival.outcome for arrival in kiosk.waiting()] == ["not_today"]


def test_a_ring_of_a_boards_button_told_late_is_of_its_own_time(kiosk: Bench) -> None:
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    loop.deliver(ButtonPressed("nfc-1", kiosk.clock.monotonic() - 15.0, 0.2))
    run = threading.Thread(target=loop.run)
    run.start()
    until(kiosk.waiting, "the ring")
    loop.stop()
    run.join(10)
    assert ago(kiosk, kiosk.waiting()[0]) == (15.0, 15.0)
