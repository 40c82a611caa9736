"""A card that gives one byte of its message an answer, and each late: allowed, and it would keep a reader from everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import ndef  # type: ignore[import-untyped]  # ndeflib carries no types

from firmware_bridge.simulator.iso_dep_card import PLAIN_ATS
from firmware_bridge.simulator.pace import Air, Pace
from firmware_bridge.simulator.type4_card import Type4Card


@dataclass(slots=True)
class Dawdler(Type4Card):
    """See dawdler."""

    def _read(self, offset: int, length: int) -> bytes:
        return Type4Card._read(self, offset, 1 if offset >= 2 else length)


class LateAir(Air):
    """Where each answer takes a fiftieth of a second more: the card asks for more time (ISO 14443-4, S(WTX))."""

    def __init__(self) -> None:
        super().__init__(Pace(rf=True), Random(1))

    def exchange_s(self, sent: int, received: int | None, *, iso_dep: bool = False) -> float:
        """See Air."""
        return super().exchange_s(sent, received, iso_dep=iso_dep) + 0.02


def dawdler(uid: bytes, message: bytes) -> Dawdler:
    """A card with an id of 7 bytes and this NDEF message."""
    return Dawdler(uid, b"\x03\x44", 0x20, PLAIN_ATS, message=message, size=len(message) + 2)


def address_behind(octets: int) -> bytes:
    """An NDEF message whose address stands behind a picture of so many bytes."""
    return b"".join(ndef.message_encoder([ndef.Record("image/png", "", bytes(octets)), ndef.UriRecord("https://a.b/c")]))
