"""How busy processes keep the cores: user and system time as the kernel counts it, over the time that is measured."""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping

import psutil

BUSY_CORE = 0.85  # a process in Python that uses so much of one core has no more to give
BUSY_MACHINE = 0.9
HALF = 0.5


class CpuMeter:
    """Adds up what it sees while its blocks run."""

    def __init__(self) -> None:
        self._used: defaultdict[str, float] = defaultdict(float)
        self._wall_s = self._cores_s = self._busy_s = 0.0

    @contextlib.contextmanager
    def over(self, pids: Mapping[str, int]) -> Iterator[None]:
        """Measures while the block runs. pids: name -> process, its children included."""
        began, before, every = time.monotonic(), _used_s(pids), psutil.cpu_times()
        yield
        after, then = _used_s(pids), psutil.cpu_times()
        self._wall_s += time.monotonic() - began
        for name, seconds in after.items():
            self._used[name] += max(0.0, seconds - before[name])
        cores_s = sum(then[:8]) - sum(every[:8])  # beyond those the kernel counts guests twice
        self._cores_s += cores_s
        self._busy_s += cores_s - (then.idle - every.idle) - (then.iowait - every.iowait)

    def shares(self) -> dict[str, float]:
        """Name -> share of one core, most first."""
        found = {name: used / self._wall_s for name, used in self._used.items()}
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def machine(self) -> float:
        """Share of all cores that were busy, with whatever else ran."""
        return self._busy_s / self._cores_s


def bound_by(shares: Mapping[str, float], machine: float, syncing: Mapping[str, float]) -> str:
    """Pure. What bounds a rate, in a sentence.

    shares: process -> of one core, most first; machine: of all cores; syncing: thread -> share of its time inside a commit.
    """
    name, most = next(iter(shares.items()))
    said = f"of one core each: {', '.join(f'{one} {share:.0%}' for one, share in shares.items())}"
    thread, waits = max(syncing.items(), key=lambda one: one[1], default=("", 0.0))
    in_commits = f" The thread {thread} stands in commits (the disk's sync) {waits:.0%} of its time." if thread else ""
    if waits >= HALF:
        return f"Bounded by the disk's sync.{in_commits} Processors, {said}."
    if most >= BUSY_CORE:
        return f"Bounded by the processor time of {name}: {most:.0%} of one core ({said}).{in_commits}"
    if machine >= BUSY_MACHINE:
        return f"Bounded by all cores together, {machine:.0%} busy ({said}).{in_commits}"
    return f"No core is full (all together {machine:.0%} busy; {said}): threads wait for each other.{in_commits}"


def _used_s(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: _seconds(pid) for name, pid in pids.items()}


def _seconds(pid: int) -> float:
    """Of a process and its children, since their start; 0 once it is gone."""
    try:
        process = psutil.Process(pid)
        children = [] if pid == os.getpid() else process.children(recursive=True)  # all that is measured is ours
        times = [one.cpu_times() for one in [process, *children]]
    except psutil.NoSuchProcess:
        return 0.0
    return float(sum(one.user + one.system for one in times))
