"""A simulated PN532 on a real pty: what opens a serial port opens this one too."""

from __future__ import annotations

import heapq
import select
import selectors
from collections.abc import Callable
from pathlib import Path
from random import Random

from firmware_bridge.simulator.bad_line import MOST_WAITING, BadLine
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.control import Reply
from firmware_bridge.simulator.device import Device
from firmware_bridge.simulator.drawer import Drawer
from firmware_bridge.simulator.field import Field
from firmware_bridge.simulator.pace import FIFO_BYTES, Air, Pace, Wire
from firmware_bridge.simulator.pty_port import UNPLUGGED_S
from firmware_bridge.simulator.request_line import parse_request
from firmware_bridge.simulator.requests import Break, Play, Present, Remove, Status, Step, Timing
from firmware_bridge.simulator.type4_card import phone

# A script may be started while others run; a week of demonstrations must not pile them up.
MOST_PLANNED = 1000
# What wakes the thread.
_HOLD, _LET_GO = b"R", b"r"


class SimulatedPn532(Device):
    """A chip, its pty and its control socket. start and stop from one thread."""

    def __init__(self, control: Path, clock: Callable[[], float], random: Random | None = None, pace: Pace | None = None) -> None:
        """control: path of the socket. clock: monotonic seconds that really pass. random: seeded in tests. pace: how long line
        and air take; without it nothing."""
        super().__init__("reader", control, clock)
        self._random = random or Random()  # noqa: S311 - noise and made-up ids of phones, nothing secret
        self._pace = pace or Pace()
        self._field, self._drawer = Field(), Drawer(lambda: self._random.randbytes(5))
        self._power_up()
        self._planned: list[tuple[float, int, Step]] = []
        self._count = 0

    def hold_reset(self, hold: bool) -> None:
        """The chip's reset line: while it is held the chip does nothing, then it knows nothing. From any thread."""
        self._tell(_HOLD if hold else _LET_GO)

    def _told(self, octet: bytes) -> None:
        if octet == _HOLD:
            self._chip.frozen = True
        elif octet == _LET_GO and self._port.end is not None:
            self._power_up()

    # -- the thread

    def _round(self, now: float) -> float | None:
        for data in self._to_chip.due(now):
            self._line.send(self._chip.received(data, now), now)
        while self._planned and self._planned[0][0] <= now:
            self._do(heapq.heappop(self._planned)[2], now)
        self._line.send(self._chip.tick(now), now)
        for piece in self._line.due(now):
            self._to_host.put(piece, now)
        self._write(b"".join(self._to_host.due(now)))
        return self._due()

    def _write(self, data: bytes) -> None:
        """To the host; all bytes go this way."""
        self._port.write(data)

    def _due(self) -> float | None:
        planned = self._planned[0][0] if self._planned else None
        wires = (self._to_host.wake_at(), self._to_chip.wake_at())
        moments = [self._chip.wake_at(), self._line.wake_at(), *wires, planned]
        return min((moment for moment in moments if moment is not None), default=None)

    def _ready(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """epoll counts whole milliseconds; with a pace the wait is by microseconds."""
        if self._pace == Pace():
            return super()._ready(seconds)
        select.select([self._selector], [], [], seconds)
        return super()._ready(0)

    # -- the cable

    def _plugged(self) -> None:
        assert self._port.end is not None, "it is plugged in"
        self._selector.register(self._port.end, selectors.EVENT_READ, self._read)
        self._power_up()

    def _unplugged(self, end: int) -> None:
        self._selector.unregister(end)

    def _read(self) -> None:
        self._to_chip.put(self._port.read(), self._clock())

    def _power_up(self) -> None:
        """A chip that knows nothing, on a line with nothing on it."""
        self._chip, self._line = Chip(self._field, Air(self._pace, self._random)), BadLine(self._random)
        self._to_host = Wire(self._pace.byte_s, piece=FIFO_BYTES, most=MOST_WAITING)
        # A command is heard when its last byte is; nobody can tell whether a chip hears the bytes before one by one.
        self._to_chip = Wire(self._pace.byte_s, piece=MOST_WAITING, most=MOST_WAITING)

    def _set_pace(self, pace: Pace) -> None:
        """From the next byte and the next card on."""
        self._pace = pace
        self._chip.air = Air(pace, self._random)
        self._to_host.byte_s = self._to_chip.byte_s = pace.byte_s

    # -- what it is told

    def _obey(self, line: bytes) -> Reply:
        request, now = parse_request(line), self._clock()
        if isinstance(request, Status):
            return self._status(now)
        if isinstance(request, Play):
            for seconds, step in request.steps:
                self._plan(now + seconds, step)
            return {"ok": True, "steps": len(request.steps)}
        if isinstance(request, Timing):
            self._set_pace(request.pace)
        else:
            self._do(request, now)
        return {"ok": True}

    def _plan(self, moment: float, step: Step) -> None:
        self._count += 1
        heapq.heappush(self._planned, (moment, self._count, step))
        if len(self._planned) > MOST_PLANNED:  # the latest goes
            self._planned = heapq.nsmallest(MOST_PLANNED, self._planned)

    def _do(self, step: Step, now: float) -> None:
        if isinstance(step, Present):
            until = None if step.hold_s is None else now + step.hold_s
            for card in step.cards or (phone(b"\x08" + self._random.randbytes(3), step.wallet),):
                self._field.place(self._drawer.take(card, counted=step.counted), until)
        elif isinstance(step, Remove):
            self._field.take(step.uid)
        else:
            self._break(step, now)

    def _break(self, step: Break, now: float) -> None:
        if step.fault == "hangup":
            self._unplug(now + (step.seconds or UNPLUGGED_S))
        elif step.fault == "frozen":
            self._chip.frozen = True
        else:
            self._line.set(step.fault, now, step.seconds)

    def _status(self, now: float) -> Reply:
        return {
            "ok": True,
            "tty": self._port.name,
            "cards": len(self._field.cards(now)),
            "listing": self._chip.waiting,
            "line": self._line.fault if self._port.name else "hangup",
            "planned": len(self._planned),
            "timing": {"baud": self._pace.baud, "rf": self._pace.rf},
        }
