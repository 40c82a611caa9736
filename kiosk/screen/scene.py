"""Pure. Which scene is on the screen, for how long, and what a page may know of it. Time is an argument.

A resting scene (starting, idle, out of order, shown without seconds) stays; every other scene ends by itself and leaves
nothing behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from edge.contracts.outcomes import Reason
from kiosk.visit.words import Picture, Reads, SceneKind, Tone, Words

RESTING: frozenset[SceneKind] = frozenset({"starting", "idle", "out_of_order"})
# After these the shopper has asked, or been told, something that no late answer may undo.
_SETTLED: frozenset[SceneKind] = frozenset({"not_today", "blocked"})

# WCAG 2.2, 2.2.1 (A): at least 20 s to ask for more time with one simple action, at least ten times over.
LEAST_TO_ACT_S = 20.0
LONGEST_S = 300.0
LANGUAGE_S = 60.0  # a language chosen on the resting screen is the next shopper's, not everybody's

Resting = Callable[[SceneKind, str, Reads], Words]


class SceneView(Struct, frozen=True):
    """Everything a page needs to draw the screen, and all it is told.

    version: rises with every change. showing: rises when another scene takes the screen, not when one is completed.
    language: of buttons and hints; words_language: of title and line (they differ while a scene is being retold).
    ends_in_s: seconds until the screen rests by itself, None when it already does. reader_ok: whether a card can be read.
    """

    version: int
    showing: int
    scene: SceneKind
    title: str
    line: str
    tone: Tone
    picture: Picture
    language: str
    words_language: str
    arrival_id: str | None
    offers_reasons: bool
    offers_not_today: bool
    reason: Reason | None
    ends_in_s: float | None
    reader_ok: bool


@dataclass(slots=True)
class _Showing:
    words: Words
    arrival_id: str | None
    since: float
    ends: float
    reason: Reason | None = None


class Stage:
    """The screen's state. Not thread-safe: kiosk.screen.board wraps it.

    resting: words of a resting scene in a language, where this can be read.
    """

    def __init__(self, resting: Resting, language: str) -> None:
        self._resting = resting
        self._home = language
        self._reads = Reads()
        self._rest: Words = resting("starting", language, self._reads)
        self._on: _Showing | None = None
        self._language: str | None = None
        self._language_ends = 0.0
        self._version = 1
        self._showing = 1

    def show(self, words: Words, arrival_id: str | None, now: float) -> None:
        """Put a scene on the screen, in place of whatever is there."""
        self.tick(now)
        self._showing += 1
        self._version += 1
        if words.scene in RESTING and not words.seconds > 0:
            self._rest = words
            self._leave()
            return
        self._on = _Showing(words, arrival_id, now, now + _stay(words))

    def complete(self, arrival_id: str, words: Words, now: float) -> bool:
        """A late answer: better words for this arrival. False, and no change, unless that arrival is still on the screen."""
        on = self._current(now)
        if on is None or on.arrival_id != arrival_id or on.words.scene in _SETTLED or words.scene in RESTING:
            return False
        on.words = words
        on.ends = max(on.ends, self._bounded(on, now + _stay(words)))
        self._version += 1
        return True

    def choose(self, arrival_id: str, reason: Reason, now: float) -> bool:
        """Mark the chosen reason and give time to change it. False unless that arrival is on the screen and offers reasons."""
        on = self._current(now)
        if on is None or on.arrival_id != arrival_id or not on.words.offers_reasons:
            return False
        on.reason = reason
        self._extend(on, now)
        return True

    def touch(self, showing: int, now: float) -> bool:
        """Somebody is still reading `showing`: it stays for at least 20 s more, up to 300 s in all."""
        on = self._current(now)
        if on is None or showing != self._showing:
            return False
        self._extend(on, now)
        return True

    def speak(self, language: str, now: float) -> None:
        """Use this language for the shopper in front of the screen; it ends with their visit, or after a minute."""
        self.tick(now)
        self._language, self._language_ends = language, now + LANGUAGE_S
        if self._on is not None:
            self._extend(self._on, now)
        self._version += 1

    def reads(self, what: Reads) -> None:
        """Tell what can be read at present."""
        if what != self._reads:
            self._reads = what
            self._version += 1

    def tick(self, now: float) -> bool:
        """Let what is over end. True if the screen changed."""
        if self._on is not None and now >= self._on.ends:
            self._leave()
            self._showing += 1
            self._version += 1
            return True
        if self._on is None and self._language is not None and now >= self._language_ends:
            self._language = None
            self._version += 1
            return True
        return False

    def next_change(self) -> float | None:
        """The moment at which `tick` will next change something, on the same clock, or None."""
        if self._on is not None:
            return self._on.ends
        return self._language_ends if self._language is not None else None

    def chosen_language(self, now: float) -> str | None:
        """The language the shopper in front of the screen asked for, or None."""
        self.tick(now)
        return self._language

    def view(self, now: float) -> SceneView:
        """What a page may know at `now`. Nothing of a scene that has ended."""
        on = self._current(now)
        words = on.words if on else self._resting_words()
        return SceneView(
            version=self._version,
            showing=self._showing,
            scene=words.scene,
            title=words.title,
            line=words.line,
            tone=words.tone,
            picture=words.picture,
            language=self._language or words.language,
            words_language=words.language,
            arrival_id=on.arrival_id if on else None,
            offers_reasons=on is not None and on.arrival_id is not None and words.offers_reasons,
            offers_not_today=words.offers_not_today and (on is None or on.arrival_id is not None),
            reason=on.reason if on else None,
            ends_in_s=round(on.ends - now, 1) if on else None,
            reader_ok=self._reads.cards,
        )

    def _current(self, now: float) -> _Showing | None:
        self.tick(now)
        return self._on

    def _leave(self) -> None:
        self._on = None
        self._language = None

    def _resting_words(self) -> Words:
        return self._resting(self._rest.scene, self._language or self._rest.language, self._reads)

    def _extend(self, on: _Showing, now: float) -> None:
        on.ends = max(on.ends, self._bounded(on, now + LEAST_TO_ACT_S))
        self._version += 1

    def _bounded(self, on: _Showing, ends: float) -> float:
        return min(ends, on.since + LONGEST_S)


def _stay(words: Words) -> float:
    """Seconds a passing scene stays. `0: until something else happens` still ends, so that no name stands there for ever."""
    asked = words.seconds if math.isfinite(words.seconds) and words.seconds > 0 else LONGEST_S
    least = LEAST_TO_ACT_S if words.offers_reasons or words.offers_not_today else 0.0
    return min(max(asked, least), LONGEST_S)
