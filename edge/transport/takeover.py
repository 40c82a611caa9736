"""Pure. Tells a client id used twice from a broker that restarts.

Two clients with one id throw each other out for ever: each connects, is accepted, and is cut off when the other returns. A
broker that restarts also cuts off, but then refuses the next attempt for a moment.
"""

from __future__ import annotations

from collections import deque

MOST_LOSSES = 3
WITHIN_S = 60.0


class TakeoverWatch:
    """Counts connections that were accepted and then lost. Times are monotonic seconds."""

    def __init__(self, most_losses: int = MOST_LOSSES, within_s: float = WITHIN_S) -> None:
        self._within_s = within_s
        self._losses: deque[float] = deque(maxlen=most_losses + 1)

    def lost(self, now: float) -> None:
        """An accepted connection ended, and not by us."""
        self._losses.append(now)

    def refused(self) -> None:
        """A connection was not accepted: the broker itself is away, so earlier losses prove nothing."""
        self._losses.clear()

    def suspected(self, now: float) -> bool:
        """Whether more than `most_losses` losses lie within the last `within_s` seconds."""
        full = len(self._losses) == self._losses.maxlen
        return full and now - self._losses[0] <= self._within_s
