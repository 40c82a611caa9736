"""Pure. What happened at a store in a day."""

from __future__ import annotations

from msgspec import Struct

HOURS = 24


class Counts(Struct):
    """What happened at one store in the last 24 hours; hours: arrivals per hour, oldest first."""

    arrivals: int = 0
    visits: int = 0
    notes: int = 0
    served: int = 0
    expired: int = 0
    hours: list[int] = []
