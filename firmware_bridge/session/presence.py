"""Which card lies on the reader, decided from one listing after another. Pure; time is an argument, in seconds.

A card left on the reader is one read. A listing that misses it, or sees another card for a moment, changes nothing until
it repeats: chips of firmware 1.6 that are asked for two cards miss a card lying still at every second listing
(NXP community, thread 481864), and a hand is never still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware_bridge.card_read import CardGone, CardHeld, CardTrouble, ReaderEvent, Wallet
from firmware_bridge.wire.pn532_answers import Target, card_event

# Empty listings before a card counts as gone: more than the one that is missed regularly (see above).
EMPTY_TO_LEAVE = 3
# Listings that must agree before another card takes the place of the one lying there.
OTHER_TO_REPLACE = 2
# After an outage as long as this nobody can say that the same visit of the card goes on.
FORGET_AFTER_S = 30.0
# A tap is over within a second; five are no accident (features.md, row 11).
HELD_AFTER_S = 5.0

_UNREADABLE = "unreadable"
_RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Sight:
    """One listing. targets: the cards that told their id; unreadable: something answered that gave no id.

    evidence, wallet: what was found on the card, where it was asked.
    """

    targets: tuple[Target, ...] = ()
    unreadable: bool = False
    evidence: str | None = None
    wallet: Wallet | None = None

    @property
    def ids(self) -> frozenset[str]:
        """Names for comparing sights. A phone changes its id when the field blinks, so every made-up id is one name."""
        if not self.targets and self.unreadable:
            return frozenset({_UNREADABLE})
        return frozenset(_RANDOM if target.random_id else target.value for target in self.targets)

    @property
    def two(self) -> bool:
        """More than one card at once."""
        return len(self.targets) > 1


@dataclass(slots=True)
class _Held:
    sight: Sight
    since: float
    last_seen: float
    told_held: bool = False


class Presence:
    """What lies on the reader. `look` takes every listing and says what happened."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._held: _Held | None = None
        self._other: Sight | None = None
        self._others = 0

    @property
    def holding(self) -> bool:
        """Something lies there."""
        return self._held is not None

    @property
    def wants_two(self) -> bool:
        """The next listing should ask for two cards: two lie there, or another card was seen."""
        held_two = self._held is not None and self._held.sight.two
        return held_two or (self._other is not None and bool(self._other.targets))

    def look(self, sight: Sight, now: float) -> tuple[ReaderEvent, ...]:
        """Take one listing; gives what changed."""
        if self._held is None:
            return self._take(sight, now)
        if _still(self._held.sight, sight):
            self._held.last_seen = now
            self._forget_other()
            return self._staying(self._held, now)
        if not self._believed(sight):
            return ()
        if len(sight.targets) == 1:  # another card: it comes as every card does, with whatever is to be read of it
            return self._leave(now)
        return (*self._leave(now), *self._take(sight, now))

    def expire(self, now: float) -> tuple[ReaderEvent, ...]:
        """After an outage: a card not seen for long is gone."""
        if self._held is None or now - self._held.last_seen < FORGET_AFTER_S:
            return ()
        return self._leave(now)

    def _take(self, sight: Sight, now: float) -> tuple[ReaderEvent, ...]:
        self._forget_other()
        if not sight.ids:
            return ()
        self._held = _Held(sight, now, now)
        return (_event(sight, self._reader, now),)

    def _staying(self, held: _Held, now: float) -> tuple[ReaderEvent, ...]:
        if held.told_held or len(held.sight.targets) != 1 or now - held.since < HELD_AFTER_S:
            return ()
        held.told_held = True
        return (CardHeld(self._reader, now, now - held.since),)

    def _leave(self, now: float) -> tuple[ReaderEvent, ...]:
        held, self._held = self._held, None
        self._forget_other()
        if held is None or held.sight.two or not held.sight.targets:
            return ()  # it was never a read
        return (CardGone(self._reader, now, held.last_seen - held.since),)

    def _believed(self, sight: Sight) -> bool:
        same = self._other is not None and self._other.ids == sight.ids and self._other.two == sight.two
        self._other, self._others = sight, self._others + 1 if same else 1
        return self._others >= (OTHER_TO_REPLACE if sight.ids else EMPTY_TO_LEAVE)

    def _forget_other(self) -> None:
        self._other, self._others = None, 0


def _still(held: Sight, seen: Sight) -> bool:
    if held.two:
        return seen.two
    return bool(held.ids & seen.ids)


def _event(sight: Sight, reader: str, now: float) -> ReaderEvent:
    told = card_event(sight.targets, reader=reader, monotonic=now, evidence=sight.evidence, wallet=sight.wallet)
    return told or CardTrouble(reader, now, "unreadable")


def sight_of(targets: Sequence[Target]) -> Sight:
    """A listing that could be read."""
    return Sight(tuple(targets))
