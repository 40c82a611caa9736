"""What lies on the reader, out of one listing after another; and a button that bounces. Pure; time is an argument in ms."""

import board_frame as wire

# Chips of firmware 1.6 miss a card that lies still now and then, and a hand is never still.
EMPTY_TO_LEAVE = 3
OTHER_TO_REPLACE = 2
_RANDOM = b"\x08"
_UNREADABLE = b""
# Contacts of a button bounce for some ms; a finger stays for 50 or more.
BOUNCE_MS = 30


def _name(uids):
    """For comparing: a phone changes its id when the field blinks, so every made-up id is one name."""
    return frozenset(_RANDOM if len(uid) == 4 and uid[:1] == _RANDOM else uid for uid in uids)


class Presence:
    """`look` takes every listing, a tuple of ids (an empty id: something answered and gave none), and says what changed."""

    def __init__(self):
        self._held = frozenset()
        self._since = 0
        self._seen = 0
        self._other = None
        self._others = 0

    @property
    def holding(self):
        """Something lies there."""
        return bool(self._held)

    @property
    def wants_two(self):
        """Two lie there, or another card was seen: a listing of one card would not tell."""
        return len(self._held) > 1 or bool(self._held and self._other)

    def look(self, uids, now, evidence=b""):
        """List of (what, data) as REPORT carries them. evidence: of a card that comes."""
        names = _name(uids)
        if not self._held:
            return self._take(uids, names, now, evidence)
        if names & self._held if len(self._held) < 2 else len(names) > 1:
            self._seen, self._other = now, None
            return []
        self._others = self._others + 1 if names == self._other else 1
        self._other = names
        if self._others < (OTHER_TO_REPLACE if names else EMPTY_TO_LEAVE):
            return []
        if len(uids) == 1:  # another card: it comes as every card does, with whatever is to be read of it
            return self._leave()
        return self._leave() + self._take(uids, names, now, evidence)

    def _take(self, uids, names, now, evidence):
        self._held, self._since, self._seen, self._other = names, now, now, None
        if not names:
            return []
        if len(uids) > 1:
            return [(wire.TROUBLE, bytes((wire.TWO_CARDS,)))]
        if uids[0] == _UNREADABLE:
            return [(wire.TROUBLE, bytes((wire.UNREADABLE,)))]
        return [(wire.CARD, bytes((len(uids[0]),)) + uids[0] + evidence)]

    def _leave(self):
        held, self._held = self._held, frozenset()
        if len(held) > 1 or _UNREADABLE in held:
            return []  # it was never a read
        return [(wire.GONE, (self._seen - self._since).to_bytes(4, "little"))]


class Button:
    """`look` takes the state of the contact and gives the length of a press in ms when it ends, else None."""

    def __init__(self):
        self._pressed = False
        self._level = False
        self._changed = 0
        self._since = 0

    def look(self, level, now):
        if level != self._level:
            self._level, self._changed = level, now
            return None
        if level == self._pressed or now - self._changed < BOUNCE_MS:
            return None
        self._pressed = level
        if level:
            self._since = self._changed
            return None
        return self._changed - self._since
