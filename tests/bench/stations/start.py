"""From the start of the process to the first tap it would take, and how much memory a kiosk holds, idle and after many taps."""

from __future__ import annotations

import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path

import msgspec

from edge.process.clock import SystemClock
from edge.process.health import HealthReport
from kiosk.records.book import open_book
from tests.bench.figures import Figure, Goal, Share, ratio
from tests.bench.machine import QuietGate, rss_mib, uss_mib
from tests.bench.measure import Contender, Series, summary
from tests.bench.parts_door import Door
from tests.bench.parts_home_made import HomeMade
from tests.bench.parts_process import count_in, end
from tests.bench.parts_store import Hub, open_broker, store_broker
from tests.bench.peers import home_made as home_made_peer
from tests.bench.station import Bench, Station
from tests.support.brokers import BrokerProcess, free_port, secret_file
from tests.support.hub import DOOR, KIOSK_TOKEN, STORE
from tests.support.kiosk_core import write_config

SHOPBELL, HOME_MADE, MODULES = "Shopbell", "home-made", "Shopbell's modules alone, loaded"
MEMBERS = 5_000
LIMIT = 2.5  # the goal's
OURS = ("kiosk", "edge", "firmware_bridge")
OWN, PYTHON, REST = "Shopbell's own modules", "Python's modules", "other packages"
SHOWN = 9
# Without these a tap is not taken; the hub may come later.
PARTS = {"reader", "records"}
POLL_S = 0.003
PATIENCE_S = 30.0
AT_ONCE = 4
# As the kiosk does it, with the garbage collector at rest.
LOADING = """
from edge.process import collector
with collector.resting():
    import kiosk.__main__, kiosk.wiring
"""
# Told in small lots: a list of thousands would stand in the memory that is measured.
LOT = 100


def run(bench: Bench) -> list[Figure]:
    return [_starting(bench), *_holding(bench)]


# -- time --------------------------------------------------------------------------------------------------------------


def _starting(bench: Bench) -> Figure:
    with open_broker(bench) as opened, store_broker(bench) as broker:
        hub = Hub(bench, broker, MEMBERS)
        try:
            kiosk = KioskStart(bench, broker, hub.start().url)
            contenders = {SHOPBELL: kiosk.take, HOME_MADE: _home_made(bench, opened), MODULES: _modules(bench)}
            n = bench.size(7, 2)
            series = bench.alternate("starts", contenders, n=n, blocks=n, warm_up=1, unit="ms")
        finally:
            hub.stop()
    goal = Goal("process start -> ready for a tap, p50 / home-made p50", ratio(series[SHOPBELL], series[HOME_MADE]), LIMIT)
    profile = _loading(bench, series[MODULES].p50)
    notes = [
        "Shopbell: `python -m kiosk` with its simulated reader beside broker and hub, until /healthz says that reader and records"
        " are well: the chip is awake and looks for cards, and its file has taken a write. Home-made: until /healthz says 200.",
        "Both with their byte code and their file from an earlier start. Loading Shopbell's modules alone, the third line, takes"
        f" {100 * series[MODULES].p50 / series[SHOPBELL].p50:.0f} % of its time; the chip is woken as its protocol asks.",
        "Where the time goes: loading, shared out as Python's own `-X importtime` counts it in a further run.",
    ]
    takes = _takes(series[SHOPBELL].p50, LIMIT * series[HOME_MADE].p50, profile)
    return Figure("kiosk: process start -> ready for a tap", list(series.values()), [goal], notes, profile=profile, takes=takes)


def _takes(p50: float, limit: float, profile: Sequence[Share]) -> str | None:
    """Pure. What it would take to come from p50 to the limit, ms; None where it is met."""
    if p50 <= limit:
        return None
    packages = [one for one in profile if one.part not in (OWN, PYTHON, REST)][:3]
    largest = ", ".join(f"{one.part} {one.ms:.0f} ms" for one in packages)
    return (
        f"To meet the goal, {p50:.0f} ms would have to become {limit:.0f} ms. Nearly all of it is loading, so it takes fewer"
        f" modules. Of packages the largest: {largest}. They are those a kiosk needs to serve its screen, to log and to seal;"
        " camera, simulator, sqlite-utils and urllib3 are loaded when they are asked for."
    )


