"""Unplugged, hung and left alone, on a real pty and in real time (the long ones) or in virtual time."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.card_read import ReaderState
from tests.support.reader import Duet, ask, simulated

UNPLUGGED_S = 20.0
SEVEN = "04A2B3C4D5E6F7"


@pytest.mark.parametrize("seed", range(5))
def test_a_chip_that_hangs_at_any_moment_is_noticed_within_twenty_seconds(seed: int) -> None:
    random, duet = Random(seed), Duet(seed)
    frozen_at = random.uniform(1.0, 30.0)
    duet.tap(frozen_at - 0.05, SEVEN, 1.0)  # in the middle of a read, as often as not
    duet.at(frozen_at, lambda: setattr(duet.chip, "frozen", True))
    while not duet.failures:
        duet.run(duet.now + 0.1)
        assert duet.now < frozen_at + 20.0
    assert duet.failures == ["reader_stopped"]


@pytest.mark.readers_long
@pytest.mark.timeout(120)
def test_an_unplugged_reader_costs_nothing_and_is_back_within_ten_seconds(tmp_path: Path) -> None:
    control = tmp_path / "reader.sock"
    with simulated(control) as reader:
        ask(control, {"fault": "hangup", "seconds": UNPLUGGED_S})
        reader.wait_for(lambda events: any(isinstance(event, ReaderState) and not event.up for event in events))
        unplugged, before = time.monotonic(), time.process_time()
        threading.Event().wait(UNPLUGGED_S - 2.0)
        share = (time.process_time() - before) / (time.monotonic() - unplugged)
        reader.wait_up(2)
        late = time.monotonic() - unplugged - UNPLUGGED_S
    print(f"\nunplugged for {UNPLUGGED_S:.0f} s: {share:.2%} of a core, back {late:.1f} s after it was plugged in")
    assert share < 0.02
    assert late < 10.0


@pytest.mark.readers_long
@pytest.mark.timeout(120)
def test_a_chip_that_hangs_is_noticed_within_twenty_seconds_of_real_time(tmp_path: Path) -> None:
    control = tmp_path / "reader.sock"
    with simulated(control) as reader:
        ask(control, {"fault": "frozen"})
        frozen = time.monotonic()
        reader.wait_down("reader_stopped")
        noticed = time.monotonic() - frozen
        print(f"\na chip that hangs: noticed after {noticed:.1f} s")
    assert noticed < 20.0
