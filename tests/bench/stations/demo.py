"""`./shopbell demo` until the store is open, and how large what is installed is."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import count
from pathlib import Path

from tests.bench.figures import ROOT, Figure, Goal
from tests.bench.measure import Contender, Series, summary
from tests.bench.parts_installed import closure, needs_of, own_size, size_of
from tests.bench.parts_process import end
from tests.bench.station import Bench, Station
from tests.support.demo import five_free_ports

FIRST, AGAIN = "first start, the store is made up", "later start, the store is kept"
SETS = ("kiosk", "hub", "hq", "demo")


def run(bench: Bench) -> list[Figure]:
    bench.part("mosquitto")
    return [_starting(bench), _sizes()]


def _starting(bench: Bench) -> Figure:
    numbers, kept = count(), bench.folder / "kept"
    contenders: dict[str, Contender] = {
        FIRST: lambda n: [_opened(bench, bench.folder / f"demo-{next(numbers)}") for _ in range(n)],
        AGAIN: lambda n: [_opened(bench, kept) for _ in range(n)],
    }
    n = bench.size(7, 1)
    series = bench.alternate("demos", contenders, n=n, blocks=n, warm_up=1, unit="s", scale=1.0)
    what, first = "./shopbell demo, once installed, first start -> the store is open, p50", series[FIRST]
    goal = Goal(what, first.p50, 6.0, unit="s", spread=(first.low, first.high))
    notes = [
        "From the command to its line of JSON: broker, HQ, hub and kiosk say at /healthz that every part of them is well. The"
        " first start also makes up a store with eighteen months of receipts, and every database.",
        _launched(),
    ]
    return Figure("demo: command -> the store is open", list(series.values()), [goal], notes)


def _opened(bench: Bench, folder: Path) -> float:
    """Seconds until it is ready; it is ended by Ctrl-C, and gone when this returns."""
    words = ("demo", "--json", "--dir", str(folder), "--ports-from", str(five_free_ports()))
    log = bench.folder / "demo.log"
    with log.open("ab") as said:
        began = time.perf_counter()
        process = bench.python("demo", *_command(), *words, stdout=subprocess.PIPE, stderr=said)
    try:
        assert process.stdout is not None
        with process.stdout as lines:
            assert lines.readline().startswith(b"{"), f"the demo did not open: {log.read_text()[-2000:]}"
            return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        end(process)


def _command() -> Sequence[str]:
    """The launcher, as a person types it; without it where it would first install something."""
    return ("shopbell",) if _installed() else ("-m", "edge.command")


def _launched() -> str:
    if _installed():
        return "Through the launcher, which looks whether the environment is what the lock says."
    return "Without the launcher, because this environment is not what the lock says: it would install that first."


def _installed() -> bool:
    """Whether the launcher finds everything that its demo needs."""
    spec = spec_from_loader("launcher", SourceFileLoader("launcher", str(ROOT / "shopbell")))
    assert spec is not None and spec.loader is not None
    launcher = module_from_spec(spec)
    spec.loader.exec_module(launcher)
    stamp = Path(launcher.VENV) / "shopbell.stamp"
    return stamp.exists() and launcher.fingerprint("demo") in stamp.read_text().split()


def _sizes() -> Figure:
    """No goal: so that a reader knows what has to fit on the card of a Raspberry Pi."""
    own = own_size()
    series: list[Series] = []
    counts = []
    for name in SETS:
        found = closure(needs_of(name))
        series.append(summary(f"shopbell[{name}]", "MB", [[(own + sum(size_of(one) for one in found.values())) / 1e6]]))
        counts.append(f"{name} {len(found)}")
    notes = [
        f"What pip puts on disk, byte code of the packages included, with Shopbell's own {own / 1e6:.1f} MB; the interpreter,"
        f" Mosquitto and a database are not counted. Packages: {', '.join(counts)}.",
    ]
    return Figure("size of an installation", series, (), notes)


STATION = Station("demo", "The demo opens its store, and what is installed for it", run)
