"""One arrival at the hub as the store grows: with 1,000 to 1,000,000 members, and with 1 to 100 associates on shift."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from edge.contracts import topics
from edge.contracts.card_id import card_token
from edge.contracts.envelope import encode
from edge.hub.store import sessions
from edge.hub.store.sessions import SignedIn
from edge.hub.store.times import now_of
from tests.bench.figures import Curve, Figure, Goal, ratio
from tests.bench.measure import Series, summary
from tests.bench.station import Bench, Station
from tests.support.hub import CARD_KEY, DOOR, STORE, HubBench

ON_SHIFT = 5
BETWEEN_S = 0.5
CHUNK = 50_000
# Memory for the pages of a file while it is filled, KiB.
FILLING_KIB = 256 * 1024
_MEMBER = "INSERT INTO members (store, member, name, call_me, greeting, rev) VALUES (?, ?, ?, ?, 'name', 0)"
_CARD = "INSERT INTO cards (store, card_id, member, state, seq) VALUES (?, ?, ?, 'active', ?)"
_LINE = (
    "INSERT INTO sale_lines (store, source, invoice, ordinal, sold_at, sold_on, product_code, description, quantity, unit_price,"
    " amount_minor, currency, member, line_kind) VALUES (?, 'till', ?, 1, '2026-10-02T10:00:00+00:00', '2026-10-02', ?,"
    " 'Bell, brass', 1, '2.55', 255, 'GBP', ?, 'sale')"
)
_NEWEST = "INSERT INTO hub_state (store, key, value) VALUES (?, 'directory', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
NOTES = [
    "One hub in this process with its real file (`synchronous=FULL`) and a notebook as broker. One arrival is: "
    "decoded, judged, filed with visit, alert and records for HQ in one commit, answered; then its alert is composed "
    "for each associate, handed over, and noted as told in a second commit. Every member has a card, a name and a "
    "receipt, and comes once; the smallest store has 30 more for the warm-up.",
]


def run(bench: Bench) -> list[Figure]:
    return [_over_members(bench), _over_associates(bench)]


def _over_members(bench: Bench) -> Figure:
    sizes = [1_000, bench.size(100_000, 10_000), bench.size(1_000_000, 100_000)]
    found = _measured(bench, {f"{size:,} members": (size, ON_SHIFT) for size in sizes})
    arrival = [series[0] for series in found.values()]
    goal = Goal(f"one arrival with {sizes[-1]:,} members / with {sizes[0]:,}, p50", ratio(arrival[-1], arrival[0]), 1.5)
    curve = Curve("One arrival, filed, answered and told", "members", "ms", sizes, [series.p50 for series in arrival])
    return Figure(f"One arrival, {ON_SHIFT} associates on shift", arrival, [goal], NOTES, curves=[curve])


def _over_associates(bench: Bench) -> Figure:
    numbers = [1, 10, 100]
    found = _measured(bench, {f"{number} on shift": (1_000, number) for number in numbers})
    whole, told = [series[0] for series in found.values()], [series[1] for series in found.values()]
    curves = [
        Curve("One arrival, filed, and everybody told", "associates on shift", "ms", numbers, [one.p50 for one in whole]),
        Curve("Of that telling them", "associates on shift", "ms", numbers, [one.p50 for one in told]),
    ]
    filed_and_told, telling = each_further(whole, numbers), each_further(told, numbers)
    notes = [
        f"Each further associate costs {filed_and_told * 1000:.0f} µs, {telling * 1000:.0f} µs of that to be told and the rest to"
        " be chosen and filed: differences of medians.",
    ]
    metric = "One arrival, 1,000 members, everybody on shift is told"
    return Figure(metric, [*whole, *told], [_further_goal(whole, numbers)], notes, curves=curves)


def each_further(series: Sequence[Series], numbers: Sequence[int]) -> float:
    """Pure. What one more associate adds, of medians: from the first number to the last."""
    return (series[-1].p50 - series[0].p50) / (numbers[-1] - numbers[0])


def _further_goal(whole: Sequence[Series], numbers: Sequence[int]) -> Goal:
    """That it does not grow out of hand: against an arrival that tells one."""
    share = each_further(whole, numbers) / whole[0].p50
    more = numbers[-1] - numbers[0]
    blocks = [(most.p50 / least.p50 - 1) / more for least, most in zip(whole[0].blocks, whole[-1].blocks, strict=True)]
    text = f"each further associate, filing and telling, {numbers[0]} to {numbers[-1]} on shift / an arrival with 1 on shift"
    return Goal(text, share, 0.05, spread=(min(blocks), max(blocks)))


def _measured(bench: Bench, stores: Mapping[str, tuple[int, int]]) -> dict[str, tuple[Series, Series]]:
    """By name of a store (members, associates on shift): the whole arrival, and of that the telling of associates."""
    n, warm_up = bench.size(1_000, 150), 30
    with contextlib.ExitStack() as stack:
        doors = {name: stack.enter_context(_door(bench, name, *size, n + warm_up)) for name, size in stores.items()}
        whole = bench.alternate("arrivals", {name: door.take for name, door in doors.items()}, n=n, warm_up=warm_up)
        told = {name: summary(f"{name}, of that telling them", "ms", door.told[1:]) for name, door in doors.items()}
    return {name: (whole[name], told[name]) for name in stores}


class _Door:
    """Where members of one hub arrive, each once. told: milliseconds of telling associates by block, warm-up first."""

    def __init__(self, hub: HubBench, members: Sequence[int], on_shift: int) -> None:
        self._hub, self._members, self._on_shift = hub, iter(members), on_shift
        self.told: list[list[float]] = []

    def take(self, n: int) -> Sequence[float]:
        """Seconds of each of n arrivals."""
        self.told.append([])
        return [self._arrive(next(self._members)) for _ in range(n)]

    def _arrive(self, number: int) -> float:
        hub = self._hub
        hub.clock.advance(BETWEEN_S)
        arrival = hub.arrival(member=_member(number), card_token=card_token(CARD_KEY, _card(number)))
        message = (topics.arrival(STORE, DOOR), encode(arrival))
        began = time.perf_counter()
        hub.hub.worker.take([message])
        filed = time.perf_counter()
        hub.hub.announcer.turn()
        ended = time.perf_counter()
        self.told[-1].append((ended - filed) * 1000)
        self._all_heard()
        return ended - began

    def _all_heard(self) -> None:
        """The answer and one alert for each associate, and nothing else, went out."""
        alerts = sum(topic.endswith("/alert") for topic, _ in self._hub.broker.sent)
        assert alerts == self._on_shift, f"{alerts} associates were told, not {self._on_shift}"
        self._hub.broker.sent.clear()


@contextlib.contextmanager
def _door(bench: Bench, name: str, members: int, on_shift: int, arrivals: int) -> Iterator[_Door]:
    """A hub with so many members, some of whom are about to come."""
    folder = bench.folder / name.replace(" ", "-")
    folder.mkdir()
    hub = HubBench(folder, idle_s=86_400)
    try:
        _fill(bench, hub, max(members, arrivals))
        for number in range(on_shift):
            _sign_in(hub, f"associate-{number}")
        hub.hub.announcer.turn()
        hub.broker.sent.clear()
        yield _Door(hub, Random(members).sample(range(max(members, arrivals)), arrivals), on_shift)
    finally:
        hub.close()


def _sign_in(hub: HubBench, name: str) -> None:
    """On shift, by the hub's own records: a hundred PINs through the web would say a hundred lines in the log."""
    hub.put_associate(name)
    now = now_of(hub.clock)
    session = SignedIn(f"session-of-{name}", name, "csrf", f"{STORE}.associate.{name}", now, now)
    with hub.hub.store.file.write() as connection:
        sessions.insert(connection, STORE, session)


def _fill(bench: Bench, hub: HubBench, members: int) -> None:
    """Straight into the hub's tables: a million members through the store's own doors would take minutes."""
    told = bench.tell("filling a store")
    with hub.hub.store.file.write() as connection:
        connection.execute(f"PRAGMA cache_size=-{FILLING_KIB}")
        for start in range(0, members, CHUNK):
            numbers = range(start, min(start + CHUNK, members))
            connection.executemany(_MEMBER, ((STORE, _member(n), f"Member {n}", f"Member {n}") for n in numbers))
            connection.executemany(_CARD, ((STORE, _card(n), _member(n), n + 1) for n in numbers))
            connection.executemany(_LINE, ((STORE, f"{n:08d}", f"P{n % 5_000:04d}", _member(n)) for n in numbers))
            told(numbers.stop, members)
        connection.execute(_NEWEST, (STORE, members))
    hub.restart()  # with the cache a hub has


def _member(number: int) -> str:
    return f"m-{number:08d}"


def _card(number: int) -> str:
    return f"nfc:04{number:012X}"


STATION = Station("growth", "What one arrival costs as the store grows", run)
