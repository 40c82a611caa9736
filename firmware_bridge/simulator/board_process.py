"""A reader board that does not exist: the real firmware as a process of its own, its wire a real pty, its chip a simulated PN532.

The firmware runs under MicroPython's unix port where there is one, else under CPython; its files are the same, but for the pins.
This end plays what lies around the board: the cable, the power, the watchdog, the flash (a folder), the finger on the button.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.errors import MisuseError, ReaderGone
from firmware_bridge.simulator.pty import SimulatedPn532
from firmware_bridge.simulator.pty_port import PtyPort

# A Pico with MicroPython has some 190 KB of heap; objects of the unix port are twice as large.
HEAP_KB = 256
# As pins_rp2040.py sets it, and how often this end looks.
WATCHDOG_S = 8.0
LOOK_S = 0.05


class FirmwareMissing(MisuseError):
    """The folder holds no firmware."""

    code = "firmware_missing"


class NoBoard(ReaderGone):
    """The simulated board cannot be started."""

    code = "board_unavailable"


def interpreter() -> list[str]:
    """The command that runs firmware here: MicroPython if it is installed, else this Python."""
    beside = Path(sys.executable).with_name("micropython")
    found = str(beside) if beside.exists() else shutil.which("micropython")
    return [found, "-X", f"heapsize={HEAP_KB}k"] if found else [sys.executable, "-B"]


class SimulatedBoard:
    """A board with its chip. start and stop from one thread; the rest from any."""

    def __init__(
        self,
        flash: Path,
        control: Path,
        clock: Callable[[], float],
        *,
        command: list[str] | None = None,
        watchdog_s: float = WATCHDOG_S,
    ) -> None:
        """flash: folder made by `update.build.flash`. control: path of the chip's control socket, as of SimulatedPn532.
        command: what runs firmware. watchdog_s: after so long without being fed the board starts anew."""
        self._flash, self._clock, self._command = flash, clock, command or interpreter()
        self._watchdog_s = watchdog_s
        self._chip = SimulatedPn532(control, clock)
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._process: subprocess.Popen[bytes] | None = None
        self._fed: tuple[float, bytes] = (0.0, b"")
        self._board_end, self._cable = PtyPort("wire of the board"), PtyPort("reader board")
        self._ending = threading.Event()
        self.starts = 0
        self._thread = threading.Thread(target=self._loop, name="simulated-board", daemon=True)

    @property
    def tty(self) -> str:
        """Path of the board's port at present. Raises Unplugged while the cable is out."""
        return self._cable.path

    def start(self) -> None:
        """Power on. Raises FirmwareMissing, NoBoard, or what the chip's control socket raises."""
        if not (self._flash / "main.py").exists():
            raise FirmwareMissing(
                f"starting a board from {self._flash}", "Put firmware there first: shopbell reader simulate board"
            )
        self._chip.start()
        try:
            self._board_end.plug()
            self._selector.register(self._end(self._board_end), selectors.EVENT_READ, (self._board_end, self._cable))
            self.plug()
            self._power_on()
        except OSError as error:
            self.stop()
            raise NoBoard("starting the firmware of a simulated board", "Free some ptys or file handles, or reboot") from error
        self._thread.start()

    def stop(self) -> None:
        """Power off, and the port hangs up."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.cut_power()
        self.unplug()
        self._chip.stop()
        self._board_end.unplug()
        self._selector.close()

    def unplug(self) -> None:
        """Pull the cable between board and host; the board keeps its power."""
        with self._lock:
            if self._cable.end is not None:
                self._selector.unregister(self._cable.end)
                self._cable.unplug()

    def plug(self) -> None:
        """Put the cable in; the port may have another name than before."""
        with self._lock:
            self._cable.plug()
            self._selector.register(self._end(self._cable), selectors.EVENT_READ, (self._cable, self._board_end))

    def cut_power(self) -> None:
        """The firmware ends at this very moment; what is in its flash stays."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.kill()
                process.wait()

    def power(self) -> None:
        """Power on again after `cut_power`."""
        with self._lock:
            self._power_on()

    # -- the thread: the cable, the watchdog, and the reset that follows the end of the firmware

    def _loop(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(LOOK_S):
                with self._lock:
                    self._carry(*key.data)
            with self._lock:
                self._watch(self._clock())

    def _carry(self, came: PtyPort, leaves: PtyPort) -> None:
        """Bytes that came at one end of the cable leave at the other, or are lost where nothing is plugged in."""
        with contextlib.suppress(OSError):
            leaves.write(came.read())

    def _watch(self, now: float) -> None:
        if self._process is None:
            return
        if self._process.poll() is not None:
            self._power_on()
            return
        with contextlib.suppress(OSError):
            food = (self._flash / "watchdog").read_bytes()
            if food != self._fed[1]:
                self._fed = (now, food)
        if now - self._fed[0] > self._watchdog_s:
            self._process.kill()
            self._process.wait()
            self._power_on()

    def _power_on(self) -> None:
        self.starts += 1
        self._fed = (self._clock(), b"")
        self._process = subprocess.Popen(
            [*self._command, "main.py", self._board_end.path, self._chip.tty],
            cwd=self._flash,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("SHOPBELL_BOARD_STDERR") else subprocess.DEVNULL,
        )

    def _end(self, port: PtyPort) -> int:
        assert port.end is not None, "it was just plugged in"
        return port.end
