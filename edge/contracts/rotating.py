"""The text of a member's rotating QR: `sbq1.HANDLE.STEP.CODE`. The kiosk tells by it which card it is; the hub alone can say
whether it holds.

HANDLE: 20 hex digits, random, stays with the member's pass. STEP: whole half-minutes since 1970. CODE: 16 characters, which
only the hub can make. So a photograph of the screen is worth nothing a minute later, and nothing at once when the code has
been used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "sbq1."
STEP_S = 30  # seconds that one code stands
WINDOW_STEPS = 2  # steps that the shopper's clock, or the walk to the door, may be off: 60 s to each side
HANDLE_BYTES = 10
CODE_BYTES = 12
_TEXT = re.compile(r"sbq1\.([0-9a-f]{20})\.([0-9]{1,10})\.([A-Za-z0-9_-]{16})\Z")
_STABLE = re.compile(r"sbq1\.[0-9a-f]{20}\Z")


@dataclass(frozen=True, slots=True)
class RotatingCode:
    """handle: hex; step: number of the half-minute; code: base64url without padding."""

    handle: str
    step: int
    code: str

    @property
    def card_value(self) -> str:
        """The part that stays: as value of medium `code` it makes the card id by which directory and hub know the pass."""
        return PREFIX + self.handle

    @property
    def text(self) -> str:
        """What the QR holds; at most 53 characters, all of them safe in a URL."""
        return f"{self.card_value}.{self.step}.{self.code}"


def read_rotating(text: str) -> RotatingCode | None:
    """The rotating code in a scanned text, or None for any other text. It says nothing about whether the code holds."""
    found = _TEXT.match(text)
    return None if found is None else RotatingCode(found[1], int(found[2]), found[3])


def card_value(text: str) -> str:
    """The value of medium `code` to look a scanned text up by: a rotating one without what changes, any other as it is."""
    code = read_rotating(text)
    return text if code is None else code.card_value


def is_pass(card_id: str) -> bool:
    """Whether a canonical card id is that of a member's pass, whose code has to rotate."""
    medium, _, value = card_id.partition(":")
    return medium == "code" and bool(_STABLE.match(value))
