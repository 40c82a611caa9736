"""Which programs have a device open, as far as this user may see."""

from __future__ import annotations

import os
from pathlib import Path

PROCESSES = Path("/proc")


def holders(device: str, processes: Path = PROCESSES) -> list[str]:
    """Name and number of each process but this one, such as `python3 (process 812)`; other users' are seen by root alone."""
    try:
        wanted = Path(device).stat().st_rdev
    except OSError:
        return []
    found = []
    for process in sorted(processes.glob("[0-9]*"), key=lambda path: int(path.name)):
        if int(process.name) != os.getpid() and wanted and _has(process, wanted):
            found.append(f"{_name(process)} (process {process.name})")
    return found


def held_by(device: str) -> str:
    """A sentence without its full stop; empty where nobody is seen."""
    found = holders(device)
    return f"It is held by {', '.join(found)}" if found else ""


def _has(process: Path, device: int) -> bool:
    try:
        return any(_device(handle) == device for handle in (process / "fd").iterdir())
    except OSError:  # it has ended, or is another user's
        return False


def _device(handle: Path) -> int | None:
    try:
        return handle.stat().st_rdev
    except OSError:
        return None


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a program"
