"""Eight open screens, and two hundred clients that vanish: the kiosk's event stream beside plain waitress and home-made's."""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kiosk.screen.stream import STREAMS_MAX
from tests.bench import ways
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.machine import handles
from tests.bench.measure import Contender
from tests.bench.parts_door import Door
from tests.bench.parts_home_made import HomeMade
from tests.bench.parts_process import end
from tests.bench.parts_store import Hub, open_broker, store_broker
from tests.bench.peers.home_made import MEMBERS, uid_of
from tests.bench.station import Bench, Station
from tests.support.brokers import HOST, eventually, free_port

SHOPBELL, HOME_MADE, PLAIN = "Shopbell", "home-made, 16 threads", "plain waitress, 16 threads"
SCREENS = 8
LIMIT = 1.5  # the goals'
FEWER = (
    "one thread would write to all screens itself. Given up, so that a screen that does not read never holds up the others; and"
    " waitress gives each stream a thread."
)
VANISHED = 200
THREADS = 16
PATIENCE_S = 20.0
# A request that is not answered by then hangs; all of them take some milliseconds.
HUNG_AFTER_S = 2.0
# So many further screens push out the last clients that never read.
FURTHER = STREAMS_MAX - SCREENS
# Longer than waitress leaves even an idle connection open (60 s, looked at every 30 s).
SETTLED_WITHIN_S = 120.0
REST_S = 0.002
VIEW = b"data: {"


class Stream:
    """One screen: an event stream on a raw socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self.socket.sendall(f"GET /stream HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
        self._came = b""
        self.wait(b"hello")

    def forget(self) -> None:
        """What came before now."""
        while select.select([self.socket], [], [], 0)[0]:
            self._receive()
        self._came = b""

    def wait(self, mark: bytes, within_s: float = PATIENCE_S) -> None:
        """Until an event that holds `mark` is here, whole. Raises AssertionError that names what did not come."""
        ends = time.monotonic() + within_s
        while b"\n\n" not in self._came.partition(mark)[2]:
            left = ends - time.monotonic()
            assert left > 0 and select.select([self.socket], [], [], left)[0], f"a screen never had {mark.decode()}"
            self._receive()

    def close(self) -> None:
        self.socket.close()

    def _receive(self) -> None:
        got = self.socket.recv(65536)
        assert got, "the stream ended"
        self._came += got


class Hand:
    """Posts over one kept-alive connection, by hand; the answer is fetched apart, so that nobody waits for it first."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own = f"{HOST}:{port}"
        self._head = f"POST {path} HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\nContent-Type: application/json\r\n"

    def post(self, body: str) -> None:
        self._socket.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def answered(self) -> None:
        got = b""
        while b"}" not in got.partition(b"\r\n\r\n")[2]:  # every answer here is one JSON object
            more = self._socket.recv(65536)
            assert more, "the server hung up"
            got += more
        assert got.startswith(b"HTTP/1.1 200"), got

    def close(self) -> None:
        self._socket.close()


@dataclass(frozen=True)
class Shop:
    """A whole kiosk process with broker and hub, and the open broker of the peers."""

    door: Door
    broker_port: int


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_broker(bench))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, MEMBERS)
        stack.callback(hub.stop)
        door = Door(bench, broker, hub.start().url, trail=True)
        stack.callback(door.stop)
        door.start(MEMBERS).screen.close()  # the eight are this station's own
        shop = Shop(door, opened)
        checked = _vanished(bench, shop)
        with _crowd(bench, shop.door.port):
            return [_touches(bench, shop), _taps(bench, shop), checked]


# -- one event, eight screens ----------------------------------------------------------------------------------------------


