"""What a station of the benchmarks is, and what it is given to work with."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import ROOT, Figure
from tests.bench.measure import Contender, Series, alternate
from tests.bench.spy import Spy
from tests.support import parts

TELL_EVERY_S = 5.0
# An installation has its byte code; a process that compiles our modules at each start is three times as slow and 15 MiB larger.
NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"


class PartMissing(Exception):
    """A part this station is measured with is not on this machine."""


def package(module: str, name: str) -> Any:
    """A peer's module, which only the benchmarks' environment has to have. name: of its package. Raises PartMissing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise PartMissing(
            f"{name} is not here: ./shopbell bench installs it with the packages of requirements-bench.lock"
        ) from None


@dataclass
class Bench(AbstractContextManager["Bench"]):
    """Given to each station: its size (quick or whole), a folder that is removed afterwards, progress, alternating blocks."""

    station: str
    quick: bool
    profile: Path | None = None
    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="shopbell-bench-")
    )
    missing: list[str] = field(default_factory=list)
    _told: float = 0.0
    _spies: list[Spy] = field(default_factory=list)
    _graphs: Counter[str] = field(default_factory=Counter)

    @property
    def folder(self) -> Path:
        """An empty folder of this station's own."""
        return Path(self._folder.name)

    def __exit__(self, *_: object) -> None:
        for spy in self._spies:
            if why := spy.end():
                self.say(f"no {spy.output.name}: {why}")
        self._folder.cleanup()

    def size(self, whole: int, quick: int) -> int:
        """How many measurements: the whole run's number, or that of --quick."""
        return quick if self.quick else whole

    def say(self, text: str) -> None:
        """Progress, on stderr."""
        print(f"bench: {self.station}: {text}", file=sys.stderr, flush=True)

    def without(self, what: str, why: PartMissing) -> None:
        """One row of this station is not measured here; the page says so."""
        self.missing.append(f"{what}: {why}")
        self.say(f"not measured: {what}: {why}")

    def tell(self, what: str) -> Callable[[int, int], None]:
        """A progress teller that says `what 3 of 10` about every five seconds."""

        def told(done: int, total: int) -> None:
            if time.monotonic() - self._told >= TELL_EVERY_S:
                self._told = time.monotonic()
                self.say(f"{what}: {done} of {total}")

        return told

    def alternate(
        self,
        what: str,
        contenders: Mapping[str, Contender],
        *,
        n: int,
        blocks: int = 5,
        warm_up: int | Callable[[], object] = 20,
        unit: str = "ms",
        scale: float = 1000.0,
    ) -> dict[str, Series]:
        """tests.bench.measure.alternate with this station's progress; --quick takes two blocks."""
        blocks = min(blocks, 2) if self.quick else blocks
        self.say(f"{what}, {n:,} each ...")
        return alternate(contenders, n=n, blocks=blocks, warm_up=warm_up, unit=unit, scale=scale, tell=self.tell(what))

    def python(self, name: str, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        """Start `python ARGUMENTS` from the checkout; with --profile py-spy looks at it and writes a flame graph at its end."""
        options.setdefault("env", {name: value for name, value in os.environ.items() if name != NO_BYTE_CODE})
        process: subprocess.Popen[bytes] = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, **options)  # type: ignore[call-overload]  # options are Popen's
        if self.profile is not None:
            self.profile.mkdir(parents=True, exist_ok=True)
            self._spies.append(Spy(process.pid, self.profile / self._graph(name), "--subprocesses"))
        return process

    def _graph(self, name: str) -> str:
        """A file for each process of each station; of those with the same name, the second is `-2`."""
        self._graphs[name] += 1
        number = "" if self._graphs[name] == 1 else f"-{self._graphs[name]}"
        return f"{self.station}-{name}{number}.svg"

    def part(self, name: str) -> Path:
        """Where a real part is (mosquitto, postgres, chromium, data); raises PartMissing."""
        found = parts.FINDERS[name]()
        if found is None:
            raise PartMissing(f"{name} is not here: {parts.ENABLE[name]}")
        return Path(found)


@dataclass(frozen=True)
class Station:
    """name: as on the command line. run: measures, and returns its figures."""

    name: str
    title: str
    run: Callable[[Bench], Sequence[Figure]]
