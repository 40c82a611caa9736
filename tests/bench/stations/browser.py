"""Card in the field -> changed page in a real Chromium: the welcome, the name, and the associate's phone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from tests.bench.figures import Figure, Goal, Layer
from tests.bench.machine import QuietGate
from tests.bench.measure import Series, summary
from tests.bench.parts_chip import Chips, chips
from tests.bench.parts_shop import Page, Phone, kiosk_at, pages
from tests.bench.parts_store import Hub, Screen, store_broker
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench, Station

BLOCKS = 5
NOTE_N = (
    "A tap occupies the door for half a second, until the reader has seen the card go, and each member is welcomed once; so these"
    " are {n} taps and not a thousand. Real processes: the simulated PN532 paced to 115,200 baud with radio time and a random"
    " polling phase, the kiosk, Mosquitto, the hub, and one Chromium with the kiosk's screen and the app of an associate who is"
    " signed in."
)
NOTE_PARTS = (
    "Parts: until the kiosk takes the card up (its record of the visit); until another process that follows the screen's stream"
    " has the welcome, about when the message leaves for the hub; until that process has the name, or a plain MQTT client beside"
    " the phone the alert; until the page has changed. Each is the median of the differences. The station `welcome` divides the"
    " second part. Kiosk, broker, hub and a Chromium that draws in software share the cores here; in a store they do not."
)
# What follows the welcome at the screen's socket: the parts of each way, and the moment that ends each.
WAYS = {
    "welcome": (("browser", "welcome"),),
    "name": (("broker, hub's commit, answer", "named_socket"), ("browser", "name")),
    "associate's page": (("broker, hub's commit, alert", "heard"), ("browser", "phone")),
}


@dataclass(frozen=True)
class Tap:
    """Moments of one tap, in seconds since the card entered the field at `put_at` (monotonic clock).

    read: the kiosk took the card up (its own record). socket, named_socket: the bytes of welcome and name were at a process that
    follows the screen's stream. heard: a plain MQTT client had the alert. welcome, name, phone: the pages had changed.
    """

    put_at: float
    socket: float
    welcome: float
    named_socket: float
    name: float
    heard: float
    phone: float
    read: float = 0.0


@dataclass(frozen=True)
class Front:
    """The door's card reader, the pages in Chromium, and the screen's stream."""

    simulated: Chips
    door: Page
    phone: Phone
    screen: Screen

    def tap(self, uid: str) -> Tap:
        """One member comes in, is greeted by name and served; returns when the door is free again."""
        self.door.forget()
        self.phone.forget()
        self.screen.drain()
        heard = len(self.phone.colleague.alerts)
        wall = time.time() - time.monotonic()
        self.simulated.put(0, uid)
        socket, _ = self.screen.until("welcome")
        named_socket, _ = self.screen.until("by_name")
        put_at = self.simulated.put_at()
        self.simulated.take(0)
        alert, heard_at = self.phone.heard(heard)
        welcome = self.door.when(lambda scene: scene in ("welcome", "by_name"), "the welcome")
        name = self.door.when(lambda scene: scene == "by_name", "the name")
        phone = self.phone.when(lambda alerts: alert in alerts, "the arrival")
        self.phone.serve(alert)
        self.simulated.rest(0)
        seen = [at - wall - put_at for at in (welcome, name, phone)]
        return Tap(put_at, socket - put_at, seen[0], named_socket - put_at, seen[1], heard_at - put_at, seen[2])


def run(bench: Bench) -> list[Figure]:
    n, warm_up = bench.size(280, 10), bench.size(10, 3)
    bench.part("chromium")
    with ExitStack() as stack:
        simulated = stack.enter_context(chips(bench, 1))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, n + warm_up, associates=1)
        stack.callback(hub.stop)
        hub.start()
        kiosk = stack.enter_context(kiosk_at(bench, broker, hub.url, simulated.ports[0], cards=n + warm_up))
        door, phone, screen = stack.enter_context(pages(bench, kiosk, hub.url, "associate-0"))
        busy = QuietGate().wait()
        taps = _taps(bench, Front(simulated, door, phone, screen), n + warm_up)
        clocks = [door.ahead_s(), phone.ahead_s()]
        return list(_figures(_with_own(taps, kiosk.taken_up())[warm_up:], clocks, busy))


def _taps(bench: Bench, front: Front, n: int) -> list[Tap]:
    tell, taps = bench.tell("taps"), list[Tap]()
    for number in range(n):
        taps.append(front.tap(uid_of(number)))
        tell(number + 1, n)
    return taps


def _with_own(taps: Sequence[Tap], taken_up: Sequence[float]) -> list[Tap]:
    """With what the kiosk says of each: when it took the card up."""
    return [replace(tap, read=read - tap.put_at) for tap, read in zip(taps, taken_up, strict=True)]


def _figures(taps: Sequence[Tap], clocks: Sequence[tuple[float, float]], busy: float) -> Iterator[Figure]:
    notes = [NOTE_N.format(n=len(taps)), _clock_note(clocks), NOTE_PARTS]
    for what, moment, limit in (("welcome", "welcome", 60.0), ("name", "name", 120.0), ("associate's page", "phone", 200.0)):
        series = _series(f"tap -> {what}", [getattr(tap, moment) for tap in taps], busy)
        goal = Goal(f"tap -> {what} in Chromium, p95", series.p95, limit, unit="ms")
        yield Figure(f"card -> {what}", [series], [goal], notes if what == "welcome" else (), _layers(what, taps))


def _layers(what: str, taps: Sequence[Tap]) -> list[Layer]:
    """Medians of the differences between one moment and the next; they add up to nearly the median of the whole."""
    layers, before = [], [0.0] * len(taps)
    for name, moment in (("card and wire", "read"), ("rules, commit, screen's socket", "socket"), *WAYS[what]):
        now = [float(getattr(tap, moment)) for tap in taps]
        layers.append(Layer(name, statistics.median((b - a) * 1000 for a, b in zip(before, now, strict=True))))
        before = now
    return layers


def _clock_note(clocks: Sequence[tuple[float, float]]) -> str:
    ahead, error = max(clocks, key=lambda clock: abs(clock[0]))
    return (
        "The page's moment is performance.timeOrigin + performance.now() in a MutationObserver, the tap's is the machine's clock"
        f" in another process; after the run they differed by {abs(ahead) * 1000:.2f} ms (known to within {error * 1000:.2f} ms)."
        " A screen of 60 Hz adds up to 16.7 ms until the change is lit."
    )


def _series(name: str, seconds: Sequence[float], busy: float) -> Series:
    size = -(-len(seconds) // BLOCKS)
    blocks = [[one * 1000 for one in seconds[start : start + size]] for start in range(0, len(seconds), size)]
    return summary(name, "ms", blocks, busy)


STATION = Station("browser", "A tap seen in Chromium", run)
