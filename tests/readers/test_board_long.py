"""Long campaigns of the reader board, run by './shopbell test readers-long'. Each prints its seed and its counts."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.errors import FrameError
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from tests.firmware_bridge.board.test_flash_cuts import cuts, judge
from tests.firmware_bridge.board.test_update import refusal, spoiled
from tests.support.board import HEAP, bench, firmware, new_flash
from tests.support.board_duo import Duo
from tests.support.needs import needs

SEED = int(os.environ.get("SHOPBELL_SEED", "20260"))
FUZZ_RUNS = 1_000_000
CABLE_FAULTS = 10_000

pytestmark = pytest.mark.readers_long


@pytest.mark.timeout(900)
def test_a_power_cut_at_every_write_of_an_update(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    writes, _ = cuts(tmp_path / "first", [], 60)
    _, rows = cuts(tmp_path, list(range(max(500, writes + 6))), 800)
    judge(rows)
    print(f"\npower cuts: {len(rows)}, one at each of the {writes} writes of an update and some after it; boards lost: 0")


@pytest.mark.timeout(300)
def test_an_image_that_hangs_while_it_is_loaded_falls_back(tmp_path: Path) -> None:
    """Only the watchdog ends it, three times."""
    with bench(tmp_path, [needs("micropython"), "-X", HEAP], watchdog_s=8.0) as board:
        assert refusal(board, spoiled("HEALTHY_MS = 3000", "HEALTHY_MS = 3000\nwhile True:\n    pass")) == "update_fell_back"


@pytest.mark.timeout(1800)
def test_a_million_inputs_to_the_boards_wire() -> None:
    """Noise, and good frames with some bytes changed: nothing but frames, faults and FrameError comes out."""
    draw, frames, faults, refused = Random(SEED), 0, 0, 0
    reader = wire.FrameReader()
    for _ in range(FUZZ_RUNS):
        for item in reader.feed(_input(draw)):
            if isinstance(item, wire.Fault):
                faults += 1
                continue
            frames += 1
            try:
                messages.parse(item)
            except FrameError:
                refused += 1
        assert reader.held < wire.MAX_WIRE
    print(f"\nboard wire, seed {SEED}: {FUZZ_RUNS} inputs, {frames} frames, {refused} refused, {faults} faults, 0 other errors")
    assert frames > 1000 and faults > 1000 and refused > 1000


@pytest.mark.timeout(1800)
def test_ten_thousand_faults_of_the_cable(tmp_path: Path) -> None:
    """Lost, doubled and damaged pieces, pulled cables, ports opened anew: each card once, in order, and no other."""
    with firmware(new_flash(tmp_path / "flash"), "board_frame", "link") as board:
        faults, cards, seed = 0, 0, SEED
        while faults < CABLE_FAULTS:
            duo = Duo(board, seed)
            sent = _troubled(duo, Random(seed))
            assert duo.tale == sent, f"seed {seed}"
            faults, cards, seed = faults + duo.faults, cards + len(sent), seed + 1
    print(f"\nboard cable, seeds {SEED} to {seed - 1}: {faults} faults, {cards} cards; lost 0, doubled 0, phantoms 0")


def _troubled(duo: Duo, draw: Random) -> list[str]:
    """Twelve cards, each with its own trouble; gives their ids."""
    duo.run(1)
    sent = []
    for number in range(12):
        uid = bytes([4, number]) + draw.randbytes(5)
        duo.lose = draw.choice((0.0, 0.2, 0.5))
        duo.report(wire.CARD, b"\x07" + uid)
        sent.append(uid.hex().upper())
        duo.run(draw.random())
        if draw.random() < 0.3:
            duo.faults += 1
            duo.plugged = False
            duo.run(draw.uniform(0.1, 2.0))
            duo.plugged = True
            duo.open()
        duo.report(wire.GONE, bytes(4))
        duo.run(draw.random())
    duo.lose = 0.0
    duo.run(25)
    return sent


def _input(draw: Random) -> bytes:
    body = draw.randbytes(draw.choice((0, 1, 4, 9, 21, 40)))
    if draw.random() < 0.2:
        return body + bytes(draw.randrange(2))
    line = wire.frame_bytes(draw.randrange(6), draw.randrange(3), body)
    if draw.random() < 0.5:
        at = draw.randrange(len(line))
        return line[:at] + draw.randbytes(draw.randrange(3)) + line[at + 1 :]
    return line
