"""Whether a page is alive in front of the shopper: it says so every 15 s, and three silences are a dead page."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.process.health import Health

BEAT_S = 15.0
SILENCE_S = 3 * BEAT_S


class Pulse:
    """When a page last said that it lives. now: monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last: float | None = None
        self._lock = threading.Lock()

    def beat(self) -> None:
        """A page is alive and draws."""
        with self._lock:
            self._last = self._now()

    def age_s(self) -> float | None:
        """Seconds since the last beat; None before the first."""
        with self._lock:
            return None if self._last is None else self._now() - self._last

    def judge(self, health: Health) -> None:
        """Write the part `screen`. Before the first page was opened there is nothing to judge."""
        age = self.age_s()
        if age is None:
            return
        if age <= SILENCE_S:
            health.well("screen")
        else:
            health.ill("screen", "screen_silent", "The page no longer answers: restart the kiosk's browser.")
