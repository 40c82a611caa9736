"""10,000 faults of the line and the chip, a tap with each (`./shopbell test readers-long`): no phantom, no card lost, none twice.

SHOPBELL_READERS_FAULTS (10,000) makes it shorter, SHOPBELL_SEED the same again.
"""

from __future__ import annotations

import pytest

from tests.bench.figures import Goal
from tests.readers.results import SEED, Measured, whole_or
from tests.readers.serial_faults import KINDS, Campaign

FAULTS = whole_or("SHOPBELL_READERS_FAULTS", 10_000)
# Every second listing is damaged so that the checksum holds: far beyond what a cable does.
SHARE = 0.5
# Two listings in a row must be damaged, and alike: for seven bytes of id that is one pair of damages in 42 * 255 / 2.
DAMAGED_CARDS, ALIKE = 5 * FAULTS, 42 * 255 // 2


@pytest.mark.readers_long
@pytest.mark.timeout(3600)
def test_no_phantom_and_no_lost_card_in_ten_thousand_faults(measured: Measured) -> None:
    account = Campaign(SEED).run(FAULTS)
    measured(
        "serial faults",
        {
            "faults": FAULTS,
            "kinds": dict(sorted(account.faults.items())),
            "listings misread": account.misread,
            "cards read": account.reads,
            "read twice": account.twice,
            "slowest s": account.slowest_s,
        },
        [
            Goal(f"phantoms in {FAULTS:,} faults of line and chip", len(account.phantoms), 0, unit=""),
            Goal(f"cards lost in {FAULTS:,} faults of line and chip", len(account.lost), 0, unit=""),
        ],
        seed=SEED,
    )
    assert (account.reads, account.twice) == (FAULTS, 0)


@pytest.mark.readers_long
@pytest.mark.timeout(3600)
def test_the_limit_of_two_equal_looks(measured: Measured) -> None:
    """The same double damage in two listings in a row passes; nothing the host sees could tell."""
    account = Campaign(SEED).run_damaged(DAMAGED_CARDS, SHARE)
    phantoms, pairs = len(account.phantoms), account.misread * SHARE / ALIKE
    figures = {"cards": DAMAGED_CARDS, "read": account.reads, "phantoms": phantoms, "listings misread": account.misread}
    measured("limit of two looks", figures | {"share": SHARE}, seed=SEED)
    assert phantoms <= pairs + 5 * pairs**0.5 + 5, "more than chance makes alike"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_faults(seed: int) -> None:
    account = Campaign(seed).run(100)
    assert (account.phantoms, account.lost, account.reads, account.twice) == ([], [], 100, 0)
    assert len(account.faults) == len(KINDS)


def test_the_mutant_that_believes_one_look_reads_phantoms() -> None:
    """Guards the rule of two equal looks: without it, damage that passes the checksum becomes somebody."""
    account = Campaign(3, every_id_known=True).run(150)
    assert account.misread > 0
    assert account.phantoms
