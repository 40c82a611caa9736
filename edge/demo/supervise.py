"""Start the processes, wait until each is ready, start again what dies, and leave no child behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from edge.process.clock import Clock
from edge.process.ending import Ending
from edge.process.errors import OperatorError

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
_CALM_S = 30.0  # a process that lived this long starts again with the first pause
_LOG_KEEPS_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded before any fork: the child must not load libraries


@dataclass
class Child:
    """One process. ready: whether it answers now."""

    name: str
    command: list[str]
    log: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    retry_at: float = 0.0
    restarts: int = field(default=0)


class Supervisor:
    """Children in the order they were added; stopped in the reverse order."""

    def __init__(self, clock: Clock, tell: Callable[[str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._children: list[Child] = []
        self._stop = Ending()

    def add(self, *children: Child) -> None:
        """Start them, and wait for none."""
        for child in children:
            self._children.append(child)
            self._start(child)

    def wait_until_ready(self) -> None:
        """Until every child is ready, or raise OperatorError that shows the end of a log."""
        for child in self._children:
            self._wait_for(child)

    def _wait_for(self, child: Child) -> None:
        deadline = self._clock.monotonic() + READY_WITHIN_S
        while not child.ready():
            if child.process is not None and child.process.poll() is not None:
                raise OperatorError("process_ended", f"starting the {child.name}", _last_words(child))
            if self._clock.monotonic() > deadline:
                raise OperatorError("process_not_ready", f"waiting for the {child.name}", _last_words(child))
            if self._stop.wait(0.03):
                raise KeyboardInterrupt

    def watch(self) -> None:
        """Until it is time to end: start again what died, after a pause that doubles while it keeps dying."""
        while not self._stop.wait(0.2):
            for child in self._children:
                self._look_after(child)

    def end_on(self, *numbers: signal.Signals) -> None:
        """Let these signals end `watch`, and a wait for children."""
        self._stop.on(*numbers)

    def stop(self) -> None:
        """End every child, last one first; kill what does not end by itself."""
        self._stop.set()
        for child in reversed(self._children):
            if child.process is not None:
                end(child.process, STOP_WITHIN_S)

    def _look_after(self, child: Child) -> None:
        assert child.process is not None
        status = child.process.poll()
        now = self._clock.monotonic()
        if status is None:
            if now - child.started_at > _CALM_S:
                child.pause_s = _FIRST_PAUSE_S
            return
        if child.retry_at == 0.0:
            child.retry_at = now + child.pause_s
            self._tell(f"the {child.name} ended ({_status(status)}); starting it again. Its log: {child.log}")
        elif now >= child.retry_at:
            child.pause_s = min(child.pause_s * 2, _LONGEST_PAUSE_S)
            child.restarts += 1
            self._start(child)

    def _start(self, child: Child) -> None:
        if child.log.exists() and child.log.stat().st_size > _LOG_KEEPS_BYTES:
            child.log.replace(child.log.with_suffix(".log.1"))
        with child.log.open("ab") as log:
            child.process = spawn(child.command, log)
        child.started_at, child.retry_at = self._clock.monotonic(), 0.0


def spawn(command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process in a session of its own (Ctrl-C reaches only the demo), told to end should the demo be killed."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - only calls prctl, and only the main thread forks
        env=dict(os.environ, PYTHONUNBUFFERED="1"),
    )


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end(process: subprocess.Popen[bytes], within_s: float) -> None:
    """Ask a process to end, and end its whole group if it does not."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_well(url: str) -> Callable[[], bool]:
    """Ready when `/healthz` answers 200: every part of the process is well, its broker and its neighbours included."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - an http URL on this machine, written here
                return True
        except OSError:  # refused, or 503 with its reasons inside
            return False

    return ready


def answers_tcp(host: str, port: int) -> Callable[[], bool]:
    """Ready when the port takes connections."""

    def ready() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((host, port)) == 0

    return ready


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of our processes with this Python."""
    return [sys.executable, "-m", module, *arguments]


def _last_words(child: Child) -> str:
    lines = child.log.read_text(errors="replace").splitlines()[-8:] if child.log.exists() else []
    return "Its last words were:\n     " + "\n     ".join(lines or ["(none)"])


def _status(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit {status}"
