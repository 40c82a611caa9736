"""Pure. Whom to alert: own associate, else by reason's skill and language, else everybody on shift.

What a shopper spent, their tier, age, or a guess from their name is no input here and must never become one (DESIGN section 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge.contracts.outcomes import Reason

Why = Literal["own", "reason", "language", "everybody"]


@dataclass(frozen=True, slots=True)
class OnShift:
    """An associate who is signed in. skills: words that may equal a reason."""

    associate: str
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody an alert goes to, and the rule that chose them."""

    associate: str
    why: Why


def route(on_shift: Sequence[OnShift], *, own: str | None, reason: Reason | None, language: str | None) -> tuple[Recipient, ...]:
    """The first rule that finds somebody decides; empty only when nobody is on shift."""
    mine = [person for person in on_shift if person.associate == own]
    if mine:
        return _all(mine, "own")
    skilled = [person for person in on_shift if reason is not None and reason in person.skills]
    speaking = [person for person in on_shift if language is not None and _speaks(person, language)]
    both = [person for person in skilled if person in speaking]
    if both or skilled:
        return _all(both or skilled, "reason")
    if speaking and len(speaking) < len(on_shift):
        return _all(speaking, "language")
    return everybody(on_shift)


def everybody(on_shift: Sequence[OnShift]) -> tuple[Recipient, ...]:
    """All who are on shift."""
    return _all(on_shift, "everybody")


def _all(people: Sequence[OnShift], why: Why) -> tuple[Recipient, ...]:
    return tuple(Recipient(person.associate, why) for person in people)


def _speaks(person: OnShift, language: str) -> bool:
    # "pt-BR" is served by somebody who speaks "pt"
    return language in person.languages or language.partition("-")[0] in person.languages
