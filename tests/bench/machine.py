"""The machine: what it is, which versions its parts have, how busy others keep it, and how much memory a process holds alone."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import sqlite3
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from tests.support import parts

QUIET_SHARE = 0.15  # of both cores; above it medians move by more than the ratios we quote
GATE_PATIENCE_S = 3.0
LOOK_S = 0.1
PACKAGES = (
    "flask",
    "waitress",
    "paho-mqtt",
    "msgspec",
    "gpiozero",
    "pyserial",
    "psycopg",
    "sqlalchemy",
    "nfcpy",
    "adafruit-circuitpython-pn532",
)
NOT_HERE = "not here"
NODE_RED = parts.ROOT / ".tools" / "node-red" / "node_modules" / "node-red" / "package.json"


class Others:
    """How much of the machine others use while something is measured."""

    def __init__(self) -> None:
        self._before = self._now()

    def share(self) -> float:
        """Part of all cores since this was made, 0 to 1, without this process and its descendants, those that ended included."""
        (began, busy, own), (now, busy_now, own_now) = self._before, self._now()
        cores = (now - began) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, (busy_now - busy - (own_now - own)) / cores)) if cores > 0 else 0.0

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Seconds: the clock, all cores at work, of that ourselves."""
        every, us = psutil.cpu_times(), psutil.Process()
        times = [us.cpu_times()]
        for child in us.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times.append(child.cpu_times())
        own = sum(one.user + one.system + one.children_user + one.children_system for one in times)
        return time.monotonic(), sum(every) - every.idle - every.iowait - every.guest - every.guest_nice, own


class QuietGate:
    """Waits, at most `patience_s`, for a moment in which others leave the machine alone; says how busy it was."""

    def __init__(self, patience_s: float = GATE_PATIENCE_S) -> None:
        self._patience_s = patience_s

    def wait(self) -> float:
        """Share of the machine used by others just now: 0 to 1."""
        end = time.monotonic() + self._patience_s
        while True:
            others = Others()
            time.sleep(LOOK_S)
            share = others.share()
            if share <= QUIET_SHARE or time.monotonic() >= end:
                return share


def hardware() -> dict[str, str]:
    """Name -> value of what every figure depends on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": _system(),
        "Python": platform.python_version(),
    }


def about() -> dict[str, str]:
    """Name -> value of everything a figure of the benchmarks depends on."""
    return {
        **hardware(),
        "files on": _file_system(Path(tempfile.gettempdir())),
        "SQLite": sqlite3.sqlite_version,
        "Mosquitto": _said([parts.find_mosquitto() or "mosquitto", "-h"], r"mosquitto version (\S+)"),
        "PostgreSQL": _said([str((parts.find_postgres() or Path()) / "postgres"), "-V"], r"(\d[\d.]*)"),
        "Chromium": _said([str(parts.find_chromium() or "chromium"), "--version"], r"(\d[\d.]*)"),
        "Node": _said(["node", "--version"], r"v(\S+)"),
        **brought(),
        "Shopbell": f"{_version('shopbell')}, commit {_commit()}",
        **{name: _version(name) for name in PACKAGES},
    }


def brought() -> dict[str, str]:
    """Name -> value of what a station may bring itself: asked again behind each."""
    return {"Node-RED": str(json.loads(NODE_RED.read_text())["version"]) if NODE_RED.exists() else NOT_HERE}


def uss_mib(pid: int) -> float:
    """MiB of memory this process and its children hold for themselves alone (unique set size)."""
    process = psutil.Process(pid)
    return float(sum(one.memory_full_info().uss for one in [process, *process.children(recursive=True)]) / 2**20)


def rss_mib(pid: int) -> float:
    """MiB of resident memory of this process and its children, shared pages counted in each."""
    process = psutil.Process(pid)
    return float(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20)


def handles(pid: int) -> tuple[int, int]:
    """File descriptors and threads of a process."""
    process = psutil.Process(pid)
    return int(process.num_fds()), int(process.num_threads())


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return found.group(1) if found else platform.machine()


def _system() -> str:
    found = re.search(r'^PRETTY_NAME="(.+)"$', Path("/etc/os-release").read_text(), re.M)
    return f"{found.group(1) if found else platform.system()}, kernel {platform.release()}"


def _file_system(folder: Path) -> str:
    """Kind of the file system a folder is on: what a durable commit has to wait for."""
    mounts = [one for one in psutil.disk_partitions(all=True) if folder.is_relative_to(one.mountpoint)]
    return max(mounts, key=lambda one: len(one.mountpoint)).fstype if mounts else "unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NOT_HERE


def _commit() -> str:
    """Of the checkout; `unknown` where it is none."""
    asked = ("git", "-C", str(parts.ROOT), "describe", "--always", "--exclude=*", "--abbrev=9", "--dirty= with changes")
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=30).stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def _said(command: list[str], pattern: str) -> str:
    """A version as a program prints it, or NOT_HERE."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return NOT_HERE
    found = re.search(pattern, answer.stdout + answer.stderr)
    return found.group(1) if found else "unknown"
