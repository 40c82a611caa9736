"""py-spy beside a process that runs already, so that pids, handles and signals stay the process's own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support import parts

RATE = 100
BEGINS_WITHIN_S, ENDS_WITHIN_S = 10.0, 20.0
OURS = ("edge/", "kiosk/", "firmware_bridge/")
WAITS = "waits in"
WAITS_IN = ("threading.py", "queue.py", "selectors.py")
_FRAME = re.compile(r"^(?P<name>.+) \((?P<file>[^():]+)(?::\d+)?\)$")


class Spy:
    """Looks at one process until `end`, or until that process has ended. output: written then."""

    def __init__(self, pid: int, output: Path, *options: str) -> None:
        self.output = output
        output.unlink(missing_ok=True)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        # Stopped for every look, a process with many threads would be three times as slow.
        looks = ["record", "--nonblocking", "--rate", str(RATE), "--pid", str(pid), "--output", str(output), *options]
        command = [str(parts.FINDERS["py-spy"]()), *looks]
        self._process = subprocess.Popen(command, stdout=self._said, stderr=self._said, start_new_session=True)

    def wait_looking(self) -> None:
        """Returns when it takes samples, or has ended."""
        deadline = time.monotonic() + BEGINS_WITHIN_S
        while self._process.poll() is None and b"Sampling" not in self._says():
            assert time.monotonic() < deadline, f"py-spy does not begin: {self._says()!r}"
            time.sleep(0.02)

    def end(self) -> str:
        """Why it has written nothing, in its own words; empty where it has."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # at SIGTERM it would go without writing
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        written = self.output.exists() and self.output.stat().st_size > 0
        why = (
            ""
            if written
            else " ".join(self._says().decode(errors="replace").split()) or f"py-spy ended with {self._process.returncode}"
        )
        self._said.close()
        return why

    def _says(self) -> bytes:
        return os.pread(self._said.fileno(), 65536, 0)


class Looks:
    """What was seen of one process. Samples are of wall-clock time: a thread that waits is seen waiting.

    blind: why nothing was seen.
    """

    def __init__(self) -> None:
        self.threads: Mapping[str, Mapping[str, int]] = {}
        self.blind = ""

    def shares(self, thread: str, most: int = 9) -> list[tuple[str, float]]:
        """Of one thread's time: (our own function, share 0 to 1), largest first, what is left in one line at the end."""
        seen = self.threads.get(thread, {})
        whole = sum(seen.values())
        ordered = sorted(seen.items(), key=lambda one: -one[1])
        lines = [(part, count / whole) for part, count in ordered[:most]]
        rest = sum(count for _, count in ordered[most:])
        return [*lines, ("everything else", rest / whole)] if rest else lines


def here() -> bool:
    """Whether py-spy is installed; only the bench's own set of packages has it."""
    return parts.FINDERS["py-spy"]() is not None


@contextlib.contextmanager
def looking(pid: int) -> Iterator[Looks]:
    """While the block runs; the shares are there after it, and empty where py-spy is not installed or not allowed to look."""
    looks = Looks()
    if not here():
        looks.blind = "py-spy is not installed; ./shopbell bench brings it"
        yield looks
        return
    with tempfile.TemporaryDirectory(prefix="shopbell-spy-") as folder:
        spy = Spy(pid, Path(folder) / "raw", "--format", "raw", "--function", "--threads", "--idle")
        try:
            spy.wait_looking()
            yield looks
        finally:
            looks.blind = spy.end()
        if not looks.blind:
            looks.threads = parts_of(spy.output.read_text())


def parts_of(raw: str) -> dict[str, dict[str, int]]:
    """Pure. py-spy's raw samples -> thread -> our own function it was in -> samples; what a library does is its caller's."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        found[thread.rpartition(": ")[2]][_part(frames)] += int(count)
    return {thread: dict(counts) for thread, counts in found.items()}


def _part(frames: list[str]) -> str:
    known = [match for frame in frames if (match := _FRAME.match(frame))]
    ours = [match for match in known if match["file"].startswith(OURS)]
    if not ours:
        return "outside Shopbell's own functions"
    waits = known[-1]["file"].rpartition("/")[2] in WAITS_IN
    name = f"`{ours[-1]['name']}` ({ours[-1]['file']})"
    return f"{WAITS} {name}" if waits else name
