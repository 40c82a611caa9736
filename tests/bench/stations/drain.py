"""A backlog of 10,000 arrivals: how fast it leaves a kiosk, acknowledged end to end by the hub, beside paho's raw rate."""

from __future__ import annotations

import contextlib
import itertools
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.contracts.arrival import Arrival
from edge.contracts.card_id import canonical, card_token
from edge.contracts.envelope import VERSION, encode
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from kiosk.records.book import open_book
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender
from tests.bench.parts_store import Door, Hub, count_in, end, open_broker, store_broker
from tests.bench.peers.home_made import uid_of
from tests.bench.peers.raw_paho import Publisher
from tests.bench.station import Bench, Station
from tests.support.brokers import BrokerProcess
from tests.support.hub import CARD_KEY, DOOR, STORE

MEMBERS = 5_000
OUTAGE_S = 3600.0  # the backlog came to be over this time before the kiosk starts
LOOK_EVERY_S = 0.01
PATIENCE_S = 120.0
SHOPBELL, RAW = "Shopbell, acknowledged end to end", "paho, raw QoS 1"


def run(bench: Bench) -> list[Figure]:
    size, runs = bench.size(10_000, 1_500), bench.size(5, 2)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, MEMBERS)
        stack.callback(hub.stop)
        hub.start()
        contenders = {SHOPBELL: _draining(bench, broker, hub.url, size), RAW: stack.enter_context(_raw(bench, opened, size))}
        series = bench.alternate("drain", contenders, n=runs, blocks=runs, warm_up=0, unit="per s", scale=1)
    goals = [
        Goal("backlog drained, acknowledged end to end / paho's raw rate", ratio(series[SHOPBELL], series[RAW]), 0.35, "least")
    ]
    notes = [
        f"{size:,} arrivals of an hour's outage wait in the kiosk's outbox; then a whole kiosk starts with broker and hub at"
        " work. The rate is that of rows leaving the outbox, from the first answer on: each was filed by the hub in a commit"
        " with FULL, answered, and dropped at the kiosk in a commit with FULL.",
        "Raw: messages of the same size from one paho client to another in a second process, QoS 1, nothing stored.",
    ]
    return [Figure(f"backlog of {size:,} arrivals", list(series.values()), goals, notes)]


def _draining(bench: Bench, broker: BrokerProcess, hub_url: str, size: int) -> Contender:
    number = itertools.count()

    def drain() -> float:
        door = Door(bench, broker, hub_url, name=f"kiosk-{next(number)}")
        fill(door.file.parent, size)
        try:
            door.launch()
            return _rate(door.file, size)
        finally:
            door.stop()

    return lambda n: [drain() for _ in range(n)]


def _rate(file: Path, size: int) -> float:
    """Rows a second, from the first that left to the last."""
    deadline = time.monotonic() + PATIENCE_S
    began, left = 0.0, size
    while True:
        rows, now = count_in(file, "outbox"), time.perf_counter()
        if rows == 0:
            return left / (now - began)
        if not began and rows < size:
            began, left = now, rows
        assert time.monotonic() < deadline, f"{rows} of {size} arrivals still wait"
        time.sleep(LOOK_EVERY_S)


def fill(folder: Path, size: int) -> None:
    """An outbox as an outage leaves it: arrivals recorded through the kiosk's own book, the oldest an hour ago."""
    clock, ids = SystemClock(), SystemIds()
    book = open_book(folder, STORE, DOOR, clock, size + 1)
    now = clock.monotonic()
    try:
        for number in range(size):
            book.record(arrival_of(number % MEMBERS, clock, ids), now - OUTAGE_S * (1 - number / size))
    finally:
        book.close()


def arrival_of(number: int, clock: SystemClock, ids: SystemIds) -> Arrival:
    """A member's welcome at this kiosk."""
    arrival_id = ids.new()
    return Arrival(
        v=VERSION,
        id=arrival_id,
        source=f"{STORE}/kiosk/{DOOR}",
        at=clock.now(),
        clock=clock.quality(),
        boot=clock.boot(),
        seq=0,
        age_s=0.0,
        arrival_id=arrival_id,
        rev=0,
        outcome="welcome",
        member=f"m-{number}",
        card_token=card_token(CARD_KEY, canonical("nfc", uid_of(number))),
    )


@contextlib.contextmanager
def _raw(bench: Bench, opened: int, size: int) -> Iterator[Contender]:
    pipe = subprocess.PIPE
    process = bench.python("raw-paho", "-m", "tests.bench.peers.raw_paho", "--broker", str(opened), stdin=pipe, stdout=pipe)
    counted, told = process.stdin, process.stdout
    assert counted is not None and told is not None
    publisher = Publisher(opened)
    body = encode(arrival_of(1, SystemClock(), SystemIds()))

    def publish() -> float:
        counted.write(b"%d\n" % size)
        counted.flush()
        began = publisher.send(body, size)
        assert select.select([told], [], [], PATIENCE_S)[0], "paho lost messages"
        return size / (float(told.readline()) - began)

    def take(n: int) -> Sequence[float]:
        return [publish() for _ in range(n)]

    try:
        assert told.readline() == b"ready\n", "the subscriber did not come up"
        yield take
    finally:
        publisher.close()
        end(process)
        counted.close()
        told.close()


STATION = Station("drain", "A backlog leaves the kiosk", run)
