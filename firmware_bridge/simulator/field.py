"""The radio field over a reader that does not exist: which cards are in it at a moment. Pure; time is an argument, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.simulator.cards import VirtualCard

# More cards than a pocket holds; the chip lists two of them.
MOST_CARDS = 8


@dataclass(slots=True)
class _Placed:
    card: VirtualCard
    until: float | None


class Field:
    """Cards lie in the field from `place` until their time is over or they are taken away."""

    def __init__(self) -> None:
        self._placed: list[_Placed] = []

    def place(self, card: VirtualCard, until: float | None) -> None:
        """Put a card in, asleep; one that lies there already stays until the later moment. None: until it is taken away."""
        for placed in self._placed:
            if placed.card.uid == card.uid:
                placed.until = None if until is None or placed.until is None else max(until, placed.until)
                return
        card.forget()
        self._placed = [*self._placed, _Placed(card, until)][-MOST_CARDS:]

    def take(self, uid: bytes | None = None) -> int:
        """Take one card away, or all; says how many there were."""
        before = len(self._placed)
        self._placed = [placed for placed in self._placed if uid is not None and placed.card.uid != uid]
        return before - len(self._placed)

    def switch_off(self) -> None:
        """Every card loses its power, and forgets what it was told."""
        for placed in self._placed:
            placed.card.forget()

    def cards(self, now: float) -> tuple[VirtualCard, ...]:
        """What lies there now, first come first."""
        self._placed = [placed for placed in self._placed if placed.until is None or placed.until > now]
        return tuple(placed.card for placed in self._placed)
