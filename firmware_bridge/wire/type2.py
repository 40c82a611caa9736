"""Memory of a Type 2 tag (NTAG, Ultralight): what to ask it, and where its NDEF message lies. Pure.

Pages of four bytes: 0 to 2 hold the id and lock bits, 3 the capability container, the user's memory begins at 4. What follows
is a row of blocks: type, length (one byte, or FF and two), value (NFC Forum, Type 2 Tag).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PAGE = 4
READ, FAST_READ = 0x30, 0x3A
# A READ gives four pages.
READ_BYTES = 4 * PAGE
# Pages of one FAST_READ: 48 bytes, within the 64 bytes a PN532 is sure to take from a card at once.
FAST_PAGES = 12
CAPABILITY_PAGE, FIRST_PAGE = 3, 4

_MAGIC = 0xE1
_SIZE_UNIT = 8
# What NTAG215 and NTAG216 say of their size. An NTAG213 says the same as an Ultralight C, which knows no FAST_READ.
_FAST_SIZES = (0x3E, 0x6D)
_NULL, _MESSAGE, _END = 0x00, 0x03, 0xFE
_LONG = 0xFF


@dataclass(frozen=True, slots=True)
class Capability:
    """size: bytes of the user's memory. fast: whether the tag certainly knows FAST_READ."""

    size: int
    fast: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where an NDEF message lies in the user's memory, in bytes."""

    start: int
    end: int


def read(page: int) -> bytes:
    """Ask for four pages from `page` on."""
    return bytes([READ, page])


def fast_read(first: int, last: int) -> bytes:
    """Ask for all pages from `first` to `last`, both included."""
    return bytes([FAST_READ, first, last])


def capability(container: bytes) -> Capability | None:
    """The four bytes of page 3; None: no NDEF tag, or one only others may read."""
    if len(container) < PAGE or container[0] != _MAGIC or container[1] >> 4 not in (1, 2) or container[3] >> 4:
        return None
    return Capability(container[2] * _SIZE_UNIT, container[2] in _FAST_SIZES)


def message_place(memory: bytes) -> Place | Literal["more", "none"]:
    """The first NDEF message in the user's memory, as far as that was read; "more": it does not show yet."""
    at = 0
    while at < len(memory):
        kind = memory[at]
        if kind == _NULL:
            at += 1
            continue
        if kind == _END:
            return "none"
        span = _span(memory, at + 1)
        if span is None:
            return "more"
        if kind == _MESSAGE:
            return span
        at = span.end
    return "more"


def _span(memory: bytes, at: int) -> Place | None:
    """The value of a block whose length stands at `at`."""
    if at >= len(memory):
        return None
    if memory[at] != _LONG:
        return Place(at + 1, at + 1 + memory[at])
    if at + 2 >= len(memory):
        return None
    return Place(at + 3, at + 3 + int.from_bytes(memory[at + 1 : at + 3], "big"))
