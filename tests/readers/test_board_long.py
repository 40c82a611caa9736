"""Long campaigns of the reader board, run by './shopbell test readers-long'. Each prints its seed and its counts."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from firmware_bridge.errors import FrameError
from firmware_bridge.update.image import MOST_BYTES
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from tests.bench.figures import Goal
from tests.firmware_bridge.board.test_flash_cuts import cuts, judge
from tests.firmware_bridge.board.test_update import refusal, spoiled
from tests.firmware_bridge.board.test_update_image import IMAGE, cut_short_and_taken, flipped_and_taken
from tests.readers.results import SEED, Measured, whole_or
from tests.support.board import HEAP, bench, firmware, new_flash
from tests.support.board_duo import Duo
from tests.support.needs import needs

FUZZ_RUNS = whole_or("SHOPBELL_READERS_PAYLOADS", 1_000_000)
CABLE_FAULTS = whole_or("SHOPBELL_READERS_FAULTS", 10_000)
BIT_FLIPS, TRUNCATIONS = 20_000, 2_000

pytestmark = pytest.mark.readers_long


@pytest.mark.timeout(900)
def test_a_power_cut_at_every_write_of_an_update(tmp_path: Path, measured: Measured) -> None:
    (tmp_path / "first").mkdir()
    writes, _ = cuts(tmp_path / "first", [], 60)
    _, rows = cuts(tmp_path, list(range(max(500, writes + 6))), 800)
    lost = judge(rows)
    measured(
        "board: power cuts",
        {"cuts": len(rows), "writes of an update": writes, "lost at writes": lost},
        [Goal(f"boards lost in {len(rows):,} power cuts during an update", len(lost), 0, unit="")],
    )


@pytest.mark.timeout(300)
def test_an_image_that_hangs_while_it_is_loaded_falls_back(tmp_path: Path) -> None:
    """Only the watchdog ends it, three times."""
    with bench(tmp_path, [needs("micropython"), "-X", HEAP], watchdog_s=8.0) as board:
        assert refusal(board, spoiled("HEALTHY_MS = 3000", "HEALTHY_MS = 3000\nwhile True:\n    pass")) == "update_fell_back"


@pytest.mark.timeout(1800)
def test_a_million_inputs_to_the_boards_wire(measured: Measured) -> None:
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
    measured(
        "any bytes: board wire",
        {"inputs": FUZZ_RUNS, "taken": frames - refused, "refused": refused + faults},
        # Any other error has ended the test before.
        [Goal(f"errors other than FrameError in {FUZZ_RUNS:,} inputs, board wire", 0, 0, unit="")],
        seed=SEED,
    )
    assert min(frames, faults, refused) > FUZZ_RUNS / 1000


@pytest.mark.timeout(1800)
def test_ten_thousand_faults_of_the_cable(tmp_path: Path, measured: Measured) -> None:
    """Lost, doubled and damaged pieces, pulled cables, ports opened anew: each card once, in order, and no other."""
    with firmware(new_flash(tmp_path / "flash"), "board_frame", "link") as board:
        faults, cards, wrong, seed = 0, 0, list[int](), SEED
        while faults < CABLE_FAULTS:
            duo = Duo(board, seed)
            sent = _troubled(duo, Random(seed))
            wrong += [seed] * (duo.tale != sent)
            faults, cards, seed = faults + duo.faults, cards + len(sent), seed + 1
    measured(
        "board: cable faults",
        {"faults": faults, "cards": cards, "wrong seeds": wrong},
        [Goal(f"runs with a card lost, doubled or made up, {faults:,} faults of the board's cable", len(wrong), 0, unit="")],
        seed=SEED,
    )


@pytest.mark.timeout(1800)
def test_images_that_were_changed_or_cut(measured: Measured) -> None:
    _, wrong = flipped_and_taken(SEED, BIT_FLIPS)
    taken = cut_short_and_taken(TRUNCATIONS)
    measured(
        "board: changed images",
        {"bit flips": BIT_FLIPS, "truncations": TRUNCATIONS, "image bytes": len(IMAGE.data), "board takes bytes": MOST_BYTES},
        [
            Goal(f"of {BIT_FLIPS:,} single-bit flips, taken as another image", wrong, 0, unit=""),
            Goal(f"of {TRUNCATIONS:,} truncations of image and of signature, taken", taken, 0, unit=""),
        ],
        seed=SEED,
    )


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
