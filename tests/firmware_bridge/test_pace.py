"""What line and air cost, against the figures of the data sheets, and on a real pty."""

from __future__ import annotations

import os
import select
import statistics
import time
import tty
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.simulator.pace import ATTEMPT_S, SILENCE_S, Air, Pace, Wire, exchange_s, iso_dep_s, listing_s
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.wire.pn532_frame import ACK, FrameReader, command_frame
from tests.support.reader import ask

REAL = Pace(115_200, rf=True)
SEVEN = bytes.fromhex("04A2B3C4D5E6F7")


def test_figures_of_the_data_sheets() -> None:
    assert Pace(115_200).byte_s * 1e6 == pytest.approx(86.8, abs=0.05)
    assert listing_s(7) * 1e3 == pytest.approx(4.5, abs=0.01)
    assert exchange_s(2, 16) * 1e3 == pytest.approx(0.368 + 0.087 + 1.548, abs=0.002)  # READ
    assert exchange_s(3, 48) * 1e3 == pytest.approx(4.8, abs=0.05)  # FAST_READ of 48 bytes


def test_blocks_of_iso_dep_cost_more_when_they_are_chained() -> None:
    assert iso_dep_s(5, 61) == pytest.approx(exchange_s(6, 62))  # 64 with prologue and CRC
    assert iso_dep_s(5, 62) > exchange_s(6, 63) + 0.5e-3


def test_a_wire_delivers_when_the_last_byte_has_passed() -> None:
    wire = Wire(0.001, piece=4, most=100)
    wire.put(b"abcdef", 1.0)
    wire.put(b"g", 1.001)
    assert wire.wake_at() == pytest.approx(1.004)
    assert wire.due(1.0039) == []
    assert wire.due(1.0041) == [b"abcd"]
    assert wire.due(1.0069) == [b"ef"]  # the last one waits for the six before it
    assert wire.due(1.0071) == [b"g"]
    assert wire.wake_at() is None


def test_a_wire_that_is_full_loses_what_comes_on_top() -> None:
    wire = Wire(0.001, piece=4, most=8)
    wire.put(b"abcdefghijkl", 0.0)
    wire.put(b"mnop", 0.0)
    assert b"".join(wire.due(9.0)) == b"abcdefgh"
    wire.put(b"mnop", 9.0)
    assert wire.due(9.1) == [b"mnop"]


def paced() -> Chip:
    return Chip(air=Air(REAL, Random(7)))


def test_a_card_is_told_after_its_attempt_and_its_anticollision() -> None:
    waits = []
    for _ in range(200):
        chip = Chip(air=Air(REAL, Random(len(waits))))
        assert chip.received(command_frame(0x4A, b"\x01\x00"), 0.0) == ACK
        chip.field.place(card_with(SEVEN), None)
        assert chip.tick(1.0) == b""
        moment = chip.wake_at()
        assert moment is not None
        assert chip.tick(moment - 1e-6) == b""
        assert SEVEN in chip.tick(moment)
        waits.append(moment - 1.0)
    assert listing_s(7) <= min(waits) < listing_s(7) + 0.0005
    assert listing_s(7) + ATTEMPT_S - 0.0005 < max(waits) <= listing_s(7) + ATTEMPT_S


def test_a_card_that_lies_there_is_told_after_its_anticollision_alone() -> None:
    chip = paced()
    chip.field.place(card_with(SEVEN), None)
    chip.received(command_frame(0x4A, b"\x01\x00"), 1.0)
    assert chip.wake_at() == pytest.approx(1.0 + listing_s(7))


def test_a_card_taken_away_before_it_told_its_id_is_not_told() -> None:
    chip = paced()
    chip.received(command_frame(0x4A, b"\x01\x00"), 0.0)
    chip.field.place(card_with(SEVEN), 1.001)
    assert chip.tick(1.0) == b""
    assert chip.tick(1.02) == b""
    assert chip.waiting


def listed_chip() -> Chip:
    chip = paced()
    chip.field.place(card_with(SEVEN), 2.0)
    chip.received(command_frame(0x4A, b"\x01\x00"), 1.0)
    assert SEVEN in chip.tick(1.01)
    return chip


