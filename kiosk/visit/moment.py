"""Pure. One instant as the kiosk saw it, taken once per tap so that every rule of that tap judges by the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.contracts.envelope import ClockQuality


@dataclass(frozen=True, slots=True)
class Moment:
    """at: wall clock, UTC; clock: how good it is. monotonic: seconds that never jump, comparable within one `boot`."""

    at: datetime
    clock: ClockQuality
    boot: str
    monotonic: float
