"""The camera's own process: `python -m kiosk.devices.camera_process DEVICE WIDTH HEIGHT FPS`, started by kiosk.devices.camera.

A camera that is unplugged can block a read for ever, or hand out its last frame for good (opencv#4468, #14044, #10927):
here it blocks nothing but this process, which is killed then. Pictures live in this process's memory alone; only the text of
codes leaves. Before the first picture the process gives up the right to open anything.
"""

from __future__ import annotations

import os
import resource
import stat
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from kiosk.devices.camera_frames import Clocks, live_frames
from kiosk.devices.camera_words import CameraTrouble, CameraWord, SeenFrame, missing_in, written

# A look for unreadable bars costs as much as a reading; every third frame is often enough for a hint.
HINT_EVERY: Final = 3
# Taps come first on a small machine.
NICENESS: Final = 5


def main(arguments: list[str]) -> int:
    """arguments: device, width, height, frames a second. Returns the exit status."""
    device, width, height, fps = arguments[0], int(arguments[1]), int(arguments[2]), float(arguments[3])
    say = _private_voice()
    _leave_nothing_behind()
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    os.nice(NICENESS)
    try:
        say(_watch(device, width, height, fps, say))
    except BrokenPipeError:  # the kiosk has gone
        return 1
    return 2


def _private_voice() -> Callable[[CameraWord], None]:
    """Lines go to what stdout was; whatever a library prints goes nowhere."""
    pipe = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)
    out = os.fdopen(pipe, "wb", buffering=0)

    def say(word: CameraWord) -> None:
        out.write(written(word))

    return say


def _leave_nothing_behind() -> None:
    """No picture in a core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _open_nothing_more() -> None:
    """From here on the kernel gives this process no file, socket or pipe any more, nor to whatever it might start: so no picture
    can leave by a mistake here or in a library. What is open stays: the camera, the line of words to the kiosk, and silence.
    """
    last = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    while (filled := os.dup(2)) < last:  # numbers below the limit that are free could still be given out
        pass
    if filled > last:
        os.close(filled)
    for number in range(last + 1):
        os.set_inheritable(number, True)  # else they would be free again in another program that is started from here
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1, last + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _leave_with_parent() -> None:
    """The kiosk holds the other end of stdin: when that is gone, so is this, even in the middle of a read that blocks."""
    while os.read(0, 64):
        pass
    os._exit(1)


def _watch(device: str, width: int, height: int, fps: float, say: Callable[[CameraWord], None]) -> CameraTrouble:
    try:
        import cv2  # here, for the kiosk itself and the demo live without it

        from kiosk.devices import camera_decode, camera_hints
    except ImportError as error:  # the package, or a system library it is linked with
        return CameraTrouble("camera_missing", missing_in(error))
    cv2.setNumThreads(1)
    capture = _opened(cv2, device, width, height)
    if not capture.isOpened():
        return CameraTrouble("camera_unopened")
    reader = camera_decode.FrameReader()
    _open_nothing_more()
    for number, (at, picture) in enumerate(_pictures(cv2, capture, None if _is_file(device) else fps)):
        codes = reader.read(picture)
        hint = camera_hints.hint_for(picture) if reader.busy and not codes and number % HINT_EVERY == 0 else None
        rows, columns = picture.shape
        say(SeenFrame(number, at, zlib.crc32(picture), columns, rows, codes, hint))
    return CameraTrouble("camera_ended")


def _opened(cv2: Any, device: str, width: int, height: int) -> Any:
    if _is_file(device):
        return cv2.VideoCapture(device)
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    for name, value in (
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, width),
        (cv2.CAP_PROP_FRAME_HEIGHT, height),
        (cv2.CAP_PROP_BUFFERSIZE, 1),  # the newest frame, not the oldest
    ):
        capture.set(name, value)
    return capture


def _pictures(cv2: Any, capture: Any, fps: float | None) -> Iterator[tuple[float, Any]]:
    """Moments and grey pictures until there are no more. fps: at most so many a second are decoded; None: every one (a file)."""
    clocks = Clocks(time.monotonic, lambda: time.clock_gettime(time.CLOCK_BOOTTIME))
    frames = (
        _recorded(capture, clocks)
        if fps is None
        else live_frames(capture, partial(capture.get, cv2.CAP_PROP_POS_MSEC), fps, clocks)
    )
    for at, frame in frames:
        yield at, frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)


def _recorded(capture: Any, clocks: Clocks) -> Iterator[tuple[float, Any]]:
    """All frames of a file, as if they were taken as they are read."""
    while True:
        at = clocks.boot()
        good, frame = capture.read()
        if not good:
            return
        yield at, frame


def _is_file(device: str) -> bool:
    """A recorded video instead of a camera: for tests and to try a place out."""
    try:
        return stat.S_ISREG(Path(device).stat().st_mode)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
