"""Pure. What a row of frames means: a code that two frames agree on, a hint that lasts, a picture that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kiosk.devices.camera_words import Hint, SeenCode, SeenFrame

# Two different frames within this time must say the same; a decoder's misreading of one frame does not repeat in the next.
AGREE_WITHIN_S: Final = 1.0
# Seconds without a code before the same one is another read, as with scanners.
SAME_S: Final = 2.0
# A frame older than this shows somebody who has gone by now (opencv#14044: an unplugged camera gives its last frames again).
OLDEST_S: Final = 1.0
# Nothing but such frames for so long: the camera sees, and nobody who shows it a code is helped.
LATE_S: Final = 3.0
# A hint is worth a word when it was seen this often within this time, and not again before it can have been followed.
HINTS_NEEDED: Final = 3
HINT_WITHIN_S: Final = 4.0
HINT_EVERY_S: Final = 10.0
# A sensor never gives the same noise twice: the same pixels for so long are a frozen (or fully covered) camera.
FROZEN_S: Final = 3.0


@dataclass(slots=True)
class Verdict:
    """codes: presented once each, agreed on. hint: to be said now, or None. frozen: the picture stands still.

    old: this frame shows what was a while ago. late: so did all of late.
    """

    codes: list[SeenCode] = field(default_factory=list)
    hint: Hint | None = None
    frozen: bool = False
    old: bool = False
    late: bool = False


@dataclass(slots=True)
class _Sight:
    """A code lately seen. mark: of the first frame it was seen in."""

    mark: int
    seen_at: float
    told: bool = False


class CameraJudge:
    """Judges the frames of one camera in order. `now` is of the same clock as the frames' `at`."""

    def __init__(self, frozen_s: float = FROZEN_S, late_s: float = LATE_S) -> None:
        self._frozen_s, self._late_s = frozen_s, late_s
        self._old_since: float | None = None
        self._sights: dict[SeenCode, _Sight] = {}
        self._mark: int | None = None
        self._mark_since = 0.0
        self._hints: list[tuple[float, Hint]] = []
        self._hinted_at = float("-inf")

    def look(self, frame: SeenFrame, now: float) -> Verdict:
        """One frame more."""
        verdict = Verdict(frozen=self._frozen(frame), old=now - frame.at > OLDEST_S)
        verdict.late = self._late(now) if verdict.old else self._in_time()
        if verdict.frozen or verdict.old:
            return verdict
        self._forget(frame.at)
        verdict.codes = [code for code in frame.codes if self._agreed(code, frame)]
        verdict.hint = self._hint(frame)
        return verdict

    def _frozen(self, frame: SeenFrame) -> bool:
        if frame.mark != self._mark:
            self._mark, self._mark_since = frame.mark, frame.at
        return frame.at - self._mark_since >= self._frozen_s

    def _late(self, now: float) -> bool:
        self._old_since = now if self._old_since is None else self._old_since
        return now - self._old_since >= self._late_s

    def _in_time(self) -> bool:
        self._old_since = None
        return False

    def _forget(self, at: float) -> None:
        self._sights = {
            code: sight for code, sight in self._sights.items() if at - sight.seen_at < (SAME_S if sight.told else AGREE_WITHIN_S)
        }

    def _agreed(self, code: SeenCode, frame: SeenFrame) -> bool:
        """Whether this frame is the one that makes it a read."""
        sight = self._sights.setdefault(code, _Sight(frame.mark, frame.at))
        sight.seen_at = frame.at
        if sight.told or sight.mark == frame.mark:
            return False
        sight.told = True
        return True

    def _hint(self, frame: SeenFrame) -> Hint | None:
        if frame.codes:
            self._hints.clear()
        self._hints = [(at, hint) for at, hint in self._hints if frame.at - at < HINT_WITHIN_S]
        if frame.hint is None or frame.codes:
            return None
        self._hints.append((frame.at, frame.hint))
        same = sum(hint == frame.hint for _, hint in self._hints)
        if same < HINTS_NEEDED or frame.at - self._hinted_at < HINT_EVERY_S:
            return None
        self._hinted_at = frame.at
        self._hints.clear()
        return frame.hint
