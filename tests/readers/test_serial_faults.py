"""10,000 faults of the line and the chip, a tap with each (`./shopbell test readers-long`): no phantom, no card lost.

SHOPBELL_READERS_FAULTS (10,000) and SHOPBELL_READERS_SEED make it shorter, or the same again.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.readers.serial_faults import KINDS, Campaign

SEED = int(os.environ.get("SHOPBELL_READERS_SEED", random.SystemRandom().randrange(10**6)))
FAULTS = int(os.environ.get("SHOPBELL_READERS_FAULTS", "10000"))


@pytest.mark.readers_long
@pytest.mark.timeout(3600)
def test_no_phantom_and_no_lost_card_in_ten_thousand_faults() -> None:
    account = Campaign(SEED).run(FAULTS)
    print(
        f"\nseed {SEED}: {FAULTS} faults {dict(account.faults)}, {account.misread} listings misread; {account.reads} read,"
        f" {len(account.phantoms)} phantoms, {len(account.lost)} lost, {account.twice} twice, slowest {account.slowest_s:.1f} s"
    )
    assert (account.phantoms, account.lost, account.reads) == ([], [], FAULTS), f"seed {SEED}"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_faults(seed: int) -> None:
    account = Campaign(seed).run(100)
    assert (account.phantoms, account.lost, account.reads) == ([], [], 100)
    assert len(account.faults) == len(KINDS)


def test_the_mutant_that_believes_one_look_reads_phantoms() -> None:
    """Guards the rule of two equal looks: without it, damage that passes the checksum becomes somebody."""
    account = Campaign(3, every_id_known=True).run(150)
    assert account.misread > 0
    assert account.phantoms
