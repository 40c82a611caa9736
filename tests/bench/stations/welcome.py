"""Card id -> welcome at the screen's socket, -> the name, -> the last of five associates; beside home-made and a bare relay."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.bench.figures import Figure, Goal, Layer, ratio
from tests.bench.measure import Contender, Series
from tests.bench.parts_listeners import Account
from tests.bench.parts_store import Door, HomeMade, Hub, Listeners, Relay, TapClient, open_broker, store_broker
from tests.bench.peers import two_hop
from tests.bench.peers.node_red import NodeRed
from tests.bench.station import Bench, PartMissing, Station

MEMBERS = 5_000
ASSOCIATES = 5
REST_S = 0.005  # between taps, for everybody: what one tap still does behind the welcome is not part of the next
SHOPBELL, HOME_MADE, RELAY = "Shopbell", "home-made", "bare two-hop relay"
NODE_RED = "Node-RED, which looks nobody up and keeps nothing"
BODY = bytes(range(256)) + bytes(150)  # as long as an arrival


@dataclass(frozen=True)
class Clients:
    """What the associates' clients need: the broker's port, and the accounts the hub gave. They are on shift all the time."""

    port: int
    accounts: list[Account]


@dataclass
class Taps:
    """Taps of members who have not been there yet: a second tap of the same would be a repeat, not a welcome."""

    door: Door
    commit: list[float] = field(default_factory=list)
    socket: list[float] = field(default_factory=list)
    _next: int = 0

    def one(self) -> tuple[float, float]:
        """Seconds until the welcome, and until the name, were at the screen's socket."""
        number = self._next % MEMBERS
        self._next += 1
        self.door.tap(number)
        welcome_at, _ = self.door.screen.until("welcome")
        named_at, _ = self.door.screen.until("by_name")
        stamps = self.door.stamps()
        self.commit.append(stamps.lit - stamps.delivered)
        self.socket.append(welcome_at - stamps.lit)
        time.sleep(REST_S)
        return welcome_at - stamps.delivered, named_at - stamps.delivered

    def parts_ms(self) -> tuple[float, float]:
        """Medians so far: until the lights are told, and from there to the welcome at the socket."""
        return statistics.median(self.commit) * 1000, statistics.median(self.socket) * 1000

    def nameless(self, n: int) -> Sequence[float]:
        return [self.one()[0] for _ in range(n)]

    def named(self, n: int) -> Sequence[float]:
        return [self.one()[1] for _ in range(n)]

    def told(self, listeners: Listeners) -> Contender:
        """Until the last associate has heard of it."""

        def take(n: int) -> Sequence[float]:
            return [self._told(listeners) for _ in range(n)]

        return take

    def _told(self, listeners: Listeners) -> float:
        self.one()
        return listeners.last_heard() - self.door.stamps().delivered


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, MEMBERS, associates=ASSOCIATES)
        stack.callback(hub.stop)
        accounts = hub.start().accounts(ASSOCIATES)
        door = Door(bench, broker, hub.url)
        stack.callback(door.stop)
        taps = Taps(door.start(MEMBERS))
        return [
            _nameless(bench, taps, opened),
            *_through_the_hub(bench, taps, Clients(broker.port, accounts), opened),
        ]


def _nameless(bench: Bench, taps: Taps, opened: int) -> Figure:
    with contextlib.ExitStack() as stack:
        home_made = HomeMade(bench, opened)
        stack.callback(home_made.stop)
        contenders = {SHOPBELL: taps.nameless, HOME_MADE: _posting(home_made.port)}
        port = _node_red(bench, stack, opened)
        if port is not None:
            contenders[NODE_RED] = _posting(port)
        series = bench.alternate("welcome", contenders, n=bench.size(1_500, 200), blocks=6, warm_up=bench.size(150, 50))
    ours, theirs = series[SHOPBELL], series[HOME_MADE]
    goals = [
        Goal("card id -> welcome at the socket, p50 / home-made p50", ratio(ours, theirs), 0.5),
        Goal("card id -> welcome at the socket, p99 / home-made p99", ratio(ours, theirs, "p99"), 1.0),
    ]
    commit, socket = taps.parts_ms()
    notes = [
        "Shopbell: from the moment in which the reader's thread delivers the card read, in a whole kiosk process with its hub and"
        " broker at work, to the moment in which a process that holds the screen's event stream has the bytes.",
        "Home-made: its reader is a process that posts the id over a kept-alive connection; until the last byte of the answer.",
        f"Of Shopbell's time {commit:.2f} ms are rules and commit, until the lights are told, and {socket:.2f} ms the way to the"
        " socket (medians).",
    ]
    layers = [Layer("rules and commit", commit), Layer("screen's socket", max(0.0, ours.p50 - commit))]
    return Figure("kiosk: card id -> welcome at the screen's socket", list(series.values()), goals, notes, layers)


