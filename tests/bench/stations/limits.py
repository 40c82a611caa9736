"""What this machine can do at best: the disk's sync, one durable commit, Python alone. The other stations stand beside these."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.limits import COMMIT, PYTHON, SYNC
from tests.bench.measure import Contender
from tests.bench.peers.two_hop import Table
from tests.bench.station import Bench, Station

BODY = bytes(400)  # about an arrival
PAGE = bytes(4096)
NOTES = [
    "*disk sync*: one page of 4 KiB is written over, then fdatasync. *one durable commit*: one insert of 400 bytes with sqlite3,"
    " WAL, `synchronous=FULL`, in this process, with nothing else: no card, no rule, no screen.",
    "*Python alone*: `python -c pass` from its start to its end.",
]


def run(bench: Bench) -> list[Figure]:
    n, starts = bench.size(1_000, 200), bench.size(20, 3)
    with _sync(bench.folder / "page") as sync, closing(Table(bench.folder / "limits.db")) as table:
        contenders = {SYNC: sync, COMMIT: _timed(lambda: table.keep(BODY))}
        disk = bench.alternate("syncs and commits", contenders, n=n, blocks=10)
    python = bench.alternate("starts of Python", {PYTHON: _timed(_start)}, n=starts, blocks=starts, warm_up=1)
    return [Figure("The least that has to happen", [*disk.values(), *python.values()], notes=NOTES)]


def _timed(one: Callable[[], object]) -> Contender:
    """Seconds of each call."""

    def take(n: int) -> Sequence[float]:
        taken = []
        for _ in range(n):
            began = time.perf_counter()
            one()
            taken.append(time.perf_counter() - began)
        return taken

    return take


@contextmanager
def _sync(path: Path) -> Iterator[Contender]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def sync() -> None:
        os.pwrite(descriptor, PAGE, 0)
        os.fdatasync(descriptor)

    try:
        yield _timed(sync)
    finally:
        os.close(descriptor)


def _start() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


STATION = Station("limits", "What this machine can do at best", run)
