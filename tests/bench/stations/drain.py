"""A backlog of 10,000 arrivals: how fast it leaves a kiosk, acknowledged end to end by the hub, beside paho's raw rate."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from edge.contracts.arrival import Arrival
from edge.contracts.card_id import canonical, card_token
from edge.contracts.envelope import VERSION, encode
from edge.hub.ingest import FRESH_S
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from kiosk.records.book import open_book
from tests.bench.control import Lines
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender
from tests.bench.parts_door import Door
from tests.bench.parts_load import LoadLook
from tests.bench.parts_process import end
from tests.bench.parts_store import Hub, open_broker, store_broker
from tests.bench.peers.home_made import uid_of
from tests.bench.peers.raw_paho import Publisher
from tests.bench.station import Bench, Station
from tests.support.brokers import BrokerProcess
from tests.support.hub import CARD_KEY, DOOR, STORE

MEMBERS = 5_000
OUTAGE_S = 3600.0  # the backlog came to be over this time before the kiosk starts
AT_ONCE = 500  # of the backlog in one commit, while it is made
LOOK_EVERY_S = 0.05
PATIENCE_S = 120.0
LEAST = 0.35
SHOPBELL, RAW = "Shopbell, acknowledged end to end", "paho, raw QoS 1"


def run(bench: Bench) -> list[Figure]:
    size, runs = bench.size(10_000, 1_500), bench.size(5, 2)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, MEMBERS)
        stack.callback(hub.stop)
        hub.start()
        outage = Outage(bench, broker, hub, size)
        contenders = {SHOPBELL: outage.take, RAW: stack.enter_context(_raw(bench, opened, size))}
        series = bench.alternate("drain", contenders, n=runs, blocks=runs, warm_up=1, unit="per s", scale=1)
        bench.say("drain: where the time goes")
        outage.drain(lambda pid: outage.look.threads({"hub": (hub.pid, "hub-ingest"), "kiosk": (pid, "hub-link")}))
    load = outage.look.load()
    goal = Goal(
        "backlog drained, acknowledged end to end / paho's raw rate", ratio(series[SHOPBELL], series[RAW]), LEAST, "least"
    )
    notes = [
        f"{size:,} arrivals of an hour's outage wait in the kiosk's outbox; then a whole kiosk starts with broker and hub at"
        " work. The rate is that of rows leaving the outbox, from the first answer on: each was filed by the hub in a commit"
        " with FULL, answered, and dropped at the kiosk in a commit with FULL.",
        f"Arrivals older than {FRESH_S / 60:.0f} minutes alert nobody: {1 - FRESH_S / OUTAGE_S:.0%} of this backlog raise no"
        " alert, which is less work for the hub than the arrivals of the station `throughput`.",
        "Raw: messages of the same size from one paho client to another in a second process, QoS 1, nothing stored.",
        load.note(),
    ]
    takes = load.takes(series[SHOPBELL].p50, LEAST * series[RAW].p50)
    return [Figure(f"backlog of {size:,} arrivals", list(series.values()), [goal], notes, profile=load.shares, takes=takes)]


class Outage:
    """Kiosks that start with a backlog, each with a file of its own."""

    def __init__(self, bench: Bench, broker: BrokerProcess, hub: Hub, size: int) -> None:
        self._bench, self._broker, self._hub, self._size = bench, broker, hub, size
        self.look = LoadLook()
        self._number = itertools.count()

    def take(self, n: int) -> Sequence[float]:
        """Rows a second of n drains."""
        own = {"hub": self._hub.pid, "broker": self._broker.pid}
        return [self.drain(lambda pid: self.look.processor({"kiosk": pid, **own})) for _ in range(n)]

    def drain(self, meanwhile: Callable[[int], AbstractContextManager[object]]) -> float:
        """Rows a second of one. meanwhile: entered with the kiosk's pid as its outbox begins to empty, left when it is empty."""
        door = Door(self._bench, self._broker, self._hub.url, name=f"kiosk-{next(self._number)}")
        fill(door.file.parent, self._size)
        try:
            door.launch()
            with contextlib.closing(sqlite3.connect(f"file:{door.file}?mode=ro", uri=True)) as outbox:
                return self._rate(outbox, lambda: meanwhile(door.pid))
        finally:
            door.stop()

    def _rate(self, outbox: sqlite3.Connection, meanwhile: Callable[[], AbstractContextManager[object]]) -> float:
        """From the first row that left to the last. Looked at seldom and over one connection: this costs the same cores."""
        self._left(outbox, self._size - 1)
        with meanwhile():
            began, left = time.perf_counter(), _rows(outbox)
            self._left(outbox, 0)
            return left / (time.perf_counter() - began)

    def _left(self, outbox: sqlite3.Connection, most: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (rows := _rows(outbox)) > most:
            assert time.monotonic() < deadline, f"{rows} of {self._size} arrivals still wait"
            time.sleep(LOOK_EVERY_S)


def _rows(outbox: sqlite3.Connection) -> int:
    return int(outbox.execute("SELECT count(*) FROM outbox").fetchone()[0])


def fill(folder: Path, size: int) -> None:
    """An outbox as an outage leaves it: arrivals recorded through the kiosk's own book, the oldest an hour ago."""
    clock, ids = SystemClock(), SystemIds()
    book = open_book(folder, STORE, DOOR, clock, size + 1)
    now = clock.monotonic()
    try:
        for start in range(0, size, AT_ONCE):
            with book.together():
                for number in range(start, min(start + AT_ONCE, size)):
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
    publisher, lines = Publisher(opened), Lines(told.fileno(), "the subscriber")
    body = encode(arrival_of(1, SystemClock(), SystemIds()))

    def publish() -> float:
        counted.write(b"%d\n" % size)
        counted.flush()
        began = publisher.send(body, size)
        return size / (float(lines.next("that every message came", PATIENCE_S)) - began)

    def take(n: int) -> Sequence[float]:
        return [publish() for _ in range(n)]

    try:
        assert lines.next("its readiness") == b"ready"
        yield take
    finally:
        publisher.close()
        end(process)
        counted.close()
        told.close()


STATION = Station("drain", "A backlog leaves the kiosk", run)
