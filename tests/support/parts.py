"""Where the real parts of the tests are on this machine. Standard library only: the launcher asks here too."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def find_mosquitto() -> str | None:
    """The Mosquitto broker's binary; Debian puts it in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def find_chromium() -> str | None:
    """Chromium: SHOPBELL_CHROMIUM, else the Debian or Raspberry Pi OS name on PATH."""
    chosen = os.environ.get("SHOPBELL_CHROMIUM")
    return chosen or shutil.which("chromium") or shutil.which("chromium-browser")


def find_postgres() -> Path | None:
    """The folder that holds `initdb` and `postgres`; Debian keeps it off PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def find_micropython() -> str | None:
    """MicroPython's unix port: beside this Python, else on PATH."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


def find_data() -> Path | None:
    """The folder of real data: SHOPBELL_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("SHOPBELL_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "online-retail").is_dir() else None


def find_py_spy() -> str | None:
    """The profiler of the bench's own set of packages, beside this Python."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else None


def _library(name: str) -> Callable[[], str | None]:
    """Finds a shared library that a wheel is linked with and a minimal Debian does not have."""
    return lambda: ctypes.util.find_library(name)


FINDERS: dict[str, Callable[[], str | Path | None]] = {
    "mosquitto": find_mosquitto,
    "chromium": find_chromium,
    "postgres": find_postgres,
    "data": find_data,
    "micropython": find_micropython,
    "py-spy": find_py_spy,
    "libatomic": _library("atomic"),  # Playwright's own Node.js
    "libgl": _library("GL"),  # these three: OpenCV
    "libglib": _library("glib-2.0"),
    "libxcb": _library("xcb"),
}
ENABLE = {
    "mosquitto": "apt install mosquitto",
    "chromium": "apt install chromium",
    "postgres": "apt install postgresql",
    "libatomic": "apt install libatomic1",
    "micropython": "apt install micropython (where Debian has it), or put a `micropython` of the unix port on PATH",
    "libgl": "apt install libgl1",
    "libglib": "apt install libglib2.0-0",
    "libxcb": "apt install libxcb1",
    "py-spy": "./shopbell bench --list",
    "data": "set SHOPBELL_DATA to the folder that holds online-retail",
}
