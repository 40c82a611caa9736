"""When a camera's frames were taken. Without OpenCV: what a capture can do comes in, and the clocks.

A driver keeps frames until somebody takes them, so one that is handed out at once may show what was long ago: the waiting ones
are thrown away, and the one that had to be waited for is dated by the driver's own stamp (V4L2 stamps by CLOCK_MONOTONIC), or,
where the driver has none, by the moment before the wait. What a driver hands out again without a stamp is found by its pixels
(camera_judge).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

# A frame that was not waited for so long had lain there. Drivers keep four frames or so; a camera that never makes anybody wait
# for its frames (more than 500 a second) is taken as it is.
WAITED_S: Final = 0.002
MOST_WAITING: Final = 8
# A stamp further back, or ahead, is of another clock.
OLDEST_STAMP_S: Final = 60.0


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds. monotonic: what drivers stamp by; stands still while the machine sleeps. boot: what frames are told by."""

    monotonic: Callable[[], float]
    boot: Callable[[], float]


def live_frames(capture: Capture, stamp_ms: Callable[[], float], fps: float, clocks: Clocks) -> Iterator[tuple[float, Any]]:
    """Moments of `clocks.boot` at which frames were taken, and the frames, until there are no more; at most `fps` a second.

    stamp_ms: the driver's stamp of the frame grabbed last, in milliseconds; 0 where it has none.
    """
    next_at = float("-inf")
    while (at := _newest(capture, stamp_ms, clocks)) is not None:
        now = clocks.boot()
        if now < next_at:
            continue
        next_at = now + 1 / fps
        good, frame = capture.retrieve()
        if not good:
            return
        yield at, frame


def _newest(capture: Capture, stamp_ms: Callable[[], float], clocks: Clocks) -> float | None:
    """Grab the frame that is no older than this call, as far as the driver lets; when it was taken. None: there are no more."""
    began = asleep = taken = 0.0
    for _ in range(MOST_WAITING):
        began = clocks.monotonic()
        asleep = clocks.boot() - began
        if not capture.grab():
            return None
        taken = clocks.monotonic()
        if taken - began >= WAITED_S:
            break
    stamp = stamp_ms() / 1000
    return (stamp if 0 <= taken - stamp <= OLDEST_STAMP_S else began) + asleep
