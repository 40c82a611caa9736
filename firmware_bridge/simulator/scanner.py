"""A simulated serial scanner on a real pty: what opens a serial port opens this one too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from firmware_bridge.simulator.control import Reply
from firmware_bridge.simulator.device import Device
from firmware_bridge.simulator.pty_port import Unplugged
from firmware_bridge.simulator.scanner_requests import AskStatus, PullCable, ShowCode, parse_scanner_request

NOISE_BYTES = 48


class SimulatedScanner(Device):
    """A scanner that ends each code with CR LF. start and stop from one thread."""

    def __init__(self, control: Path, clock: Callable[[], float], random: Random | None = None) -> None:
        """control: path of the socket. clock: monotonic seconds that really pass. random: seeded in tests."""
        super().__init__("scanner", control, clock)
        self._random = random or Random()  # noqa: S311 - noise on a line, nothing secret
        self._scans = 0

    def _obey(self, line: bytes) -> Reply:
        request = parse_scanner_request(line)
        if isinstance(request, AskStatus):
            return {"ok": True, "tty": self._port.name, "scans": self._scans}
        if isinstance(request, PullCable):
            self._unplug(self._clock() + request.seconds)
        else:
            self._scan(request)
        return {"ok": True}

    def _round(self, now: float) -> float | None:
        """Nobody is answered: a scanner speaks when it has read something."""
        return None

    def _plugged(self) -> None:
        """Nothing to say."""

    def _unplugged(self, end: int) -> None:
        """Nothing to forget."""

    def _told(self, octet: bytes) -> None:
        """Nothing but the end."""

    def _scan(self, request: ShowCode) -> None:
        if self._port.end is None:
            raise Unplugged("scanning a code", "The cable is out; wait until it is back")
        self._scans += 1
        line = (request.symbology + request.text).encode("latin-1", "replace") + b"\r\n"
        for piece in self._pieces(line, request):
            self._port.write(piece)

    def _pieces(self, line: bytes, request: ShowCode) -> list[bytes]:
        match request.fault:
            case "split":
                return [line[at : at + 1] for at in range(len(line))]
            case "cut":
                return [line[: len(line) // 2]]
            case "twice":
                return [line, line]
            case "noise":
                return [self._random.randbytes(NOISE_BYTES), b"\r\n", line]
            case _:
                return [line]
