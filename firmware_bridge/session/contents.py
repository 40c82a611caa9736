"""What to ask a card that is open, one question after the other. Pure.

Each function is a dialogue: it yields a question, is sent the answer (None: the card did not give one) and returns what it
found. When a card is asked at all is decided in `arrival.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from firmware_bridge.card_read import MOST_EVIDENCE, Wallet
from firmware_bridge.wire import type2, type4
from firmware_bridge.wire.ndef_uri import MOST_MESSAGE, uri_of


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the card. as_it_is: the reader adds nothing of its own (for commands it does not know)."""

    data: bytes
    as_it_is: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """evidence: `uri:` and the address on the card, or None. wallet: a phone's wallet answered. whole: the card told all."""

    evidence: str | None = None
    wallet: Wallet | None = None
    whole: bool = True


NOTHING, BROKEN_OFF = Contents(), Contents(whole=False)
Dialogue = Generator[Ask, bytes | None, Contents]
_Bytes = Generator[Ask, bytes | None, bytes | None]


def of_type2() -> Dialogue:
    """Memory of an NTAG or Ultralight: the capability container and twelve bytes first, then as much as the message needs."""
    head = yield Ask(type2.read(type2.CAPABILITY_PAGE))
    if head is None or len(head) != type2.READ_BYTES:
        return BROKEN_OFF
    capability = type2.capability(head[: type2.PAGE])
    if capability is None:
        return NOTHING
    memory = head[type2.PAGE :]
    while True:
        place = type2.message_place(memory)
        if place == "none" or (place != "more" and place.end - place.start > MOST_MESSAGE):
            return NOTHING
        if place != "more" and place.end <= len(memory):
            return _found(memory[place.start : place.end])
        wanted = len(memory) + 1 if place == "more" else place.end
        if wanted > min(capability.size, MOST_MESSAGE):
            return NOTHING
        more = yield from _pages(len(memory), wanted, fast=capability.fast)
        if not more:
            return BROKEN_OFF
        memory += more


def _pages(have: int, wanted: int, *, fast: bool) -> _Bytes:
    """The next part of the memory. have, wanted: bytes from page 4 on."""
    first = type2.FIRST_PAGE + have // type2.PAGE
    last = min(type2.FIRST_PAGE + (wanted - 1) // type2.PAGE, first + type2.FAST_PAGES - 1)
    if fast and last - first >= type2.READ_BYTES // type2.PAGE:
        got = yield Ask(type2.fast_read(first, last), as_it_is=True)
        return got if got is not None and len(got) == (last - first + 1) * type2.PAGE else None
    got = yield Ask(type2.read(first))
    return got if got is not None and len(got) == type2.READ_BYTES else None


def of_iso_dep(*, phone: bool) -> Dialogue:
    """The NDEF file; a phone that has none is asked for a wallet."""
    selected = yield Ask(type4.select_application(type4.NDEF_APPLICATION))
    if selected is None:
        return BROKEN_OFF
    if type4.done(selected) is not None:
        return (yield from _ndef())
    if phone:
        return (yield from _wallet())
    return NOTHING


def _wallet() -> Dialogue:
    answer = yield Ask(type4.select_application(type4.WALLET_APPLICATION))
    if answer is None:
        return BROKEN_OFF
    information = type4.done(answer)
    return NOTHING if information is None else Contents(wallet=type4.wallet_of(information))


def _ndef() -> Dialogue:
    container = yield from _file(type4.CAPABILITY_FILE, 0, type4.CAPABILITY_BYTES)
    if container is None:
        return BROKEN_OFF
    file = type4.ndef_file(container)
    if file is None:
        return NOTHING
    length = yield from _file(file.number, 0, 2)
    if length is None or len(length) != 2:
        return BROKEN_OFF
    end = 2 + int.from_bytes(length, "big")
    if end > min(file.size, 2 + MOST_MESSAGE):
        return NOTHING
    message = b""
    while 2 + len(message) < end:
        offset = 2 + len(message)
        part = yield from _binary(offset, min(end - offset, file.at_once))
        if not part:
            return BROKEN_OFF
        message += part
    return _found(message[: end - 2])


def _file(number: int, offset: int, length: int) -> _Bytes:
    """Select a file and read its beginning; an empty text where the card refuses."""
    selected = yield Ask(type4.select_file(number))
    if selected is None:
        return None
    if type4.done(selected) is None:
        return b""
    return (yield from _binary(offset, length))


def _binary(offset: int, length: int) -> _Bytes:
    answer = yield Ask(type4.read_binary(offset, length))
    if answer is None:
        return None
    return type4.done(answer) or b""


def _found(message: bytes) -> Contents:
    uri = uri_of(message)
    evidence = None if uri is None else f"uri:{uri}"
    # A longer text than a proof needs is somebody's joke and is left out.
    return Contents(evidence if evidence is not None and len(evidence) <= MOST_EVIDENCE else None)
