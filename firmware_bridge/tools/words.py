"""Reader events in words. Ids are masked unless they are asked for: a terminal is read over shoulders, and its text is kept."""

from __future__ import annotations

from firmware_bridge.card_read import ButtonPressed, CardGone, CardHeld, CardRead, ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError


def masked(value: str) -> str:
    """04A2B3C4D5E6F7 -> 04...F7: enough to tell two cards in a hand apart, not enough to copy one."""
    return f"{value[:2]}...{value[-2:]}" if len(value) > 4 else "..."


def told(event: ReaderEvent, *, show_ids: bool = False) -> str:
    """One line for one event."""
    if isinstance(event, ReaderState):
        return f"reader works: {event.hint}" if event.up else f"reader does not work: {event.code}. {event.hint}"
    if isinstance(event, CardRead):
        return _card(event, show_ids)
    if isinstance(event, CardGone):
        return f"card gone after {event.held_s:.1f} s"
    if isinstance(event, CardHeld):
        return f"card still there after {event.held_s:.1f} s"
    if isinstance(event, ButtonPressed):
        return f"button pressed for {event.held_s:.1f} s"
    return "two cards at once" if event.trouble == "two_cards" else "a card that gives no id"


def _card(read: CardRead, show_ids: bool) -> str:
    if read.medium != "nfc":
        return f"{read.medium} {read.value if show_ids else masked(read.value)}"
    kind = "phone (made-up id)" if read.random_id else "card"
    proof = "" if read.evidence is None else f", with evidence {read.evidence}" if show_ids else ", with evidence"
    wallet = "" if read.wallet is None else f", its wallet is ready ({read.wallet})"
    return f"{kind} {read.value if show_ids else masked(read.value)}, {len(read.value) // 2} bytes{proof}{wallet}"


def explained(error: BridgeError) -> str:
    """An error for a technician: what was tried, then what to do."""
    return f"{error.code}: {error.tried}. {error.hint}."
