"""Unplugged, hung and left alone, on a real pty and in real time (the long ones) or in virtual time."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.card_read import ReaderState
from tests.bench.figures import Goal
from tests.readers.results import SEED, Measured, whole_or
from tests.support.reader import Duet, ask, simulated

UNPLUGGED_S, BACK_WITHIN_S, SHARE_UNPLUGGED, NOTICED_WITHIN_S = 20.0, 10.0, 0.02, 20.0
MOMENTS = whole_or("SHOPBELL_READERS_MOMENTS", 1000)
SEVEN = "04A2B3C4D5E6F7"


@pytest.mark.parametrize("seed", range(5))
def test_a_chip_that_hangs_at_any_moment_is_noticed_within_twenty_seconds(seed: int) -> None:
    assert noticed_after(seed) < NOTICED_WITHIN_S


def noticed_after(seed: int) -> float:
    """Virtual seconds from a moment the chip hangs at, drawn with this seed, until the reader is said to be down."""
    random, duet = Random(seed), Duet(seed)
    frozen_at = random.uniform(1.0, 30.0)
    if random.random() < 0.5:
        duet.tap(frozen_at - 0.05, SEVEN, 1.0)  # in the middle of a read
    duet.at(frozen_at, lambda: setattr(duet.chip, "frozen", True))
    while not duet.failures and duet.now < frozen_at + 2 * NOTICED_WITHIN_S:
        duet.run(duet.now + 0.1)
    assert duet.failures[:1] == ["reader_stopped"]
    return duet.now - frozen_at


@pytest.mark.readers_long
@pytest.mark.timeout(1200)
def test_a_chip_that_hangs_at_a_thousand_moments(measured: Measured) -> None:
    slowest = max(noticed_after(SEED + number) for number in range(MOMENTS))
    measured(
        "hung at any moment",
        {"moments": MOMENTS, "slowest s": slowest},
        [Goal(f"a chip that hangs is noticed, slowest of {MOMENTS:,} moments", slowest, NOTICED_WITHIN_S, unit="s")],
        seed=SEED,
    )


@pytest.mark.readers_long
@pytest.mark.timeout(120)
def test_an_unplugged_reader_costs_nothing_and_is_back_within_ten_seconds(tmp_path: Path, measured: Measured) -> None:
    control = tmp_path / "reader.sock"
    with simulated(control) as reader:
        ask(control, {"fault": "hangup", "seconds": UNPLUGGED_S})
        reader.wait_for(lambda events: any(isinstance(event, ReaderState) and not event.up for event in events))
        unplugged, before = time.monotonic(), time.process_time()
        threading.Event().wait(UNPLUGGED_S - 2.0)
        share = (time.process_time() - before) / (time.monotonic() - unplugged)
        reader.wait_up(2)
        late = time.monotonic() - unplugged - UNPLUGGED_S
    measured(
        "unplugged",
        {"unplugged s": UNPLUGGED_S, "share of a core": share, "back after s": late},
        [
            Goal("part of a core while unplugged", share * 100, SHARE_UNPLUGGED * 100, unit="%"),
            Goal("reads again after it was plugged in", late, BACK_WITHIN_S, unit="s"),
        ],
    )


@pytest.mark.readers_long
@pytest.mark.timeout(120)
def test_a_chip_that_hangs_is_noticed_within_twenty_seconds_of_real_time(tmp_path: Path, measured: Measured) -> None:
    control = tmp_path / "reader.sock"
    with simulated(control) as reader:
        ask(control, {"fault": "frozen"})
        frozen = time.monotonic()
        reader.wait_down("reader_stopped")
        noticed = time.monotonic() - frozen
    measured(
        "hung on a real port",
        {"noticed after s": noticed},
        [Goal("a chip that hangs is noticed, on a real port", noticed, NOTICED_WITHIN_S, unit="s")],
    )
