"""The stage, shared by threads: taps and answers change it, streams wait for it. No thread of its own: who waits, ticks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.contracts.outcomes import Reason
from edge.process.clock import Clock
from kiosk.screen import phrases
from kiosk.screen.scene import SceneView, Stage
from kiosk.visit.words import Reads, Words

RING_GUARD_S = 3.0  # a finger that bounces rings once


class Board:
    """Thread-safe screen state. Every change wakes whoever waits for a newer version.

    clock: durations are monotonic. language: of the store.
    """

    def __init__(self, clock: Clock, language: str = "en") -> None:
        self._clock = clock
        self._stage = Stage(phrases.resting, language)
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._drawn = threading.Condition(lock)
        self._written: dict[int, int] = {}  # thread of a stream -> the version it has written
        self._awaited: int | None = None  # the version somebody waits to see drawn
        self._closed = False
        self._rung = float("-inf")

    @property
    def closed(self) -> bool:
        """True once the kiosk is leaving; waiting then returns at once."""
        return self._closed

    def now(self) -> float:
        """Monotonic seconds of the board's clock."""
        return self._clock.monotonic()

    def show(self, words: Words, arrival_id: str | None = None) -> None:
        """Put a scene on the screen."""
        with self._changed:
            self._stage.show(words, arrival_id, self.now())
            self._changed.notify_all()

    def complete(self, arrival_id: str, words: Words) -> bool:
        """Better words for this arrival, only if it is still on the screen."""
        with self._changed:
            return self._told(self._stage.complete(arrival_id, words, self.now()))

    def choose(self, arrival_id: str, reason: Reason) -> bool:
        """Mark the chosen reason, only if this arrival is still on the screen."""
        with self._changed:
            return self._told(self._stage.choose(arrival_id, reason, self.now()))

    def touch(self, showing: int) -> bool:
        """Somebody is still reading: give them time."""
        with self._changed:
            return self._told(self._stage.touch(showing, self.now()))

    def speak(self, language: str) -> None:
        """Use this language for the shopper in front of the screen."""
        with self._changed:
            self._stage.speak(language, self.now())
            self._changed.notify_all()

    def chosen_language(self) -> str | None:
        """The language asked for on the screen by whoever stands there now, or None."""
        with self._changed:
            return self._stage.chosen_language(self.now())

    def reads(self, what: Reads) -> None:
        """Tell the shopper what can be read at present."""
        with self._changed:
            self._stage.reads(what)
            self._changed.notify_all()

    def first_ring(self) -> bool:
        """True for the first of several rings within three seconds."""
        with self._changed:
            first = self.now() - self._rung >= RING_GUARD_S
            if first:
                self._rung = self.now()
            return first

    def tick(self) -> bool:
        """Let what is over end; True if the screen changed."""
        with self._changed:
            return self._told(self._stage.tick(self.now()))

    def view(self) -> SceneView:
        """What is on the screen now."""
        with self._changed:
            return self._stage.view(self.now())

    def wait_newer(self, version: int, timeout_s: float, stop: Callable[[], bool] = lambda: False) -> SceneView:
        """The view as soon as it is newer than `version`; the unchanged one after `timeout_s`, on `stop` or on close."""
        with self._changed:
            self._written[threading.get_ident()] = version
            if self._awaited is not None and self._drawn_to(self._awaited):  # woken once, not by every stream
                self._drawn.notify_all()
            until = self.now() + timeout_s
            while True:
                now = self.now()
                view = self._stage.view(now)
                if view.version > version or now >= until or self._closed or stop():
                    return view
                change = self._stage.next_change()
                self._changed.wait(min(until, change if change is not None else until) - now)

    def wait_drawn(self, timeout_s: float) -> None:
        """Until every stream has written the newest view. Who has not within `timeout_s` is not waited for before it is back."""
        with self._changed:
            self._awaited = version = self.view().version
            if not self._drawn.wait_for(lambda: self._drawn_to(version), timeout_s):
                self._written = {thread: written for thread, written in self._written.items() if written >= version}
            self._awaited = None

    def wake(self) -> None:
        """Make everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Release everybody who waits, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drawn_to(self, version: int) -> bool:
        return all(written >= version for written in self._written.values())

    def _told(self, changed: bool) -> bool:
        if changed:
            self._changed.notify_all()
        return changed
