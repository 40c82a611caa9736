"""Pure. The way of one tap, hop by hop: from the stamps of all processes to the time each hop takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.bench.figures import Layer, Share
from tests.bench.trail import Stamp

# What the stacked bars call the parts; the same words in every bar.
WIRE, RULES, COMMITS, FILING = "card and wire", "kiosk's rules", "commits (disk's sync)", "hub's rules and filing"
THREADS, SCREEN, BROWSER = "threads, network and broker", "screen's socket", "browser"
FIRST = "kiosk.delivered"


@dataclass(frozen=True)
class Hop:
    """mark: PROCESS.HOP as it is stamped. process, part: where the time before this mark was spent, and on what; layer: its
    name in the bar. last: of several such stamps of one tap the last counts.
    """

    mark: str
    process: str = ""
    part: str = ""
    layer: str = ""
    last: bool = False


_TO_COMMIT = (
    Hop(FIRST),
    Hop("kiosk.taken", "kiosk", "the tap waits for the door's thread", THREADS),
    Hop("kiosk.begun", "kiosk", "transaction begins, once the file's other writer is done", RULES),
    Hop("kiosk.decided", "kiosk", "card's hash, member, rules", RULES),
    Hop("kiosk.written", "kiosk", "rows of visit and outbox", RULES),
    Hop("kiosk.committed", "kiosk", "commit with FULL: the disk's sync", COMMITS),
    Hop("kiosk.shown", "kiosk", "from the commit to the screen", RULES),
)
TO_WELCOME = (*_TO_COMMIT, Hop("bench.welcome", "kiosk", "stream's thread, web server, socket", SCREEN))
_TO_HUB = (
    *_TO_COMMIT,
    Hop("kiosk.woken", "kiosk", "the screens are drawn first", SCREEN),
    Hop("kiosk.published", "kiosk", "link's thread: wakes, finds what waits, stamps it", THREADS),
    Hop("kiosk.writes", "kiosk", "network thread wakes", THREADS),
    Hop("hub.received", "Mosquitto, hub", "broker; hub's network thread wakes and reads", THREADS),
    Hop("hub.taken", "hub", "ingest thread wakes", THREADS),
    Hop("hub.begun", "hub", "decoded and checked; transaction begins", FILING),
    Hop("hub.filed", "hub", "judged, filed: visit, alert, records for HQ", FILING),
    Hop("hub.committed", "hub", "commit with FULL: the disk's sync", COMMITS),
)
TO_NAME = (
    *_TO_HUB,
    Hop("hub.answered", "hub", "answer composed", FILING),
    Hop("hub.writes", "hub", "network thread wakes", THREADS),
    Hop("kiosk.answered", "Mosquitto, kiosk", "broker; kiosk's network thread wakes and reads", THREADS),
    Hop("kiosk.read", "kiosk", "link's thread wakes", THREADS),
    Hop("kiosk.greeted", "kiosk", "door's thread wakes", THREADS),
    Hop("kiosk.completed", "kiosk", "words with the name", RULES),
    Hop("bench.name", "kiosk", "stream's thread, web server, socket", SCREEN),
)
TO_ALERT = (
    *_TO_HUB,
    Hop("hub.announcing", "hub", "answer handed over; announcer's thread wakes", THREADS),
    Hop("hub.alerted", "hub", "first alert read and composed", FILING),
    Hop("hub.alerted", "hub", "every other associate's alert composed", FILING, last=True),
    Hop("bench.told", "Mosquitto, clients", "network thread, broker, the last client", THREADS),
)
TO_SCREENS = (
    Hop("bench.posted"),
    Hop("kiosk.asked", "kiosk", "web server reads the request; one of its threads wakes", THREADS),
    Hop("kiosk.spoken", "kiosk", "Flask, guard, the act is read", RULES),
    Hop("kiosk.composed", "kiosk", "the first stream's thread wakes", THREADS),
    Hop("kiosk.composed", "kiosk", "the other streams' threads, one after the other", THREADS, last=True),
    Hop("bench.shown", "kiosk", "web server, sockets, the last screen", SCREEN),
)
Way = Sequence[Hop]
Marks = Sequence[tuple[str, float]]


def of_events(trails: Mapping[str, Iterable[Stamp]], bench: Sequence[Mapping[str, float]]) -> list[Marks]:
    """The same of what the bench itself began: an event's marks are those from its first moment to the next one's."""
    every = sorted(((f"{process}.{one.hop}", one.at) for process, stamps in trails.items() for one in stamps), key=_at)
    begins = [min(seen.values()) for seen in bench]
    found = []
    for seen, begin, end in zip(bench, begins, [*begins[1:], float("inf")], strict=True):
        own = [(f"bench.{name}", at) for name, at in seen.items()]
        found.append(sorted([*(mark for mark in every if begin <= mark[1] < end), *own], key=_at))
    return found


def of_taps(trails: Mapping[str, Iterable[Stamp]], bench: Sequence[Mapping[str, float]]) -> list[Marks]:
    """The marks of each tap, in time. trails: process -> its stamps. bench: what the bench itself saw of each tap, in order.

    A tap's marks are those from its card's delivery to the next one's. Raises AssertionError where the taps do not match.
    """
    every = sorted(((f"{process}.{one.hop}", one.at) for process, stamps in trails.items() for one in stamps), key=_at)
    starts = [index for index, (mark, _) in enumerate(every) if mark == FIRST]
    assert len(starts) == len(bench), f"{len(bench)} taps were made and {len(starts)} were stamped"
    parts = [every[begin:end] for begin, end in pairwise([*starts, len(every)])]
    own = [[(f"bench.{name}", at) for name, at in seen.items()] for seen in bench]
    return [sorted([*part, *seen], key=_at) for part, seen in zip(parts, own, strict=True)]


def moments(way: Way, marks: Marks) -> list[float] | None:
    """When each hop of the way was; None for a tap that went another way.

    Of several stamps of one name the first counts that is not before the hop before. The bench's own moments are one of each, and
    two processes get their bytes side by side, so that these may come before each other.
    """
    found: list[float] = []
    for hop in way:
        single = hop.mark.startswith("bench.")
        later = [at for mark, at in marks if mark == hop.mark and (single or not found or at >= found[-1])]
        if not later:
            return None
        found.append(later[-1] if hop.last else later[0])
    return found


def hops_ms(way: Way, taps: Sequence[Marks]) -> list[float]:
    """Milliseconds of each hop but the first: medians over the taps that went the whole way. Raises AssertionError for none."""
    whole = [found for marks in taps if (found := moments(way, marks)) is not None]
    assert whole, f"not one of {len(taps)} taps went by {', '.join(hop.mark for hop in way)}"
    return [statistics.median((found[hop + 1] - found[hop]) * 1000 for found in whole) for hop in range(len(way) - 1)]


def longest(way: Way, marks: Marks) -> tuple[Hop, float] | None:
    """Of one tap: the hop that took longest, and its milliseconds; None where it went another way."""
    found = moments(way, marks)
    if found is None:
        return None
    return max(((hop, (b - a) * 1000) for hop, (a, b) in zip(way[1:], pairwise(found), strict=True)), key=lambda one: one[1])


def profile(way: Way, ms: Sequence[float]) -> list[Share]:
    """Each hop as a share of their sum, in the order of the way."""
    return [Share(hop.process, hop.part, one / sum(ms), one) for hop, one in zip(way[1:], ms, strict=True)]


def layers(way: Way, ms: Sequence[float]) -> list[Layer]:
    """The hops put together as the stacked bar draws them."""
    sums: dict[str, float] = {}
    for hop, one in zip(way[1:], ms, strict=True):
        sums[hop.layer] = sums.get(hop.layer, 0.0) + one
    return [Layer(name, one) for name, one in sums.items()]


def takes(p50: float, limit: float, layers: Mapping[str, float], fewer: str) -> str | None:
    """What it would take to come from p50 to the limit (ms), said from the layers; None where it is met.

    fewer: how the same could be done with fewer hand-overs, and why it is not.
    """
    if p50 <= limit:
        return None
    commits = layers.get(COMMITS, 0.0)
    fixed = commits + layers.get(THREADS, 0.0)
    said = ", ".join(f"{name} {ms:.2f}" for name, ms in sorted(layers.items(), key=lambda one: -one[1]))
    begin = f"To meet the goal, {p50:.2f} ms would have to become {limit:.2f} ms. Now (ms): {said}. "
    if commits >= limit:
        return begin + (
            "The commits alone take longer: with synchronous=FULL it cannot be met on this disk, whatever else is saved."
        )
    ways_alone = "commits and the ways between threads and processes" if commits else "the ways between threads"
    if fixed >= limit:
        return begin + (
            f"Without any rule, filing and screen, {ways_alone} would still be {fixed:.2f} ms, so it takes fewer hand-overs, not"
            f" faster rules: {fewer}"
        )
    return begin + (
        f"With {ways_alone} as they are ({fixed:.2f} ms), rules, filing and screen would have to fit into {limit - fixed:.2f} ms;"
        f" now they take {sum(layers.values()) - fixed:.2f} ms."
    )


def _at(mark: tuple[str, float]) -> float:
    return mark[1]
