"""Card in the field -> card id in Python: Shopbell's reader beside the floor and the usual drivers, on the simulated PN532."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender, Series, summary
from tests.bench.parts_chip import BAUD, Chips, chips
from tests.bench.parts_reader import STRANGER, Door
from tests.bench.peers.adafruit_reader import AdafruitReader
from tests.bench.peers.bare_reader import BareReader
from tests.bench.peers.nfcpy_reader import NfcpyReader
from tests.bench.station import Bench, PartMissing, Station

FLOOR, SHOPBELL, TIGHT = "floor", "Shopbell", "nfcpy, tight loop"
STRANGERS, CONNECT, ADAFRUIT = "Shopbell, a card nobody knows", "nfcpy, connect()", "Adafruit, as its README"
# Shopbell watches a card until it has gone, which takes some tenths of a second: while one door watches, the next is measured.
DOORS = 5
# After a read the session looks for a second card; this long, so that the next tap meets a quiet line.
SETTLE_S = 0.03
# Listing a card takes 11 bytes of command, 6 of acknowledgement, 22 of answer and 4.5 ms of radio: 7.9 ms at 86.8 us a byte,
# for a driver that asks after the card has come. With a chip that waits already only radio and answer are left.
RADIO_MS, PHASE_MS, ANSWER_BYTES = 4.5, 2.5, 22


Peer = TypeVar("Peer", NfcpyReader, AdafruitReader)


@dataclass(frozen=True)
class Entrance:
    """One of Shopbell's readers and the chip it drives, each in a process of its own."""

    chip: Chips
    door: Door


def run(bench: Bench) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        simulated = stack.enter_context(chips(bench, 4))
        entrances = [entrance(bench, number, stack) for number in range(DOORS)]
        for one in entrances:
            one.door.wait_up()
        members, strangers = uids("04"), uids(STRANGER)
        contenders = {FLOOR: floor(simulated, 0, members, stack), SHOPBELL: _shopbell(entrances, members)}
        tight = _opened(bench, TIGHT, lambda: NfcpyReader(simulated.ports[1]))
        if tight is not None:
            stack.callback(tight.close)
            contenders[TIGHT] = _tapping(simulated, 1, members, tight.card)
        n = bench.size(1_000, 30)
        series = bench.alternate("taps", contenders, n=n, blocks=10, warm_up=DOORS)
        asked = bench.size(80, 10)
        bench.say(f"a card nobody knows, {asked} taps ...")
        unknown = [taken * 1000 for taken in _shopbell(entrances, strangers)(asked)]
        others, lost = _few(bench, simulated, members)
    if tight is not None:
        lost[TIGHT] = tight.lost
    more = [summary(STRANGERS, "ms", [unknown]), *others]
    return [Figure("Card in the field to card id", [*series.values(), *more], _goals(series), _notes(series, lost))]


def entrance(bench: Bench, number: int, stack: contextlib.ExitStack) -> Entrance:
    """Started, and ended with the stack. number: of the door, for the chip's dice."""
    chip = stack.enter_context(chips(bench, 1, seed=100 + number))
    return Entrance(chip, stack.enter_context(contextlib.closing(Door(bench, chip.ports[0]))))


def _opened(bench: Bench, what: str, opens: Callable[[], Peer]) -> Peer | None:
    """None, and said so, where its package is not here."""
    try:
        return opens()
    except PartMissing as missing:
        bench.without(what, missing)
        return None


def _goals(series: Mapping[str, Series]) -> list[Goal]:
    floor, ours = series[FLOOR], series[SHOPBELL]
    goals = [
        Goal("card in the field -> card id, p50 / floor p50", ratio(ours, floor), 1.15),
        Goal("card in the field -> card id, p99 / floor's own p99", ratio(ours, floor, "p99"), 1.25),
    ]
    if TIGHT in series:
        what = "card in the field -> card id, p50 / nfcpy in a tight loop p50"
        goals.append(Goal(what, ratio(ours, series[TIGHT]), 0.7))
    return goals


