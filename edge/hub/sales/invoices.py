"""Pure. Which lines of an invoice are there already, which are new, which contradict what is stored.

A line's identity is (source, invoice, ordinal). A file does not write the ordinal down, and a file may come again, renamed,
with other files, or with a line corrected. So lines are matched by content first: what matches is there already, and two
genuine equal lines match two stored ones. What is left over is

- new, with the next ordinals, where every stored line was found again (the invoice has grown), or where the file holds
  another part of the invoice (nothing matched, no product in common with the stored rest);
- in conflict otherwise: the file tells the invoice differently, and taking its line would count the same goods twice.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from typing import Literal

from msgspec import Struct

Fate = Literal["new", "there", "conflict"]


class Stored(Struct, frozen=True):
    """A stored line. content: everything that must be equal for a line to be the same."""

    ordinal: int
    product: str
    content: Hashable


class Offered(Struct, frozen=True):
    """A line of the file."""

    product: str
    content: Hashable


class Place(Struct, frozen=True):
    """ordinal: where it stands or will stand; 0 for a conflict."""

    fate: Fate
    ordinal: int


_CONFLICT = Place("conflict", 0)


def place(stored: Sequence[Stored], offered: Sequence[Offered]) -> list[Place]:
    """One place per offered line, in their order."""
    if not stored:
        return [Place("new", ordinal) for ordinal in range(1, len(offered) + 1)]
    matched, left = _match(stored, offered)
    restated = any(ordinal is not None for ordinal in matched)
    left_products = {line.product for line in left}
    following = max(line.ordinal for line in stored)
    places = []
    for line, ordinal in zip(offered, matched, strict=True):
        if ordinal is not None:
            places.append(Place("there", ordinal))
        elif left and (restated or line.product in left_products):
            places.append(_CONFLICT)
        else:
            following += 1
            places.append(Place("new", following))
    return places


def _match(stored: Sequence[Stored], offered: Sequence[Offered]) -> tuple[list[int | None], list[Stored]]:
    """Per offered line the ordinal of its equal, or None; and the stored lines nobody offered."""
    waiting: defaultdict[Hashable, deque[Stored]] = defaultdict(deque)
    for line in stored:
        waiting[line.content].append(line)
    matched: list[int | None] = []
    for offer in offered:
        equals = waiting.get(offer.content)
        matched.append(equals.popleft().ordinal if equals else None)
    return matched, [line for equals in waiting.values() for line in equals]
