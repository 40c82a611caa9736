"""5,000,000 inputs over the parsers (`./shopbell test readers-long`): nothing but FrameError comes out.

SHOPBELL_READERS_INPUTS (5,000,000) makes it shorter, SHOPBELL_SEED the same again.
"""

from __future__ import annotations

import pytest

from tests.bench.figures import Goal
from tests.readers.fuzz import fuzz, parsers
from tests.readers.results import SEED, Measured, whole_or

INPUTS = whole_or("SHOPBELL_READERS_INPUTS", 5_000_000)


@pytest.mark.readers_long
@pytest.mark.timeout(7200)
def test_five_million_inputs_give_nothing_but_frame_errors(measured: Measured) -> None:
    refused = fuzz(SEED, INPUTS)
    measured(
        "any bytes: frames and cards",
        {"inputs": INPUTS, "taken": INPUTS - refused, "refused": refused, "parsers": len(parsers())},
        # Any other error has ended the test before.
        [Goal(f"errors other than FrameError in {INPUTS:,} inputs, {len(parsers())} parsers and dialogues", 0, 0, unit="")],
        seed=SEED,
    )
    assert 0 < refused < INPUTS


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_inputs(seed: int) -> None:
    assert 0 < fuzz(seed, 10_000) < 10_000
