"""Long campaigns of the reader board, run by './shopbell test readers-long'. Each prints its seed and its counts."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from firmware_bridge.errors import FrameError
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from tests.firmware_bridge.board.test_flash_cuts import cuts, judge

SEED = int(os.environ.get("SHOPBELL_SEED", "20260"))
FUZZ_RUNS = 1_000_000

pytestmark = pytest.mark.readers_long


@pytest.mark.timeout(900)
def test_a_power_cut_at_every_write_of_an_update(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    writes, _ = cuts(tmp_path / "first", [], 60)
    _, rows = cuts(tmp_path, list(range(max(500, writes + 6))), 800)
    judge(rows)
    print(f"\npower cuts: {len(rows)}, one at each of the {writes} writes of an update and some after it; boards lost: 0")


@pytest.mark.timeout(1800)
def test_a_million_inputs_to_the_boards_wire() -> None:
    """Noise, and good frames with some bytes changed: nothing but frames, faults and FrameError comes out."""
    draw, frames, faults, refused = random.Random(SEED), 0, 0, 0
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


def _input(draw: random.Random) -> bytes:
    body = draw.randbytes(draw.choice((0, 1, 4, 9, 21, 40)))
    if draw.random() < 0.2:
        return body + bytes(draw.randrange(2))
    line = wire.frame_bytes(draw.randrange(6), draw.randrange(3), body)
    if draw.random() < 0.5:
        at = draw.randrange(len(line))
        return line[:at] + draw.randbytes(draw.randrange(3)) + line[at + 1 :]
    return line
