"""Taps that wait behind each other are one commit, and each is still decided as if it had come alone."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager

import pytest

from edge.contracts.answer import Greeting
from kiosk.tap_loop import TOGETHER_MAX, TapLoop
from tests.support.kiosk_core import MARIA, NAME, NEW_UID, bench, read, trouble, until


@pytest.fixture
def kiosk(tmp_path):
    with bench(tmp_path) as made:
        yield made


@contextmanager
def commits(kiosk):
    """The COMMIT statements of the kiosk's file meanwhile."""
    seen = []
    writer = kiosk.book._file.writer
    writer.set_trace_callback(lambda statement: seen.append(statement) if statement == "COMMIT" else None)
    yield seen
    writer.set_trace_callback(None)


def outcomes(kiosk):
    return [(arrival.outcome, arrival.member) for arrival in kiosk.waiting()]


def test_a_batch_is_one_commit_and_shows_the_last(kiosk):
    with commits(kiosk) as seen:
        kiosk.reception.taps([read(), trouble("unreadable"), read(NEW_UID)])
    assert len(seen) == 1
    assert outcomes(kiosk) == [("welcome", MARIA), ("stranger", None)]
    assert kiosk.board.view().scene == "stranger"
    assert kiosk.signals.cues[-3:] == ["welcome", "unreadable", "stranger"]


def test_the_second_tap_of_a_batch_knows_of_the_first(kiosk):
    kiosk.reception.taps([read(), read()])
    assert outcomes(kiosk) == [("welcome", MARIA), ("repeat", MARIA)]


def test_not_today_holds_for_the_first_arrival_alone(kiosk):
    kiosk.reception.not_today(None)
    kiosk.reception.taps([trouble("unreadable"), read(), read(NEW_UID)])
    assert outcomes(kiosk) == [("not_today", None), ("stranger", None)]


def test_a_commit_that_fails_confirms_nobody_of_the_batch(kiosk):
    writer = kiosk.book._file.writer
    writer.execute(f"PRAGMA max_page_count = {writer.execute('PRAGMA page_count').fetchone()[0]}")
    before, cues = kiosk.board.view(), list(kiosk.signals.cues)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(100):
            kiosk.reception.taps([read(f"04A1B2C3D4{number:02X}{more:02X}") for more in range(TOGETHER_MAX)])
            before, cues = kiosk.board.view(), list(kiosk.signals.cues)
    assert (kiosk.board.view(), kiosk.signals.cues) == (before, cues)
    assert len(kiosk.waiting()) == cues.count("stranger")


def test_the_loop_takes_what_waits_in_its_order(kiosk):
    """Taps, a ring between them, and more taps than one commit may hold."""
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    for number in range(3):
        loop.deliver(read(f"04A1B2C3D4E5{number:02X}"))
    ring = threading.Thread(target=lambda: loop.ring_bell("en"))
    ring.start()
    until(lambda: loop._jobs.qsize() == 4, "the ring waits")
    for number in range(TOGETHER_MAX + 1):
        loop.deliver(read(f"04A1B2C3D4F5{number:02X}"))
    with commits(kiosk) as seen:
        thread = threading.Thread(target=loop.run)
        thread.start()
        until(lambda: len(kiosk.waiting()) == 3 + 1 + TOGETHER_MAX + 1, "every arrival")
        loop.stop()
        thread.join(10)
        ring.join(10)
    assert [arrival.outcome for arrival in kiosk.waiting()] == ["stranger"] * 3 + ["guest"] + ["stranger"] * (TOGETHER_MAX + 1)
    commits_of_taps, opening_and_pruning = 4, 2
    assert len(seen) <= commits_of_taps + opening_and_pruning


def test_nobody_waits_for_the_screens_while_others_stand_at_the_door(kiosk, monkeypatch):
    waits = []
    monkeypatch.setattr(kiosk.board, "wait_drawn", waits.append)
    kiosk.others_wait = True
    kiosk.reception.taps([read()])
    assert not waits
    kiosk.others_wait = False
    kiosk.reception.taps([read(NEW_UID)])
    assert len(waits) == 1


def test_the_loop_knows_who_waits(kiosk):
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    assert not loop.others_wait()
    loop.deliver(read())
    assert loop.others_wait()
    loop.hint("closer")
    loop._next()
    assert loop.others_wait(), "what was found behind the taps"
    loop._next()
    assert not loop.others_wait()


def test_who_is_not_on_the_screen_takes_no_room_for_a_greeting(kiosk):
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    arrival = kiosk.tap()
    loop.greet("somebody-else", Greeting(outcome="welcome", name=NAME))
    assert loop._jobs.qsize() == 0
    loop.greet(arrival.arrival_id, Greeting(outcome="welcome", name=NAME))
    assert loop._jobs.qsize() == 1
