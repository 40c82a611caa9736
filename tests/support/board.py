"""Helpers for the reader board's tests: its firmware as modules of this process, or as a process of its own on real ptys."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.drivers.board_reader import BoardReader
from firmware_bridge.drivers.serial_port import SerialLine
from firmware_bridge.session.board_update import BoardUpdate
from firmware_bridge.simulator.board_process import SimulatedBoard
from firmware_bridge.update.build import build_image, flash
from firmware_bridge.update.image import Image
from tests.support.reader import Running, ask, running

UNIX = "unix-pn532"
# About what a Pico leaves, for objects twice as large as there.
HEAP = "heapsize=256k"
NAMES = (
    "board_frame",
    "image_info",
    "record",
    "loader",
    "presence",
    "lights",
    "link",
    "evidence",
    "chip",
    "update",
    "pins",
    "app",
)
# A key of the tests; the release key is somewhere else.
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@contextlib.contextmanager
def firmware(folder: Path, *names: str) -> Iterator[SimpleNamespace]:
    """The firmware's own files in `folder` (made by `flash`), imported here by their flat names, and forgotten again."""
    assert not set(NAMES) & set(sys.modules), "the firmware's names are taken"
    paths = [str(folder), str(folder / "slot_a")]
    sys.path[:0] = paths
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    finally:
        for path in paths:
            sys.path.remove(path)
        for name in NAMES:
            sys.modules.pop(name, None)


def nested_posters(most: int, inside: bytes = b"") -> bytes:
    """Smart posters within one another, as many as fit into so many bytes, with records of `inside` in the innermost."""
    message = inside
    while True:
        short = len(message) < 256
        size = bytes([len(message)]) if short else len(message).to_bytes(4, "big")
        outer = (b"\xd1\x02" if short else b"\xc1\x02") + size + b"Sp" + message
        if len(outer) > most:
            return message
        message = outer


def new_flash(folder: Path, image: Image | None = None) -> Path:
    """A new board's flash."""
    folder.mkdir()
    flash(folder, image or build_image(UNIX))
    return folder


class Bench:
    """A simulated board on a table, with a reader thread at its cable."""

    def __init__(self, board: SimulatedBoard, flash: Path, control: Path) -> None:
        self.board, self.flash, self._control = board, flash, control

    def tap(self, uid: str, hold_s: float | None = 0.6) -> None:
        """Hold a card to it."""
        assert ask(self._control, {"present": {"uid": uid}, "hold_s": hold_s}) == {"ok": True}

    def chip(self, request: object) -> None:
        """Anything else the chip's control socket understands."""
        assert ask(self._control, request).get("ok") is True

    def reader(self, update: BoardUpdate | None = None) -> BoardReader:
        """A reader for its port, wherever that is."""
        return BoardReader("nfc-1", time.monotonic, lambda: SerialLine(self.board.tty, 115200), update=update)

    @contextlib.contextmanager
    def running(self, update: BoardUpdate | None = None) -> Iterator[Running]:
        """A reader that is up."""
        with running(self.reader(update)) as reader:
            reader.wait_up()
            yield reader


@contextlib.contextmanager
def bench(
    folder: Path, command: list[str] | None = None, image: Image | None = None, watchdog_s: float = 20.0
) -> Iterator[Bench]:
    """A board with its power on. watchdog_s: longer than on the board, for machines under load."""
    flash = new_flash(folder / "flash", image)
    board = SimulatedBoard(flash, folder / "chip.sock", time.monotonic, command=command, watchdog_s=watchdog_s)
    board.start()
    try:
        yield Bench(board, flash, folder / "chip.sock")
    finally:
        board.stop()


def until(found: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Wait for something another process does."""
    deadline, pause = time.monotonic() + patience_s, threading.Event()
    while not found():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.02)
