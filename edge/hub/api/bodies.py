"""Small bodies that only the hub's own interface knows."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Struct


class BreakGlass(Struct, frozen=True):
    """Why an associate has to see a card that is closed to them. Kept in the log of looks."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


class NoteMade(Struct, frozen=True):
    """The note was kept."""

    note_id: str
