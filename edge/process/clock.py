"""Time, injected. Durations come from `monotonic`, never from the wall clock (guarantee G6)."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, Protocol

ClockQuality = Literal["synchronised", "free", "unset"]

# systemd-timesyncd touches this file whenever it has set the clock.
_SYNCHRONISED = "/run/systemd/timesync/synchronized"
# Built in 2026: a wall clock before this was never set (a Pi has no battery-backed clock).
_BUILT = datetime(2026, 11, 1, tzinfo=timezone.utc)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """now: wall clock, UTC. monotonic: seconds that never jump, comparable within one `boot`. quality: of the wall clock."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def boot(self) -> str: ...
    def quality(self) -> ClockQuality: ...


class SystemClock:
    """The machine's clocks. Monotonic time counts through suspend (CLOCK_BOOTTIME), so ages stay true."""

    def __init__(self) -> None:
        try:
            self._boot = _BOOT_ID.read_text().strip().replace("-", "")
        except OSError:
            self._boot = f"p{time.time_ns():x}"

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        return self._boot

    def quality(self) -> ClockQuality:
        if self.now() < _BUILT:
            return "unset"
        synchronised = os.path.exists(_SYNCHRONISED)  # noqa: PTH110 - asked for every message, and a third of the time of a Path
        return "synchronised" if synchronised else "free"


class ManualClock:
    """A clock that stands still until it is told to move: for tests and replays."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc), boot: str = "boot1") -> None:
        self._now = start
        self._monotonic = 1000.0
        self._boot = boot
        self._quality: ClockQuality = "synchronised"

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def boot(self) -> str:
        return self._boot

    def quality(self) -> ClockQuality:
        return self._quality

    def advance(self, seconds: float) -> None:
        """Let both clocks run on."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as NTP or a flat battery does; monotonic time is untouched."""
        self._now += timedelta(seconds=seconds)

    def reboot(self, boot: str, quality: ClockQuality = "synchronised") -> None:
        """The machine restarts: monotonic time begins again under a new boot id."""
        self._boot, self._monotonic, self._quality = boot, 1.0, quality
