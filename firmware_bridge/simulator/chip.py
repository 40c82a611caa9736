"""A PN532 that does not exist: bytes from the host in, bytes to the host out. Pure; time is an argument, in seconds.

Plays what drivers rely on: ACK then answer, a listing that waits in the chip until a card comes, a command or an ACK that
ends it, power-down that swallows the first bytes, a chip that hangs, retransmission on NACK, the error frame for what it does
not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from firmware_bridge.simulator.cards import ISO_DEP, VirtualCard, crc_a
from firmware_bridge.simulator.field import Field
from firmware_bridge.simulator.pace import ATTEMPT_S, Air, Pace
from firmware_bridge.wire import pn532_answers as command
from firmware_bridge.wire.pn532_frame import ACK, ERROR, Frame, FrameReader, answer_frame

# PN532, firmware 1.6, all three protocols: what every board on sale answers.
FIRMWARE = bytes.fromhex("32010607")
# A sleeping UART is awake after some bytes; they are lost.
LOST_ON_WAKING = 5

_OK = b"\x00"
_TIMEOUT, _NO_SUCH_TARGET = b"\x01", b"\x27"
_FIFO, _RX_MODE, _RX_NO_CRC = 0x6339, 0x6303, 0x80
_REQUEST_LEFT_IN_FIFO = 0x26


@dataclass(slots=True)
class _Listing:
    """A listing under way. until: when it gives up, or None: never. found_at: when the cards in the field are told."""

    most: int
    kind: int
    wanted: bytes
    until: float | None
    found_at: float | None = None


@dataclass(slots=True)
class _Exchange:
    """An answer still in the air. card: whose it is; without that card, at `moment`, nothing was heard."""

    moment: float
    code: int
    data: bytes
    card: VirtualCard | None


class Chip:
    """One chip and the field over it. Not thread-safe."""

    def __init__(self, field: Field | None = None, air: Air | None = None) -> None:
        """air: what the radio takes; without it nothing."""
        self.field = field or Field()
        self.air = air or Air(Pace(), Random(0))  # noqa: S311 - never asked: the air takes no time
        self._air_s = 0.0  # of the command at work
        self._air_card: VirtualCard | None = None
        self._exchange: _Exchange | None = None
        self._frames = FrameReader()
        self._registers: dict[int, int] = {_RX_MODE: _RX_NO_CRC}
        self._retries = command.ENDLESS
        self._automatic_rats = True
        self._listing: _Listing | None = None
        self._targets: dict[int, VirtualCard] = {}
        self._asleep = self.frozen = False
        self._last = b""
        self._answers: dict[int, Callable[[bytes, float], bytes | None]] = {
            command.DIAGNOSE: self._diagnose,
            command.GET_FIRMWARE_VERSION: lambda _data, _now: FIRMWARE,
            command.GET_GENERAL_STATUS: self._status,
            command.READ_REGISTER: self._read_registers,
            command.WRITE_REGISTER: self._write_registers,
            command.SET_SERIAL_BAUD_RATE: lambda data, _now: b"" if len(data) == 1 and data[0] <= 8 else None,
            command.SET_PARAMETERS: self._set_parameters,
            command.SAM_CONFIGURATION: lambda data, _now: b"" if data and 1 <= data[0] <= 4 else None,
            command.POWER_DOWN: self._power_down,
            command.RF_CONFIGURATION: self._rf_configuration,
            command.IN_DATA_EXCHANGE: self._data_exchange,
            command.IN_COMMUNICATE_THRU: self._communicate_thru,
            command.IN_DESELECT: self._let_go,
            command.IN_RELEASE: self._let_go,
            command.IN_SELECT: self._select,
        }

    @property
    def waiting(self) -> bool:
        """A listing is under way."""
        return self._listing is not None

    def wake_at(self) -> float | None:
        """When `tick` has something to say by itself, or None."""
        if self.frozen:
            return None
        if self._exchange is not None:
            return self._exchange.moment
        if self._listing is None:
            return None
        return self._listing.until if self._listing.found_at is None else self._listing.found_at

    def received(self, data: bytes, now: float) -> bytes:
        """Bytes from the host; gives the bytes that go back at once."""
        if self.frozen:
            return b""
        if self._asleep:
            self._asleep, data = False, data[LOST_ON_WAKING:]
            self._frames.clear()
        return b"".join(self._frame(item, now) for item in self._frames.feed(data) if isinstance(item, Frame))

    def tick(self, now: float) -> bytes:
        """Time passed or the field changed; gives the answer that is due by that."""
        if self.frozen:
            return b""
        if self._exchange is not None:
            return self._heard(self._exchange, now)
        if self._listing is not None:
            return self._look(self._listing, now, self.air.phase_s)
        return b""

    def _heard(self, exchange: _Exchange, now: float) -> bytes:
        if now < exchange.moment:
            return b""
        self._exchange = None
        lost = exchange.card is not None and exchange.card not in self.field.cards(now)
        return self._say(exchange.code, _TIMEOUT if lost else exchange.data)

    def _look(self, listing: _Listing, now: float, phase_s: Callable[[], float]) -> bytes:
        """phase_s: how long until the attempt that finds a card which was not there before."""
        found = [card for card in self.field.cards(now) if listing.kind == 0 and card.asked_for(listing.wanted)]
        found = found[: listing.most]
        if not found:
            listing.found_at = None
            if listing.until is None or now < listing.until:
                return b""
        elif listing.found_at is None:
            opening = [self.air.exchange_s(2, 1 + len(card.ats)) for card in found if self._automatic_rats and card.sak & ISO_DEP]
            listing.found_at = now + phase_s() + self.air.listing_s([len(card.uid) for card in found]) + sum(opening)
        if listing.found_at is not None and now < listing.found_at:
            return b""
        self._listing = None
        return self._say(command.IN_LIST_PASSIVE_TARGET, self._listed(found))

    def _frame(self, frame: Frame, now: float) -> bytes:
        if frame.kind == "ack":
            self._listing = self._exchange = None  # the host gives up the command under way
            return b""
        if frame.kind == "nack":
            return self._last
        if frame.kind != "command":
            return b""
        self._listing = self._exchange = None
        return ACK + self._command(frame, now)

    def _command(self, frame: Frame, now: float) -> bytes:
        if frame.code == command.IN_LIST_PASSIVE_TARGET:
            return self._list(frame.data, now)
        self._air_s, self._air_card = 0.0, None
        answer = self._answers.get(frame.code)
        data = answer(frame.data, now) if answer else None
        if data is None:
            self._last = ERROR
            return ERROR
        if self._air_s:
            self._exchange = _Exchange(now + self._air_s, frame.code, data, self._air_card)
            return b""
        return self._say(frame.code, data)

    def _say(self, code: int, data: bytes) -> bytes:
        self._last = answer_frame(code + 1, data)
        return self._last

    def _list(self, data: bytes, now: float) -> bytes:
        if len(data) < 2 or not 1 <= data[0] <= 2 or data[1] > 4:
            self._last = ERROR
            return ERROR
        endless = self._retries == command.ENDLESS
        until = None if endless else now + (self._retries + 1) * ATTEMPT_S
        self._listing = _Listing(data[0], data[1], data[2:], until)
        return self._look(self._listing, now, lambda: 0.0)  # the first attempt begins at once

    def _listed(self, cards: list[VirtualCard]) -> bytes:
        self._targets = dict(enumerate(cards, 1))
        # Drivers look here whether a request stayed unanswered.
        self._registers[_FIFO] = 0 if cards else _REQUEST_LEFT_IN_FIFO
        parts = (card.target_data(number, automatic_rats=self._automatic_rats) for number, card in self._targets.items())
        return bytes([len(cards)]) + b"".join(parts)

    def _diagnose(self, data: bytes, now: float) -> bytes | None:
        if not data:
            return None
        if data[0] == 0:  # the line: everything comes back
            return data
        if data[0] == 6:  # is the card still there?
            return _OK if self._target(1, now) else _TIMEOUT
        return _OK if data[0] in (1, 2, 4, 7) else None

    def _status(self, _data: bytes, now: float) -> bytes:
        listed = b"".join(bytes([number, 0, 0, 0x10]) for number in self._targets if self._target(number, now))
        return bytes([0, 1, len(listed) // 4]) + listed + b"\x80"

    def _read_registers(self, data: bytes, _now: float) -> bytes | None:
        if not data or len(data) % 2:
            return None
        addresses = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        return bytes(self._registers.get(address, 0) for address in addresses)

    def _write_registers(self, data: bytes, _now: float) -> bytes | None:
        if not data or len(data) % 3:
            return None
        for at in range(0, len(data), 3):
            self._registers[int.from_bytes(data[at : at + 2], "big")] = data[at + 2]
        return b""

    def _set_parameters(self, data: bytes, _now: float) -> bytes | None:
        if len(data) != 1:
            return None
        self._automatic_rats = bool(data[0] & 0x10)
        return b""

    def _power_down(self, data: bytes, _now: float) -> bytes | None:
        if not data:
            return None
        self._asleep = True
        return _OK

    def _rf_configuration(self, data: bytes, _now: float) -> bytes | None:
        if not data:
            return None
        if data[0] == command.RF_MAX_RETRIES:
            if len(data) != 4:
                return None
            self._retries = data[3]
        if data[0] == command.RF_FIELD and len(data) == 2 and not data[1] & 1:
            self._targets = {}
            self.field.switch_off()
        return b""

    def _data_exchange(self, data: bytes, now: float) -> bytes | None:
        if not data:
            return None
        card = self._target(data[0] & 0x3F, now)
        if card is None:
            return _NO_SUCH_TARGET
        answer = self._in_air(card, data[1:], card.command if card.opened else card.exchange)
        return _TIMEOUT if answer is None else _OK + answer

    def _in_air(self, card: VirtualCard, request: bytes, ask: Callable[[bytes], bytes | None]) -> bytes | None:
        answer = ask(request)
        received = None if answer is None else len(answer)
        self._air_s = self.air.exchange_s(len(request), received, iso_dep=ask == card.command)
        self._air_card = card
        return answer

    def _communicate_thru(self, data: bytes, now: float) -> bytes:
        card = self._target(1, now)
        answer = self._in_air(card, data, card.exchange) if card else None
        if answer is None:
            return _TIMEOUT
        checked = self._registers.get(_RX_MODE, 0) & _RX_NO_CRC
        return _OK + answer + (b"" if checked else crc_a(answer))

    def _let_go(self, data: bytes, _now: float) -> bytes | None:
        if len(data) != 1:
            return None
        if data[0] != 0 and data[0] not in self._targets:
            return _NO_SUCH_TARGET
        for number in list(self._targets) if data[0] == 0 else [data[0]]:
            self._targets.pop(number).forget()
        return _OK

    def _select(self, data: bytes, now: float) -> bytes | None:
        if len(data) != 1:
            return None
        return _OK if self._target(data[0], now) else _NO_SUCH_TARGET

    def _target(self, number: int, now: float) -> VirtualCard | None:
        """A listed card, unless it left the field since."""
        card = self._targets.get(number)
        return card if card in self.field.cards(now) else None
