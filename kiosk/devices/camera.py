"""The camera as a reader of codes: keeps its process going, and judges what that says. No picture comes here."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from edge.process.logs import get_logger
from firmware_bridge.card_read import CardRead, ReaderEvent, ReaderState
from kiosk.devices.camera_faults import CameraFault
from kiosk.devices.camera_judge import FROZEN_S, LATE_S, CameraJudge, Verdict
from kiosk.devices.camera_words import LONGEST_LINE, CameraTrouble, CameraWord, Hint, SeenFrame, read_word

log = get_logger(part="camera")
PROCESS: Final = "kiosk.devices.camera_process"
LONGEST_WAIT_S: Final = 0.25
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
END_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. open: until the first frame; OpenCV alone takes some to load on a small machine, USB cameras one to three.

    stall: between two frames; a read that blocks is ended by killing the process. frozen: the same picture.
    late: nothing but pictures of a while ago.
    """

    open: float = 15.0
    stall: float = 3.0
    frozen: float = FROZEN_S
    late: float = LATE_S


class Camera:
    """One camera. `run` blocks its thread until `stop` is set, and heals by itself, like firmware_bridge.open_reader.Reader."""

    def __init__(
        self,
        name: str,
        device: str,
        clock: Callable[[], float],
        tell: Callable[[Hint], None],
        *,
        width: int = 1280,
        height: int = 720,
        fps: float = 8.0,
        patience: Patience | None = None,
    ) -> None:
        """device: /dev/video..., best under /dev/v4l/by-id/, or a video file.

        clock: `edge.process.clock.SystemClock.monotonic`, which the process stamps its frames by. tell: is told hints for the
        shopper. width, height: pixels asked for. fps: frames decoded a second, at most.
        """
        self._name, self._clock, self._tell = name, clock, tell
        self._command = [sys.executable, "-m", PROCESS, device, str(width), str(height), str(fps)]
        self._patience = patience or Patience()
        self._told: str | None = None
        self._pause = FIRST_PAUSE_S
        self.pid: int | None = None  # of the process at present, for the tests

    def run(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        """Deliver codes until `stop`. Trouble becomes ReaderState(up=False) with code and hint; only `deliver` can raise."""
        while not stop.is_set():
            try:
                self._watch(deliver, stop)
            except CameraFault as fault:
                self._down(fault, deliver)
            if stop.wait(self._pause):
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _watch(self, deliver: Callable[[ReaderEvent], None], stop: threading.Event) -> None:
        with self._process() as process:
            judge = CameraJudge(self._patience.frozen, self._patience.late)
            up = False
            for word in self._words(process, stop):
                if isinstance(word, CameraTrouble):
                    raise _fault(word)
                now = self._clock()
                verdict = judge.look(word, now)
                if not up and not verdict.old:
                    up = True
                    self._up(word, deliver)
                self._judged(verdict, now, deliver)

    def _judged(self, verdict: Verdict, now: float, deliver: Callable[[ReaderEvent], None]) -> None:
        if verdict.frozen:
            raise CameraFault("camera_frozen")
        if verdict.late:
            raise CameraFault("camera_late")
        for code in verdict.codes:
            deliver(CardRead("code", code.text, self._name, now, symbology=code.symbology))
        if verdict.hint is not None:
            self._tell(verdict.hint)

    @contextlib.contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        except OSError as error:
            log.warning("camera_unstarted", code="camera_unstarted", kind=type(error).__name__)
            raise CameraFault("camera_unstarted") from None
        self.pid = process.pid
        try:
            yield process
        finally:
            self.pid = None
            _end(process)

    def _words(self, process: subprocess.Popen[bytes], stop: threading.Event) -> Iterator[CameraWord]:
        """What the process says; raises CameraFault when it says nothing for too long, ends, or talks nonsense."""
        assert process.stdout is not None, "opened with a pipe"
        descriptor, buffer = process.stdout.fileno(), b""
        deadline = self._clock() + self._patience.open
        while not stop.is_set():
            ready, _, _ = select.select([descriptor], [], [], LONGEST_WAIT_S)
            if not ready:
                if self._clock() >= deadline:
                    raise CameraFault("camera_stalled")
                continue
            data = os.read(descriptor, LONGEST_LINE)
            if not data:
                raise CameraFault("camera_died")
            *lines, buffer = (buffer + data).split(b"\n")
            deadline = self._clock() + self._patience.stall if lines else deadline
            yield from self._read(lines, buffer)

    def _read(self, lines: list[bytes], rest: bytes) -> Iterator[CameraWord]:
        for line in lines:
            word = read_word(line)
            if word is None:
                raise CameraFault("camera_garbled")
            yield word
        if len(rest) > LONGEST_LINE:
            raise CameraFault("camera_garbled")

    def _up(self, frame: SeenFrame, deliver: Callable[[ReaderEvent], None]) -> None:
        self._told, self._pause = "ok", FIRST_PAUSE_S
        deliver(ReaderState(self._name, self._clock(), True, hint=f"A camera gives {frame.width}x{frame.height} pixels"))

    def _down(self, fault: CameraFault, deliver: Callable[[ReaderEvent], None]) -> None:
        if fault.code == self._told:
            return
        self._told = fault.code
        deliver(ReaderState(self._name, self._clock(), False, fault.code, fault.hint))


def _fault(trouble: CameraTrouble) -> CameraFault:
    if trouble.code == "camera_missing":
        log.warning("camera_missing", code=trouble.code, about=trouble.about)
    return CameraFault(trouble.code)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill: whatever it is in the middle of, it keeps nothing."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):  # in the middle of a call of the kernel that nothing ends
        process.wait(END_WITHIN_S)
