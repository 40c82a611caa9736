"""What a reader understood. The border of this package: the kiosk takes these and nothing deeper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Medium = Literal["nfc", "code", "typed"]
Trouble = Literal["unreadable", "two_cards"]
Wallet = Literal["apple", "google", "other"]
# Characters of `CardRead.evidence`, its kind before the colon included: the hub's limit, with room for any proof.
MOST_EVIDENCE: Final = 500


@dataclass(frozen=True, slots=True)
class CardRead:
    """One card presented once. A card left on the reader is one read.

    medium: how it was presented. value: upper-case hex of the ISO 14443-A id (4, 7, 10 bytes) for nfc; text for codes.
    random_id: the id is made up anew at each tap (ISO 14443-3: 4 bytes, first 08), as phones do: never an identity.
    evidence: what a proof of the card needs, or None; `uri:` and the whole address in a tag's memory, at most MOST_EVIDENCE
    characters.
    wallet: a phone answered that its wallet is at hand, which keeps its cards to itself.
    symbology: for codes, the AIM identifier the device named (`]E0`, `]C1`, `]Q1`, ...), or None where it names none.
    reader: which reader. monotonic: seconds on the bridge's clock when the card was understood.
    """

    medium: Medium
    value: str
    reader: str
    monotonic: float
    random_id: bool = False
    evidence: str | None = None
    wallet: Wallet | None = None
    symbology: str | None = None


@dataclass(frozen=True, slots=True)
class CardHeld:
    """The card that was read last is still there after some seconds: another act than a tap. held_s: for how long so far.

    Once per card read, see `firmware_bridge.session.presence`.
    """

    reader: str
    monotonic: float
    held_s: float


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card left the field. held_s: for how long it was there."""

    reader: str
    monotonic: float
    held_s: float


@dataclass(frozen=True, slots=True)
class CardTrouble:
    """Something was presented and gave no id: unreadable, or two cards at once.

    medium: how it was presented. code: why, where more is known than `trouble` says (stable, such as `scan_cut`), else empty.
    """

    reader: str
    monotonic: float
    trouble: Trouble
    medium: Medium = "nfc"
    code: str = ""


@dataclass(frozen=True, slots=True)
class ReaderState:
    """The reader came up or went away; code and hint are for the technician."""

    reader: str
    monotonic: float
    up: bool
    code: str = "ok"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The button of a reader board was pressed and let go: somebody without a card wants to be noticed. held_s: for how long."""

    reader: str
    monotonic: float
    held_s: float


ReaderEvent = CardRead | CardHeld | CardGone | CardTrouble | ButtonPressed | ReaderState
