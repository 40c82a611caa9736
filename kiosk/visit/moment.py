"""Pure. One instant as the kiosk saw it, taken once per tap so that every rule of that tap judges by the same time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from edge.contracts.envelope import ClockQuality

# A reader board remembers for twenty seconds; the rest is for a disk that stalls. What claims to be older is taken as this old.
LATEST_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Moment:
    """at: wall clock, UTC; clock: how good it is. monotonic: seconds that never jump, comparable within one `boot`."""

    at: datetime
    clock: ClockQuality
    boot: str
    monotonic: float

    def back_to(self, monotonic: float) -> Moment:
        """The instant of something told only now, at most `LATEST_S` before. monotonic: seconds, of the same boot."""
        late_s = min(max(0.0, self.monotonic - monotonic), LATEST_S)
        return replace(self, at=self.at - timedelta(seconds=late_s), monotonic=self.monotonic - late_s)
