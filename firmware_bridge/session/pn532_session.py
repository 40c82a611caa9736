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
from typing import Literal

from firmware_bridge.card_read import CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError, FrameError
from firmware_bridge.session.arrival import Arrival, Known, nobody
from firmware_bridge.session.pn532_faults import Heard, faulty, why, wrong_chip
from firmware_bridge.session.pn532_steps import LISTINGS, REPEATS, SELF_TESTS, START_TRIES, TABLE, Step, Timing
from firmware_bridge.session.presence import Presence, Sight, sight_of
from firmware_bridge.wire.pn532_answers import (
    PN532,
    WAKE_UP,
    Command,
    Firmware,
    in_communicate_thru,
    in_data_exchange,
    in_list_passive_target,
    parse_diagnosis,
    parse_exchange,
    parse_firmware,
    parse_targets,
)
from firmware_bridge.wire.pn532_frame import ACK, BadFrame, Frame, FrameReader

_PARAMETER_STEPS = frozenset({Step.WAKE, Step.PARAMETERS, Step.OPENING, Step.CLOSING})


@dataclass(slots=True)
class Out:
    """send: bytes for the port, now. events: in order. failed: the session is over; close the port and begin a new one."""

    send: bytes = b""
    events: list[ReaderEvent] = field(default_factory=list)
    failed: BridgeError | None = None


