"""A MIFARE DESFire that does not exist: its ATS, what it says of its kind, and an application for NDEF. Pure.

Its own commands come wrapped (ISO 7816-4 with class 90), as in NXP's AN10833 and the DESFire EV1 data sheet; of those it knows
GetVersion, SelectApplication and GetApplicationIDs. The NDEF application is selected by its name, as of any Type 4 tag.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.type4_card import Type4Card

# T0 (FSCI 5: 64 bytes; TA, TB, TC follow), TA, TB, TC, and the one historical byte of a DESFire (AN10833).
DESFIRE_ATS = bytes.fromhex("75 77 81 02 80")
NDEF_AID = b"\x01\x00\x00"
_NATIVE = 0x90
_GET_VERSION, _MORE, _SELECT, _LIST = 0x60, 0xAF, 0x5A, 0x6A
_DONE, _GO_ON, _ILLEGAL, _NO_APPLICATION = b"\x91\x00", b"\x91\xaf", b"\x91\x1c", b"\x91\xa0"
# Maker NXP, type 01 (DESFire), EV1 (1.0), 4 KB, ISO 14443-2 and -3; the software then.
_HARDWARE, _SOFTWARE = bytes.fromhex("04 01 01 01 00 18 05"), bytes.fromhex("04 01 01 01 04 18 05")
_BATCH = bytes.fromhex("BA 54 45 21 30 31 12")


@dataclass(slots=True)
class DesfireCard(Type4Card):
    """A DESFire EV1 of 4 KB with one application, which holds an NDEF message."""

    _parts: list[bytes] = field(default_factory=list, init=False, compare=False)

    def forget(self) -> None:
        """See VirtualCard."""
        Type4Card.forget(self)
        self._parts = []

    def command(self, request: bytes) -> bytes | None:
        """Its own wrapped commands, else those of a Type 4 tag."""
        if not request or request[0] != _NATIVE:
            return Type4Card.command(self, request)
        data = request[5 : 5 + request[4]] if len(request) > 5 else b""
        return self._native(request[1] if len(request) > 1 else 0, data)

    def _native(self, code: int, data: bytes) -> bytes:
        if code == _GET_VERSION:
            self._parts = [_HARDWARE, _SOFTWARE, self.uid + _BATCH]
        elif code != _MORE:
            self._parts = []
        if self._parts:
            part = self._parts.pop(0)
            return part + (_GO_ON if self._parts else _DONE)
        if code == _LIST:
            return NDEF_AID + _DONE
        if code == _SELECT:
            return _DONE if data in (NDEF_AID, b"\0\0\0") else _NO_APPLICATION
        return _ILLEGAL


def desfire_card(uid: bytes, message: bytes) -> DesfireCard:
    """A DESFire with this NDEF message. Raises MisuseError."""
    if len(uid) != 7:
        raise MisuseError(f"making a desfire with an id of {len(uid)} bytes", "A DESFire has an id of 7 bytes")
    return DesfireCard(uid, b"\x03\x44", 0x20, DESFIRE_ATS, message=message, size=max(256, len(message) + 2), at_once=0x3B)
