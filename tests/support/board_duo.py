"""The host's session and the firmware's own link, joined in virtual time by a line that loses, doubles and damages."""

from __future__ import annotations

import struct
from random import Random
from types import SimpleNamespace

from firmware_bridge.card_read import CardRead, ReaderEvent
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession
from firmware_bridge.session.pn532_session import Out
from firmware_bridge.wire import board_frame as wire

STEP_S = 0.01
ID = bytes.fromhex("e661400500000001")


def hello_body(boot: int, uptime: int, protocol: tuple[int, int] = wire.PROTOCOL) -> bytes:
    head = struct.pack(wire.HELLO_HEAD, *protocol, ID, boot, uptime, b"\1\0\0", b"\1\0\0", 0)
    return head + wire.text_bytes("shopbell-reader") + wire.text_bytes("unix-pn532")


class Duo:
    """Both ends and the line, in steps of 10 ms. lose: part of the pieces that is lost or damaged on either way."""

    def __init__(self, board: SimpleNamespace, seed: int = 1, lose: float = 0.0, now: float = 100.0) -> None:
        self.board, self.random, self.lose = board, Random(seed), lose
        self.now = now
        self.events: list[ReaderEvent] = []
        self.failures: list[str] = []
        self.commands: list[tuple[int, bytes]] = []
        self.memory = BoardMemory("nfc-1")
        self.plugged = True
        self.faults = 0
        self.chip = wire.CHIP_OK
        self.boot = 0
        self.restart_board()
        self.open()

    def restart_board(self) -> None:
        self.boot += 1
        self.started, boot = self.now, self.boot
        self.link = self.board.link.Link(boot, lambda now: hello_body(boot, now), lambda: self.chip, self._do)
        self.link.begin(0)

    def open(self) -> None:
        self.session = BoardSession(self.memory)
        self._take(self.session.begin(self.now))

    def report(self, what: int, data: bytes) -> None:
        self.link.report(what, data, self.uptime)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            out = self.link.tick(self.uptime)
            for piece in self._line(out):
                self._take(self.session.received(piece, self.now))
            if self.now >= self.session.wake_at:
                self._take(self.session.tick(self.now))

    @property
    def uptime(self) -> int:
        return int((self.now - self.started) * 1000)

    @property
    def tale(self) -> list[str]:
        return [event.value for event in self.events if isinstance(event, CardRead)]

    def _do(self, kind: int, body: bytes, now: int) -> tuple[int, bytes]:
        self.commands.append((kind, body))
        return (wire.OK, b"") if kind == wire.SIGNAL else (wire.UNKNOWN, b"")

    def _line(self, data: bytes) -> list[bytes]:
        if not data or not self.plugged:
            return []
        fate = self.random.random()
        self.faults += fate < 1.5 * self.lose
        if fate < self.lose / 2:
            return []
        if fate < self.lose:
            at = self.random.randrange(len(data))
            return [data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1 :]]
        return [data] * (2 if fate < 1.5 * self.lose else 1)

    def _take(self, out: Out) -> None:
        self.events += out.events
        if out.send:
            for piece in self._line(out.send):
                self.link.received(piece, self.uptime)
        if out.failed:
            self.failures.append(out.failed.code)
            self.open()
