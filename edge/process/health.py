"""What a process says of itself: parts, each well or not, with a code and what to do."""

from __future__ import annotations

import threading
from typing import Literal

from msgspec import Struct


class Part(Struct, frozen=True):
    """One part of a process. code is `ok` when well."""

    part: str
    well: bool
    code: str = "ok"
    hint: str = ""


class HealthReport(Struct, frozen=True):
    """Body of `/healthz`: 200 when every part is well, else 503."""

    process: str
    version: str
    state: Literal["well", "degraded"]
    parts: list[Part]


class Health:
    """Collects what the parts say; safe from any thread."""

    def __init__(self, process: str, version: str) -> None:
        self._process, self._version = process, version
        self._parts: dict[str, Part] = {}
        self._lock = threading.Lock()

    def well(self, part: str) -> None:
        """This part works."""
        self._set(Part(part, True))

    def ill(self, part: str, code: str, hint: str) -> None:
        """This part does not work: a stable code, and what IT should do."""
        self._set(Part(part, False, code, hint))

    def report(self) -> HealthReport:
        """All parts, by name."""
        with self._lock:
            parts = sorted(self._parts.values(), key=lambda part: part.part)
        state: Literal["well", "degraded"] = "well" if all(part.well for part in parts) else "degraded"
        return HealthReport(self._process, self._version, state, parts)

    def _set(self, part: Part) -> None:
        with self._lock:
            self._parts[part.part] = part
