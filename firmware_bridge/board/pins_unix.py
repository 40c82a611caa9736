"""The pins of a board that does not exist: MicroPython's unix port, or CPython, with ptys in place of the wire and the chip.

Started as: main.py WIRE CHIP (two paths of ptys), in a folder that is the board's flash. A file `button` is a finger on the
button; `signals.log` is what light and sound did; `watchdog` changes while the watchdog is fed.
"""

import select
import sys
import time

import record as records

try:
    from tty import setraw
except ImportError:  # MicroPython keeps it elsewhere
    from termios import setraw

_FEED_MS = 500
_MOST_READ = 1024
_MOST_LINES = 1000
ID = b"\xe6\x61\x40\x05\x00\x00\x00\x01"


class Bus:
    """One pty."""

    def __init__(self, path):
        self.file = open(path, "r+b", buffering=0)  # noqa: SIM115 - as long as the board
        setraw(self.file.fileno() if hasattr(self.file, "fileno") else self.file)
        self._poll = select.poll()
        self._poll.register(self.file, select.POLLIN)

    def read(self):
        """Bytes that have come."""
        data = bytearray()
        while len(data) < _MOST_READ and self._poll.poll(0):
            data.extend(self.file.read(1))
        return bytes(data)

    def write(self, data):
        """Send."""
        self.file.write(data)


class Pins:
    """See `pins_rp2040.py`, the board that exists."""

    def __init__(self):
        self._wire, self.chip = Bus(sys.argv[1]), Bus(sys.argv[2])
        self._poll = select.poll()
        for bus in (self._wire, self.chip):
            self._poll.register(bus.file, select.POLLIN)
        self._shown = [None, None]
        self._lines = 0
        self._fed = None

    def ticks(self):
        return time.ticks_ms() if hasattr(time, "ticks_ms") else int(time.monotonic() * 1000)

    def since(self, new, old):
        return time.ticks_diff(new, old) if hasattr(time, "ticks_diff") else new - old

    def wait(self, milliseconds):
        self._poll.poll(milliseconds)

    def read_wire(self):
        return self._wire.read()

    def write_wire(self, data):
        self._wire.write(data)

    def board_id(self):
        return ID

    def button(self):
        return records.exists("button")

    def light(self, colour):
        self._show(0, "light {} {} {}".format(*colour))

    def tone(self, hertz):
        self._show(1, f"tone {hertz}")

    def feed(self):
        now = self.ticks()
        if self._fed is None or self.since(now, self._fed) >= _FEED_MS:
            self._fed = now
            with open("watchdog", "w") as file:
                file.write(str(now))

    def _show(self, which, text):
        if self._shown[which] == text or self._lines >= _MOST_LINES:
            return
        self._shown[which] = text
        self._lines += 1
        with open("signals.log", "a") as file:
            file.write(text + "\n")
