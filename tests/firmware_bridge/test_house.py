"""Walls inside this package: who imports pyserial, and which folders are pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import firmware_bridge

ROOT = Path(firmware_bridge.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if "board" not in path.parts)
PURE = [
    ROOT / "card_read.py",
    ROOT / "errors.py",
    *sorted((ROOT / "wire").glob("*.py")),
    *sorted((ROOT / "session").glob("*.py")),
]
PURE += [
    ROOT / "simulator" / f"{name}.py" for name in ("cards", "field", "chip", "bad_line", "requests", "request_line", "script")
]
IMPURE = {
    "serial",
    "os",
    "io",
    "socket",
    "select",
    "selectors",
    "threading",
    "time",
    "datetime",
    "logging",
    "subprocess",
    "pathlib",
    "asyncio",
    "secrets",
    "fcntl",
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_ours_and_pyserial_in_one_place(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & {"kiosk", "edge"}
    assert ("serial" in roots) == (path == ROOT / "drivers" / "serial_port.py")


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_files_touch_nothing(path: Path) -> None:
    names = imported(path)
    assert not {name.split(".")[0] for name in names} & IMPURE
    assert not any(
        name.startswith(("firmware_bridge.drivers", "firmware_bridge.simulator.pty", "firmware_bridge.simulator.control"))
        for name in names
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_sleeps(path: Path) -> None:
    assert "sleep(" not in path.read_text()


@pytest.mark.parametrize(
    "opened",
    ["open_scanner import open_scanner as opened", "open_reader import open_reader as opened"],
)
def test_a_real_device_loads_no_simulator(opened: str) -> None:
    script = f"import sys, time; from firmware_bridge.{opened}; opened('/dev/ttyACM0', name='x', clock=time.monotonic)"
    script += "; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, check=True)
    assert [name for name in result.stdout.split() if name.startswith("firmware_bridge.simulator")] == []