def _loading(bench: Bench, whole_ms: float) -> list[Share]:
    process = bench.python("modules", "-X", "importtime", "-c", LOADING, stderr=subprocess.PIPE)
    told = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert process.returncode == 0, told
    return loading_shares(told, whole_ms)


def loading_shares(told: str, whole_ms: float) -> list[Share]:
    """Pure. `-X importtime` -> share of each package, largest first, small ones together.

    whole_ms: what the shares are shares of. A package's modules count without what they load from others.
    """
    spent: Counter[str] = Counter()
    for own_us, module in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", told, re.M):
        package = module.partition(".")[0]
        spent[OWN if package in OURS else PYTHON if package in sys.stdlib_module_names else package] += int(own_us)
    whole = sum(spent.values())
    shares = [Share("kiosk", package, us / whole, whole_ms * us / whole) for package, us in spent.most_common()]
    rest = sum(one.share for one in shares[SHOWN:])
    return [*shares[:SHOWN], Share("kiosk", REST, rest, whole_ms * rest)] if rest else shares


class KioskStart:
    """`python -m kiosk`, started and ended again and again on the same file."""

    def __init__(self, bench: Bench, broker: BrokerProcess, hub_url: str) -> None:
        self._bench, folder = bench, bench.folder / "starts"
        folder.mkdir()
        self._port, self._log = free_port(), folder / "log"
        where = {"reader": f"sim:{folder / 'reader'}", "broker_port": broker.port, "hub_url": hub_url, "screen_port": self._port}
        password = broker.passwords[f"{STORE}.kiosk.{DOOR}"]
        self._config = write_config(folder, **where, password=password)  # type: ignore[arg-type]  # as its parameters say
        secret_file(folder / "hub.token", KIOSK_TOKEN)

    def take(self, n: int) -> Sequence[float]:
        """Seconds of n starts."""
        return [self._once() for _ in range(n)]

    def _once(self) -> float:
        with self._log.open("ab") as log:
            began = time.perf_counter()
            process = self._bench.python("kiosk-start", "-m", "kiosk", "--config", str(self._config), stderr=log, stdout=log)
            try:
                _until(lambda: well_parts(_health(self._port)) >= PARTS, f"the kiosk is ready: see {self._log}")
                return time.perf_counter() - began
            finally:
                end(process)


def well_parts(report: bytes) -> set[str]:
    """The parts of a process that are well, from the body of /healthz; none where nothing answered."""
    if not report:
        return set()
    return {part.part for part in msgspec.json.decode(report, type=HealthReport).parts if part.well}


def _home_made(bench: Bench, broker_port: int) -> Contender:
    def once() -> float:
        port = free_port()
        words = ("--port", str(port), "--db", str(bench.folder / "started.db"), "--broker", str(broker_port))
        began = time.perf_counter()
        process = bench.python("home-made-start", "-m", "tests.bench.peers.home_made", *words)
        try:
            _until(lambda: _health(port) == b"ok", "the home-made kiosk is ready")
            return time.perf_counter() - began
        finally:
            end(process)

    return lambda n: [once() for _ in range(n)]


def _modules(bench: Bench) -> Contender:
    def once() -> float:
        began = time.perf_counter()
        process = bench.python("modules", "-c", LOADING)
        assert process.wait(PATIENCE_S) == 0
        return time.perf_counter() - began

    return lambda n: [once() for _ in range(n)]