def _notes(series: dict[str, Series], lost: dict[str, int]) -> list[str]:
    byte_ms = 10_000 / BAUD
    waiting = RADIO_MS + PHASE_MS + ANSWER_BYTES * byte_ms
    return [
        f"The pty of the simulated PN532 is paced to {BAUD:,} baud ({byte_ms * 1000:.1f} µs a byte, handed over in pieces of at"
        f" most eight as a UART does); to find a card with an id of 7 bytes takes {RADIO_MS} ms of radio, and the chip is at a"
        " random point of its 5 ms round when the card comes. Chip and driver are two processes. The chip's own computing time is"
        " unknown and counted as nothing.",
        f"Computed for a chip that is waiting already: {RADIO_MS} ms of radio + {PHASE_MS} ms mean phase + {ANSWER_BYTES} bytes"
        f" of answer = {waiting:.1f} ms, plus firmware time; the floor measured {series[FLOOR].p50:.1f} ms. A driver that asks"
        " only after the card has come needs 7.9 ms + phase + firmware time.",
        f"Shopbell is {DOORS} readers, each in a process as in a kiosk, tapped in turn, because each watches its card until it"
        " has gone. The card of a member is told at the first sight; a card nobody knows is looked at twice, and its memory is"
        " read.",
        "nfcpy's connect() looks every half second; the Adafruit driver asks for more bytes than come and waits out the port's"
        " 0.1 s. How often a driver raised for an acknowledgement that came late or not at all, and was asked again:"
        f" {', '.join(f'{name} {times}' for name, times in lost.items()) or 'neither is here'}. nfcpy asks the chip for"
        f" 921,600 baud; the line stays at {BAUD:,} for all: at the higher rate an eighth of its wire time would be left.",
    ]


def uids(maker: str) -> Callable[[], str]:
    """Another card each time: 7 bytes, of which the first names the maker of the chip (04: NXP)."""
    random = Random(maker)
    return lambda: f"{maker}{random.randrange(16**12):012X}"


def floor(simulated: Chips, chip: int, cards: Callable[[], str], stack: contextlib.ExitStack) -> Contender:
    """The driver that does nothing but wait in one listing. cards: the id of the next card."""
    reader = BareReader(simulated.ports[chip])
    stack.callback(reader.close)

    def tap() -> float:
        reader.look()
        return _tapped(simulated, chip, cards(), reader.card)

    return lambda n: [tap() for _ in range(n)]


def _tapped(simulated: Chips, chip: int, uid: str, card: Callable[[], str]) -> float:
    """One tap at a driver that blocks: seconds from the card's entering the field to its id."""
    simulated.put(chip, uid)
    found, at = card(), time.monotonic()
    assert found == uid, "another card was read than was put there"
    began = simulated.put_at()
    simulated.take(chip)
    return at - began


def _shopbell(entrances: Sequence[Entrance], uids: Callable[[], str]) -> Contender:
    def take(n: int) -> Sequence[float]:
        taken: list[float] = []
        while len(taken) < n:
            taken += _round(entrances[: n - len(taken)], uids)
        return taken

    return take


def _round(entrances: Sequence[Entrance], uids: Callable[[], str]) -> Iterator[float]:
    """One tap at each door, then all cards are gone."""
    for entrance in entrances:
        uid = uids()
        entrance.chip.put(0, uid)
        at, found = entrance.door.card()
        assert found == uid, "another card was read than was put there"
        yield at - entrance.chip.put_at()
        entrance.chip.take(0)
        time.sleep(SETTLE_S)
    for entrance in entrances:
        entrance.door.wait_gone()
    time.sleep(SETTLE_S)


def _tapping(simulated: Chips, chip: int, uids: Callable[[], str], card: Callable[[], str]) -> Contender:
    return lambda n: [_tapped(simulated, chip, uids(), card) for _ in range(n)]


def _few(bench: Bench, simulated: Chips, uids: Callable[[], str]) -> tuple[list[Series], dict[str, int]]:
    """The drivers that are many times slower: few taps, one block. Also how often each raised."""
    n, series, lost = bench.size(40, 6), list[Series](), dict[str, int]()
    bench.say(f"nfcpy's connect() and the Adafruit driver, {n} taps each ...")
    nfcpy = _opened(bench, CONNECT, lambda: NfcpyReader(simulated.ports[2]))
    if nfcpy is not None:
        with contextlib.closing(nfcpy):
            series.append(_block(CONNECT, _tapping(simulated, 2, uids, nfcpy.connected), n))
    adafruit = _opened(bench, ADAFRUIT, lambda: AdafruitReader(simulated.ports[3]))
    if adafruit is not None:
        with contextlib.closing(adafruit):
            series.append(_block(ADAFRUIT, _tapping(simulated, 3, uids, adafruit.card), n))
        lost[ADAFRUIT] = adafruit.lost
    return series, lost


def _block(name: str, take: Contender, n: int) -> Series:
    return summary(name, "ms", [[seconds * 1000 for seconds in take(n)]])


STATION = Station("reader", "A card in the field", run)
