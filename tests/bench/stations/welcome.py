"""Card id -> welcome at the screen's socket, -> the name, -> the last of five associates; beside home-made and a bare relay."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.bench import ways
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender, Series
from tests.bench.parts_clients import Listeners, Relay
from tests.bench.parts_door import Door
from tests.bench.parts_home_made import HomeMade, TapClient
from tests.bench.parts_listeners import Account
from tests.bench.parts_store import Hub, open_broker, store_broker
from tests.bench.parts_taps import Remembered, Taps, rested, tail
from tests.bench.peers import two_hop
from tests.bench.peers.node_red import NodeRed
from tests.bench.station import Bench, PartMissing, Station

MEMBERS = 5_000
ASSOCIATES = 5
SHOPBELL, HOME_MADE, RELAY = "Shopbell", "home-made", "bare two-hop relay"
NODE_RED = "Node-RED, which looks nobody up and keeps nothing"
BODY = bytes(range(256)) + bytes(150)  # as long as an arrival
HALF, NAMED, TOLD = 0.5, 1.5, 1.25  # the goals' limits
FEWER = (
    "the thread of the door would take the card itself, write to the network and to the screen, and the hub would file on the"
    " thread that receives. Given up, so that neither a stuck network nor a slow page ever stands in the way of the next tap."
)
STAMPED = (
    "Where the time goes: kiosk's and hub's processes stamp the real methods as they begin (the commit as it ends), on one clock;"
    " the lines are medians of the differences, warm-up left out, so their sum is near the p50 and not the same."
)


@dataclass(frozen=True)
class Clients:
    """What the associates' clients need: the broker's port, and the accounts the hub gave. They are on shift all the time."""

    port: int
    accounts: list[Account]


@dataclass(frozen=True)
class Measured:
    """One series, and the way of Shopbell's taps in it."""

    series: dict[str, Series]
    hops_ms: list[float]
    tail: str


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, MEMBERS, associates=ASSOCIATES, trail=True)
        stack.callback(hub.stop)
        accounts = hub.start().accounts(ASSOCIATES)
        door = Door(bench, broker, hub.url, trail=True)
        stack.callback(door.stop)
        taps = Taps(door.start(MEMBERS), hub, MEMBERS)
        return [
            _nameless(bench, taps, opened),
            *_through_the_hub(bench, taps, Clients(broker.port, accounts), opened),
        ]


def _measured(
    bench: Bench, what: str, way: ways.Way, taps: Taps, contenders: Mapping[str, Contender], n: int, warm_up: int
) -> Measured:
    """contenders: Shopbell first. bench.alternate, and the hops of Shopbell's taps behind the warm-up."""
    taps.begin()
    kept = {name: Remembered(take) for name, take in contenders.items()}
    series = bench.alternate(what, kept, n=n, blocks=6, warm_up=warm_up)
    return Measured(series, ways.hops_ms(way, taps.marks[warm_up:]), tail(way, taps.marks, kept, warm_up))


def _nameless(bench: Bench, taps: Taps, opened: int) -> Figure:
    with contextlib.ExitStack() as stack:
        home_made = HomeMade(bench, opened)
        stack.callback(home_made.stop)
        contenders = {SHOPBELL: taps.until("welcome"), HOME_MADE: _posting(home_made.port)}
        port = _node_red(bench, stack, opened)
        if port is not None:
            contenders[NODE_RED] = _posting(port)
        n, warm_up = bench.size(1_500, 200), bench.size(150, 50)
        found = _measured(bench, "welcome", ways.TO_WELCOME, taps, contenders, n, warm_up)
    ours, theirs = found.series[SHOPBELL], found.series[HOME_MADE]
    goals = [
        Goal("card id -> welcome at the socket, p50 / home-made p50", ratio(ours, theirs), HALF),
        Goal("card id -> welcome at the socket, p99 / home-made p99", ratio(ours, theirs, "p99"), 1.0),
    ]
    notes = [
        "Shopbell: from the moment in which the reader's thread delivers the card read, in a whole kiosk process with its hub and"
        " broker at work, to the moment in which a process that holds the screen's event stream has the bytes.",
        "Home-made: its reader is a process that posts the id over a kept-alive connection; until the last byte of the answer.",
        found.tail,
        STAMPED,
    ]
    layers = ways.layers(ways.TO_WELCOME, found.hops_ms)
    return Figure(
        "kiosk: card id -> welcome at the screen's socket",
        list(found.series.values()),
        goals,
        notes,
        layers,
        profile=ways.profile(ways.TO_WELCOME, found.hops_ms),
        takes=ways.takes(ours.p50, theirs.p50 * HALF, {layer.name: layer.ms for layer in layers}, FEWER),
    )


