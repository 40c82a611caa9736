"""The state table of a PN532: in each step one command, how long its answer may take, and what comes next. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from firmware_bridge.wire.pn532_answers import (
    ENDLESS,
    RAM_TEST,
    ROM_TEST,
    Command,
    diagnose,
    get_firmware_version,
    in_list_passive_target,
    in_release,
    rf_field,
    rf_max_retries,
    sam_configuration,
    set_parameters,
)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, each with its reason.

    drain: after waking, bytes are thrown away; a chip asked by a process that was killed still sends the old answer
        (esphome#3823), at 115200 baud the longest frame takes 24 ms and a USB adapter holds it back for 16 ms more.
    first_ack: nfcpy waits 1500 ms on a Raspberry Pi, whose USB delays the first bytes of a serial adapter by up to 1 s.
    ack: the chip owes it within 15 ms and nfcpy allows 100 ms; on a machine with five times the load it can carry, stalls of
        380 ms were seen.
    answer: configuration answers come within some ms; nfcpy allows 100 ms, the rest is again for stalls.
    listing: three attempts in the chip take some 30 ms.
    exchange: a question to the card; the chip itself gives up after 51 ms, an ISO-DEP card may ask for more time.
    dialogue: for all questions to one card together; an honest one takes a fifth of that, and one that gives a byte an answer
        must not keep the reader from everybody else.
    doubt: after a new start, in which a card seen once must be found again; the longest start takes a second and a half.
    self_test: of ROM and RAM; not documented, and it happens once.
    liveness: a waiting chip looks exactly like a dead one, so it is asked (nfcpy#63, five projects with silent readers). Where
        its answer that a card came was lost on the line, nobody is read until then: 10 s, as is usual, cost three of ten cards
        that lay there for 3 s in the campaign of faults, 2 s one of forty. The question takes 4 ms.
    rest: between two looks at a card that lies there; ten a second cost nothing and notice a departure in half a second.
    quiet: a damaged exchange is repeated when the line has been still for longer than an adapter's 16 ms.
    partial: the longest frame (24 ms) plus the adapter's 16 ms, doubled.
    """

    drain: float = 0.05
    first_ack: float = 1.5
    ack: float = 0.5
    answer: float = 0.5
    listing: float = 0.5
    exchange: float = 1.0
    dialogue: float = 2.0
    self_test: float = 1.0
    doubt: float = 2.0
    liveness: float = 2.0
    rest: float = 0.1
    quiet: float = 0.02
    partial: float = 0.08


# A PN532 that got only half of a soft reset needs a second start (esphome#3281); a third is for the cable.
START_TRIES = 3
# Repeats of one damaged exchange before everything starts anew.
REPEATS = 3
# Further attempts of a finite listing. One is not enough: a selected card spends the first request on leaving that state.
RETRIES_WHILE_PRESENT = 2


class Step(Enum):
    """Where the session is."""

    WAKE = "wake"
    VERSION = "version"
    ROM = "rom"
    RAM = "ram"
    SAM = "sam"
    FIELD_RESET = "field reset"
    PARAMETERS = "parameters"
    RELEASE = "release"
    WAIT = "wait"
    POLL = "poll"
    ALIVE = "alive"
    LIMIT = "limit"
    OPENING = "opening"
    COUNT = "count"
    ASK = "ask"
    FIELD_OFF = "field off"
    CLOSING = "closing"
    REST = "rest"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Row:
    """state: what a technician calls it. command: sent on entering, or None for a pause. after: which step follows a good
    answer, or None where the answer decides. allows: the field of Timing for the answer, or for the pause."""

    state: str
    command: Command | None
    allows: str
    after: Step | None


TABLE: dict[Step, Row] = {
    Step.WAKE: Row("waking", None, "drain", Step.VERSION),
    Step.VERSION: Row("checking", get_firmware_version(), "answer", Step.SAM),
    Step.SAM: Row("configuring", sam_configuration(), "answer", Step.ROM),
    Step.ROM: Row("checking", diagnose(ROM_TEST), "self_test", Step.RAM),
    Step.RAM: Row("checking", diagnose(RAM_TEST), "self_test", Step.FIELD_RESET),
    # A card that lies there from before hears us again.
    Step.FIELD_RESET: Row("configuring", rf_field(False), "answer", Step.PARAMETERS),
    Step.PARAMETERS: Row("configuring", set_parameters(), "answer", None),
    Step.RELEASE: Row("configuring", in_release(), "answer", Step.WAIT),
    # From here the chip itself looks for a card, without end and without a byte on the line. It is asked for one card:
    # asked for two, it may go on looking for the second and say nothing (NXP community, thread 481864).
    Step.WAIT: Row("configuring", rf_max_retries(ENDLESS), "answer", Step.POLL),
    Step.POLL: Row("polling", in_list_passive_target(1), "liveness", None),
    # No card for a while: a new command ends the listing, and its answer shows that the chip lives.
    Step.ALIVE: Row("polling", get_firmware_version(), "answer", Step.POLL),
    # A card came. Listings now end by themselves; the first of them looks for a second card, and opens one with files.
    Step.LIMIT: Row("present", rf_max_retries(RETRIES_WHILE_PRESENT), "answer", None),
    Step.OPENING: Row("present", set_parameters(automatic_rats=True), "answer", Step.COUNT),
    Step.COUNT: Row("present", in_list_passive_target(2), "listing", None),
    # Its memory: the card's own questions, see contents.py.
    Step.ASK: Row("present", None, "exchange", None),
    # An opened card hears no listing any more; without the field it forgets that, and the next listing switches the field on.
    Step.FIELD_OFF: Row("present", rf_field(False), "answer", None),
    Step.CLOSING: Row("present", set_parameters(), "answer", None),
    Step.REST: Row("present", None, "rest", Step.CHECK),
    Step.CHECK: Row("present", in_list_passive_target(1), "listing", None),
}
SELF_TESTS = frozenset({Step.ROM, Step.RAM})
LISTINGS = frozenset({Step.POLL, Step.COUNT, Step.CHECK})