def test_a_read_takes_its_time_in_the_air() -> None:
    chip = listed_chip()
    assert chip.received(command_frame(0x40, b"\x01\x30\x00"), 1.5) == ACK
    assert chip.wake_at() == pytest.approx(1.5 + exchange_s(2, 16))
    assert chip.tick(1.5 + 0.0019) == b""
    assert SEVEN[:3] in chip.tick(1.5 + 0.0021)


def test_a_read_of_a_card_that_leaves_meanwhile_times_out() -> None:
    chip = listed_chip()
    chip.received(command_frame(0x40, b"\x01\x30\x00"), 1.999)
    (answer,) = FrameReader().feed(chip.tick(2.01))
    assert answer.data == b"\x01"  # type: ignore[union-attr]  # a BadFrame here fails the test as it should


def test_what_a_card_does_not_answer_costs_the_whole_time_limit() -> None:
    chip = listed_chip()
    assert chip.received(command_frame(0x40, b"\x01\x1b"), 1.5) == ACK
    moment = chip.wake_at()
    assert moment is not None
    assert SILENCE_S < moment - 1.5 < SILENCE_S + 0.001


def test_an_acknowledgement_ends_an_exchange_under_way() -> None:
    chip = listed_chip()
    chip.received(command_frame(0x40, b"\x01\x30\x00"), 1.5)
    assert chip.received(ACK, 1.501) == b""
    assert chip.wake_at() is None
    assert chip.tick(1.6) == b""


def echo(tty_path: str, octets: int, times: int) -> list[float]:
    """Seconds of Diagnose (echo of so many bytes), from writing the command to having its whole answer."""
    port = os.open(tty_path, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(port)
        return [_echo(port, bytes([0]) + os.urandom(octets)) for _ in range(times)]
    finally:
        os.close(port)


def _echo(port: int, data: bytes) -> float:
    reader, start = FrameReader(), time.monotonic()
    os.write(port, command_frame(0x00, data))
    while True:
        assert select.select([port], [], [], 5.0)[0]
        for item in reader.feed(os.read(port, 4096)):
            if getattr(item, "kind", "") == "answer":
                return time.monotonic() - start


def test_on_a_pty_bytes_take_what_115200_baud_takes(tmp_path: Path) -> None:
    control = tmp_path / "reader.sock"
    simulated = SimulatedPn532(control, time.monotonic)
    simulated.start()
    try:
        assert ask(control, {"timing": {"baud": 115200, "rf": True}}) == {"ok": True}
        assert ask(control, {"status": {}})["timing"] == {"baud": 115200, "rf": True}
        # 9 + 101 bytes there, an ACK of 6 and 9 + 101 back; less is impossible, and at the median little more.
        on_the_line = (110 + 6 + 110) * Pace(115_200).byte_s
        seconds = echo(simulated.tty, 100, 15)
        assert min(seconds) >= on_the_line - 1e-4
        assert statistics.median(seconds) < on_the_line + 0.05
        assert ask(control, {"timing": {}}) == {"ok": True}
        assert ask(control, {"status": {}})["timing"] == {"baud": None, "rf": False}
        assert min(echo(simulated.tty, 100, 15)) < on_the_line
    finally:
        simulated.stop()


@pytest.mark.parametrize(
    "value",
    [None, 1, "fast", [], {"baud": 0}, {"baud": True}, {"baud": "115200"}, {"baud": 1e5}, {"rf": 1}, {"rf": None}, {"speed": 1}],
)
def test_what_is_no_timing_is_refused_with_a_hint(tmp_path: Path, value: object) -> None:
    control = tmp_path / "reader.sock"
    simulated = SimulatedPn532(control, time.monotonic)
    simulated.start()
    try:
        error = ask(control, {"timing": value})["error"]
        assert isinstance(error, dict)
        assert error["code"] == "bad_timing"
        assert '"baud": 115200' in str(error["hint"])
    finally:
        simulated.stop()
