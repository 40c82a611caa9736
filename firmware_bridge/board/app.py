"""Puts the board's parts together and runs them: cards, button, lights, wire, update, watchdog."""

import struct

import board_frame as wire
import image_info
import pins as board_pins
from chip import Chip
from lights import Signals
from link import Link
from presence import Button, Presence
from update import Updater

# New firmware is healthy when its chip answers and a host has spoken to it for this long.
HEALTHY_MS = 3000
# It is not kept when it did not get there in this time; the old one starts again.
TRIAL_MS = 120000
LOOP_MS = 5
# So that the answer to a command that ends in a restart is on the line before.
GOODBYE_MS = 200


class App:
    """Everything but the loop."""

    def __init__(self, pins, record, slot):
        self._pins, self._record = pins, record
        self._chip, self._presence, self._button = Chip(pins.chip), Presence(), Button()
        self._signals, self._updater = Signals(), Updater(record, slot, pins.feed)
        self._link = Link(record.boot & 0xFFFFFFFF, self._hello, lambda: self._chip.state, self._do)
        self._told = wire.CHIP_STARTING
        self._well_since = None
        self.end_at = None

    def begin(self, now):
        """Once, before the first round."""
        self._link.begin(now)

    def round(self, now):
        """One round of everything; `end_at` is the moment to start the board anew, or None."""
        self._link.received(self._pins.read_wire(), now)
        self._card(now)
        pressed = self._button.look(self._pins.button(), now)
        if pressed is not None:
            self._link.report(wire.BUTTON, pressed.to_bytes(4, "little"), now)
        self._show(now)
        out = self._link.tick(now)
        if out:
            self._pins.write_wire(out)
        if self._record.trial:
            self._judge(now)

    def _card(self, now):
        listed = self._chip.tick(now)
        if self._chip.state != self._told:
            self._told = self._chip.state
            self._link.report(wire.CHIP, bytes((self._told,)), now)
        if listed is not None:
            for what, data in self._presence.look(listed, now, self._chip.evidence):
                self._link.report(what, data, now)
            self._chip.holding, self._chip.wants_two = self._presence.holding, self._presence.wants_two

    def _show(self, now):
        colour, hertz = self._signals.at(now, self._link.host and self._chip.state == wire.CHIP_OK)
        self._pins.light(colour)
        self._pins.tone(hertz)

    def _judge(self, now):
        """On trial: keep this image, or start anew."""
        if not (self._link.host and self._chip.state == wire.CHIP_OK):
            self._well_since = None
        elif self._well_since is None:
            self._well_since = now
        elif now - self._well_since >= HEALTHY_MS:
            self._updater.confirm()
            return
        if now >= TRIAL_MS and self.end_at is None:
            self.end_at = now

    def _hello(self, now):
        head = struct.pack(
            wire.HELLO_HEAD,
            wire.PROTOCOL[0],
            wire.PROTOCOL[1],
            self._pins.board_id(),
            self._record.boot & 0xFFFFFFFF,
            now & 0xFFFFFFFF,
            bytes(image_info.VERSION),
            bytes(self._record.floor),
            1 if self._record.trial else 0,
        )
        return head + wire.text_bytes(image_info.PRODUCT) + wire.text_bytes(image_info.BOARD)

    def _do(self, kind, body, now):
        if kind == wire.SIGNAL:
            self._signals.play(body, now)
            return wire.OK, b""
        if kind == wire.REBOOT:
            self.end_at = now + GOODBYE_MS
            return wire.OK, b""
        return self._update(kind, body, now)

    def _update(self, kind, body, now):
        try:
            if kind == wire.UPDATE_BEGIN:
                return self._updater.begin(body)
            if kind == wire.UPDATE_DATA:
                return self._updater.data(body)
            if kind == wire.UPDATE_END:
                status = self._updater.end()
                if status == wire.OK:
                    self.end_at = now + GOODBYE_MS
                return status, b""
        except OSError:
            return wire.STORAGE, b""
        return wire.UNKNOWN, b""


def run(record, slot):
    """Until the board has to start anew. record: see `record.py`; slot: "a" or "b"."""
    pins = board_pins.Pins()
    app = App(pins, record, slot)
    clock, last = 0, pins.ticks()
    app.begin(clock)
    while app.end_at is None or clock < app.end_at:
        pins.feed()
        app.round(clock)
        pins.wait(LOOP_MS)
        ticks = pins.ticks()
        clock += pins.since(ticks, last)  # ticks begin again from zero every some days; this clock does not
        last = ticks
