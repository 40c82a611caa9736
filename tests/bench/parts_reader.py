"""Shopbell's reader in a process of its own, as the kiosk runs it: open_reader in a thread.

    python -m tests.bench.parts_reader PORT

prints a line for each event: the moment of its delivery (seconds on CLOCK_MONOTONIC), its kind and, of a card, the id. Cards
whose id begins with 05, and phones, are in nobody's directory. Ends with its input.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from subprocess import PIPE, TimeoutExpired

from firmware_bridge.card_read import CardRead, ReaderEvent
from firmware_bridge.open_reader import open_reader
from tests.bench.control import Lines
from tests.bench.station import Bench

STRANGER = "05"
PATIENCE_S = 10.0


class Door:
    """The process, seen from the bench."""

    def __init__(self, bench: Bench, port: str) -> None:
        self._process = bench.python("reader", "-m", "tests.bench.parts_reader", port, stdin=PIPE, stdout=PIPE)
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout.fileno(), "the reader")

    def card(self) -> tuple[float, str]:
        """The next read: when it was delivered, and the card id."""
        words = self._next("CardRead")
        return float(words[0]), words[2]

    def wait_up(self) -> None:
        self._next("ReaderState")

    def wait_gone(self) -> None:
        self._next("CardGone")

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _next(self, kind: str) -> list[str]:
        while True:
            words = self._lines.next(f"a {kind}", PATIENCE_S).decode().split()
            if words[1] == kind:
                return words


def main(port: str) -> None:
    stop = threading.Event()
    reader = open_reader(port, name="nfc-1", clock=time.monotonic, known=lambda uid: not uid.startswith(STRANGER))
    thread = threading.Thread(target=reader.run, args=(_tell, stop))
    thread.start()
    sys.stdin.read()
    stop.set()
    thread.join()


def _tell(event: ReaderEvent) -> None:
    at = time.monotonic()
    print(at, type(event).__name__, event.value if isinstance(event, CardRead) else "", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the bench ends this
    main(sys.argv[1])
