"""A PN532 behind a bus: asks it again and again which cards lie there. Pure but for the bus; time is an argument in ms.

bus: `read()` gives the bytes that have come, `write(data)` sends some. The frames are those of the PN532 user manual 6.2.1,
the same as in wire/pn532_frame.py, which is too large for the board.
"""

import board_frame as wire

_WAKE = b"\x55\x55" + bytes(14)
_ACK = b"\x00\x00\xff\x00\xff\x00"
_VERSION = b"\x02"
_SAM = b"\x14\x01\x00\x00"  # normal mode, no time-out, no interrupt line
_PARAMETERS = b"\x12\x00"  # no automatic RATS: ids need it not
_RELEASE = b"\x52\x00"
_RETRIES = b"\x32\x05\xff\x01\x02"  # a listing gives up after three attempts, so no answer is ever waited for without end
_LIST = 0x4A
_STARTING = (_VERSION, _SAM, _PARAMETERS, _RELEASE, _RETRIES)
_PN532 = 0x32

# Configuration answers come within some ms, three attempts to list take some 30.
ANSWER_MS = 500
REST_MS = 20
REST_HOLDING_MS = 100
# After a start that came to nothing; a chip without power does not need more.
PAUSE_MS = 1000
# As long as a chip's longest frame on the line at 115,200 baud.
DRAIN_MS = 50
_MOST_HELD = 300


class Chip:
    """`tick` as often as can be; gives a tuple of ids when a listing has ended, else None. An empty id: a card that gave none.

    holding and wants_two: set by the caller, what lies there and whether a listing should ask for two cards.
    """

    def __init__(self, bus):
        self.state = wire.CHIP_STARTING
        self.holding = False
        self.wants_two = False
        self._bus = bus
        self._held = b""
        self._step = -1
        self._most = 1
        self._first = None
        self._command = b""
        self._due = 0
        self._failed = 0

    def tick(self, now):
        """Read what came, send what is due."""
        self._held = (self._held + self._bus.read())[-_MOST_HELD:]
        if self._command:
            return self._expect(now)
        if now >= self._due:
            self._next(now)
        return None

    def _next(self, now):
        if self._step < 0:  # what a restart has left in the chip is ended and thrown away
            self._bus.write(_WAKE + _ACK)
            self._step, self._due = 0, now + DRAIN_MS
            return
        self._held = b""
        listing = bytes((_LIST, 2 if self.wants_two else self._most, 0))
        self._command = _STARTING[self._step] if self._step < len(_STARTING) else listing
        self._bus.write(_frame(self._command))
        self._due = now + ANSWER_MS

    def _expect(self, now):
        answer = self._answer()
        if answer is not None:
            self._command, self._failed = b"", 0
            return self._take(answer, now)
        if now >= self._due:
            self._late(now)
        return None

    def _answer(self):
        """Data of the answer to the command under way, or None. Whatever is damaged or stale is passed over."""
        at = self._held.find(b"\x00\xff")
        while at >= 0:
            body = _body(self._held[at + 2 :])
            if body and body[0] == 0xD5 and len(body) > 1 and body[1] == self._command[0] + 1:
                return body[2:]
            at = self._held.find(b"\x00\xff", at + 1)
        return None

    def _late(self, now):
        self._command, self._failed = b"", self._failed + 1
        self._due = now
        if self._failed >= 3:  # asked three times in vain: start anew
            self._restart(wire.CHIP_SILENT, now)

    def _restart(self, state, now):
        self.state, self._step, self._failed, self._most, self._first = state, -1, 0, 1, None
        self._due = now + PAUSE_MS

    def _take(self, data, now):
        self._due = now
        if self._step >= len(_STARTING):
            return self._listed(data, now)
        if self._is_other_chip(data):
            self._restart(wire.CHIP_WRONG, now)
            return None
        self._step += 1
        if self._step == len(_STARTING):
            self.state = wire.CHIP_OK
        return None

    def _is_other_chip(self, data):
        """Asked for its version, the chip said it is none we know."""
        return self._step == 0 and data[:1] != bytes((_PN532,))

    def _listed(self, data, now):
        """A card that comes is looked at once more, for a second one beside it."""
        uids = ids(data)
        if self._first is None and uids and not self.holding:
            self._first, self._most = uids, 2
            return None
        first, self._first, self._most = self._first or (), None, 1
        self._due = now + (REST_HOLDING_MS if uids else REST_MS)
        return first + tuple(uid for uid in uids if uid not in first) if first else uids


def ids(data):
    """Data of an answer to a listing -> ids; (b"",) for something that gave no whole id."""
    if not data or data[0] == 0:
        return ()
    found, at = [], 1
    for _ in range(data[0]):
        head = data[at : at + 5]
        if len(head) < 5 or head[4] not in (4, 7, 10) or head[3] & 4 or len(data) < at + 5 + head[4]:
            return (b"",)
        at += 5
        found.append(bytes(data[at : at + head[4]]))
        at += head[4]
    return tuple(found)


def _frame(body):
    data = b"\xd4" + body
    return b"\x00\x00\xff" + bytes((len(data), -len(data) & 255)) + data + bytes((-sum(data) & 255, 0))


def _body(data):
    """The body of a frame whose start code was just before `data`, or None."""
    if len(data) < 2 or (data[0] + data[1]) & 255 or data[0] == 0:
        return None
    body = data[2 : 3 + data[0]]
    if len(body) < data[0] + 1 or sum(body) & 255:
        return None
    return body[:-1]
