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


class OpenPass(Struct, frozen=True):
    """`POST /api/v1/pass`: the part of a pass's link behind the #."""

    link: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class PassLink(Struct, frozen=True):
    """`POST /api/v1/visits/{visit_id}/pass`: for the member's phone, once. svg: the link as a QR code."""

    url: str
    svg: str
    expires_in_s: int


class PassShown(Struct, frozen=True):
    """`GET /api/v1/pass`: what the phone shows for the next `left_s` seconds. svg: the text as a QR code."""

    text: str
    svg: str
    left_s: int
