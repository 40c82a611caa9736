"""What to say to a PN532 next. Pure: bytes and the time come in, bytes and reader events go out.

    session = Pn532Session("nfc-1", presence)
    out = session.begin(now)            # then, for ever: send out.send, deliver out.events, stop at out.failed
    out = session.received(data, now)   # whenever bytes came
    out = session.tick(now)             # not later than session.wake_at

The steps are in `pn532_steps.TABLE`. A command is acknowledged, then answered; an answer to anything but the command under
way is stale and dropped. Whatever is late or damaged is asked again, then started again, then given up with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError, FrameError, NotAReader, ReaderGone
from firmware_bridge.session.pn532_steps import LISTINGS, REPEATS, START_TRIES, TABLE, Step, Timing
from firmware_bridge.session.presence import Presence, Sight, sight_of
from firmware_bridge.wire.pn532_answers import (
    PN532,
    WAKE_UP,
    Command,
    Firmware,
    in_list_passive_target,
    parse_firmware,
    parse_targets,
)
from firmware_bridge.wire.pn532_frame import ACK, BadFrame, Frame, FrameReader


class ReaderSilent(NotAReader):
    """Nothing answers at the port."""

    code = "reader_silent"


class ReaderGarbage(NotAReader):
    """Something answers, but not in frames."""

    code = "reader_garbage"


class ReaderEcho(NotAReader):
    """Our own bytes come back."""

    code = "reader_echo"


class ReaderWrongChip(NotAReader):
    """A chip of the family, but none we can drive."""

    code = "reader_wrong_chip"


class ReaderStopped(ReaderGone):
    """It worked, and answers no more."""

    code = "reader_stopped"


@dataclass(slots=True)
class Out:
    """send: bytes for the port, now. events: in order. failed: the session is over; close the port and begin a new one."""

    send: bytes = b""
    events: list[ReaderEvent] = field(default_factory=list)
    failed: BridgeError | None = None


@dataclass(slots=True)
class _Heard:
    """What came in since the start, to say why nothing came of it."""

    octets: int = 0
    good: int = 0
    echoes: int = 0


class Pn532Session:
    """One opened port, from waking the chip until it fails. Not thread-safe; never blocks."""

    def __init__(self, reader: str, presence: Presence | None = None, timing: Timing | None = None) -> None:
        """presence: of the session before, so that a card lying there through a reconnection is still one read."""
        self._reader = reader
        self.presence = presence or Presence(reader)
        self._timing = timing or Timing()
        self._frames = FrameReader()
        self._step = Step.WAKE
        self._command: Command | None = None
        self._acknowledged = False
        self._deadline = 0.0
        self._repeat_at: float | None = None
        self._partial_until: float | None = None
        self._repeats = 0
        self._starts = 0
        self._up = False
        self._heard = _Heard()
        self._firmware: Firmware | None = None
        self._first: Sight | None = None
        self._out = Out()

    @property
    def state(self) -> str:
        """waking, checking, configuring, polling, present or failed."""
        return "failed" if self._out.failed else TABLE[self._step].state

    @property
    def up(self) -> bool:
        """The chip is configured and was heard looking for cards."""
        return self._up

    @property
    def wake_at(self) -> float:
        """When `tick` is due, on the clock of the `now` arguments."""
        return min(moment for moment in (self._deadline, self._repeat_at, self._partial_until) if moment is not None)

    def begin(self, now: float) -> Out:
        """Wake the chip. Call once, right after opening the port."""
        self._out.events += self.presence.expire(now)
        self._restart(now)
        return self._take_out()

    def received(self, data: bytes, now: float) -> Out:
        """Bytes came from the port."""
        self._heard.octets += len(data)
        for item in self._frames.feed(data):
            self._item(item, now)
        if not self._frames.partial:
            self._partial_until = None
        elif self._partial_until is None:
            self._partial_until = now + self._timing.partial
        return self._take_out()

    def tick(self, now: float) -> Out:
        """Time passed. Does nothing before `wake_at`."""
        if self._out.failed:
            return self._take_out()
        if self._partial_until is not None and now >= self._partial_until:
            self._give_up_partial(now)
        if self._repeat_at is not None and now >= self._repeat_at:
            self._repeat(now)
        elif now >= self._deadline:
            self._late(now)
        return self._take_out()

    def end(self, now: float) -> Out:
        """The port is lost. A card that had just come is still told."""
        self._tell_first(now)
        return self._take_out()

    # -- what came in

    def _item(self, item: Frame | BadFrame, now: float) -> None:
        if self._out.failed or self._command is None:
            return  # draining or resting: whatever comes now answers nothing
        if isinstance(item, BadFrame) or item.kind in ("error", "nack"):
            self._repeat_at = now + self._timing.quiet
        elif item.kind == "command":
            self._heard.echoes += 1
        elif item.kind == "ack":
            self._ack(now)
        elif self._acknowledged and self._command.answered_by(item):
            self._answer(item.data, now)

    def _ack(self, now: float) -> None:
        if self._acknowledged:
            return
        self._heard.good += 1
        self._repeat_at = None
        self._acknowledged = True
        self._deadline = now + self._allowed()
        if self._step in LISTINGS:
            self._starts = 0
            self._say_up(now)

    def _answer(self, data: bytes, now: float) -> None:
        self._repeat_at, self._repeats = None, 0
        if self._step is Step.VERSION:
            self._check_chip(data, now)
        elif self._step in LISTINGS:
            self._listed(_sight(data), now)
        elif self._step is Step.PARAMETERS:
            self._enter(Step.LIMIT if self.presence.holding else Step.RELEASE, now)
        elif self._step is Step.LIMIT:
            self._enter(Step.REST if self.presence.holding else Step.COUNT, now)
        else:
            self._enter(_after(self._step), now)

    def _check_chip(self, data: bytes, now: float) -> None:
        try:
            self._firmware = parse_firmware(data)
        except FrameError:
            self._repeat_at = now + self._timing.quiet
            return
        if self._firmware.ic != PN532:
            self._out.failed = ReaderWrongChip(
                f"asking the chip at the port for its kind, it said {self._firmware.ic:02X}",
                "Shopbell drives a PN532 (32); use such a reader board",
            )
            return
        self._enter(Step.SAM, now)

    def _listed(self, sight: Sight, now: float) -> None:
        if self._step is Step.POLL:
            self._arrived(sight, now)
            return
        first, self._first = self._first, None
        self._out.events += self.presence.look(first.joined(sight) if first else sight, now)
        self._enter(Step.REST if self.presence.holding else Step.RELEASE, now)

    def _arrived(self, sight: Sight, now: float) -> None:
        if sight.ids:
            self._first = sight
            self._enter(Step.LIMIT, now)
        else:  # the chip does not wait: it forgot what it was told, by a brown-out or a reset
            self._enter(Step.WAKE, now)

    # -- what did not come in

    def _give_up_partial(self, now: float) -> None:
        """A frame began and does not end. A good one may be hidden in it; else this is damage like any other."""
        self._partial_until = None
        for item in self._frames.give_up():
            self._item(item, now)

    def _repeat(self, now: float) -> None:
        """The line is still again after damage: repeat the command under way."""
        self._repeat_at = None
        if self._command is None or self._out.failed:
            return
        self._repeats += 1
        if self._repeats > REPEATS:
            self._restart(now)
        else:
            self._send(self._command, now)

    def _late(self, now: float) -> None:
        if self._command is None:
            self._enter(_after(self._step), now)
        elif self._step is Step.POLL and self._acknowledged:
            self._enter(Step.ALIVE, now)
        else:
            self._restart(now)

    def _tell_first(self, now: float) -> None:
        """A card was listed and the look for a second one did not end: it is a read all the same."""
        first, self._first = self._first, None
        if first is not None:
            self._out.events += self.presence.look(first, now)

    def _restart(self, now: float) -> None:
        self._tell_first(now)
        self._starts += 1
        if self._starts > START_TRIES:
            self._out.failed = self._why()
            return
        self._enter(Step.WAKE, now)

    def _why(self) -> BridgeError:
        if self._up:
            return ReaderStopped(
                "asking a reader that worked until now",
                "It is opened again by itself; if this goes on, cut its power for ten seconds",
            )
        if self._heard.octets == 0:
            return ReaderSilent(
                "waking a PN532, nothing answers",
                "Check its power, that its switches select HSU (UART), and that TX and RX are crossed",
            )
        if self._heard.echoes:
            return ReaderEcho(
                "waking a PN532, our own bytes come back",
                "TX and RX touch, or the port is a terminal; check the wiring and the port's name",
            )
        if self._heard.good:
            return ReaderStopped("configuring a PN532, it answers only now and then", "Check the cable and the power supply")
        return ReaderGarbage(
            "waking a PN532, what answers is no PN532",
            "Check the baud rate (115200 unless changed) and that the port is the reader's",
        )

    # -- what goes out

    def _enter(self, step: Step, now: float) -> None:
        self._step = step
        self._command = self._command_of(step)
        self._repeat_at, self._repeats = None, 0
        if step in (Step.WAKE, Step.VERSION):  # what came before and while draining belongs to nobody
            self._frames.clear()
            self._partial_until = None
        if self._command is not None:
            self._send(self._command, now)
            return
        self._deadline = now + self._allowed()
        if step is Step.WAKE:
            # The ACK ends whatever a process before us has left the chip doing.
            self._out.send += WAKE_UP + ACK

    def _command_of(self, step: Step) -> Command | None:
        if step is Step.CHECK and self.presence.wants_two:
            return in_list_passive_target(2)
        return TABLE[step].command

    def _send(self, command: Command, now: float) -> None:
        self._acknowledged = False
        first = self._step is Step.VERSION and not self._heard.good
        self._deadline = now + (self._timing.first_ack if first else self._timing.ack)
        self._out.send += command.frame

    def _allowed(self) -> float:
        seconds: float = getattr(self._timing, TABLE[self._step].allows)
        return seconds

    def _say_up(self, now: float) -> None:
        if not self._up and self._firmware is not None:
            self._up = True
            hint = f"PN532 with firmware {self._firmware.version}.{self._firmware.revision}"
            self._out.events.append(ReaderState(self._reader, now, True, hint=hint))

    def _take_out(self) -> Out:
        out, self._out = self._out, Out(failed=self._out.failed)
        return out


def _after(step: Step) -> Step:
    after = TABLE[step].after
    assert after is not None, "the table names what follows, or the answer decides"
    return after


def _sight(data: bytes) -> Sight:
    try:
        return sight_of(parse_targets(data))
    except FrameError:
        return Sight(unreadable=True)