def _health(port: int) -> bytes:
    """Body of /healthz whatever its status; nothing while nobody listens."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=5)) as line, contextlib.suppress(OSError):
        line.request("GET", "/healthz")
        return line.getresponse().read()
    return b""


def _until(true: object, what: str) -> None:
    """Poll often: the pause is part of what is measured."""
    assert callable(true)
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(POLL_S)


# -- memory ------------------------------------------------------------------------------------------------------------


def _holding(bench: Bench) -> Iterator[Figure]:
    """Both kiosks from fresh, so many taps, then as many as make the whole; the process is looked at three times."""
    first, whole = bench.size(2_000, 200), bench.size(10_000, 1_000)
    looks = ["idle", f"after {first:,} taps", f"after {whole:,} taps"]
    taken: dict[str, list[list[float]]] = {}
    gate, busy = QuietGate(), 0.0
    for turn in range(bench.size(2, 1)):
        busy = max(busy, gate.wait())
        with Bench(bench.station, bench.quick, bench.profile) as fresh:
            for name, values in _one_life(fresh, first, whole, ours_first=turn % 2 == 0).items():
                for look, value in zip(looks, values, strict=True):
                    taken.setdefault(f"{name}, {look}", []).append([value])
        bench.tell("lives of a kiosk")(turn + 1, bench.size(2, 1))
    series = {name: summary(name, "MiB", values, busy) for name, values in taken.items()}
    yield _memory(series, looks)


def _memory(series: Mapping[str, Series], looks: Sequence[str]) -> Figure:
    ours = [series[f"{SHOPBELL} (USS), {look}"] for look in looks]
    theirs = [series[f"{HOME_MADE} (RSS), {look}"] for look in looks]
    lives = [last.p50 - first.p50 for first, last in zip(ours[1].blocks, ours[2].blocks, strict=True)]
    goals = [
        Goal(f"kiosk USS / home-made RSS, {looks[2]}", ratio(ours[2], theirs[2]), 1.6),
        Goal(
            f"kiosk USS, {looks[2]} over {looks[1]}", statistics.median(lives), 1.0, unit="MiB", spread=(min(lives), max(lives))
        ),
    ]
    notes = [
        "A whole kiosk process whose directory holds a card for every tap, beside Mosquitto and a real hub; its reader is told"
        f" over a socket which card it has just read, {AT_ONCE} taps under way at a time, because a card on the simulated chip"
        " would take its half second. Looked at when the hub has answered every arrival.",
        "USS is what the process holds for itself alone; RSS counts pages it shares with others too. n is lives of a process;"
        " in every second life the home-made kiosk is tapped first.",
    ]
    return Figure("kiosk: memory", [*ours, *theirs], goals, notes)


def _one_life(bench: Bench, first: int, whole: int, *, ours_first: bool) -> dict[str, list[float]]:
    """What each kiosk holds (MiB) idle, after the first taps and after the whole."""
    with open_broker(bench) as opened, store_broker(bench) as broker, contextlib.ExitStack() as stack:
        hub = Hub(bench, broker, whole)
        stack.callback(hub.stop)
        door = Door(bench, broker, hub.start().url)
        stack.callback(door.stop)
        # As after any start but the first, which makes the file.
        open_book(door.file.parent, STORE, DOOR, SystemClock()).close()
        door.start(whole)
        home_made = HomeMade(bench, opened)
        stack.callback(home_made.stop)
        ours, theirs = [uss_mib(door.pid)], [rss_mib(home_made.pid)]
        client = stack.enter_context(contextlib.closing(home_made.connect()))

        def tap_ours(begin: int, stop: int) -> None:
            for lot in range(begin, stop, LOT):  # a member's second tap within ten minutes would be no welcome
                assert door.rush(range(lot, lot + LOT), AT_ONCE).welcomed == LOT, "every tap is a welcome"
            _answered(door.file, stop)
            ours.append(uss_mib(door.pid))

        def tap_theirs(begin: int, stop: int) -> None:
            for number in range(begin, stop):
                client.tap(number % home_made_peer.MEMBERS)
            theirs.append(rss_mib(home_made.pid))

        for begin, stop in ((0, first), (first, whole)):
            bench.say(f"memory: taps up to {stop:,} ...")
            for tap in (tap_ours, tap_theirs) if ours_first else (tap_theirs, tap_ours):
                tap(begin, stop)
    return {f"{SHOPBELL} (USS)": ours, f"{HOME_MADE} (RSS)": theirs}


def _answered(file: Path, taps: int) -> None:
    """Until every arrival has left the outbox; fails when for half a minute none did."""
    assert count_in(file, "visits") == taps
    waiting, since = count_in(file, "outbox"), time.monotonic()
    while waiting:
        time.sleep(0.05)
        now = count_in(file, "outbox")
        if now < waiting:
            waiting, since = now, time.monotonic()
        assert time.monotonic() - since < PATIENCE_S, f"{waiting} arrivals are not answered"


STATION = Station("start", "The start of a kiosk, and the memory it holds", run)
