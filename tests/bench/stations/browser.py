"""Card in the field -> changed page in a real Chromium: the welcome, the name, and the associate's phone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench import ways
from tests.bench.figures import Figure, Goal
from tests.bench.machine import QuietGate
from tests.bench.measure import Series, summary
from tests.bench.parts_chip import Chips, chips
from tests.bench.parts_screen import Screen
from tests.bench.parts_shop import Page, Phone, kiosk_at, pages
from tests.bench.parts_store import Hub, store_broker
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench, Station

BLOCKS = 5
NOTE_DOOR = (
    "A tap occupies the door for half a second, until the reader has seen the card go, and each member is welcomed once. Real"
    " processes: the simulated PN532 paced to 115,200 baud with radio time and a random polling phase, the kiosk, Mosquitto, the"
    " hub, and one Chromium with the kiosk's screen and the app of an associate who is signed in."
)
NOTE_PARTS = (
    "Parts: medians of the differences between the stamps of all processes, on one clock: the card enters the field, the reader"
    " delivers it, and so on as in the station `welcome`; a process that follows the screen's stream, or a plain MQTT client"
    " beside the phone, has the bytes; the page has changed. Kiosk, broker, hub and a Chromium that draws in software share the"
    " cores here; in a store they do not."
)
_CARD = (ways.Hop("bench.card"), ways.Hop(ways.FIRST, "reader", "field, radio, wire, driver", ways.WIRE))
# What the page shows -> the way there. Of the alert only the first telling: the same tap's alert is claimed and served later.
WAYS: Mapping[str, ways.Way] = {
    "welcome": (*_CARD, *ways.TO_WELCOME[1:], ways.Hop("bench.page welcome", "Chromium", "stream, page", ways.BROWSER)),
    "name": (*_CARD, *ways.TO_NAME[1:], ways.Hop("bench.page name", "Chromium", "stream, page", ways.BROWSER)),
    "associate's page": (
        *_CARD,
        *(hop for hop in ways.TO_ALERT[1:] if not hop.last),
        ways.Hop("bench.page associate's page", "Chromium", "WebSocket, page", ways.BROWSER),
    ),
}
LIMITS_MS = {"welcome": 60.0, "name": 120.0, "associate's page": 200.0}
Moments = dict[str, float]


@dataclass(frozen=True)
class Front:
    """The door's card reader, the pages in Chromium, and the screen's stream."""

    simulated: Chips
    door: Page
    phone: Phone
    screen: Screen

    def tap(self, uid: str) -> Moments:
        """One member comes in, is greeted by name and served; returns when the door is free again.

        Moments in seconds on the monotonic clock. card: it entered the field. welcome, name: the bytes were at a process that
        follows the screen's stream. told: a plain MQTT client had the alert. page ...: the page had changed.
        """
        self.door.forget()
        self.phone.forget()
        self.screen.drain()
        heard = len(self.phone.colleague.alerts)
        wall = time.time() - time.monotonic()
        self.simulated.put(0, uid)
        welcome, name = self.screen.greeted()
        card = self.simulated.put_at()
        self.simulated.take(0)
        alert, told = self.phone.heard(heard)
        shown = {
            "welcome": self.door.when(lambda scene: scene in ("welcome", "by_name"), "the welcome"),
            "name": self.door.when(lambda scene: scene == "by_name", "the name"),
            "associate's page": self.phone.when(lambda alerts: alert in alerts, "the arrival"),
        }
        self.phone.serve(alert)
        self.simulated.rest(0)
        on_pages = {f"page {what}": at - wall for what, at in shown.items()}
        return {"card": card, "welcome": welcome, "name": name, "told": told, **on_pages}


def run(bench: Bench) -> list[Figure]:
    n, warm_up = bench.size(1_000, 10), bench.size(10, 3)
    bench.part("chromium")
    with ExitStack() as stack:
        simulated = stack.enter_context(chips(bench, 1))
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, n + warm_up, associates=1, trail=True)
        stack.callback(hub.stop)
        hub.start()
        kiosk = stack.enter_context(kiosk_at(bench, broker, hub.url, simulated.ports[0], cards=n + warm_up))
        door, phone, screen = stack.enter_context(pages(bench, kiosk, hub.url, "associate-0"))
        busy = QuietGate().wait()
        taps = _taps(bench, Front(simulated, door, phone, screen), n + warm_up)
        marks = ways.of_taps({"kiosk": kiosk.trail(), "hub": hub.trail()}, taps)
        clocks = [door.ahead_s(), phone.ahead_s()]
        return list(_figures(taps[warm_up:], marks[warm_up:], clocks, busy))


def _taps(bench: Bench, front: Front, n: int) -> list[Moments]:
    tell, taps = bench.tell("taps"), list[Moments]()
    for number in range(n):
        taps.append(front.tap(uid_of(number)))
        tell(number + 1, n)
    return taps


def _figures(
    taps: Sequence[Moments], marks: Sequence[ways.Marks], clocks: Sequence[tuple[float, float]], busy: float
) -> Iterator[Figure]:
    notes = [NOTE_DOOR, _clock_note(clocks), NOTE_PARTS]
    for what, limit in LIMITS_MS.items():
        series = _series(f"tap -> {what}", [tap[f"page {what}"] - tap["card"] for tap in taps], busy)
        p95 = [block.p95 for block in series.blocks]
        goal = Goal(f"tap -> {what} in Chromium, p95", series.p95, limit, unit="ms", spread=(min(p95), max(p95)))
        hops_ms = ways.hops_ms(WAYS[what], marks)
        layers, profile = ways.layers(WAYS[what], hops_ms), ways.profile(WAYS[what], hops_ms)
        yield Figure(f"card -> {what}", [series], [goal], notes if what == "welcome" else (), layers, profile=profile)


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
