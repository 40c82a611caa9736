"""Pure. What all stores saw of one tag: could it have been one card?

A card counts its reads, so its counts rise with time wherever it goes, and it is in one place at a time. Two taps in two stores
contradict each other (`two_stores`) when they have the same count, or when the tap with the higher count happened clearly before
the one with the lower. They are too close together (`too_soon`) when less than ten minutes lie between them: a card that is
relayed by radio counts as it should, and is in both stores all the same.

Times are those of the reading, never of the arrival at HQ, and only where the store's clock was set over the network
(`synchronised`) and, for a tap whose age nobody knows, the kiosk's too. By any other clock nobody is accused of coming too soon
or too late; the same count twice needs no clock. What is found depends on the taps alone, not on the order in which HQ heard of
them, and one more tap never makes it less. The rule within one store is edge.hub.proof.counters and is not repeated here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

Kind = Literal["two_stores", "too_soon"]
TWO_STORES: Kind = "two_stores"
TOO_SOON: Kind = "too_soon"
# Stores' clocks are set over the network; what differs by less than this is no contradiction.
SLACK = timedelta(seconds=120)
# Nobody walks from one store to another in less (reliability, threat T5).
TOGETHER = timedelta(minutes=10)


class StoreTap(Struct, frozen=True):
    """One proof that a store accepted. counter: reads of the tag, or the half-minute of a member's code.

    timed: whether came_at can be compared with another store's. proof_id, door: to tell taps apart.
    """

    store: str
    medium: Literal["nfc", "code"]
    counter: int
    came_at: datetime
    timed: bool = True
    proof_id: str = ""
    door: str = ""


class Finding(Struct, frozen=True):
    """kind: the graver of what was found. times: taps that clash with an earlier one of another store. stores: in name order.

    first, second: the two taps of the newest clash of that kind, in time order.
    """

    kind: Kind
    times: int
    stores: list[str]
    first: StoreTap
    second: StoreTap


class _Clash(Struct, frozen=True):
    kind: Kind
    first: StoreTap
    second: StoreTap


def judge(taps: Iterable[StoreTap]) -> Finding | None:
    """What is wrong with the taps of one tag, in any order; None if it can have been one card."""
    clashes = list(_clashes(taps))
    if not clashes:
        return None
    newest = max(clashes, key=lambda clash: (clash.kind == TWO_STORES, _order(clash.second)))
    stores = {tap.store for clash in clashes for tap in (clash.first, clash.second)}
    return Finding(newest.kind, len(clashes), sorted(stores), newest.first, newest.second)


def clash(one: StoreTap, other: StoreTap) -> Kind | None:
    """What is wrong with two taps of one tag, whichever is named first."""
    if one.store == other.store:
        return None  # its own store has judged that
    if one.counter == other.counter:
        return TWO_STORES
    if not (one.timed and other.timed):
        return None
    lower, higher = (one, other) if one.counter < other.counter else (other, one)
    # the count of a member's code is the time itself, within the shopper's clock
    if one.medium == "nfc" and lower.came_at - higher.came_at > SLACK:
        return TWO_STORES
    return TOO_SOON if abs(one.came_at - other.came_at) < TOGETHER else None


def _order(tap: StoreTap) -> tuple[datetime, str, str]:
    return tap.came_at, tap.store, tap.proof_id


def _clashes(taps: Iterable[StoreTap]) -> Iterator[_Clash]:
    """For each tap that clashes with an earlier one, the gravest and newest such clash."""
    before = _Before()
    for tap in sorted(taps, key=_order):
        found = [_Clash(kind, other, tap) for other in before.suspects(tap) if (kind := clash(tap, other))]
        if found:
            yield max(found, key=lambda one: (one.kind == TWO_STORES, _order(one.first)))
        before.add(tap)


class _Before:
    """The earlier taps, as few of them as tell all: a card that is tapped ten thousand times costs ten thousand steps.

    Of each store one tap with the same count, the last one, and the highest of those that came clearly earlier.
    """

    def __init__(self) -> None:
        self._same: dict[int, dict[str, StoreTap]] = {}
        self._last: dict[str, StoreTap] = {}
        self._highest: dict[str, StoreTap] = {}
        self._recent: deque[StoreTap] = deque()

    def suspects(self, tap: StoreTap) -> list[StoreTap]:
        """Those of the earlier taps that have to be looked at. Asked in time order."""
        found = list(self._same.get(tap.counter, {}).values())
        if not tap.timed:
            return found
        while self._recent and tap.came_at - self._recent[0].came_at > SLACK:
            old = self._recent.popleft()
            highest = self._highest.get(old.store)
            if highest is None or old.counter > highest.counter:
                self._highest[old.store] = old
        return [*found, *self._last.values(), *self._highest.values()]

    def add(self, tap: StoreTap) -> None:
        self._same.setdefault(tap.counter, {})[tap.store] = tap
        if tap.timed:
            self._last[tap.store] = tap
            self._recent.append(tap)
