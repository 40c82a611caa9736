"""Serial ports of this machine, each once, by the name that stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.drivers.serial_port import STABLE_NAMES, stable_names

# Where Linux puts adapters (ttyUSB, ttyACM) and Raspberry Pi OS the header's port (serial0).
DEVICES = Path("/dev")
_PATTERNS = ("ttyUSB*", "ttyACM*", "serial0")


@dataclass(frozen=True, slots=True)
class Port:
    """path: what to write into kiosk.toml. stable: the name stays with the device wherever it is plugged in."""

    path: str
    stable: bool


def serial_ports(names: Path = STABLE_NAMES, devices: Path = DEVICES) -> list[Port]:
    """Stable names first; a device that has one is not listed again under its other name."""
    stable = stable_names(names)
    known = {Path(name).resolve() for name in stable}
    others = sorted(path for pattern in _PATTERNS for path in devices.glob(pattern) if path.resolve() not in known)
    return [Port(name, True) for name in stable] + [Port(str(path), path.name == "serial0") for path in others]
