"""The names of devices that stay with them wherever they are plugged in (klipper#299). Reading them opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Where udev makes them: serial ports, input devices (scanners that type), cameras.
FOLDERS = (Path("/dev/serial/by-id"), Path("/dev/input/by-id"), Path("/dev/v4l/by-id"))


def device_of(port: str) -> str:
    """The device's path in a port as kiosk.toml writes it: without board:, #ID or keys:; empty for a simulated one."""
    if port.startswith("sim:"):
        return ""
    return port.removeprefix("board:").removeprefix("keys:").partition("#")[0]


def stable_name(device: str, folders: Sequence[Path] = FOLDERS) -> str | None:
    """The stable name of `device`, or None: it is one already, has none, or is not there."""
    path = Path(device)
    if not device or path.parent in folders:
        return None
    try:
        there = path.resolve(strict=True)
        return next((str(link) for folder in folders for link in _links(folder) if link.resolve() == there), None)
    except (OSError, RuntimeError):
        return None


def _links(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
