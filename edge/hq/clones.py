"""Pure. What two stores saw of one card: could both have had it in hand?

A card counts its reads, so its counts rise with time wherever it goes. Two stores that were cut off from each other can each
accept one count; HQ, which hears of both, sees it. The rule of one store (edge.hub.proof.counters) is not repeated here: this one
compares stores.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

# Stores' clocks are set over the network; what differs by less than this is no contradiction.
SLACK = timedelta(seconds=120)


class StoreTap(Struct, frozen=True):
    """One proof that a store accepted. counter: reads of the tag, or the half-minute of a member's code."""

    store: str
    medium: Literal["nfc", "code"]
    counter: int
    came_at: datetime


def is_clone(new: StoreTap, others: Iterable[StoreTap]) -> bool:
    """Whether this tap contradicts another store's: the same count twice, or counts that fall while time goes on."""
    return any(other.store != new.store and _contradict(new, other) for other in others)


def _contradict(one: StoreTap, other: StoreTap) -> bool:
    if one.counter == other.counter:
        return True
    if one.medium == "code":  # its count is the time itself, within the shopper's clock
        return False
    earlier, later = (one, other) if one.counter < other.counter else (other, one)
    return earlier.came_at > later.came_at + SLACK
