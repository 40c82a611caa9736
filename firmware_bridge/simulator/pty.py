"""A simulated PN532 on a real pty: what opens a serial port opens this one too.

One thread runs chip, line and control socket, so nothing here needs a lock.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import selectors
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from random import Random

from firmware_bridge.errors import BridgeError, ReaderGone
from firmware_bridge.simulator.bad_line import MOST_WAITING, BadLine
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.control import ControlSocket, Reply, error_reply
from firmware_bridge.simulator.drawer import Drawer
from firmware_bridge.simulator.field import Field
from firmware_bridge.simulator.pace import FIFO_BYTES, Air, Pace, Wire
from firmware_bridge.simulator.request_line import parse_request
from firmware_bridge.simulator.requests import Break, Play, Present, Remove, Request, Status, Step, Timing
from firmware_bridge.simulator.type4_card import phone

UNPLUGGED_S = 1.0
# A card leaves the field without a sound; nobody needs to be told earlier than at the next question. This is only for `stop`.
LONGEST_WAIT_S = 60.0
# A script may be started while others run; a week of demonstrations must not pile them up.
MOST_PLANNED = 1000
# Bytes of the pipe that wakes the thread.
_HOLD, _LET_GO, _END = b"R", b"r", b"x"


class Unplugged(ReaderGone):
    """The simulated cable is out."""

    code = "port_missing"


class NoPty(ReaderGone):
    """The system gives no pty."""

    code = "pty_unavailable"


class SimulatedPn532:
    """A chip, its pty and its control socket. start and stop from one thread."""

    def __init__(self, control: Path, clock: Callable[[], float], random: Random | None = None, pace: Pace | None = None) -> None:
        """control: path of the socket. clock: monotonic seconds that really pass. random: seeded in tests. pace: how long line
        and air take; without it nothing."""
        self._control_path, self._clock = control, clock
        self._random = random or Random()  # noqa: S311 - noise and made-up ids of phones, nothing secret
        self._selector = selectors.DefaultSelector()
        self._control: ControlSocket | None = None
        self._pace = pace or Pace()
        self._field, self._drawer = Field(), Drawer(lambda: self._random.randbytes(5))
        self._power_up()
        self._ends: tuple[int, int] | None = None
        self._tty: str | None = None
        self._plugged_at: float | None = None
        self._planned: list[tuple[float, int, Step]] = []
        self._count = 0
        self._ending = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._loop, name="simulated-pn532", daemon=True)

    @property
    def tty(self) -> str:
        """Path of the port at present. Raises Unplugged while the cable is out."""
        path = self._tty
        if path is None:
            raise Unplugged("opening the simulated reader", "Its cable is out on request; it comes back by itself")
        return path

    def start(self) -> None:
        """Open socket and pty and begin. Raises ControlInUse, ControlRefused or NoPty."""
        try:
            self._control = ControlSocket(self._control_path, self._selector, self._answer)
            self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
            self._plug()
        except OSError as error:
            self._close()
            raise NoPty("opening a pty for the simulated reader", "Free some ptys or file handles, or reboot") from error
        except BaseException:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """End, and remove the socket. The port hangs up."""
        self._ending = True
        os.write(self._waker, _END)
        self._thread.join()
        self._close()

    def hold_reset(self, hold: bool) -> None:
        """The chip's reset line: while it is held the chip does nothing, then it knows nothing. From any thread."""
        os.write(self._waker, _HOLD if hold else _LET_GO)

    def _woken(self) -> None:
        for told in os.read(self._wake, 64):
            if bytes([told]) == _HOLD:
                self._chip.frozen = True
            elif bytes([told]) == _LET_GO and self._ends is not None:
                self._power_up()

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        self._unplug()
        self._selector.close()
        os.close(self._wake)
        os.close(self._waker)

    # -- the thread

    def _loop(self) -> None:
        while not self._ending:
            now = self._clock()
            self._do_planned(now)
            self._line.send(self._chip.tick(now), now)
            for piece in self._line.due(now):
                self._to_host.put(piece, now)
            self._write(b"".join(self._to_host.due(now)))
            for key, _ in self._ready(self._wait(self._clock())):
                key.data()
            self._hear(self._clock())

    def _ready(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within `seconds`. epoll counts whole milliseconds; with a pace the wait is by microseconds."""
        if self._pace == Pace():
            return self._selector.select(seconds)
        select.select([self._selector], [], [], seconds)
        return self._selector.select(0)

    def _wait(self, now: float) -> float:
        planned = self._planned[0][0] if self._planned else None
        wires = (self._to_host.wake_at(), self._to_chip.wake_at())
        moments = [self._chip.wake_at(), self._line.wake_at(), *wires, planned, self._plugged_at]
        return min(max(0.0, min((m for m in moments if m is not None), default=now + LONGEST_WAIT_S) - now), LONGEST_WAIT_S)

    def _do_planned(self, now: float) -> None:
        if self._plugged_at is not None and now >= self._plugged_at:
            try:
                self._plug()
            except OSError:  # no pty to be had at present
                self._plugged_at = now + UNPLUGGED_S
        while self._planned and self._planned[0][0] <= now:
            self._do(heapq.heappop(self._planned)[2], now)

    def _read(self) -> None:
        if self._ends is None:
            return
        try:
            data = os.read(self._ends[0], 4096)
        except BlockingIOError:
            return
        self._to_chip.put(data, self._clock())

    def _hear(self, now: float) -> None:
        for data in self._to_chip.due(now):
            self._line.send(self._chip.received(data, now), now)

    def _write(self, data: bytes) -> None:
        if data and self._ends is not None:
            with contextlib.suppress(BlockingIOError):  # nobody reads: a UART loses such bytes too
                os.write(self._ends[0], data)

    # -- the cable

    def _plug(self) -> None:
        """A new pty. Our own open end of the slave keeps it alive between two users of the port."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends, self._plugged_at = (master, slave), None
        self._selector.register(master, selectors.EVENT_READ, self._read)
        self._power_up()
        self._tty = os.ttyname(slave)

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

    def _unplug(self) -> None:
        self._tty = None
        if self._ends is not None:
            self._selector.unregister(self._ends[0])
            for end in self._ends:
                os.close(end)
            self._ends = None

    # -- what it is told

    def _answer(self, line: bytes) -> Reply:
        try:
            return self._obey(parse_request(line))
        except BridgeError as error:
            return error_reply(error)

    def _obey(self, request: Request) -> Reply:
        now = self._clock()
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
            self._unplug()
            self._plugged_at = now + (step.seconds or UNPLUGGED_S)
        elif step.fault == "frozen":
            self._chip.frozen = True
        else:
            self._line.set(step.fault, now, step.seconds)

    def _status(self, now: float) -> Reply:
        return {
            "ok": True,
            "tty": self._tty,
            "cards": len(self._field.cards(now)),
            "listing": self._chip.waiting,
            "line": self._line.fault if self._tty else "hangup",
            "planned": len(self._planned),
            "timing": {"baud": self._pace.baud, "rf": self._pace.rf},
        }
