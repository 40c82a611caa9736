"""How many: durable check-ins of one kiosk beside home-made, and arrivals that one hub acknowledges from ten kiosks."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from random import Random

from tests.bench import parts_senders as senders
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender
from tests.bench.parts_store import Door, HomeMade, Hub, Senders, TapClient, count_in, open_broker, store_broker
from tests.bench.peers.home_made import MEMBERS as HOME_MADE_MEMBERS
from tests.bench.station import Bench, Station
from tests.support.brokers import BrokerProcess, eventually
from tests.support.hub import DOOR, STORE

MEMBERS = 20_000
AT_ONCE = 4
KIOSKS = [DOOR, *(f"door-{number}" for number in range(2, 11))]
SETTLE_S = 60.0
SHOPBELL, ANSWERED, HOME_MADE = "Shopbell", "Shopbell, hub at work on the same cores", "home-made"


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench, KIOSKS))
        hub = Hub(bench, broker, MEMBERS, KIOSKS[1:])
        stack.callback(hub.stop)
        hub.start()
        return [_check_ins(bench, hub, broker, opened), _arrivals(bench, broker)]


def _check_ins(bench: Bench, hub: Hub, broker: BrokerProcess, opened: int) -> Figure:
    size, members, lost = bench.size(400, 150), itertools.count(), list[int]()
    with contextlib.ExitStack() as stack:
        door = Door(bench, broker, hub.url)
        stack.callback(door.stop)
        door.start(MEMBERS)
        clients = stack.enter_context(_clients(bench, opened))
        contenders = {
            SHOPBELL: _rushing(door, members, size, lost, hub.frozen),
            ANSWERED: _rushing(door, members, size, lost, contextlib.nullcontext),
            HOME_MADE: _posting(clients, size),
        }
        series = bench.alternate("check-ins", contenders, n=bench.size(10, 2), blocks=6, warm_up=1, unit="per s", scale=1)
    ours, theirs = series[SHOPBELL], series[HOME_MADE]
    goals = [
        Goal("durable check-ins per second, one kiosk / home-made", ratio(ours, theirs), 2.0, "least"),
        Goal("check-ins of the kiosk that were refused or lost", sum(lost), 0, unit=""),
    ]
    notes = [
        f"Runs of {size} check-ins, {AT_ONCE} at a time, each committed with FULL before it counts. Home-made: {AT_ONCE} clients"
        " over kept-alive connections.",
        "Shopbell: different members, the screen open, arrivals published as they come. In the first row the hub stands still, as"
        " nobody answers home-made either; what waits is drained between the runs. In the second row the hub files and answers"
        f" meanwhile, on the same cores: {ratio(series[ANSWERED], theirs):.2f} x home-made.",
        "Taps that wait behind each other share one commit; a single tap never waits for another.",
    ]
    return Figure("durable check-ins, one kiosk", list(series.values()), goals, notes)


def _arrivals(bench: Bench, broker: BrokerProcess) -> Figure:
    size, first = bench.size(150, 50), itertools.count(MEMBERS // 2, bench.size(150, 50) * len(KIOSKS))
    accounts = [senders.Account(name := f"{STORE}.kiosk.{kiosk}", broker.passwords[name], kiosk) for kiosk in KIOSKS]
    kiosks = Senders(bench, broker.port, accounts)

    def take(n: int) -> Sequence[float]:
        return [kiosks.run(next(first), size) for _ in range(n)]

    try:
        series = bench.alternate("arrivals", {SHOPBELL: take}, n=bench.size(5, 2), blocks=5, warm_up=1, unit="per s", scale=1)
    finally:
        kiosks.stop()
    notes = [
        f"{len(KIOSKS)} kiosks, played by one process with {len(KIOSKS)} paho clients, each with {senders.WINDOW} arrivals under"
        " way; every arrival opens a visit, raises an alert and makes two facts for HQ, durably, before it is answered.",
        "What bounds it is the hub's ingest thread: the Python and SQLite statements of filing one arrival; commits are shared by"
        " up to 50.",
    ]
    return Figure(f"arrivals acknowledged by one hub from {len(KIOSKS)} kiosks", list(series.values()), notes=notes)


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


def _rushing(
    door: Door, members: Iterator[int], size: int, lost: list[int], meanwhile: Callable[[], AbstractContextManager[None]]
) -> Contender:
    def rush() -> float:
        with meanwhile():
            rushed = door.rush(list(itertools.islice(members, size)), AT_ONCE)
        lost.append(size - rushed.welcomed)
        eventually(lambda: count_in(door.file, "outbox") == 0, "the hub has answered all", SETTLE_S)
        return size / rushed.took_s

    return lambda n: [rush() for _ in range(n)]


def _posting(clients: Sequence[TapClient], size: int) -> Contender:
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
