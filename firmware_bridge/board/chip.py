"""A PN532 behind a bus: asks it again and again which cards lie there. Pure but for the bus; time is an argument in ms.

bus: `read()` gives the bytes that have come, `write(data)` sends some. The frames are those of the PN532 user manual 6.2.1,
the same as in wire/pn532_frame.py, which is too large for the board.
"""

import board_frame as wire
import evidence

_WAKE = b"\x55\x55" + bytes(14)
_ACK = b"\x00\x00\xff\x00\xff\x00"
_VERSION = b"\x02"
_SAM = b"\x14\x01\x00\x00"  # normal mode, no time-out, no interrupt line
_PARAMETERS = b"\x12\x10"  # a listing opens ISO-DEP cards, so that their files can be read
_RELEASE = b"\x52\x00"
_RETRIES = b"\x32\x05\xff\x01\x02"  # a listing gives up after three attempts, so no answer is ever waited for without end
_LIST = 0x4A
_EXCHANGE = 0x40
_STARTING = (_VERSION, _SAM, _PARAMETERS, _RELEASE, _RETRIES)
_PN532 = 0x32
_RANDOM = 0x08  # first byte of an id that a phone makes up
# Of a card: it speaks ISO 14443-4; it has a cascade level more than was read.
_ISO_DEP, _NOT_WHOLE = 0x20, 0x04
# Looks at a card that was seen once; the chip's sum of eight bits lets about one double damage in a thousand pass.
_LOOKS = 4
# A card that breaks off while its memory is read is opened once more; after that its id must do. So it must when an answer
# fails twice, or when all of them have taken this long: one card must not keep the reader from everybody else.
_READINGS = 2
_LATE = 2
DIALOGUE_MS = 2000

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

    A card that comes is told when it was seen twice alike, and when its memory was read. evidence: what was found there.
    holding and wants_two: set by the caller, what lies there and whether a listing should ask for two cards.
    """

    def __init__(self, bus):
        self.state = wire.CHIP_STARTING
        self.evidence = b""
        self.holding = False
        self.wants_two = False
        self._bus = bus
        self._held = b""
        self._step = -1
        self._command = b""
        self._due = 0
        self._failed = 0
        self._forget()

    def _forget(self):
        """No card is under way."""
        self._open = False
        self._coming = None
        self._looks = 0
        self._readings = 0
        self._dialogue = None
        self._question = b""
        self._ask_until = 0

    def tick(self, now):
        """Read what came, send what is due."""
        self._held = (self._held + self._bus.read())[-_MOST_HELD:]
        told = self._expect(now) if self._command else None
        if not self._command and now >= self._due:  # at once after an answer: a card is not held for long
            self._next(now)
        return told

    def _next(self, now):
        if self._step < 0:  # what a restart has left in the chip is ended and thrown away
            self._bus.write(_WAKE + _ACK)
            self._step, self._due = 0, now + DRAIN_MS
            return
        self._held = b""
        self._command = self._wanted()
        self._bus.write(_frame(self._command))
        self._due = now + ANSWER_MS

    def _wanted(self):
        """The command that is next."""
        if self._step < len(_STARTING):
            return _STARTING[self._step]
        if self._question:
            return bytes((_EXCHANGE, 1)) + self._question
        if self._open:  # an open ISO-DEP card answers no listing
            return _RELEASE
        # A card that has come is looked at for a second one beside it, in every other look: some chips miss a card then.
        return bytes((_LIST, 2 if self.wants_two or self._looks % 2 else 1, 0))

    def _expect(self, now):
        answer = self._answer()
        if answer is not None:
            self._command, self._failed = b"", 0
            return self._take(answer, now)
        return self._late(now) if now >= self._due else None

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
        if self._question and self._failed >= _LATE:  # the card's fault perhaps, perhaps the chip's, which is asked next
            return self._by_id()
        if self._failed >= 3:  # asked three times in vain: start anew
            self._restart(wire.CHIP_SILENT, now)
        return None

    def _restart(self, state, now):
        self.state, self._step, self._failed = state, -1, 0
        self._due = now + PAUSE_MS
        self._forget()

    def _take(self, data, now):
        self._due = now
        if self._step < len(_STARTING):
            self._started(data, now)
            return None
        if self._question:
            return self._read(data, now)
        if self._open:
            self._open = False
            return None
        uids, sak = cards(data)
        self._open = bool(sak & _ISO_DEP)
        return self._coming_in(uids, sak, now) if self._looks or (uids and not self.holding) else self._rest(uids)

    def _started(self, data, now):
        if self._step == 0 and data[:1] != bytes((_PN532,)):
            self._restart(wire.CHIP_WRONG, now)
            return
        self._step += 1
        if self._step == len(_STARTING):
            self.state = wire.CHIP_OK

    def _rest(self, uids):
        """Told; the next look is a little later."""
        self._due += REST_HOLDING_MS if uids else REST_MS
        opened = self._open
        self._forget()
        self._open = opened
        return uids

    def _coming_in(self, uids, sak, now):
        """A card is on its way: seen once, or looked at again."""
        self._looks += 1
        if len(uids) > 1:
            return self._rest(uids)
        if uids and uids == self._coming:
            return None if self._begin(uids[0], sak, now) else self._rest(uids)
        if self._looks > _LOOKS:  # seen once, or each time as another: it is asked for once more
            return self._rest(self._coming if self._readings else (b"",))
        self._coming = uids or self._coming
        return None

    def _begin(self, uid, sak, now):
        """Whether the card has a memory to be read."""
        self.evidence = b""
        if self._readings >= _READINGS or (self._readings and now >= self._ask_until):
            return False
        if not self._readings:
            self._ask_until = now + DIALOGUE_MS
        self._readings += 1
        if sak & _ISO_DEP:
            self._dialogue = evidence.of_iso_dep(len(uid) == 4 and uid[0] == _RANDOM)
        elif sak == 0 and len(uid) == 7:
            self._dialogue = evidence.of_type2()
        else:
            return False
        self._question = next(self._dialogue)
        return True

    def _read(self, data, now):
        """The card's answer to a question; a status other than zero: it gave none."""
        try:
            self._question = self._dialogue.send(data[1:] if data and data[0] & 0x3F == 0 else None)
            return None if now < self._ask_until else self._by_id()
        except StopIteration as end:
            found = end.value
        except Exception:  # noqa: BLE001 - whatever lies on a card, the board goes on, and keeps the taps it has still to report
            found = None
        self._question, self._dialogue = b"", None
        if found is None and self._readings < _READINGS:
            self._looks = 1  # opened once more by the next look
            return None
        self.evidence = found or b""
        return self._rest(self._coming)

    def _by_id(self):
        """The card is told, and what it has of memory left alone."""
        self.evidence = b""
        return self._rest(self._coming)


def cards(data):
    """Data of an answer to a listing -> (ids, SAK of the last); (b"",) for something that gave no whole id."""
    if not data or data[0] == 0:
        return (), 0
    found, at, sak = [], 1, 0
    for _ in range(data[0]):
        head = data[at : at + 5]
        if len(head) < 5 or head[4] not in (4, 7, 10) or head[3] & _NOT_WHOLE or len(data) < at + 5 + head[4]:
            return (b"",), 0
        sak, at = head[3], at + 5
        found.append(bytes(data[at : at + head[4]]))
        at += head[4]
        if sak & _ISO_DEP and at < len(data):
            at += data[at]  # the card's ATS, whose first byte counts itself
    return tuple(found), sak


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
