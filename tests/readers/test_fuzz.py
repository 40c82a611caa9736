"""5,000,000 inputs over the parsers (`./shopbell test readers-long`): nothing but FrameError comes out.

SHOPBELL_READERS_INPUTS (5,000,000) and SHOPBELL_READERS_SEED make it shorter, or the same again.
"""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.readers.fuzz import fuzz, parsers

SEED = int(os.environ.get("SHOPBELL_READERS_SEED", random.SystemRandom().randrange(10**6)))
INPUTS = int(os.environ.get("SHOPBELL_READERS_INPUTS", "5000000"))


@pytest.mark.readers_long
@pytest.mark.timeout(7200)
def test_five_million_inputs_give_nothing_but_frame_errors() -> None:
    began = time.monotonic()
    refused = fuzz(SEED, INPUTS)
    print(f"\nseed {SEED}: {INPUTS} inputs over {len(parsers())} parsers, {refused} refused, {time.monotonic() - began:.0f} s")
    assert 0 < refused < INPUTS


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_inputs(seed: int) -> None:
    assert 0 < fuzz(seed, 10_000) < 10_000
