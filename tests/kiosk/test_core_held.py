"""A card that still lies there belongs to its reader and to its reading: its words reach nobody else's visit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contracts.answer import Greeting
from firmware_bridge.card_read import CardHeld, CardRead, ReaderEvent
from firmware_bridge.wire import board_frame as wire
from kiosk.visit.phrases import phrase
from tests.support.board import firmware, new_flash
from tests.support.board_duo import Duo
from tests.support.kiosk_core import LOST_UID, MARIA_UID, NAME, NEW_UID, SHY_UID, STARTED, Bench, bench, read
from tests.support.reader import Duet

HELD = phrase("held", "en")[1]
UID = bytes.fromhex(MARIA_UID)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path / "kiosk") as made:
        yield made


def lies(kiosk: Bench, since: float = STARTED, reader: str = "nfc-1") -> str:
    """What the screen's line is when the reader has told that the card it read at `since` still lies there."""
    now = max(kiosk.clock.monotonic(), since + 5.0)
    kiosk.reception.held(CardHeld(reader, now, now - since))
    return kiosk.board.view().line


def test_it_is_told_of_its_data_while_its_visit_is_on_the_screen(kiosk: Bench) -> None:
    arrival = kiosk.tap()
    assert arrival is not None
    kiosk.reception.greet(arrival.arrival_id, Greeting(outcome="welcome", name=NAME))
    assert lies(kiosk) == HELD
    assert NAME in kiosk.board.view().title
    assert len(kiosk.waiting()) == 1, "a hold is no arrival"
    kiosk.clock.advance(400)
    kiosk.board.tick()
    kiosk.reception.tick()
    assert lies(kiosk) != HELD
    assert kiosk.board.view().scene == "idle"


def test_a_greeting_that_comes_meanwhile_brings_the_name_and_keeps_the_words(kiosk: Bench) -> None:
    arrival = kiosk.tap()
    assert arrival is not None
    assert lies(kiosk) == HELD
    kiosk.reception.greet(arrival.arrival_id, Greeting(outcome="welcome", name=NAME))
    assert NAME in kiosk.board.view().title
    assert kiosk.board.view().line == HELD


@pytest.mark.parametrize("uid", [LOST_UID, SHY_UID])
def test_after_it_was_left_alone_it_changes_nothing(kiosk: Bench, uid: str) -> None:
    kiosk.tap(uid)
    before = kiosk.board.view()
    assert lies(kiosk) == before.line


def test_it_says_nothing_to_the_next_shopper(kiosk: Bench) -> None:
    """Maria's card lies on the reader; somebody else shows a code to the scanner."""
    kiosk.tap()
    kiosk.clock.advance(4)
    kiosk.reception.tap(CardRead("code", "KR-SOMEBODY", "scan-1", kiosk.clock.monotonic()))
    before = kiosk.board.view()
    assert before.scene == "stranger"
    kiosk.clock.advance(1)
    assert lies(kiosk) == before.line


def test_two_readers_at_one_moment_are_told_apart(kiosk: Bench) -> None:
    kiosk.tap()
    assert lies(kiosk, reader="nfc-2") != HELD
    assert lies(kiosk) == HELD


def test_it_belongs_to_its_reading_and_not_to_a_later_one_of_its_reader(kiosk: Bench) -> None:
    kiosk.tap()
    kiosk.clock.advance(1)
    kiosk.tap(NEW_UID)
    assert lies(kiosk) != HELD
    assert lies(kiosk, since=STARTED + 1) == HELD


def test_a_guest_who_rang_meanwhile_is_told_nothing_of_a_card(kiosk: Bench) -> None:
    kiosk.tap()
    kiosk.reception.ring_bell("en")
    before = kiosk.board.view()
    assert lies(kiosk) == before.line


def through(kiosk: Bench, events: list[ReaderEvent]) -> str:
    """What a reader's own events do to the screen."""
    for event in events:
        if isinstance(event, CardRead):
            kiosk.reception.tap(event)
        elif isinstance(event, CardHeld):
            kiosk.reception.held(event)
    return kiosk.board.view().line


@pytest.mark.parametrize("known", [True, False])
def test_what_a_pn532_tells_of_a_card_that_lies_there_finds_its_visit(kiosk: Bench, known: bool) -> None:
    duet = Duet(known=lambda uid: known)
    duet.tap(1.0, MARIA_UID, None)
    assert through(kiosk, duet.run(8.0).events) == HELD


def test_what_a_board_tells_of_a_card_that_lies_there_finds_its_visit(kiosk: Bench, tmp_path: Path) -> None:
    with firmware(new_flash(tmp_path / "flash"), "board_frame", "link") as board:
        duo = Duo(board, now=STARTED)
        duo.run(1)
        duo.report(wire.CARD, bytes([len(UID)]) + UID)
        duo.run(8)
    kiosk.clock.advance(9)
    assert through(kiosk, duo.events) == HELD


def test_the_card_read_again_is_held_again(kiosk: Bench) -> None:
    kiosk.reception.tap(read())
    kiosk.clock.advance(6)
    kiosk.tap()
    assert lies(kiosk, since=STARTED + 6) == HELD
