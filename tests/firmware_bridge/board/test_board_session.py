"""Host session and the firmware's own link, joined in virtual time by a line that loses, doubles and damages."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import CardGone, CardHeld, CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.drivers.board_reader import BoardReader
from firmware_bridge.errors import MisuseError
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from firmware_bridge.wire.board_messages import SignalPlan
from tests.support.board import firmware, new_flash
from tests.support.board_duo import Duo, hello_body

CARD = bytes.fromhex("0704a2b3c4d5e6f7")
OTHER = bytes.fromhex("0704112233445566")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = new_flash(tmp_path_factory.mktemp("board") / "flash")
    with firmware(folder, "board_frame", "link", "presence", "lights", "chip") as modules:
        yield modules


def test_a_card_is_one_read_and_one_departure(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(0.5)
    duo.report(wire.GONE, (480).to_bytes(4, "little"))
    duo.run(0.5)
    up, read, gone = duo.events
    assert isinstance(up, ReaderState) and up.up and "e661400500000001" in up.hint
    assert isinstance(read, CardRead) and (read.value, read.random_id, read.evidence) == ("04A2B3C4D5E6F7", False, None)
    assert isinstance(gone, CardGone) and gone.held_s == 0.48
    assert abs(read.monotonic - 101.0) < 0.05


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.0, 0.5))
def test_on_a_bad_line_every_report_counts_once_and_in_order(board: SimpleNamespace, seed: int, lose: float) -> None:
    duo = Duo(board, seed, lose)
    duo.run(3)
    taps = [bytes([7, 4, number, 1, 2, 3, 4, 5]) for number in range(6)]
    for tap in taps:
        duo.report(wire.CARD, tap)
        duo.report(wire.GONE, bytes(4))
        duo.run(1.5)
    duo.lose = 0.0
    duo.run(4)
    assert duo.tale == [tap[1:].hex().upper() for tap in taps]
    assert sum(isinstance(event, CardGone) for event in duo.events) == len(taps)


def test_mutant_without_the_report_number_greets_twice(board: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test above rests on: a host that forgets the last number delivers repeats."""
    plain = BoardMemory.take

    def forgetful(self: BoardMemory, report: messages.Report, now: float) -> list[ReaderEvent]:
        self._number = 0
        return plain(self, report, now)

    monkeypatch.setattr(BoardMemory, "take", forgetful)
    duo = Duo(board, 3)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.lose = 0.6
    duo.run(5)
    assert len(duo.tale) > 1