def _touches(bench: Bench, shop: Shop) -> Figure:
    """First, while no visit is on the screen: then a new language is one event."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(_plain(bench))
        ours, theirs = (stack.enter_context(_screens(one)) for one in (shop.door.port, port))
        finger = stack.enter_context(contextlib.closing(Hand(shop.door.port, "/act/language")))
        poster = stack.enter_context(contextlib.closing(Hand(port, "/event")))
        languages = itertools.cycle(['{"language":"de"}', '{"language":"en"}'])
        seen: list[dict[str, float]] = []
        contenders = {
            SHOPBELL: _posting(finger, lambda: next(languages), ours, seen),
            PLAIN: _posting(poster, lambda: '{"shown":true}', theirs),
        }
        warm_up = bench.size(100, 20)
        shop.door.trail()  # what was before is nobody's
        series = bench.alternate("events", contenders, n=bench.size(1_500, 150), blocks=6, warm_up=warm_up)
    hops_ms = ways.hops_ms(ways.TO_SCREENS, ways.of_events({"kiosk": shop.door.trail()}, seen)[warm_up:])
    layers = ways.layers(ways.TO_SCREENS, hops_ms)
    vanished = sum(_gone_and_silent(bench))
    what = f"one event -> last of {SCREENS} screens, {vanished} vanished clients present, p50 / plain waitress without them"
    goal = Goal(what, ratio(series[SHOPBELL], series[PLAIN]), LIMIT)
    notes = [
        _crowd_note(bench),
        "An event without a commit on either side: a POST that changes what all screens show (at the kiosk: another language,"
        " which goes through guard, tap loop and scene), until the last of eight raw sockets holds the whole event.",
        "Plain waitress is an event stream and nothing else: a queue for each screen, no bounds, no beats, no scene.",
        "Where the time goes: the kiosk's process stamps the real methods as they begin, on one clock with the bench; lines are"
        " medians of the differences, warm-up left out.",
    ]
    return Figure(
        f"kiosk: one event on {SCREENS} open screens",
        list(series.values()),
        [goal],
        notes,
        profile=ways.profile(ways.TO_SCREENS, hops_ms),
        takes=ways.takes(series[SHOPBELL].p50, series[PLAIN].p50 * LIMIT, {layer.name: layer.ms for layer in layers}, FEWER),
    )


def _taps(bench: Bench, shop: Shop) -> Figure:
    with contextlib.ExitStack() as stack:
        home_made = HomeMade(bench, shop.broker_port, THREADS)
        stack.callback(home_made.stop)
        ours, theirs = (stack.enter_context(_screens(port)) for port in (shop.door.port, home_made.port))
        hand = stack.enter_context(contextlib.closing(Hand(home_made.port, "/tap")))
        numbers = itertools.count()
        contenders = {
            SHOPBELL: _tapping(shop.door, ours),
            HOME_MADE: _posting(hand, lambda: f'{{"uid":"{uid_of(next(numbers) % MEMBERS)}"}}', theirs),
        }
        series = bench.alternate("taps", contenders, n=bench.size(1_000, 100), blocks=5, warm_up=bench.size(100, 20))
    goal = Goal(f"one tap -> last of {SCREENS} screens, p50 / home-made", ratio(series[SHOPBELL], series[HOME_MADE]), LIMIT)
    notes = [
        "The same from a card, with the same vanished clients at the kiosk: committed with FULL on both sides before any screen"
        " hears of it."
    ]
    return Figure(f"kiosk: one tap on {SCREENS} open screens", list(series.values()), [goal], notes)


def _posting(
    hand: Hand, body: Callable[[], str], screens: Sequence[Stream], seen: list[dict[str, float]] | None = None
) -> Contender:
    """seen: is told when each was posted, and when the last screen had it (seconds of the trail's clock)."""

    def once() -> float:
        said = body()
        for screen in screens:
            screen.forget()
        began = time.perf_counter()
        hand.post(said)
        for screen in screens:
            screen.wait(VIEW)
        shown = time.perf_counter()
        if seen is not None:
            seen.append({"posted": began, "shown": shown})
        hand.answered()
        time.sleep(REST_S)
        return shown - began

    return lambda n: [once() for _ in range(n)]


def _tapping(door: Door, screens: Sequence[Stream]) -> Contender:
    numbers = itertools.count()

    def once() -> float:
        number = next(numbers)
        for screen in screens:
            screen.forget()
        began = time.perf_counter()
        door.present(number)
        for screen in screens:
            screen.wait(VIEW)
        took = time.perf_counter() - began
        for screen in screens:  # the hub's answer is an event of its own, and not the next tap's
            screen.wait(b'"scene":"by_name"')
        time.sleep(REST_S)
        return took

    return lambda n: [once() for _ in range(n)]


@contextlib.contextmanager
def _screens(port: int) -> Iterator[list[Stream]]:
    """The open screens."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(Stream(port))) for _ in range(SCREENS)]


@contextlib.contextmanager
def _plain(bench: Bench) -> Iterator[int]:
    port = free_port()
    words = ("-m", "tests.bench.peers.plain_screen", "--port", str(port), "--threads", str(THREADS))
    process: subprocess.Popen[bytes] = bench.python("plain-waitress", *words)
    try:
        eventually(lambda: hung(port, 1) == 0, "plain waitress is up")
        yield port
    finally:
        end(process)


@contextlib.contextmanager
def _crowd(bench: Bench, port: int) -> Iterator[None]:
    """Clients that have vanished, while the block runs: those that are silent stay connected, and nobody reads for them."""
    silent = _vanish(port, *_gone_and_silent(bench))
    try:
        yield
    finally:
        _close(silent)


def _gone_and_silent(bench: Bench) -> tuple[int, int]:
    return bench.size(VANISHED // 2, 20), bench.size(VANISHED // 2, 20)


def _crowd_note(bench: Bench) -> str:
    gone, silent = _gone_and_silent(bench)
    return (
        f"{gone} clients have opened the kiosk's stream before and taken their socket down hard (RST); {silent} have opened it,"
        f" stay connected and never read, and {STREAMS_MAX - SCREENS} of those still hold a stream each beside the {SCREENS}"
        " screens. Plain waitress has none of them: with its threads it would answer nobody."
    )


# -- clients that vanish -----------------------------------------------------------------------------------------------


def _vanished(bench: Bench, shop: Shop) -> Figure:
    bench.say("clients that vanish")
    gone, silent = bench.size(VANISHED // 2, 40), bench.size(VANISHED // 2, 0)
    asked, port = bench.size(200, 50), shop.door.port
    with _screens(port):
        hangs = hung(port, asked)
        base = handles(shop.door.pid)
    with contextlib.ExitStack() as stack:
        before = [stack.enter_context(contextlib.closing(Stream(port))) for _ in range(SCREENS)]
        frozen = _vanish(port, gone, silent)
        stack.callback(_close, frozen)
        _close(before)  # those that were pushed out come back, as a page does
        screens = stack.enter_context(_screens(port))
        hangs += hung(port, asked)
        _close([Stream(port) for _ in range(FURTHER)])  # all at once: one that goes before the next comes pushes nobody out
        settled_s = _settled(shop.door.pid, base)
        over = [max(0, now - then) for now, then in zip(handles(shop.door.pid), base, strict=True)]
        with contextlib.closing(Hand(port, "/act/language")) as finger:
            _posting(finger, lambda: '{"language":"es"}', screens)(1)  # everybody still hears
    what = f"{SCREENS} open screens, {gone + silent} vanished clients"
    goals = [
        Goal(f"{what}: requests of {2 * asked} that hang", hangs, 0, unit=""),
        Goal(f"{what}: file descriptors over those before", over[0], 0, unit=""),
        Goal(f"{what}: threads over those before", over[1], 0, unit=""),
    ]
    notes = [
        f"{gone} clients open the stream and take their socket down hard (RST); {silent} stay open and never read again."
        f" Screens they push out come back at once; then {FURTHER} further ones come and go, so that every silent client has lost"
        " its place, which it would else keep for ten minutes at most.",
        f"Before: {base[0]} file descriptors and {base[1]} threads. Looked at {settled_s:.1f} s after the last had vanished.",
        *_beside(bench, shop),
    ]
    return Figure(f"kiosk: {SCREENS} open screens and clients that vanish", (), goals, notes)


def _beside(bench: Bench, shop: Shop) -> list[str]:
    """What the same does to the home-made kiosk."""
    few, clients = 2, 40
    home_made = HomeMade(bench, shop.broker_port)
    try:
        with _screens(home_made.port):
            default = hung(home_made.port, few)
    finally:
        home_made.stop()
    home_made = HomeMade(bench, shop.broker_port, THREADS)
    try:
        for _ in range(clients):
            _drop(_opened(home_made.port))
        more = hung(home_made.port, few)
    finally:
        home_made.stop()
    return [
        f"Home-made with its 8 threads and {SCREENS} open screens: {default} of {few} requests hang. With {THREADS} threads and"
        f" {clients} clients that opened the stream and vanished (RST): {more} of {few}, since a dead screen is noticed only by"
        " the next event, and the tap that would make it finds no thread."
    ]


def _vanish(port: int, gone: int, silent: int) -> list[socket.socket]:
    """One of each in turn; gives back those that are silent."""
    frozen = []
    for number in range(max(gone, silent)):
        if number < gone:
            _drop(Stream(port).socket)
        if number < silent:
            frozen.append(Stream(port).socket)
    return frozen


def _opened(port: int) -> socket.socket:
    """A client that asked for the stream and does not wait for it."""
    one = socket.create_connection((HOST, port), timeout=PATIENCE_S)
    one.sendall(f"GET /stream HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
    return one


def _drop(one: socket.socket) -> None:
    """As a process that dies with unread bytes: RST instead of a goodbye."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


def _close(many: Sequence[Stream] | Sequence[socket.socket]) -> None:
    for one in many:
        one.close()


def _settled(pid: int, base: tuple[int, int]) -> float:
    """Seconds until the handles were back at base, or those that were waited."""
    began = time.monotonic()
    while time.monotonic() - began < SETTLED_WITHIN_S:
        if all(now <= then for now, then in zip(handles(pid), base, strict=True)):
            break
        time.sleep(0.1)
    return time.monotonic() - began


def hung(port: int, requests: int) -> int:
    """How many of so many requests, one after the other on fresh connections, are not answered."""
    missing = 0
    for _ in range(requests):
        try:
            with socket.create_connection((HOST, port), timeout=HUNG_AFTER_S) as line:
                line.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
                missing += not line.recv(64).startswith(b"HTTP/1.1 ")
        except OSError:
            missing += 1
    return missing


STATION = Station("screens", "Many screens, and clients that vanish", run)