def _node_red(bench: Bench, stack: contextlib.ExitStack, opened: int) -> int | None:
    """Its port; None in a quick look, and where npm cannot bring it."""
    if bench.quick:
        return None
    bench.say("starting Node-RED (npm brings it at its first use)")
    try:
        node_red = NodeRed(bench.folder / "node-red", opened)
    except PartMissing as missing:
        bench.without(NODE_RED.partition(",")[0], missing)
        return None
    stack.callback(node_red.stop)
    return node_red.port


def _through_the_hub(bench: Bench, taps: Taps, clients: Clients, opened: int) -> Iterator[Figure]:
    relay = Relay(bench, opened)
    try:
        n, warm_up = bench.size(1_200, 150), bench.size(100, 30)
        contenders = {SHOPBELL: taps.until("name"), RELAY: _relaying(relay)}
        yield _named(_measured(bench, "name", ways.TO_NAME, taps, contenders, n, warm_up))
        with _listening(bench, clients, opened) as (ours, theirs):
            contenders = {SHOPBELL: taps.until("told", ours), RELAY: _relaying_to(relay, theirs)}
            yield _told(_measured(bench, "associates", ways.TO_ALERT, taps, contenders, n, warm_up))
    finally:
        relay.stop()


def _named(found: Measured) -> Figure:
    notes = [
        "Durable at the kiosk and at the hub, two hops over Mosquitto; the name comes in the hub's answer.",
        "The relay is paho and one sqlite3 insert on each side, with no rule, check, outbox or second try.",
        "The hub files the arrival (whose card, which visit, whom to alert and with which line, two facts for HQ) before its"
        " commit.",
        found.tail,
        STAMPED,
    ]
    return _beside_relay(
        "kiosk and hub: card id -> name at the screen's socket", "name at the socket", NAMED, ways.TO_NAME, found, notes
    )


def _told(found: Measured) -> Figure:
    what = f"last of {ASSOCIATES} associates' clients"
    notes = [
        "Clients are paho over TCP, all in one process. Shopbell sends each associate a message of their own, under their own"
        " topic and account; the relay publishes one message to which all subscribe.",
        found.tail,
        STAMPED,
    ]
    return _beside_relay(f"card id -> {what}", what, TOLD, ways.TO_ALERT, found, notes)


def _beside_relay(metric: str, what: str, limit: float, way: ways.Way, found: Measured, notes: Sequence[str]) -> Figure:
    ours, theirs = found.series[SHOPBELL], found.series[RELAY]
    goal = Goal(f"card id -> {what}, p50 / bare two-hop relay", ratio(ours, theirs), limit)
    layers = ways.layers(way, found.hops_ms)
    return Figure(
        metric,
        list(found.series.values()),
        [goal],
        notes,
        layers,
        profile=ways.profile(way, found.hops_ms),
        takes=ways.takes(ours.p50, theirs.p50 * limit, {layer.name: layer.ms for layer in layers}, FEWER),
    )


@contextlib.contextmanager
def _listening(bench: Bench, clients: Clients, opened: int) -> Iterator[tuple[Listeners, Listeners]]:
    anybody = Account("", "", two_hop.DOWN)
    with contextlib.ExitStack() as stack:
        ours = Listeners(bench, "associates", clients.port, clients.accounts)
        stack.callback(ours.stop)
        theirs = Listeners(bench, "relay-clients", opened, [anybody] * ASSOCIATES)
        stack.callback(theirs.stop)
        yield ours, theirs


def _posting(port: int) -> Contender:
    """One kept-alive connection for each block: a server may hang up while the others have their turn."""
    random = Random(1)

    def take(n: int) -> Sequence[float]:
        with contextlib.closing(TapClient(port)) as client:
            client.tap(0)  # the connection's first request is nobody's

            def tap() -> float:
                number = random.randrange(MEMBERS)
                began = time.perf_counter()
                client.tap(number)
                return time.perf_counter() - began

            return rested(tap)(n)

    return take


def _relaying(relay: Relay) -> Contender:
    def send() -> float:
        began = relay.near.send(BODY)
        assert relay.near.back.wait(10), "the relay lost a message"
        return relay.near.back_at - began

    return rested(send)


def _relaying_to(relay: Relay, listeners: Listeners) -> Contender:
    """The relay's messages are numbered, so that the five clients can tell one from the next."""
    sent = 0

    def send() -> float:
        nonlocal sent
        sent += 1
        began = relay.near.send(b"%0*d" % (len(BODY), sent))
        return listeners.last_heard() - began

    return rested(send)


STATION = Station("welcome", "A card id becomes a welcome, a name and an alert", run)
