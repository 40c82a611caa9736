"""What the long campaigns measured last, as docs/readers.json keeps it; tests/readers/page.py makes docs/readers.md of it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.bench.figures import ROOT, Goal
from tests.bench.machine import Others, hardware

KEPT = ROOT / "docs" / "readers.json"
# Of every campaign that throws dice. Set, it repeats a run.
SEED = int(os.environ.get("SHOPBELL_SEED", random.SystemRandom().randrange(10**6)))


class Result(Struct, frozen=True):
    """One campaign's last whole run. figures: what it counted and timed, by name. busy: part of the machine (0 to 1) that others
    used meanwhile. took_s: wall time. seed: None where nothing is drawn."""

    name: str
    at: str
    took_s: float
    seed: int | None
    command: str
    machine: dict[str, str]
    busy: float
    goals: Sequence[Goal]
    figures: dict[str, Any]


def whole_or(variable: str, whole: int) -> int:
    """How many runs: the campaign's own number, or fewer by an environment variable (and then nothing is kept)."""
    return int(os.environ.get(variable, str(whole)))


def shortened() -> bool:
    """An environment variable changes how much is run."""
    return any(name.startswith("SHOPBELL_READERS_") for name in os.environ)


class Measured:
    """Given to a long campaign: call it once with what was measured. Times run from when it is made."""

    def __init__(self, test: str, *, write: bool) -> None:
        """test: pytest's node id. write: keep the result."""
        self._test, self._write = test.split("[")[0], write
        self._others = Others()
        self._began = time.monotonic()

    def __call__(self, name: str, figures: Mapping[str, Any], goals: Sequence[Goal] = (), *, seed: int | None = None) -> None:
        """Print it, keep it, then hold it against its goals: a figure that misses its goal is shown as such, and fails."""
        took_s = time.monotonic() - self._began
        command = f"./shopbell test {self._test} -s"
        if seed is not None:
            command = f"SHOPBELL_SEED={seed} {command}"
        print(f"\n{name}: {_told(figures)}; {took_s:.1f} s; again: {command}", flush=True)
        if self._write and not shortened() and "PYTEST_XDIST_WORKER" not in os.environ:
            at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            busy = round(self._others.share(), 2)
            keep(Result(name, at, round(took_s, 1), seed, command, hardware(), busy, goals, dict(figures)))
        missed = [goal for goal in goals if not goal.met]
        assert not missed, f"{name}, {command}: {missed}"


def kept(path: Path | None = None) -> dict[str, Result]:
    """The last whole run of each campaign; empty before the first."""
    path = path or KEPT
    if not path.exists():
        return {}
    return {one.name: one for one in msgspec.json.decode(path.read_bytes(), type=list[Result])}


def keep(new: Result, path: Path | None = None) -> None:
    """Replace this campaign's result, and no other's."""
    path = path or KEPT
    found = dict(sorted((kept(path) | {new.name: new}).items()))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(found.values())), indent=1) + b"\n")


def _told(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items())