class Pn532Session:
    """One opened port, from waking the chip until it fails. Not thread-safe; never blocks."""

    def __init__(
        self, reader: str, presence: Presence | None = None, timing: Timing | None = None, known: Known = nobody
    ) -> None:
        """presence: of the session before, so that a card lying there through a reconnection is still one read. known: see
        `firmware_bridge.session.arrival`."""
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
        self._heard = Heard()
        self._firmware: Firmware | None = None
        self._arrival = Arrival(known)
        self._doubt_until: float | None = None
        self._ask_until: float | None = None
        self._opened = False  # listings open ISO-DEP cards at present, and carry their ATS
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
        return min(
            moment for moment in (self._deadline, self._repeat_at, self._partial_until, self._doubt_until) if moment is not None
        )

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
        if self._doubt_until is not None and now >= self._doubt_until:
            self._once_more(now)
        if self._partial_until is not None and now >= self._partial_until:
            self._give_up_partial(now)
        if self._repeat_at is not None and now >= self._repeat_at:
            self._repeat(now)
        elif now >= self._deadline:
            self._late(now)
        return self._take_out()

    def end(self, now: float) -> Out:
        """The port is lost. A card that had just come is still told."""
        if self._doubt_until is not None:
            self._once_more(now)
        self._tell(now)
        return self._take_out()

    # -- what came in

    def _item(self, item: Frame | BadFrame, now: float) -> None:
        if self._out.failed or self._command is None:
            return  # draining or resting: whatever comes now answers nothing
        if isinstance(item, BadFrame) or item.kind in ("error", "nack"):
            if isinstance(item, Frame) and item.kind == "error" and self._step in SELF_TESTS:
                self._enter(_after(self._step), now)  # a chip that cannot test itself may read all the same
                return
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
        elif self._step in SELF_TESTS:
            self._check_self(data, now)
        elif self._step in LISTINGS:
            self._listed(self._sight(data), now)
        elif self._step is Step.ASK:
            self._go_on(self._arrival.answered(_reply(data)), now)
        else:
            self._enter(self._next(), now)

    def _next(self) -> Step:
        """What follows a good answer that says nothing by itself."""
        if self._step is Step.PARAMETERS:
            return Step.LIMIT if self.presence.holding else Step.RELEASE
        if self._step is Step.LIMIT:
            return self._after_limit()
        if self._step is Step.FIELD_OFF:
            return Step.CLOSING if self._arrival.sight is None else Step.COUNT
        if self._step is Step.CLOSING:
            return Step.REST if self.presence.holding else Step.RELEASE
        return _after(self._step)

    def _after_limit(self) -> Step:
        if self.presence.holding:
            return Step.REST
        return Step.OPENING if self._arrival.opens else Step.COUNT

    def _check_self(self, data: bytes, now: float) -> None:
        try:
            well = parse_diagnosis(data)
        except FrameError:
            self._repeat_at = now + self._timing.quiet
            return
        if well:
            self._enter(_after(self._step), now)
            return
        self._out.failed = faulty(self._step.name)

    def _check_chip(self, data: bytes, now: float) -> None:
        try:
            self._firmware = parse_firmware(data)
        except FrameError:
            self._repeat_at = now + self._timing.quiet
            return
        if self._firmware.ic != PN532:
            self._out.failed = wrong_chip(self._firmware.ic)
            return
        self._enter(_after(Step.VERSION), now)

    def _listed(self, sight: Sight, now: float) -> None:
        if self._step is Step.POLL:
            self._arrived(sight, now)
            return
        if self._step is Step.COUNT:
            self._go_on(self._arrival.looked(sight), now)
            return
        self._out.events += self.presence.look(sight, now)
        self._enter(Step.REST if self.presence.holding else Step.RELEASE, now)

    def _arrived(self, sight: Sight, now: float) -> None:
        if not sight.ids:  # the chip does not wait: it forgot what it was told, by a brown-out or a reset
            self._enter(Step.WAKE, now)
            return
        self._doubt_until = self._ask_until = None
        if self._arrival.came(sight):
            self._tell(now)
        self._enter(Step.LIMIT, now)

    def _go_on(self, what: Literal["look", "ask", "tell"], now: float) -> None:
        """look: list it again. ask: the next question. tell: all is known that can be."""
        if what == "tell" or (what == "ask" and not self._may_ask(now)):
            self._tell(now)
            self._enter(self._rest(), now)
        else:
            self._enter(self._look_again() if what == "look" else self._ask(), now)

    def _may_ask(self, now: float) -> bool:
        """A card has so long for all its answers; then its id must do."""
        if self._ask_until is None:
            self._ask_until = now + self._timing.dialogue
        return now < self._ask_until

    def _look_again(self) -> Step:
        return Step.FIELD_OFF if self._opened else Step.COUNT

    def _ask(self) -> Step:
        """A card with files that was not the first to be seen is still to be opened."""
        return Step.OPENING if self._arrival.opens and not self._opened else Step.ASK

    def _rest(self) -> Step:
        if self._opened:
            return Step.FIELD_OFF
        return Step.REST if self.presence.holding else Step.RELEASE

    def _tell(self, now: float) -> None:
        """Whatever is known of the card that came is told, also when the line breaks in the middle."""
        sight = self._arrival.tell()
        if sight is not None:
            self._out.events += self.presence.look(sight, now)

    def _once_more(self, now: float) -> None:
        """A card was seen and is not there any more: whoever holds it is asked to hold it again."""
        self._doubt_until = None
        self._out.events.append(CardTrouble(self._reader, now, "unreadable"))

    def _sight(self, data: bytes) -> Sight:
        try:
            return sight_of(parse_targets(data, automatic_rats=self._opened))
        except FrameError:
            return Sight(unreadable=True)

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

    def _restart(self, now: float) -> None:
        self._starts += 1
        over = self._starts > START_TRIES
        if self._arrival.doubtful and not over:  # it will be found again, if it is still there
            self._arrival.tell()
            self._doubt_until = now + self._timing.doubt
        self._tell(now)
        if over:
            self._out.failed = why(self._heard, up=self._up)
            return
        self._enter(Step.WAKE, now)

    # -- what goes out

    def _enter(self, step: Step, now: float) -> None:
        self._step = step
        if step in _PARAMETER_STEPS:
            self._opened = step is Step.OPENING
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
        ask = self._arrival.ask if step is Step.ASK else None
        if ask is not None:
            return in_communicate_thru(ask.data) if ask.as_it_is else in_data_exchange(self._arrival.number, ask.data)
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


def _reply(data: bytes) -> bytes | None:
    """What the card said; None where it did not, or the chip's answer is no answer."""
    try:
        return parse_exchange(data)
    except FrameError:
        return None
