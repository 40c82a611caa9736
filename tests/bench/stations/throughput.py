"""How many: durable check-ins of one kiosk beside home-made, and arrivals that one hub acknowledges from ten kiosks."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from random import Random

from tests.bench import parts_senders as senders
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender
from tests.bench.parts_clients import Senders
from tests.bench.parts_door import Door
from tests.bench.parts_home_made import HomeMade, TapClient
from tests.bench.parts_load import LoadLook
from tests.bench.parts_process import count_in
from tests.bench.parts_store import Hub, open_broker, store_broker
from tests.bench.peers.home_made import MEMBERS as HOME_MADE_MEMBERS
from tests.bench.station import Bench, Station
from tests.support.brokers import BrokerProcess, eventually
from tests.support.hub import DOOR, STORE

MEMBERS = 30_000
FIRST_ARRIVAL = 14_000  # of the kiosks that only send: behind everybody who checks in at the door
LOOKED_AT = 6  # times the usual size, for py-spy
AT_ONCE = 4
KIOSKS = [DOOR, *(f"door-{number}" for number in range(2, 11))]
SETTLE_S = 60.0
LEAST = 2.0
SHOPBELL, ANSWERED, HOME_MADE = "Shopbell", "Shopbell, hub at work on the same cores", "home-made"


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench, KIOSKS))
        hub = Hub(bench, broker, MEMBERS, KIOSKS[1:])
        stack.callback(hub.stop)
        hub.start()
        return [_check_ins(bench, hub, broker, opened), _arrivals(bench, hub, broker)]


class _Door:
    """The kiosk under rush after rush of members who have not been there yet."""

    def __init__(self, door: Door, size: int) -> None:
        self.door, self._size = door, size
        self._members = itertools.count()
        self.lost = 0

    def rush(self, meanwhile: AbstractContextManager[object], times: int = 1) -> float:
        """Check-ins a second; returns when the hub has answered all. times: so many times the usual number."""
        size = self._size * times
        with meanwhile:
            rushed = self.door.rush(list(itertools.islice(self._members, size)), AT_ONCE)
        self.lost += size - rushed.welcomed
        eventually(lambda: count_in(self.door.file, "outbox") == 0, "the hub has answered all", SETTLE_S)
        return size / rushed.took_s

    def rushing(self, meanwhile: Callable[[], AbstractContextManager[object]]) -> Contender:
        return lambda n: [self.rush(meanwhile()) for _ in range(n)]


def _check_ins(bench: Bench, hub: Hub, broker: BrokerProcess, opened: int) -> Figure:
    size, look = bench.size(400, 152), LoadLook()
    with contextlib.ExitStack() as stack:
        started = Door(bench, broker, hub.url)
        stack.callback(started.stop)
        door = _Door(started.start(MEMBERS), size)
        clients = stack.enter_context(_clients(bench, opened))
        pids = {"kiosk": started.pid, "hub": hub.pid, "broker": broker.pid, "the bench with its clients": os.getpid()}
        contenders = {
            SHOPBELL: door.rushing(hub.frozen),
            ANSWERED: door.rushing(lambda: look.processor(pids)),
            HOME_MADE: _posting(clients, size),
        }
        series = bench.alternate("check-ins", contenders, n=bench.size(10, 2), blocks=6, warm_up=1, unit="per s", scale=1)
        bench.say("check-ins: where the time goes")
        door.rush(look.threads({"kiosk": (started.pid, "tap-loop")}), LOOKED_AT)
    ours, theirs, load = series[SHOPBELL], series[HOME_MADE], look.load()
    what = "durable check-ins per second, one kiosk"
    goals = [
        Goal(f"{what} / home-made", ratio(ours, theirs), LEAST, "least"),
        Goal(f"{what}, hub at work on the same cores / home-made", ratio(series[ANSWERED], theirs), LEAST, "least"),
        Goal("check-ins that are not in the kiosk's file", door.lost, 0, unit=""),
    ]
    notes = [
        f"Runs of {size} check-ins, {AT_ONCE} at a time, each committed with FULL before it counts. On both sides {AT_ONCE}"
        " clients in the bench's process hold a connection each, send a card id and wait for their answer: home-made's over HTTP;"
        " Shopbell's over a Unix socket to the kiosk's reader, until the light of that card. A line on that socket is less to"
        " read than a request.",
        "Shopbell: different members, the screen open, arrivals published as they come. In the first row the hub stands still, as"
        " nobody answers home-made either; what waits is drained between the runs. In the second row the hub files and answers"
        " meanwhile, on the same cores.",
        "Taps that wait behind each other share one commit; a single tap never waits for another.",
        load.note(" of the second row"),
    ]
    least = LEAST * theirs.p50
    takes = load.takes(series[ANSWERED].p50, least)
    return Figure(what, list(series.values()), goals, notes, profile=load.shares, takes=takes)


def _arrivals(bench: Bench, hub: Hub, broker: BrokerProcess) -> Figure:
    size, look = bench.size(150, 50), LoadLook()
    first = itertools.count(FIRST_ARRIVAL, size * len(KIOSKS))
    accounts = [senders.Account(name := f"{STORE}.kiosk.{kiosk}", broker.passwords[name], kiosk) for kiosk in KIOSKS]
    kiosks = Senders(bench, broker.port, accounts)
    pids = {"hub": hub.pid, "broker": broker.pid, "the process of the ten kiosks": kiosks.pid}

    def run_once() -> float:
        with look.processor(pids):
            return kiosks.run(next(first), size)

    def take(n: int) -> Sequence[float]:
        return [run_once() for _ in range(n)]

    try:
        series = bench.alternate("arrivals", {SHOPBELL: take}, n=bench.size(5, 2), blocks=5, warm_up=1, unit="per s", scale=1)
        bench.say("arrivals: where the time goes")
        with look.threads({"hub": (hub.pid, "hub-ingest")}):
            for _ in range(LOOKED_AT // 2):
                kiosks.run(next(first), size)
    finally:
        kiosks.stop()
    load = look.load()
    notes = [
        f"{len(KIOSKS)} kiosks, played by one process with {len(KIOSKS)} paho clients, each with {senders.WINDOW} arrivals under"
        " way; every arrival opens a visit, raises an alert and makes two facts for HQ, durably, before it is answered; commits"
        " are shared by up to 50.",
        load.bound,
        load.note(),
    ]
    what = f"arrivals acknowledged by one hub from {len(KIOSKS)} kiosks"
    return Figure(what, list(series.values()), notes=notes, profile=load.shares)


@contextlib.contextmanager
def _clients(bench: Bench, opened: int) -> Iterator[list[TapClient]]:
    home_made = HomeMade(bench, opened)
    clients = [home_made.connect() for _ in range(AT_ONCE)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()
        home_made.stop()


def _posting(clients: Sequence[TapClient], size: int) -> Contender:
    assert size % len(clients) == 0, "every client makes as many check-ins"

    def post(client: TapClient, seed: int) -> None:
        random = Random(seed)
        for _ in range(size // len(clients)):
            client.tap(random.randrange(HOME_MADE_MEMBERS))

    def rush(pool: ThreadPoolExecutor) -> float:
        began = time.perf_counter()
        list(pool.map(post, clients, range(len(clients))))
        return size / (time.perf_counter() - began)

    def take(n: int) -> Sequence[float]:
        with ThreadPoolExecutor(len(clients)) as pool:
            return [rush(pool) for _ in range(n)]

    return take


STATION = Station("throughput", "How many check-ins and arrivals a second", run)
