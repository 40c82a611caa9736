"""What a simulated reader can be asked, and how its parts are written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.bad_line import LINE_FAULTS, LineFault
from firmware_bridge.simulator.cards import VirtualCard
from firmware_bridge.simulator.kinds import card_of_kind, card_with
from firmware_bridge.simulator.pace import Pace

# A tap as people do it: between a third of a second and one second.
TAP_S = 0.6
LONGEST_S = 24 * 3600.0
MOST_AT_ONCE = 4
WALLETS = ("apple", "google")
# What the serial port of a PN532 can be set to.
SLOWEST_BAUD, FASTEST_BAUD = 9600, 1_288_000
# hangup: the cable is out. frozen: the chip does nothing until its power or its reset line is used.
FAULTS = (*LINE_FAULTS, "hangup", "frozen")

Fault = LineFault | Literal["hangup", "frozen"]


class RequestError(MisuseError):
    """The request cannot be done; code and hint go back to whoever asked."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        self.code = code
        super().__init__(tried, hint)


@dataclass(frozen=True, slots=True)
class Present:
    """Put cards (or a phone, when `cards` is empty) into the field for hold_s seconds; None: until removed.

    wallet: what answers on that phone: apple, google or nothing. counted: the card's count was given.
    """

    cards: tuple[VirtualCard, ...]
    hold_s: float | None = TAP_S
    wallet: str | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Take one card, or everything, out of the field."""

    uid: bytes | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """Make the line misbehave."""

    fault: Fault
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Do `steps`, each so many seconds after now."""

    steps: tuple[tuple[float, Present | Remove | Break], ...]


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what is going on."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Take as long as hardware does, or no time, from now on."""

    pace: Pace


Step = Present | Remove | Break
Request = Present | Remove | Break | Play | Status | Timing


def parse_uid(text: object) -> bytes:
    """An id in hex, blanks and colons allowed. Raises RequestError."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9A-Fa-f]+", re.sub(r"[\s:]", "", text)):
        raise RequestError("bad_uid_hex", "reading a card's id", "Write it in hex: 04A2B3C4D5E6F7")
    digits = re.sub(r"[\s:]", "", text)
    if len(digits) not in (8, 14, 20):
        raise RequestError(
            "bad_uid_length", f"reading a card's id of {len(digits)} hex digits", "Ids have 8, 14 or 20 digits (4, 7 or 10 bytes)"
        )
    return bytes.fromhex(digits)


def parse_card(text: object) -> VirtualCard:
    """The usual card with this id. Raises RequestError."""
    try:
        return card_with(parse_uid(text))
    except RequestError:
        raise
    except MisuseError as error:
        raise RequestError("bad_uid", error.tried, error.hint) from error


def parse_present(text: object, hold_s: float | None) -> Present:
    """A card as simulator/kinds.py writes it. Raises RequestError."""
    if not isinstance(text, str) or "@" not in text:
        return Present((parse_card(text),), hold_s)
    try:
        card, counted = card_of_kind(text)
    except MisuseError as error:
        raise RequestError("bad_card", error.tried, error.hint) from error
    return Present((card,), hold_s, counted=counted)


def parse_wallet(value: object) -> str | None:
    """A wallet's name, or None: a phone without. Raises RequestError."""
    if value is not None and value not in WALLETS:
        raise RequestError("bad_wallet", "reading a wallet", f"Use one of {', '.join(WALLETS)}")
    return value


def parse_fault(value: object) -> Fault:
    """A fault's name. Raises RequestError."""
    if value not in FAULTS:
        raise RequestError("unknown_fault", "reading a fault", f"Use one of {', '.join(FAULTS)}")
    return cast(Fault, value)


def parse_pace(value: object) -> Pace:
    """{"baud": 115200, "rf": true}; either may be left out: no time. Raises RequestError."""
    asked = value if isinstance(value, dict) else {"": None}
    baud, rf = asked.get("baud"), asked.get("rf", False)
    plain = baud is None or (isinstance(baud, int) and not isinstance(baud, bool) and SLOWEST_BAUD <= baud <= FASTEST_BAUD)
    if not plain or not isinstance(rf, bool) or set(asked) - {"baud", "rf"}:
        raise RequestError(
            "bad_timing",
            "reading timing",
            f'Write {{"timing": {{"baud": 115200, "rf": true}}}}, with {SLOWEST_BAUD} to {FASTEST_BAUD} baud or null',
        )
    return Pace(baud, rf)
