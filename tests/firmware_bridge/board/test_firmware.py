"""The firmware unchanged, as a process under MicroPython (and once under CPython), on real ptys before a simulated PN532."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.card_read import CardRead
from firmware_bridge.open_reader import open_reader
from firmware_bridge.wire.board_messages import SignalPlan
from tests.support.board import HEAP, Bench, bench, nested_posters, until
from tests.support.needs import needs
from tests.support.reader import running

MEMBER, PHONE, PRANK = "04A2B3C4D5E6F7", "08112233", "04112233445566"


@pytest.fixture(params=["micropython", "cpython"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """MicroPython, with a heap as on the board; and the Python that `shopbell reader simulate` falls back to."""
    command = [needs("micropython"), "-X", HEAP] if request.param == "micropython" else [sys.executable, "-B"]
    with bench(tmp_path, command) as found:
        yield found


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, [needs("micropython"), "-X", HEAP]) as found:
        yield found


def test_a_tap_from_the_field_to_a_card_read(table: Bench) -> None:
    with table.running() as reader:
        before = time.monotonic()
        table.tap(MEMBER)
        reader.wait_gone()
        table.tap(PHONE)
        reader.wait_gone(2)
        assert reader.tale == [f"read {MEMBER}", "gone", f"read {PHONE} random", "gone"]
        assert before - 0.1 < reader.reads[0].monotonic < time.monotonic()


def test_through_the_door_of_the_package(board: Bench) -> None:
    port = f"board:{board.board.tty}#e661400500000001"
    with running(open_reader(port, name="nfc-1", clock=time.monotonic)) as reader:
        reader.wait_up()
        board.tap(MEMBER)
        reader.wait_gone()
        assert reader.tale == [f"read {MEMBER}", "gone"]


def test_another_board_than_the_named_one_is_refused(board: Bench) -> None:
    port = f"board:{board.board.tty}#e661400500000002"
    with running(open_reader(port, name="nfc-1", clock=time.monotonic)) as reader:
        assert "e661400500000001" in reader.wait_down("board_other").hint


def test_a_tap_survives_a_cable_pulled_for_a_second_and_is_greeted_once(board: Bench) -> None:
    with board.running() as reader:
        board.board.unplug()
        reader.wait_down("port_lost")
        board.tap(MEMBER, 0.3)
        threading.Event().wait(1.0)
        board.board.plug()
        reader.wait_gone()
        board.tap(PHONE, 0.3)
        reader.wait_gone(2)
        assert reader.tale == [f"read {MEMBER}", "gone", f"read {PHONE} random", "gone"]
        first = reader.reads[0]
        assert time.monotonic() - first.monotonic > 1.0, "the moment of the tap, not of its arrival"


def test_the_cable_pulled_ten_times_while_people_tap(board: Bench) -> None:
    """Every tap once, in order, whatever the moment of the cut."""
    uids = [f"04{number:02X}3344556677" for number in range(10)]
    with board.running() as reader:
        for number, uid in enumerate(uids):
            board.tap(uid, 0.25)
            threading.Event().wait(0.037 * number)
            board.board.unplug()
            threading.Event().wait(0.4)
            board.board.plug()
            reader.wait_gone(number + 1)
        assert [read.value for read in reader.reads] == uids


def test_power_cut_while_a_card_lies_there(board: Bench) -> None:
    """Another boot, report numbers from one again, and the card is not greeted a second time."""
    with board.running() as reader:
        board.tap(MEMBER, None)
        reader.wait_for(lambda events: any(isinstance(event, CardRead) for event in events))
        board.board.cut_power()
        board.board.power()
        until(lambda: board.board.starts == 2)
        threading.Event().wait(1.5)
        board.chip({"remove": {}})
        reader.wait_gone()
        board.tap(MEMBER)
        reader.wait_gone(2)
        assert reader.tale == [f"read {MEMBER}", "gone", f"read {MEMBER}", "gone"]


def test_two_cards_at_once_are_trouble(board: Bench) -> None:
    with board.running() as reader:
        board.chip({"present": {"uids": [MEMBER, "04112233445566"]}, "hold_s": 0.5})
        until(lambda: bool(reader.tale))
        threading.Event().wait(0.8)
        assert reader.tale == ["trouble two_cards"]


def test_a_card_left_lying_is_one_read_and_another_act(board: Bench) -> None:
    with board.running() as reader:
        board.tap(MEMBER, 6.0)
        gone = reader.wait_gone()[-1]
        assert [word.split()[0] for word in reader.tale] == ["read", "held", "gone"]
        assert 4.0 < gone.held_s < 12.0  # type: ignore[union-attr]


def test_a_card_that_proves_itself(board: Bench) -> None:
    with board.running() as reader:
        board.chip({"present": {"card": f"sun:{'00' * 16}@{MEMBER}"}, "hold_s": 0.6})
        reader.wait_gone()
        (read,) = reader.reads
        assert read.value == MEMBER
        assert read.evidence is not None and read.evidence.startswith("uri:https://shopbell.example/card?picc_data=")


def test_a_card_of_a_hundred_posters_does_not_start_the_board_anew(tmp_path: Path) -> None:
    """Each within the one before, on a stack as small as the board's; the taps it has still to report are told."""
    command = [needs("micropython"), "-X", HEAP, str(Path(__file__).with_name("small_stack.py"))]
    with bench(tmp_path, command) as table:
        with table.running() as reader:
            table.board.unplug()
            table.tap(MEMBER, 0.3)
            threading.Event().wait(1.0)
            table.chip({"present": {"card": f"ntag216@{PRANK}:{nested_posters(596).hex()}"}, "hold_s": 1.0})
            threading.Event().wait(1.5)
            table.board.plug()
            reader.wait_gone(2)
            assert reader.tale == [f"read {MEMBER}", "gone", f"read {PRANK}", "gone"]
        assert table.board.starts == 1


