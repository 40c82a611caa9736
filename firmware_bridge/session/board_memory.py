"""What the host remembers of a reader board from one opened port to the next, so that each report counts once. Pure; seconds."""

from __future__ import annotations

from firmware_bridge.card_read import ButtonPressed, CardGone, CardHeld, CardRead, CardTrouble, ReaderEvent, ReaderState
from firmware_bridge.remedies import BOARDS
from firmware_bridge.session.presence import FORGET_AFTER_S, HELD_AFTER_S
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire.board_messages import Button, Card, Gone, Hello, Report, Trouble
from firmware_bridge.wire.card_id import made_up

# The clock of a board is off by some per mille; what is told from this is only whether it started anew.
_CLOCK_SLACK_MS = 30_000
_UPTIME_WRAPS = 1 << 32
_RANDOM = "random"
# As often as a board is asked whether it is there.
_ASK_AGAIN_S = 2.0
CHIP_DOWN = {wire.CHIP_SILENT: "board_chip_silent", wire.CHIP_WRONG: "board_chip_wrong"}


class BoardMemory:
    """Last report taken, the card that lies there, and what was last told of the chip."""

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self._chip_told: str | None = None
        self._hello: Hello | None = None
        self._met_at = 0.0
        self._number = 0
        self._held: str | None = None
        self._since = 0.0
        self._doubt_until: float | None = None
        self._held_at: float | None = None

    @property
    def wake_at(self) -> float | None:
        """When `expire` or `doubts` is due, or None."""
        return self._doubt_until if self._doubt_until is not None else self._held_at

    def met(self, hello: Hello, now: float) -> bool:
        """A board said who it is; whether it is another one than before, or started anew since."""
        same = self._same_run(hello, now)
        if not same:
            self._number = 0
            if self._held is not None:  # it lies there still, or it left while nobody looked
                self._doubt_until = now + FORGET_AFTER_S
        self._hello, self._met_at = hello, now
        return not same

    def _same_run(self, hello: Hello, now: float) -> bool:
        """Whether report numbers go on. The counter alone would do, but a board whose flash was erased counts from one again."""
        before = self._hello
        if before is None or (before.board_id, before.boot) != (hello.board_id, hello.boot):
            return False
        expected = before.uptime_ms + int((now - self._met_at) * 1000)
        return abs((hello.uptime_ms - expected + _UPTIME_WRAPS // 2) % _UPTIME_WRAPS - _UPTIME_WRAPS // 2) < _CLOCK_SLACK_MS

    def opened(self, now: float) -> list[ReaderEvent]:
        """A port was opened: what the chip is, is told anew."""
        self._chip_told = None
        return self.expire(now)

    def take(self, report: Report, now: float) -> list[ReaderEvent]:
        """A report; gives what is new in it. A repeated one gives nothing."""
        if report.number <= self._number:
            return []
        self._number = report.number
        moment = now - report.age_ms / 1000
        if isinstance(report.what, Card):
            return self._card(report.what, moment)
        if isinstance(report.what, Gone):
            self._held = self._doubt_until = self._held_at = None
            return [CardGone(self.reader, moment, report.what.held_ms / 1000)]
        if isinstance(report.what, Button):
            return [ButtonPressed(self.reader, moment, report.what.held_ms / 1000)]
        if isinstance(report.what, Trouble):
            return [CardTrouble(self.reader, moment, "two_cards" if report.what.why == wire.TWO_CARDS else "unreadable")]
        return []

    def _card(self, card: Card, moment: float) -> list[ReaderEvent]:
        value = card.uid.hex().upper()
        random = made_up(card.uid)
        name = _RANDOM if random else value
        if self._doubt_until is not None and name == self._held:  # it lay there all the time
            self._doubt_until = None
            return []
        left = self._leave(moment)
        self._held, self._since, self._held_at = name, moment, moment + HELD_AFTER_S
        evidence = card.evidence or None
        return [*left, CardRead("nfc", value, self.reader, moment, random_id=random, evidence=evidence, wallet=card.wallet)]

    def doubts(self, now: float) -> bool:
        """A card may have been lying there for five seconds: it is time to ask the board, which would know that it left."""
        if self._held_at is None or self._doubt_until is not None or now < self._held_at:
            return False
        self._held_at = now + _ASK_AGAIN_S
        return True

    def lying(self, now: float) -> list[ReaderEvent]:
        """The board is there and has nothing to report. A card that lies there for five seconds is another act than a tap."""
        if self._held is None or self._held_at is None or self._doubt_until is not None or now - self._since < HELD_AFTER_S:
            return []
        self._held_at = None
        return [CardHeld(self.reader, now, now - self._since)]

    def expire(self, now: float) -> list[ReaderEvent]:
        """The card that lay there before the board started anew has not been seen since."""
        if self._doubt_until is None or now < self._doubt_until:
            return []
        return self._leave(now)

    def _leave(self, moment: float) -> list[ReaderEvent]:
        held, self._held, self._doubt_until, self._held_at = self._held, None, None, None
        return [CardGone(self.reader, moment, max(0.0, moment - self._since))] if held is not None else []

    def chip(self, state: int, now: float) -> list[ReaderEvent]:
        """The board's NFC chip is in this state; gives what that changes for the reader."""
        code = "ok" if state == wire.CHIP_OK else CHIP_DOWN.get(state, "")
        if not code or code == self._chip_told:
            return []
        self._chip_told = code
        return [ReaderState(self.reader, now, state == wire.CHIP_OK, code, self._works() if code == "ok" else BOARDS[code].whole)]

    def _works(self) -> str:
        if self._hello is None:
            return ""
        return f"Reader board {self._hello.board_id} with firmware {'.'.join(map(str, self._hello.version))}"
