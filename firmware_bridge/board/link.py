"""The board's end of the wire. Pure: bytes and the time (ms) come in, bytes go out.

Each report is numbered and repeated until the host acknowledges it, one at a time, so that the host sees them in order.
"""

import struct

import board_frame as wire

# Sixteen shoppers in a row while the host is away; a report is 40 bytes.
MOST_REPORTS = 32
# Nobody is greeted for a card held longer ago. A host tries again five seconds after the cable is back, or sooner.
OLDEST_MS = 20000
# A frame and its answer take some 10 ms on the slowest line; a host under load may take longer.
FIRST_REPEAT_MS, LONGEST_REPEAT_MS = 150, 2000
# The host pings every two seconds.
HOST_GONE_MS = 10000


class Link:
    """hello(now): body of HELLO. chip(): its state. do(kind, body, now): (status, data) of a command."""

    def __init__(self, boot, hello, chip, do):
        self._boot, self._hello, self._chip, self._do = boot, hello, chip, do
        self._frames = wire.FrameReader()
        self._out = bytearray()
        self._reports = []  # [number, since, what, data]
        self._number = 0
        self._dropped = 0
        self._repeat_ms = FIRST_REPEAT_MS
        self._send_at = 0
        self._heard = None
        self._session = None
        self._last = (0, b"")

    @property
    def host(self):
        """A host has asked who we are, and was heard lately."""
        return self._heard is not None

    @property
    def waiting(self):
        return len(self._reports)

    def begin(self, now):
        """Say once who we are: a host that was there before us learns that we started anew."""
        self._say(wire.HELLO, 0, self._hello(now))

    def report(self, what, data, now):
        """Something happened now."""
        self._number += 1
        if len(self._reports) >= MOST_REPORTS:
            self._give_up()
        self._reports.append((self._number, now, what, data))
        if len(self._reports) == 1:
            self._at_once(now)

    def received(self, data, now):
        """Bytes came from the host."""
        for item in self._frames.feed(data):
            if isinstance(item, wire.Frame) and item.kind > wire.TO_BOARD:
                self._frame(item, now)

    def tick(self, now):
        """Bytes for the host."""
        if self._heard is not None and now - self._heard > HOST_GONE_MS:
            self._heard = None
        while self._reports and now - self._reports[0][1] > OLDEST_MS:
            self._give_up()
        if self.host and self._reports and now >= self._send_at:
            self._repeat(now)
        out, self._out = bytes(self._out), bytearray()
        return out

    def _repeat(self, now):
        number, since, what, data = self._reports[0]
        head = struct.pack(wire.REPORT_HEAD, self._boot, number, now - since, what)
        self._say(wire.REPORT, 0, head + data)
        self._send_at = now + self._repeat_ms
        self._repeat_ms = min(2 * self._repeat_ms, LONGEST_REPEAT_MS)

    def _at_once(self, now):
        self._repeat_ms, self._send_at = FIRST_REPEAT_MS, now

    def _give_up(self):
        self._reports.pop(0)
        self._dropped = min(self._dropped + 1, 0xFFFF)

    def _frame(self, frame, now):
        if frame.kind == wire.ASK:
            self._asked(frame.body, now)
        elif self.host:  # a host that has not asked does not know us: it may mean the board that was here before
            self._heard = now
            self._known(frame, now)

    def _asked(self, body, now):
        if body != self._session:  # another host, or the same one anew: its commands are counted from one again
            self._session, self._last = body, (0, b"")
        self._heard = now
        self._say(wire.HELLO, 0, self._hello(now))
        self._at_once(now)

    def _known(self, frame, now):
        if frame.kind == wire.ACK:
            self._acknowledged(frame.body, now)
        elif frame.kind == wire.PING:
            uptime = now & 0xFFFFFFFF
            self._say(
                wire.STATUS, 0, struct.pack(wire.STATUS_BODY, self._boot, uptime, self._chip(), self.waiting, self._dropped)
            )
        elif frame.sequence:
            self._command(frame, now)

    def _acknowledged(self, body, now):
        try:
            (boot, number), _newer = wire.take(wire.ACK_BODY, body)
        except wire.BadBytes:
            return
        if boot == self._boot and self._reports and self._reports[0][0] == number:
            self._reports.pop(0)
            self._at_once(now)

    def _command(self, frame, now):
        """Done once; the same sequence again is answered as before."""
        if frame.sequence != self._last[0]:
            try:
                status, data = self._do(frame.kind, frame.body, now)
            except wire.BadBytes:
                status, data = wire.MALFORMED, b""
            self._last = (frame.sequence, bytes((status,)) + data)
        self._say(wire.RESULT, frame.sequence, self._last[1])

    def _say(self, kind, sequence, body):
        self._out.extend(wire.frame_bytes(kind, sequence, body))
