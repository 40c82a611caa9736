"""Light ring and buzzer, out of a plan the host sent. Pure; time is an argument in ms."""

import board_frame as wire

# Ready for a card: a faint blue that can be left on all day. Without host or chip the ring is dark, so nobody taps in vain.
READY = (0, 0, 8)
DARK = (0, 0, 0)


class Signals:
    """What shines and sounds at a moment."""

    def __init__(self):
        self._colour = DARK
        self._flashes = (0, 1)
        self._beeps = (0, 1)
        self._hertz = 0
        self._since = 0

    def play(self, body, now):
        """Body of a SIGNAL; whatever still plays is cut off. BadBytes when it is cut short."""
        (red, green, blue, flashes, flash_ms, beeps, beep_ms, hertz), _newer = wire.take(wire.SIGNAL_BODY, body)
        self._colour = (red, green, blue)
        self._flashes, self._beeps = (flashes, max(1, flash_ms)), (beeps, max(1, beep_ms))
        self._hertz, self._since = hertz, now

    def at(self, now, ready):
        """((red, green, blue), hertz) to show now. ready: cards can be presented."""
        past = now - self._since
        colour = self._colour if _on(self._flashes, past) else DARK
        if past >= _length(self._flashes):
            colour = READY if ready else DARK
        return colour, self._hertz if _on(self._beeps, past) else 0


def _length(times):
    count, each_ms = times
    return 2 * count * each_ms


def _on(times, past):
    _count, each_ms = times
    return past < _length(times) and past // each_ms % 2 == 0
