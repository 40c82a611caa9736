"""Card in the field -> card id in Python: Shopbell's reader beside the floor and the usual drivers, on the simulated PN532."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender, Series, summary
from tests.bench.parts_chip import BAUD, Chips, chips
from tests.bench.parts_reader import STRANGER, Door
from tests.bench.peers.adafruit_reader import AdafruitReader
from tests.bench.peers.bare_reader import BareReader
from tests.bench.peers.nfcpy_reader import NfcpyReader
from tests.bench.station import Bench, Station

FLOOR, SHOPBELL, TIGHT = "floor", "Shopbell", "nfcpy, tight loop"
STRANGERS, CONNECT, ADAFRUIT = "Shopbell, a card nobody knows", "nfcpy, connect()", "Adafruit, as its README"
# Shopbell watches a card until it has gone, which takes some tenths of a second: while one door watches, the next is measured.
DOORS = 5
# After a read the session looks for a second card; this long, so that the next tap meets a quiet line.
SETTLE_S = 0.03
# Listing a card takes 11 bytes of command, 6 of acknowledgement, 22 of answer and 4.5 ms of radio: 7.9 ms at 86.8 us a byte,
# for a driver that asks after the card has come. With a chip that waits already only radio and answer are left.
RADIO_MS, PHASE_MS, ANSWER_BYTES = 4.5, 2.5, 22


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
        tight = stack.enter_context(contextlib.closing(NfcpyReader(simulated.ports[1])))
        contenders = {
            FLOOR: floor(simulated, 0, members, stack),
            SHOPBELL: _shopbell(entrances, members),
            TIGHT: lambda n: [_tapped(simulated, 1, members(), tight.card) for _ in range(n)],
        }
        n = bench.size(1_000, 30)
        series = bench.alternate("taps", contenders, n=n, blocks=10, warm_up=DOORS)
        unknown = [taken * 1000 for taken in _shopbell(entrances, strangers)(bench.size(80, 10))]
        others, raised = _few(bench, simulated, members)
    lost = {TIGHT: tight.lost, ADAFRUIT: raised}
    more = [summary(STRANGERS, "ms", [unknown]), *others]
    return [Figure("Card in the field to card id", [*series.values(), *more], _goals(series), _notes(series, lost))]


def entrance(bench: Bench, number: int, stack: contextlib.ExitStack) -> Entrance:
    """Started, and ended with the stack. number: of the door, for the chip's dice."""
    chip = stack.enter_context(chips(bench, 1, seed=100 + number))
    return Entrance(chip, stack.enter_context(contextlib.closing(Door(bench, chip.ports[0]))))


def _goals(series: dict[str, Series]) -> list[Goal]:
    floor, ours, tight = series[FLOOR], series[SHOPBELL], series[TIGHT]
    return [
        Goal("card in the field -> card id, p50 / floor p50", ratio(ours, floor), 1.15),
        Goal("card in the field -> card id, p99 / floor's own p99", ratio(ours, floor, "p99"), 1.25),
        Goal("card in the field -> card id, p50 / nfcpy in a tight loop p50", ratio(ours, tight), 0.7),
    ]


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
        f" 0.1 s. nfcpy raised {lost[TIGHT]} times and the Adafruit driver {lost[ADAFRUIT]} times for an acknowledgement that"
        " came late or not at all; both were asked again. nfcpy asks the chip for 921,600 baud; the line stays at"
        f" {BAUD:,} for all.",
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


def _few(bench: Bench, simulated: Chips, uids: Callable[[], str]) -> tuple[list[Series], int]:
    """The drivers that are many times slower: few taps, one block."""
    n = bench.size(40, 6)
    bench.say(f"{n} taps each for nfcpy's connect() and the Adafruit driver")
    with contextlib.closing(NfcpyReader(simulated.ports[2])) as nfcpy:
        connect = [_tapped(simulated, 2, uids(), nfcpy.connected) * 1000 for _ in range(n)]
    with contextlib.closing(AdafruitReader(simulated.ports[3])) as adafruit:
        readme = [_tapped(simulated, 3, uids(), adafruit.card) * 1000 for _ in range(n)]
    return [summary(CONNECT, "ms", [connect]), summary(ADAFRUIT, "ms", [readme])], adafruit.lost


STATION = Station("reader", "A card in the field", run)