def _node_red(bench: Bench, stack: contextlib.ExitStack, opened: int) -> int | None:
    """Its port; None in a quick look, and where npm cannot bring it."""
    if bench.quick:
        return None
    bench.say("starting Node-RED (npm brings it at its first use)")
    try:
        node_red = NodeRed(bench.folder / "node-red", opened)
    except PartMissing as missing:
        bench.say(str(missing))
        return None
    stack.callback(node_red.stop)
    return node_red.port


def _through_the_hub(bench: Bench, taps: Taps, clients: Clients, opened: int) -> Iterator[Figure]:
    relay = Relay(bench, opened)
    try:
        n, warm_up = bench.size(1_200, 150), bench.size(100, 30)
        series = bench.alternate("name", {SHOPBELL: taps.named, RELAY: _relaying(relay)}, n=n, blocks=6, warm_up=warm_up)
        yield _named(series, taps)
        with _listening(bench, clients, opened) as (ours, theirs):
            contenders = {SHOPBELL: taps.told(ours), RELAY: _relaying_to(relay, theirs)}
            yield _told(bench.alternate("associates", contenders, n=n, blocks=6, warm_up=warm_up))
    finally:
        relay.stop()


def _named(series: dict[str, Series], taps: Taps) -> Figure:
    commit, socket = taps.parts_ms()
    between = max(0.0, series[SHOPBELL].p50 - commit - socket)
    layers = [
        Layer("rules and commit", commit),
        Layer("broker and hub, there and back", between),
        Layer("screen's socket", socket),
    ]
    goals = [Goal("card id -> name at the socket, p50 / bare two-hop relay", ratio(series[SHOPBELL], series[RELAY]), 1.5)]
    notes = [
        "Durable at the kiosk and at the hub, two hops over Mosquitto; the name comes in the hub's answer.",
        "The relay is paho and one sqlite3 insert on each side, with no rule, check, outbox or second try. It has five hand-overs"
        " between threads and processes where Shopbell has twelve: reader, door, hub link, network thread, broker, the hub's"
        " network thread and its ingest, and the way back to the screen.",
        "The hub files the arrival (whose card, which visit, whom to alert and with which line, two facts for HQ) before its"
        " commit. Fewer hand-overs would mean to write to the network from the thread of the door, and to file on the thread that"
        " receives: given up, so that a stuck network never stands in the way of a tap.",
    ]
    return Figure("kiosk and hub: card id -> name at the screen's socket", list(series.values()), goals, notes, layers)


def _told(series: dict[str, Series]) -> Figure:
    what = f"card id -> last of {ASSOCIATES} associates' clients"
    goals = [Goal(f"{what}, p50 / bare two-hop relay", ratio(series[SHOPBELL], series[RELAY]), 1.25)]
    notes = [
        "Clients are paho over TCP, all in one process. Shopbell sends each associate a message of their own, under their own"
        " topic and account; the relay publishes one message to which all subscribe.",
    ]
    return Figure(what, list(series.values()), goals, notes)


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

            return _rested(tap)(n)

    return take


def _relaying(relay: Relay) -> Contender:
    def send() -> float:
        began = relay.near.send(BODY)
        assert relay.near.back.wait(10), "the relay lost a message"
        return relay.near.back_at - began

    return _rested(send)


def _relaying_to(relay: Relay, listeners: Listeners) -> Contender:
    """The relay's messages are numbered, so that the five clients can tell one from the next."""
    sent = 0

    def send() -> float:
        nonlocal sent
        sent += 1
        began = relay.near.send(b"%0*d" % (len(BODY), sent))
        return listeners.last_heard() - began

    return _rested(send)


def _rested(one: Callable[[], float]) -> Contender:
    def take(n: int) -> Sequence[float]:
        taken = []
        for _ in range(n):
            taken.append(one())
            time.sleep(REST_S)
        return taken

    return take


STATION = Station("welcome", "A card id becomes a welcome, a name and an alert", run)
