"""One thread does everything, in order, and ends only when it is told to."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager

import pytest

from edge.contracts.answer import Greeting
from edge.process.errors import OperatorError
from firmware_bridge.card_read import CardGone, CardHeld, ReaderState
from kiosk.tap_loop import WAITING_MAX, TapLoop
from kiosk.visit.phrases import phrase
from tests.support.kiosk_core import NAME, STARTED, bench, greeted, read, until


@contextmanager
def running(kiosk):
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def kiosk(tmp_path):
    with bench(tmp_path) as made:
        yield made


def test_taps_become_arrivals_in_their_order(kiosk):
    with running(kiosk) as loop:
        for number in range(20):
            loop.deliver(read(f"04A1B2C3D4E5{number:02X}"))
        until(lambda: len(kiosk.waiting()) == 20, "twenty arrivals")
    assert [a.arrival_id for a in kiosk.waiting()] == sorted(a.arrival_id for a in kiosk.waiting())


def test_each_device_has_its_own_health_and_only_the_reader_rests_the_screen(kiosk):
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)
    loop.deliver(ReaderState("scan-1", 1.0, True), "scanner")
    assert loop.codes_at() == "scanner"
    loop.deliver(ReaderState("cam-1", 1.5, True), "camera")
    assert loop.codes_at() == "scanner"
    loop.deliver(ReaderState("scan-1", 2.0, False, "port_lost", "Plug it in."), "scanner")
    assert loop.codes_at() == "camera"
    loop.deliver(ReaderState("cam-1", 2.5, False, "camera_ended", "Plug it in."), "camera")
    assert loop.codes_at() == ""
    assert [(p.part, p.code) for p in kiosk.health.report().parts if not p.well] == [
        ("camera", "camera_ended"),
        ("scanner", "port_lost"),
    ]
    assert kiosk.board.view().reader_ok


def test_a_card_held_is_told_of_its_data(kiosk):
    with running(kiosk) as loop:
        loop.deliver(read())
        loop.deliver(CardHeld("nfc-1", STARTED + 5, 5.0))
        until(lambda: kiosk.board.view().line == phrase("held", "en")[1], "the line about one's data")
    assert len(kiosk.waiting()) == 1


def test_a_flood_is_bounded_and_said(kiosk):
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)  # nobody takes anything
    for _ in range(WAITING_MAX + 7):
        loop.deliver(read())
    assert loop.dropped == 7
    with pytest.raises(OperatorError, match="kiosk_busy"):
        loop.ring_bell(None)


def test_greetings_of_a_backlog_leave_room_for_a_tap(kiosk):
    """A hub that comes back answers hundreds at once: that must not turn away who stands at the door."""
    loop = TapLoop(kiosk.reception, kiosk.board, kiosk.health, kiosk.clock)  # nobody takes anything
    for number in range(10 * WAITING_MAX):
        loop.greet(f"arrival-{number}", Greeting(outcome="welcome", name=NAME))
    for _ in range(WAITING_MAX // 2):
        loop.deliver(read())
    assert loop.dropped == 0


def test_an_act_returns_when_it_is_committed(kiosk):
    with running(kiosk) as loop:
        loop.ring_bell("en")
        (guest,) = kiosk.waiting()
        loop.choose_reason(guest.arrival_id, "help")
        assert [a.rev for a in kiosk.waiting()] == [1]
        loop.set_language("de")
        assert kiosk.board.view().words_language == "de"
        loop.not_today(guest.arrival_id)
        assert [a.outcome for a in kiosk.waiting()] == ["not_today"]


def test_whoever_acts_gets_the_error_and_the_door_stays_open(kiosk):
    with running(kiosk) as loop:
        with pytest.raises(OperatorError, match="visit_unknown"):
            loop.choose_reason("nobody", "help")
        loop.ring_bell(None)
        assert len(kiosk.waiting()) == 1


def test_a_broken_disk_and_a_bug_end_nothing(kiosk, monkeypatch):
    record, raised = kiosk.book.record, [sqlite3.OperationalError("disk I/O error"), ZeroDivisionError()]

    def failing(*arguments):
        if raised:
            raise raised.pop(0)
        record(*arguments)

    monkeypatch.setattr(kiosk.book, "record", failing)
    with running(kiosk) as loop:
        with pytest.raises(OperatorError, match="store_failed"):
            loop.ring_bell(None)
        until(lambda: kiosk.board.view().scene == "out_of_order", "the screen says so")
        loop.deliver(read())
        until(lambda: not raised, "the second failure")
        loop.deliver(read())
        until(lambda: len(kiosk.waiting()) == 1, "the third tap")


def test_the_greeting_comes_through_the_loop(kiosk):
    with running(kiosk) as loop:
        loop.deliver(read())
        until(kiosk.waiting, "an arrival")
        (arrival,) = kiosk.waiting()
        loop.greet(arrival.arrival_id, greeted(arrival).greeting)
        until(lambda: NAME in kiosk.board.view().title, "the name")


def test_without_its_reader_the_kiosk_still_has_its_bell(kiosk):
    with running(kiosk) as loop:
        loop.deliver(ReaderState("nfc-1", 1.0, False, "reader_gone", "Plug it in."))
        view = kiosk.board.view()
        assert (view.scene, view.reader_ok) == ("idle", False)
        assert [(p.part, p.code) for p in kiosk.health.report().parts if not p.well] == [("reader", "reader_gone")]
        loop.ring_bell(None)
        assert kiosk.board.view().scene == "guest"
        loop.deliver(ReaderState("nfc-1", 2.0, True))
        loop.deliver(CardGone("nfc-1", 3.0, 1.0))
        assert (kiosk.board.view().reader_ok, kiosk.health.report().state) == (True, "well")


def test_the_loop_says_that_it_turns(kiosk):
    with running(kiosk) as loop:
        loop.ring_bell(None)
        kiosk.clock.advance(100)
        until(lambda: loop.silent_s() == 0, "a turn")
