"""Every kind of card that can be presented, and how it is written. Pure.

04A2B3C4D5E6F7                               the usual card with such an id
ntag213@04A2B3C4D5E6F7=https://...           also ntag215, ntag216, ultralight, type4, desfire; without `=` its message is empty
ntag216@04A2B3C4D5E6F7:D1010155...           the message itself in hex, whatever it is
sun:KEY@04A2B3C4D5E6F7                       an NTAG 424 DNA that signs each reading; also sun-plain, sun-file
sun:META.FILE@04A2B3C4D5E6F7#60=https://...  two keys; the next reading is number 60; the address before its parameters
"""

from __future__ import annotations

import re
from typing import cast

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.cards import CASCADE_TAG, VirtualCard
from firmware_bridge.simulator.desfire_card import desfire_card
from firmware_bridge.simulator.sun_card import DEFAULT_ADDRESS, LAST_COUNT, MIRRORS, Mirror, SunCard, sun_card
from firmware_bridge.simulator.type2_card import KINDS, type2_card
from firmware_bridge.simulator.type4_card import phone, type4_card
from firmware_bridge.wire.card_id import made_up
from firmware_bridge.wire.ndef_uri import message_with

# The largest message, 888 bytes in hex, and what stands before it.
LONGEST_CARD = 2000
_SUN = re.compile(
    r"(?P<mirror>[a-z-]+):(?P<meta>[0-9A-Fa-f]{32})(?:\.(?P<file>[0-9A-Fa-f]{32}))?"
    r"@(?P<uid>[0-9A-Fa-f]{14})(?:#(?P<count>\d{1,8}))?(?:=(?P<address>\S+))?"
)
_TAG = re.compile(
    r"(?P<kind>[a-z0-9]+)@(?P<uid>[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14})(?:=(?P<address>\S+)|:(?P<message>(?:[0-9A-Fa-f]{2})+))?"
)
_HINT = (
    "Write an id in hex, ntag213@ID=ADDRESS (or ntag215, ntag216, ultralight, type4, desfire), "
    "or sun:KEY@ID (or sun-plain, sun-file)"
)
_ISO_DEP = {"type4": type4_card, "desfire": desfire_card}


def card_with(uid: bytes) -> VirtualCard:
    """The usual card with such an id: 4 bytes a MIFARE Classic, or a phone when it begins with 08; 7 an NTAG213; 10 rare."""
    if len(uid) == 4 and uid[0] == CASCADE_TAG:
        raise MisuseError(
            f"making a card with the id {uid.hex().upper()}", "An id of 4 bytes never begins with 88, the cascade tag"
        )
    if len(uid) == 4:
        return phone(uid) if made_up(uid) else VirtualCard(uid, b"\x00\x04", 0x08)
    if len(uid) == 7:
        return type2_card("ntag213", uid)
    if len(uid) == 10:
        return VirtualCard(uid, b"\x00\x84", 0x00)
    raise MisuseError(f"making a card with an id of {len(uid)} bytes", "Ids of ISO 14443-A have 4, 7 or 10 bytes")


def card_of_kind(text: str) -> tuple[VirtualCard, bool]:
    """A card written with an `@`, and whether its count is given (else it goes on where this card stopped).

    Raises MisuseError.
    """
    sun, tag = _SUN.fullmatch(text), _TAG.fullmatch(text)
    if len(text) <= LONGEST_CARD and sun and sun["mirror"] in MIRRORS:
        return _sun(sun), sun["count"] is not None
    if len(text) <= LONGEST_CARD and tag and tag["kind"] in (*KINDS, *_ISO_DEP):
        uid, message = bytes.fromhex(tag["uid"]), bytes.fromhex(tag["message"] or "") or uri_message(tag["address"])
        made = _ISO_DEP.get(tag["kind"])
        return (made(uid, message) if made else type2_card(tag["kind"], uid, message)), False
    raise MisuseError("making a card of that kind", _HINT)


def uri_message(address: str | None) -> bytes:
    """An NDEF message with one address; none without."""
    return message_with(address) if address else b""


def _sun(found: re.Match[str]) -> SunCard:
    meta = bytes.fromhex(found["meta"])
    count = int(found["count"] or 1)
    if not 1 <= count <= LAST_COUNT:
        raise MisuseError(f"making a card at its reading number {count}", f"Readings are counted from 1 to {LAST_COUNT}")
    return sun_card(
        cast(Mirror, found["mirror"]),
        bytes.fromhex(found["uid"]),
        meta,
        bytes.fromhex(found["file"]) if found["file"] else meta,
        address=found["address"] or DEFAULT_ADDRESS,
        counter=count - 1,
    )
