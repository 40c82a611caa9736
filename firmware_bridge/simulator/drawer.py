"""Cards that keep something from one tap to the next: how often they were read. Pure."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.simulator.cards import VirtualCard
from firmware_bridge.simulator.sun_card import SunCard

# More counting cards than a demonstration has; the one not used for longest is forgotten.
MOST_CARDS = 1000


class Drawer:
    """Where cards lie between two taps."""

    def __init__(self, padding: Callable[[], bytes]) -> None:
        """padding: five random bytes, for cards that encrypt."""
        self._padding = padding
        self._out: dict[bytes, SunCard] = {}

    def take(self, card: VirtualCard, *, counted: bool) -> VirtualCard:
        """The card as it comes to the reader. counted: its count was given; else it goes on from its last reading."""
        if not isinstance(card, SunCard):
            return card
        before = self._out.pop(card.uid, None)
        if before is not None and not counted:
            card.counter = max(card.counter, before.counter)
        card.padding = self._padding
        self._out[card.uid] = card
        while len(self._out) > MOST_CARDS:
            del self._out[next(iter(self._out))]
        return card