def test_a_cable_pulled_for_a_second_costs_no_tap_and_doubles_none(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.plugged = False
    duo.report(wire.CARD, CARD)
    duo.run(1)
    duo.plugged = True
    duo.open()
    duo.run(1)
    assert duo.tale == ["04A2B3C4D5E6F7"] and duo.failures == []
    read = next(event for event in duo.events if isinstance(event, CardRead))
    assert abs(read.monotonic - 101.0) < 0.05, "the moment of the tap, not of its arrival"


def test_nobody_is_greeted_for_a_card_of_long_ago(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.plugged = False
    duo.report(wire.CARD, CARD)
    duo.run(22)
    duo.plugged = True
    duo.run(9)
    assert duo.tale == [] and duo.failures[0] == "reader_stopped"
    assert duo.session.status is not None and duo.session.status.dropped == 1


def test_what_waits_on_the_board_is_bounded(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.plugged = False
    for number in range(100):
        duo.report(wire.CARD, bytes([7, 4, number, 1, 2, 3, 4, 5]))
    duo.plugged = True
    duo.run(3)
    assert len(duo.tale) == board.link.MOST_REPORTS and duo.tale[-1].startswith("0463")


def test_a_board_that_starts_anew_does_not_greet_the_card_that_lies_there_again(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(1)
    duo.restart_board()
    duo.run(1)
    duo.report(wire.CARD, CARD)  # its number is 1 again
    duo.run(1)
    assert duo.tale == ["04A2B3C4D5E6F7"]
    duo.report(wire.GONE, bytes(4))
    duo.report(wire.CARD, CARD)
    duo.run(1)
    assert len(duo.tale) == 2, "taken away and held again: another read"


def test_another_card_after_the_restart_is_another_read(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(1)
    duo.restart_board()
    duo.report(wire.CARD, OTHER)
    duo.run(1)
    assert duo.tale == ["04A2B3C4D5E6F7", "04112233445566"]
    assert sum(isinstance(event, CardGone) for event in duo.events) == 1


def test_a_card_that_left_during_the_restart_is_gone_in_the_end(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(1)
    duo.restart_board()
    duo.run(31)
    assert isinstance(duo.events[-1], CardGone)


def test_a_card_held_for_five_seconds_is_told_once(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(4.9)
    assert not any(isinstance(event, CardHeld) for event in duo.events)
    duo.run(20)
    held = [event for event in duo.events if isinstance(event, CardHeld)]
    assert len(held) == 1 and 4.9 < held[0].held_s < 5.2


def test_a_card_that_left_while_the_cable_was_out_was_not_held(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, CARD)
    duo.run(0.5)
    duo.plugged = False
    duo.report(wire.GONE, (600).to_bytes(4, "little"))
    duo.run(6)
    duo.plugged = True
    duo.open()
    duo.run(3)
    assert [type(event).__name__ for event in duo.events if not isinstance(event, ReaderState)] == ["CardRead", "CardGone"]


def test_an_erased_board_counts_from_one_again_and_is_believed(board: SimpleNamespace) -> None:
    """Same id, same boot counter, report numbers that were seen before: only its uptime tells that it started anew."""
    duo = Duo(board)
    duo.run(1)
    for _ in range(3):
        duo.report(wire.CARD, CARD)
        duo.report(wire.GONE, bytes(4))
        duo.run(0.5)
    duo.run(90)
    duo.boot = 0
    duo.restart_board()
    duo.run(1)
    duo.report(wire.CARD, OTHER)
    duo.run(1)
    assert duo.tale[-1] == "04112233445566"


def test_a_frozen_board_is_noticed_within_ten_seconds_and_comes_back(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.plugged = False
    duo.run(10)
    assert duo.failures[0] == "reader_stopped"
    duo.plugged = True
    duo.run(3)
    assert isinstance(duo.events[-1], ReaderState) and duo.events[-1].up


def test_a_dead_chip_behind_a_living_board_is_said(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.chip = wire.CHIP_SILENT
    duo.report(wire.CHIP, bytes([wire.CHIP_SILENT]))
    duo.run(1)
    assert [event.code for event in duo.events if isinstance(event, ReaderState)] == ["ok", "board_chip_silent"]
    duo.chip = wire.CHIP_OK
    duo.run(3)  # even if its report is lost, the next status says so
    assert duo.events[-1] == ReaderState("nfc-1", duo.events[-1].monotonic, True, "ok", duo.events[0].hint)  # type: ignore[union-attr]


@pytest.mark.parametrize(("why", "word"), [(wire.TWO_CARDS, "two_cards"), (wire.UNREADABLE, "unreadable")])
def test_trouble_is_told(board: SimpleNamespace, why: int, word: str) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.TROUBLE, bytes([why]))
    duo.run(1)
    assert [event.trouble for event in duo.events if isinstance(event, CardTrouble)] == [word]


def test_a_phone_and_its_evidence(board: SimpleNamespace) -> None:
    duo = Duo(board)
    duo.run(1)
    duo.report(wire.CARD, bytes.fromhex("0408112233") + b"uri:https://example.org/t?e=1")
    duo.run(1)
    read = duo.events[-1]
    assert isinstance(read, CardRead) and read.random_id and read.evidence == "uri:https://example.org/t?e=1"


def test_a_signal_is_played_once_on_a_bad_line(board: SimpleNamespace) -> None:
    for seed in range(10):
        duo = Duo(board, seed)
        duo.run(1)
        duo.lose = 0.4
        duo._take(duo.session.signal(SignalPlan(green=200, flashes=2, flash_ms=250), duo.now))
        duo.run(5)
        assert [kind for kind, _ in duo.commands] == [wire.SIGNAL]


def test_a_signal_that_does_not_fit_is_refused(board: SimpleNamespace) -> None:
    duo = Duo(board)
    with pytest.raises(MisuseError, match="255"):
        duo.session.signal(SignalPlan(red=256), duo.now)
    reader = BoardReader("nfc-1", lambda: 0.0, lambda: pytest.fail("nothing is opened"))
    with pytest.raises(MisuseError, match="65535"):
        reader.signal(SignalPlan(flash_ms=70_000))


# -- what answers is no board, or not ours


def answered(data: bytes, board_id: str = "") -> tuple[str, str]:
    session = BoardSession(BoardMemory("nfc-1"), board_id=board_id)
    session.begin(0.0)
    out = session.received(data, 0.1)
    now = 0.1
    while out.failed is None and now < 20:
        now = max(now, session.wake_at) + 0.001
        out = session.tick(now)
    assert out.failed is not None
    return out.failed.code, out.failed.hint


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "reader_silent"),
        (b"login: \r\n", "reader_garbage"),
        (messages.ask(7), "reader_echo"),
        (wire.frame_bytes(wire.HELLO, 0, hello_body(1, 0, (2, 0))), "board_protocol"),
    ],
)
def test_why_nothing_comes_of_it(data: bytes, code: str) -> None:
    found, hint = answered(data)
    assert found == code and len(hint) > 20


def test_only_the_board_that_was_named() -> None:
    assert answered(wire.frame_bytes(wire.HELLO, 0, hello_body(1, 0)), "e661400500000002")[0] == "board_other"


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_nothing_but_events_comes_out_of_noise(pieces: list[bytes]) -> None:
    session, now = BoardSession(BoardMemory("nfc-1")), 0.0
    session.begin(now)
    for piece in [wire.frame_bytes(wire.HELLO, 0, hello_body(1, 0)), *pieces]:
        now += 0.05
        assert not [event for event in session.received(piece, now).events if not isinstance(event, ReaderState)]
