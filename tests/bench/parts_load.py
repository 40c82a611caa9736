"""What bounds a rate: processor time by process, and what the threads that work do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.bench import spy
from tests.bench.cpu import CpuMeter, bound_by
from tests.bench.figures import Share

COMMIT = "SqliteFile._commit"
PROCESSOR = "processor time, of one core"
LARGEST = 3
CPU_LINES = "Where the time goes: a process's line is its share of one core, over the measured runs{of}."
THREAD_LINES = (
    "A thread's lines are of a further run, as py-spy samples it, waiting included; what a library does is its caller's."
)


@dataclass(frozen=True)
class Load:
    """shares: processes as shares of one core, then functions as shares of their thread's time. bound: what bounds the rate.

    blind: why no thread was looked at.
    """

    shares: list[Share]
    bound: str
    blind: str = ""

    def takes(self, rate: float, least: float) -> str | None:
        """What it would take to come from a rate to the least that is wanted, per second; None where it is reached."""
        if rate >= least:
            return None
        threads = [one for one in self.shares if one.part != PROCESSOR]
        works = [one for one in threads if one.process == threads[0].process and not one.part.startswith(spy.WAITS)][:LARGEST]
        most = ", ".join(f"{one.part} {one.share:.0%}" for one in works)
        return (
            f"{rate:,.0f} a second would have to become {least:,.0f}, so each would have to take {rate / least:.0%} of what it"
            f" takes now. {self.bound}" + (f" Most time of {works[0].process} goes into {most}." if works else "")
        )

    def note(self, of: str = "") -> str:
        """How it was looked at. of: which of the measured runs, where not all."""
        return f"{CPU_LINES.format(of=of)} " + (f"No thread was looked at: {self.blind}." if self.blind else THREAD_LINES)


class LoadLook:
    """Looks at processes under load; `load` says what it has seen."""

    def __init__(self) -> None:
        self._meter = CpuMeter()
        self._seen: dict[str, list[tuple[str, float]]] = {}
        self._blind = ""

    def processor(self, pids: Mapping[str, int]) -> AbstractContextManager[None]:
        """The block is a measured run; of several what they used is added up. pids: what a line calls the process -> its pid."""
        return self._meter.over(pids)

    @contextlib.contextmanager
    def threads(self, threads: Mapping[str, tuple[int, str]]) -> Iterator[None]:
        """The block is a further run. threads: what a line calls the process -> pid and the name of the thread that works."""
        with contextlib.ExitStack() as stack:
            looks = {name: stack.enter_context(spy.looking(pid)) for name, (pid, _) in threads.items()}
            yield
        self._blind = next((look.blind for look in looks.values() if look.blind), "")
        self._seen = {f"{name}, {thread}": looks[name].shares(thread) for name, (_, thread) in threads.items()}

    def load(self) -> Load:
        """What bounds the rate, by processor time and by the thread that stands in the disk's sync most."""
        cpu = [Share(name, PROCESSOR, share) for name, share in self._meter.shares().items()]
        own = [Share(name, part, share) for name, seen in self._seen.items() for part, share in seen]
        syncing = {name: sum(share for part, share in seen if COMMIT in part) for name, seen in self._seen.items() if seen}
        return Load([*cpu, *own], bound_by(self._meter.shares(), self._meter.machine(), syncing), self._blind)
