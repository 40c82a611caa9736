"""From the first sight of a card to the moment it is told. Pure.

- An id that is known is believed at once: its owner waits for nothing. Exception: an ISO-DEP card may prove itself, so its
  files are read in any case.
- An id nobody knows must be seen twice alike: the chip's checksum of eight bits lets about one double damage in a thousand
  pass, and a misread must not become somebody.
- Of two cards at once the known one is told, if just one of them is known; else nobody is.
- Then its memory is read: ISO-DEP always, a Type 2 tag (7 byte id, SAK 00) when its id is unknown. Other cards have none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from firmware_bridge.session.contents import Ask, Contents, Dialogue, of_iso_dep, of_type2
from firmware_bridge.session.presence import Sight
from firmware_bridge.wire.pn532_answers import Target

Known = Callable[[str], bool]

# Looks at a card that was seen once, until it is called unreadable: one more than a chip misses by habit.
MOST_LOOKS = 3
# A card that stops in the middle of its memory is opened once more; after that its id must do.
MOST_TRIES = 2

_TYPE2_SAK, _TYPE2_ID = 0x00, 7


def nobody(_value: str) -> bool:
    """No id is known."""
    return False


class Arrival:
    """One card on its way from sight to read. `sight`: what is to be told, or None when nothing is under way."""

    def __init__(self, known: Known = nobody) -> None:
        """known: whether an id (upper-case hex) is known to whoever waits for the reads; it may take a millisecond."""
        self._known = known
        self.sight: Sight | None = None
        self._sure = False
        self._is_known = False
        self._looks = self._tries = 0
        self._dialogue: Dialogue | None = None
        self._ask: Ask | None = None

    @property
    def ask(self) -> Ask | None:
        """The question to the card that is next."""
        return self._ask

    @property
    def number(self) -> int:
        """Under which the reader lists the card that is asked."""
        return self.sight.targets[0].number if self.sight is not None and self.sight.targets else 1

    @property
    def opens(self) -> bool:
        """The card must be opened for ISO-DEP when it is listed again."""
        return self.sight is not None and any(target.iso_dep for target in self.sight.targets)

    def came(self, sight: Sight) -> bool:
        """A first sight; True: tell it at once."""
        self.sight, self._looks, self._tries = sight, 1, 0
        self._is_known = len(sight.targets) == 1 and self._knows(sight.targets[0])
        self._sure = False
        return self._is_known and not self.opens

    def looked(self, sight: Sight) -> Literal["look", "ask", "tell"]:
        """A further sight; gives what is next."""
        self._looks += 1
        sight = self._the_known_one(sight) if sight.two else sight
        is_known = len(sight.targets) == 1 and self._knows(sight.targets[0])
        if sight.ids and (sight.two or is_known or (self.sight is not None and sight.ids == self.sight.ids)):
            self.sight, self._sure, self._is_known = sight, True, is_known
            return "tell" if sight.two or not self._begin(sight) else "ask"
        if sight.ids and not self._is_known:
            self.sight = sight
        return "look" if self._looks < MOST_LOOKS else "tell"

    def answered(self, reply: bytes | None) -> Literal["look", "ask", "tell"]:
        """The card's answer to `ask`, or None; gives what is next."""
        assert self._dialogue is not None, "nothing was asked"
        try:
            self._ask = self._dialogue.send(reply)
        except StopIteration as end:
            return self._told(end.value)
        return "ask"

    @property
    def doubtful(self) -> bool:
        """A card is under way that nobody knows and that was not seen twice alike."""
        return self.sight is not None and not self._sure and not self._is_known

    def tell(self) -> Sight | None:
        """What is known of the card, and the end of this arrival."""
        sight, self.sight = self.sight, None
        self._dialogue = self._ask = None
        if sight is None or self._sure or self._is_known:
            return sight
        return Sight(unreadable=True)  # seen once, or each time as another: it is asked for once more

    def _the_known_one(self, sight: Sight) -> Sight:
        """Of two cards held together, such as a purse holds, the one that is known, if just one is; else both."""
        known = [target for target in sight.targets if self._knows(target)]
        return Sight((known[0],)) if len(known) == 1 else sight

    def _knows(self, target: Target) -> bool:
        return not target.random_id and self._known(target.value)

    def _begin(self, sight: Sight) -> bool:
        self._dialogue = self._dialogue_with(sight.targets[0]) if sight.targets else None
        if self._dialogue is None:
            return False
        self._ask = next(self._dialogue)
        return True

    def _dialogue_with(self, target: Target) -> Dialogue | None:
        if target.iso_dep:
            return of_iso_dep(phone=target.random_id)
        if target.sak == _TYPE2_SAK and len(target.uid) == _TYPE2_ID and not self._is_known:
            return of_type2()
        return None

    def _told(self, contents: Contents) -> Literal["look", "tell"]:
        self._dialogue = self._ask = None
        self._tries += 1
        if not contents.whole and self._tries < MOST_TRIES:
            self._looks = MOST_LOOKS - 1  # one look opens it again
            return "look"
        if self.sight is not None:
            self.sight = replace(self.sight, evidence=contents.evidence, wallet=contents.wallet)
        return "tell"
