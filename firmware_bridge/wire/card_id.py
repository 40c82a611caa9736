"""Ids of ISO 14443-A cards. Pure."""

from __future__ import annotations

from typing import Final

# ISO 14443-3: single, double, triple size.
ID_LENGTHS: Final = (4, 7, 10)
# A single size id that starts so is made up anew by the card at each tap, as phones do (nfcpy and pretix use the same rule).
RANDOM_FIRST: Final = 0x08


def made_up(uid: bytes) -> bool:
    """Whether the card makes its id up at each tap: never an identity."""
    return len(uid) == ID_LENGTHS[0] and uid[0] == RANDOM_FIRST