def test_noise_between_board_and_chip_makes_no_card(board: Bench) -> None:
    with board.running() as reader:
        for fault in ("noise", "corrupt", "half"):
            board.chip({"fault": fault, "seconds": 1.0})
            threading.Event().wait(1.2)
        board.tap(MEMBER)
        reader.wait_gone()
        assert reader.tale == [f"read {MEMBER}", "gone"]


def test_a_dead_chip_is_said_and_comes_back(board: Bench) -> None:
    with board.running() as reader:
        board.chip({"fault": "silence", "seconds": 4.0})
        assert "NFC chip" in reader.wait_down("board_chip_silent").hint
        reader.wait_up(2)
        board.tap(MEMBER)
        reader.wait_gone()


def test_light_and_sound_by_command(board: Bench) -> None:
    log = board.flash / "signals.log"
    reader = board.reader()
    with running(reader) as thread:
        thread.wait_up()
        until(lambda: "light 0 0 8" in log.read_text())
        reader.signal(SignalPlan(green=200, flashes=2, flash_ms=100, beeps=1, beep_ms=80, hertz=2000))
        until(lambda: log.read_text().count("light 0 0 8") == 2)
    shown = [line for line in log.read_text().splitlines() if line.startswith("light")]
    assert shown[-6:] == ["light 0 0 8", "light 0 200 0", "light 0 0 0", "light 0 200 0", "light 0 0 0", "light 0 0 8"]
    sounded = [line for line in log.read_text().splitlines() if line.startswith("tone")]
    assert sounded == ["tone 0", "tone 2000", "tone 0"]


def test_a_firmware_that_hangs_is_ended_by_its_watchdog(tmp_path: Path) -> None:
    with bench(tmp_path, [needs("micropython"), "-X", HEAP], watchdog_s=3.0) as table, table.running() as reader:
        assert table.board.starts == 1
        (table.flash / "slot_a" / "app.py").write_text("def run(record, slot):\n    while True:\n        pass\n")
        table.board.cut_power()
        table.board.power()
        until(lambda: table.board.starts >= 4)
        reader.wait_down("reader_stopped")


def test_a_firmware_that_is_fed_is_left_alone(tmp_path: Path) -> None:
    with bench(tmp_path, [needs("micropython"), "-X", HEAP], watchdog_s=3.0) as table, table.running():
        threading.Event().wait(5.0)
        assert table.board.starts == 1
