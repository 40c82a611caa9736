"""What to say to a reader board next. Pure: bytes and the time (seconds) come in, bytes and reader events go out.

Used like `pn532_session.Pn532Session`. The board judges what lies on it; this side makes sure that each of its reports counts
once: by board id, boot counter and report number, through lost bytes, a pulled cable and a restart of either side.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from firmware_bridge.errors import BridgeError, FrameError, NotAReader
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_update import BoardUpdate
from firmware_bridge.session.pn532_faults import ReaderEcho, ReaderGarbage, ReaderSilent, ReaderStopped
from firmware_bridge.session.pn532_session import Out
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from firmware_bridge.wire.board_frame import Frame, FrameReader
from firmware_bridge.wire.board_messages import Hello, Report, Result, SignalPlan, Status


class BoardProtocol(NotAReader):
    """The board speaks another version of the wire."""

    code = "board_protocol"


class BoardOther(NotAReader):
    """A board answers, but not the one that was named."""

    code = "board_other"


@dataclass(frozen=True, slots=True)
class BoardTiming:
    """Seconds, each with its reason.

    ask: between two questions who is there; hello: until it has to have answered. Opening a port may reset the board
        (pyserial#124), and MicroPython takes some two seconds to start.
    ping: a waiting board looks exactly like a dead one. silent: three pings unanswered.
    repeat: of a command; a frame and its answer take 0.1 s on the slowest line. tries: writing an image to flash takes seconds.
    """

    ask: float = 0.5
    hello: float = 6.0
    ping: float = 2.0
    silent: float = 6.5
    repeat: float = 0.5
    tries: int = 40


@dataclass(slots=True)
class _Flight:
    """A command on its way."""

    sequence: int
    data: bytes
    due: float
    tries: int
    of_update: bool


# More signals than a person can tell apart; the oldest goes.
_MOST_SIGNALS = 4


class BoardSession:
    """One opened port, from the first question until it fails. Not thread-safe; never blocks."""

    def __init__(
        self,
        memory: BoardMemory,
        timing: BoardTiming | None = None,
        *,
        board_id: str = "",
        update: BoardUpdate | None = None,
    ) -> None:
        """memory: of the session before. board_id: the only board to be taken, or any. update: firmware to bring there."""
        self._memory, self._timing = memory, timing or BoardTiming()
        self._wanted, self._update = board_id, update
        self._frames = FrameReader()
        self.hello: Hello | None = None
        self.status: Status | None = None
        self._octets = self._good = self._echoes = 0
        self._name = 0
        self._ask_at = self._ping_at = self._heard_at = self._begun = 0.0
        self._signals: deque[bytes] = deque(maxlen=_MOST_SIGNALS)
        self._flight: _Flight | None = None
        self._sequence = 0
        self._out = Out()

    @property
    def wake_at(self) -> float:
        """When `tick` is due, on the clock of the `now` arguments."""
        moments = [self._ask_at if self.hello is None else self._ping_at]
        if self._flight is not None:
            moments.append(self._flight.due)
        if self._memory.wake_at is not None and self.hello is not None:
            moments.append(self._memory.wake_at)
        return min(moments)

    def begin(self, now: float) -> Out:
        """Ask who is there. Call once, right after opening the port."""
        self._begun = self._heard_at = now
        self._name = int(now * 1000) & 0xFFFFFFFF  # another one than that of the session before
        self._out.events += self._memory.opened(now)
        self._out.send += wire.DELIMITER  # whatever the line holds ends here
        self._ask(now)
        return self._take_out()

    def received(self, data: bytes, now: float) -> Out:
        """Bytes came from the port."""
        self._octets += len(data)
        for item in self._frames.feed(data):
            if isinstance(item, Frame):
                self._frame(item, now)
        return self._take_out()

    def tick(self, now: float) -> Out:
        """Time passed. Does nothing before `wake_at`."""
        if self._out.failed:
            return self._take_out()
        self._out.events += self._memory.expire(now)
        if self.hello is None:
            self._still_asking(now)
        elif now - self._heard_at > self._timing.silent:
            self._out.failed = self._stopped()
        else:
            self._keep_up(now)
        return self._take_out()

    def signal(self, plan: SignalPlan, now: float) -> Out:
        """Light and sound; forgotten when no board is there. Raises MisuseError for numbers that do not fit."""
        body = messages.signal(plan)
        if self.hello is not None:
            self._signals.append(body)
            self._command(now)
        return self._take_out()

    # -- what comes in

    def _frame(self, frame: Frame, now: float) -> None:
        if frame.kind > wire.TO_BOARD:
            self._echoes += 1
            return
        try:
            message = messages.parse(frame)
        except FrameError:  # a kind or body of a newer version; a report that stays unread is given up by the board
            return
        self._good += 1
        self._heard_at = now
        if isinstance(message, Hello):
            self._greeted(message, now)
        elif self.hello is None:
            return
        elif isinstance(message, Report):
            self._reported(message, now)
        elif isinstance(message, Status):
            self._told(message, now)
        else:
            self._answered(message, now)

    def _greeted(self, hello: Hello, now: float) -> None:
        self._out.failed = self._out.failed or self._wrong(hello)
        if self._out.failed:
            return
        fresh = self._memory.met(hello, now) or self.hello is None
        self.hello = hello
        if fresh:
            self._flight = None  # a board that starts anew remembers no command
            self._out.send += messages.ask(self._name)
            self._ping(now)
        if self._update is not None:
            self._update.met(hello, now)
        self._command(now)

    def _wrong(self, hello: Hello) -> BridgeError | None:
        if hello.protocol[0] != wire.PROTOCOL[0]:
            return BoardProtocol(
                f"talking to a board that speaks version {hello.protocol[0]} of the wire, we speak {wire.PROTOCOL[0]}"
            )
        if self._wanted and hello.board_id != self._wanted:
            return BoardOther(f"looking for board {self._wanted}, board {hello.board_id} answers")
        return None

    def _reported(self, report: Report, now: float) -> None:
        assert self.hello is not None, "reports are taken after the hello only"
        if report.boot != self.hello.boot:  # it started anew and its hello was lost
            self._ask(now)
            return
        self._out.events += self._memory.take(report, now)
        self._out.send += messages.ack(report.boot, report.number)
        if isinstance(report.what, messages.ChipIs):
            self._out.events += self._memory.chip(report.what.state, now)

    def _told(self, status: Status, now: float) -> None:
        assert self.hello is not None, "a status is taken after the hello only"
        if status.boot != self.hello.boot:
            self._ask(now)
            return
        self.status = status
        self._out.events += self._memory.chip(status.chip, now)
        if status.waiting == 0:
            self._out.events += self._memory.lying(now)

    def _answered(self, result: Result, now: float) -> None:
        flight = self._flight
        if flight is None or result.sequence != flight.sequence:
            return
        self._flight = None
        if flight.of_update and self._update is not None:
            self._update.answered(result.status, result.data, now)
        self._command(now)

    # -- what goes out

    def _still_asking(self, now: float) -> None:
        if now - self._begun > self._timing.hello:
            self._out.failed = self._why()
        elif now >= self._ask_at:
            self._ask(now)

    def _ask(self, now: float) -> None:
        self._out.send += messages.ask(self._name)
        self._ask_at = now + self._timing.ask

    def _ping(self, now: float) -> None:
        self._out.send += messages.ping()
        self._ping_at = now + self._timing.ping

    def _keep_up(self, now: float) -> None:
        if now >= self._ping_at or self._memory.doubts(now):
            self._ping(now)
            if self._update is not None and self._update.asks:
                self._out.send += messages.ask(self._name)
        if self._flight is not None and now >= self._flight.due:
            self._again(self._flight, now)
        self._command(now)

    def _again(self, flight: _Flight, now: float) -> None:
        flight.tries += 1
        if flight.tries > self._timing.tries:
            self._out.failed = self._stopped()
            return
        flight.due = now + self._timing.repeat
        self._out.send += flight.data

    def _command(self, now: float) -> None:
        """Send the next command, when none is on its way: signals first, they are short."""
        if self._flight is not None:
            return
        if self._signals:
            self._launch(wire.SIGNAL, self._signals.popleft(), now, of_update=False)
        elif self._update is not None:
            command = self._update.next()
            if command is not None:
                self._launch(*command, now, of_update=True)

    def _launch(self, kind: int, body: bytes, now: float, *, of_update: bool) -> None:
        self._sequence = self._sequence % 255 + 1
        data = wire.frame_bytes(kind, self._sequence, body)
        self._flight = _Flight(self._sequence, data, now + self._timing.repeat, 1, of_update)
        self._out.send += data

    def _stopped(self) -> BridgeError:
        return ReaderStopped("asking a reader board that worked until now")

    def _why(self) -> BridgeError:
        if self._octets == 0:
            return ReaderSilent("asking for a reader board, nothing answers", here="A board without its firmware is silent too")
        if self._echoes:
            return ReaderEcho("asking for a reader board, our own bytes come back")
        return ReaderGarbage("asking for a reader board, what answers is none")

    def _take_out(self) -> Out:
        out, self._out = self._out, Out(failed=self._out.failed)
        return out
