"""`./shopbell bench`: measures, prints, and after a complete run writes docs/performance.md."""

from __future__ import annotations

import argparse
import cProfile
import logging
import pstats
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tests.bench import page
from tests.bench.figures import ROOT, Figure, StationFigures, keep
from tests.bench.machine import about, brought
from tests.bench.station import Bench, PartMissing, Station
from tests.bench.table import STATIONS

PROFILES = ROOT / "var" / "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, also where a part was missing; 1 when a station failed; 2 when nothing could be measured as asked."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        for station in STATIONS:
            print(f"{station.name:12} {station.title}")
        return 0
    if asked.write and (asked.quick or asked.profile):
        print("bench: --write keeps whole measurements only: leave --quick and --profile out.", file=sys.stderr)
        return 2
    chosen = _chosen(asked.stations)
    if chosen is None:
        return 2
    began = time.monotonic()
    try:
        done, failed = _measure(chosen, quick=asked.quick, profile=PROFILES if asked.profile else None)
    except KeyboardInterrupt:
        print("bench: stopped; nothing was written", file=sys.stderr)
        return 130
    print(page.for_terminal(done))
    _say_the_end(done, failed, time.monotonic() - began)
    if done and (asked.write or not (asked.quick or asked.profile or asked.stations or failed)):
        page.write(keep(done, [station.name for station in STATIONS]))
        print(f"bench: wrote docs/{page.PAGE.name}, its plots and the README's lines.")
    if failed:
        return 1
    return 0 if any(station.figures for station in done) else 2


def _say_the_end(done: Sequence[StationFigures], failed: Sequence[str], took_s: float) -> None:
    print(f"bench: {len(done)} stations in {took_s / 60:.0f} min {took_s % 60:.0f} s.")
    for station in done:
        for why in station.missing:
            print(f"bench: {station.station}: not measured here: {why}")
    if failed:
        print(f"bench: failed: {', '.join(failed)}; see above.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./shopbell bench", description="Shopbell beside what a user would build instead.")
    parser.add_argument("stations", nargs="*", metavar="STATION", help="only these (see --list); prints, and writes nothing")
    parser.add_argument("--quick", action="store_true", help="a look in three minutes: fewer measurements, writes nothing")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md although not every station ran")
    parser.add_argument(
        "--profile", action="store_true", help=f"cProfile here, py-spy for processes, into {PROFILES.relative_to(ROOT)}"
    )
    parser.add_argument("--list", action="store_true", help="the stations and what each measures")
    return parser


def _chosen(names: Sequence[str]) -> list[Station] | None:
    known = {station.name: station for station in STATIONS}
    strangers = [name for name in names if name not in known]
    if strangers:
        print(f"bench: no station is called {strangers[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return None
    return [known[name] for name in names] or list(STATIONS)


def _measure(chosen: Sequence[Station], *, quick: bool, profile: Path | None) -> tuple[list[StationFigures], list[str]]:
    done, failed, whole, machine = list[StationFigures](), list[str](), _now(), about()
    for number, station in enumerate(chosen, 1):
        began = time.monotonic()
        print(f"bench: {number} of {len(chosen)}: {station.name}, {station.title} ...", file=sys.stderr, flush=True)
        figures, missing = list[Figure](), list[str]()
        try:
            with Bench(station.name, quick, profile, missing=missing) as bench:
                figures = _profiled(station, bench) if profile else list(station.run(bench))
        except PartMissing as why:
            print(f"bench: {station.name} not measured: {why}", file=sys.stderr)
            missing.append(f"{station.title}: {why}")
        except Exception:  # the other stations are still worth their minutes; the exit status tells
            traceback.print_exc()
            print(f"bench: {station.name} failed; going on", file=sys.stderr)
            failed.append(station.name)
            continue
        took_s = time.monotonic() - began
        print(f"bench: {station.name} took {took_s:.0f} s", file=sys.stderr, flush=True)
        machine = machine | brought()
        done.append(StationFigures(station.name, station.title, _now(), round(took_s, 1), machine, figures, whole, missing))
    return done, failed


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _profiled(station: Station, bench: Bench) -> list[Figure]:
    profiler = cProfile.Profile()
    figures = list(profiler.runcall(station.run, bench))
    PROFILES.mkdir(parents=True, exist_ok=True)
    with (PROFILES / f"{station.name}.txt").open("w") as file:
        pstats.Stats(profiler, stream=file).sort_stats("tottime").print_stats(60)
    bench.say(f"profile in {PROFILES.relative_to(ROOT)}/{station.name}.txt, flame graphs of its processes beside it")
    return figures


def _as_a_process() -> int:
    """SIGTERM is like Ctrl-C, so that the processes of a station end with it. Parts of the product that run in this process say
    only what goes wrong; those in processes of their own write their logs."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return main()


if __name__ == "__main__":
    sys.exit(_as_a_process())
