"""Session and simulated chip joined by a good or a bad line, in virtual time: hours pass in a moment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import CardGone, CardRead, ReaderState
from firmware_bridge.session.arrival import Arrival
from firmware_bridge.session.presence import Sight
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.kinds import card_of_kind, card_with
from firmware_bridge.wire.pn532_answers import Target
from firmware_bridge.wire.pn532_frame import command_frame
from tests.support.reader import Duet
from tests.support.slow_card import LateAir, address_behind, dawdler

SEVEN, FOUR, TEN, PHONE = "04A2B3C4D5E6F7", "11223344", "04112233445566778899", "08AABBCC"


def gone(duet: Duet) -> list[CardGone]:
    return [event for event in duet.events if isinstance(event, CardGone)]


@pytest.mark.parametrize("uid", [SEVEN, FOUR, TEN, PHONE, "F0112233", "04000000000000", "FFFFFFFF"])
def test_a_tap_is_one_read_then_gone(uid: str) -> None:
    duet = Duet()
    duet.tap(1.0, uid)
    duet.run(5.0)
    assert duet.tale == [f"read {uid}{' random' if uid.startswith('08') else ''}", "gone"]


@pytest.mark.parametrize("hold_s", [0.02, 0.1, 0.35, 0.6, 5.0, 60.0])
def test_however_long_it_lies_there_it_is_one_read(hold_s: float) -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, hold_s)
    duet.run(hold_s + 3.0)
    assert duet.reads == [SEVEN]
    (departure,) = gone(duet)
    assert hold_s - 0.15 <= departure.held_s <= hold_s
    assert departure.monotonic <= 1.0 + hold_s + 0.5


@pytest.mark.parametrize("moment", [0.0, 0.03, 0.05, 1.0, 1.999, 2.05, 2.0501, 20.0, 59.9])
def test_whenever_it_comes_it_is_read_at_once(moment: float) -> None:
    duet = Duet()
    duet.tap(moment, SEVEN)
    duet.run(moment + 3.0)
    (read,) = [event for event in duet.events if isinstance(event, CardRead)]
    assert read.monotonic - moment <= 0.06  # the slowest is a card that lies there at the start


def test_two_taps_are_two_reads() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN)
    duet.tap(3.0, SEVEN)
    duet.tap(5.0, FOUR)
    assert duet.run(8.0).tale == [f"read {SEVEN}", "gone", f"read {SEVEN}", "gone", f"read {FOUR}", "gone"]


def test_a_hand_that_shakes_is_one_tap() -> None:
    duet = Duet()
    for tenth in range(10):
        duet.tap(1.0 + tenth * 0.3, SEVEN, 0.2)
    assert duet.run(8.0).tale == [f"read {SEVEN}", "gone"]


@pytest.mark.parametrize("uids", [(SEVEN, FOUR), (FOUR, TEN), (PHONE, SEVEN), ("08112233", "08445566")])
def test_two_cards_are_trouble(uids: tuple[str, str]) -> None:
    duet = Duet()
    for uid in uids:
        duet.tap(1.0, uid, 2.0)
    assert duet.run(6.0).tale == ["trouble two_cards"]


@pytest.mark.parametrize("first", [SEVEN, FOUR])
def test_of_two_cards_the_one_that_is_known_is_read_once(first: str) -> None:
    duet = Duet(known=lambda value: value == SEVEN)
    for uid in (first, SEVEN, FOUR):
        duet.tap(1.0, uid, 4.0)
    assert duet.run(8.0).tale == [f"read {SEVEN}", "gone"]


def test_two_cards_that_are_both_known_are_trouble_only_when_neither_was_told() -> None:
    """The first is told at its first sight: whose is the second, its owner will say."""
    duet = Duet(known=lambda value: value in (SEVEN, TEN))
    for uid in (FOUR, SEVEN, TEN):
        duet.tap(1.0, uid, 2.0)
    assert duet.run(6.0).tale == [f"read {SEVEN}", "gone"]  # the chip lists two; one of them is known


def test_a_known_card_beside_another_is_asked_for_its_files() -> None:
    duet = Duet(known=lambda value: value == SEVEN)
    card, _ = card_of_kind(f"type4@{SEVEN}=https://a.b/c")
    duet.tap(1.0, FOUR, 2.0)
    duet.at(1.0, lambda: duet.chip.field.place(card, 3.0))
    duet.run(6.0)
    (read,) = [event for event in duet.events if isinstance(event, CardRead)]
    assert (read.value, read.evidence) == (SEVEN, "uri:https://a.b/c")


def test_a_card_that_gives_a_byte_an_answer_keeps_nobody_waiting() -> None:
    """After two seconds its id must do, and the next card is read as ever."""
    duet = Duet(chip=Chip(air=LateAir()))
    duet.at(1.0, lambda: duet.chip.field.place(dawdler(bytes.fromhex(SEVEN), address_behind(500)), 4.0))
    duet.tap(5.0, FOUR)
    duet.run(8.0)
    slow, quick = [event for event in duet.events if isinstance(event, CardRead)]
    assert (slow.value, slow.evidence, quick.value) == (SEVEN, None, FOUR)
    assert 2.0 < slow.monotonic - 1.0 < 2.2
    assert duet.failures == []


def test_a_misread_does_not_take_the_place_of_a_known_card() -> None:
    """An ISO-DEP card that is known is listed again to be opened; damage in that listing must not become somebody."""
    known = Arrival(known=lambda value: value == SEVEN)
    target = Target(1, b"\x03\x44", 0x20, bytes.fromhex(SEVEN))
    assert not known.came(Sight((target,)))
    misread = replace(target, uid=bytes.fromhex("04A2B3C4D5E5F8"))
    assert [known.looked(Sight((misread,))) for _ in range(2)] == ["look", "tell"]
    told = known.tell()
    assert told is not None
    assert told.ids == {SEVEN}


def test_when_one_of_two_is_taken_away_the_other_is_read() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, 1.0)
    duet.tap(1.0, FOUR, 4.0)
    assert duet.run(8.0).tale == ["trouble two_cards", f"read {FOUR}", "gone"]


def test_a_card_held_against_the_one_lying_there_changes_nothing() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, 5.0)
    duet.tap(2.0, FOUR, 1.0)
    assert duet.run(9.0).tale == [f"read {SEVEN}", "gone"]


def test_a_card_that_takes_the_place_of_another_is_read() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, 1.0)
    duet.tap(2.0, FOUR, 1.0)
    assert duet.run(6.0).tale == [f"read {SEVEN}", "gone", f"read {FOUR}", "gone"]


def test_a_phone_that_changes_its_id_all_the_time_is_one_read() -> None:
    duet = Duet()
    for step in range(40):
        duet.tap(1.0 + step * 0.1, f"08{step:06X}", 0.1)
    assert [tale.split()[0] for tale in duet.run(9.0).tale] == ["read", "gone"]


def test_a_day_of_nobody_costs_one_question_every_two_seconds() -> None:
    duet = Duet()
    duet.run(24 * 3600.0)
    assert [type(event) for event in duet.events] == [ReaderState]
    assert len(duet.sent) <= 2 * 24 * 1800 + 10
    assert duet.failures == []


def test_a_card_forgotten_on_the_reader_for_an_hour_is_one_read() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, 3600.0)
    duet.run(3600.0 + 10)
    assert duet.reads == [SEVEN]
    assert len(gone(duet)) == 1


def test_three_thousand_taps_are_three_thousand_reads() -> None:
    duet = Duet()
    uids = [f"04{number:012X}" for number in range(3_000)]
    for number, uid in enumerate(uids):
        duet.tap(1.0 + number * 1.2, uid, 0.3)
    duet.run(1.0 + len(uids) * 1.2 + 2)
    assert duet.reads == uids
    assert len(gone(duet)) == len(uids)


@pytest.mark.parametrize("seed", range(8))
def test_a_split_line_reads_every_card(seed: int) -> None:
    duet = Duet(seed)
    duet.line.set("split", 0.0, None)
    for number in range(10):
        duet.tap(1.0 + number * 2, f"04{number:012X}")
    duet.run(25.0)
    assert duet.reads == [f"04{number:012X}" for number in range(10)]


@pytest.mark.parametrize("seed", range(8))
def test_noise_makes_no_card_and_stops_none(seed: int) -> None:
    duet = Duet(seed)
    for second in range(1, 60):
        duet.at(second * 1.0, lambda second=second: duet.line.set("noise", float(second), None))  # type: ignore[misc]  # default argument
    duet.tap(30.5, SEVEN, 2.0)
    duet.run(62.0)
    assert duet.reads == [SEVEN]
    assert duet.failures == []


@pytest.mark.parametrize("fault", ["corrupt", "half", "silence"])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0, 30.0])
def test_after_a_bad_line_cards_are_read_again(fault: str, seconds: float) -> None:
    duet = Duet()
    duet.at(2.0, lambda: duet.line.set(fault, 2.0, seconds))  # type: ignore[arg-type]  # parametrised text
    for number in range(10):
        duet.tap(3.0 + number * 0.5, f"04{number:012X}", 0.3)
    duet.tap(2.0 + seconds + 20.0, SEVEN, 1.0)
    duet.run(2.0 + seconds + 24.0)
    assert duet.reads[-1] == SEVEN
    assert all(read.startswith("0400000000") for read in duet.reads[:-1])


def test_a_card_on_the_reader_through_a_silent_minute_of_faults_is_not_read_again() -> None:
    duet = Duet()
    duet.tap(1.0, SEVEN, 12.0)
    duet.at(3.0, lambda: duet.line.set("silence", 3.0, 4.0))
    duet.run(20.0)
    assert duet.tale == [f"read {SEVEN}", "held", "gone"]
    assert duet.failures  # it was given up and opened again in between


def test_a_silent_reader_is_given_up_within_seconds_and_comes_back() -> None:
    duet = Duet()
    duet.at(5.0, lambda: duet.line.set("silence", 5.0, 60.0))
    duet.tap(80.0, SEVEN)
    duet.run(85.0)
    assert set(duet.failures) == {"reader_stopped", "reader_silent"}
    assert duet.reads == [SEVEN]


def test_a_chip_that_lost_power_is_set_up_again() -> None:
    duet = Duet()

    def brown_out() -> None:
        duet.chip = Chip(duet.chip.field)  # forgets the listing under way; answers nothing to it

    duet.at(3.0, brown_out)
    duet.tap(14.0, SEVEN)
    assert duet.run(18.0).reads == [SEVEN]


def left_by_another(state: str) -> Chip:
    """A chip as a process that was killed can leave it."""
    chip = Chip()
    said = {
        "asleep": ["16 20 00"],
        "listing without end": ["32 05 FF 01 FF", "4A 01 00"],
        "looking for another kind of card": ["4A 01 01 00 00 00 00 00"],
        "asked for two": ["4A 02 00"],
        "a card opened": ["12 10", "4A 01 00"],
        "a card asked": ["12 10", "4A 01 00", "40 01 00 A4 04 00 07 D2 76 00 00 85 01 01 00"],
        "in half a command": [],
        "refused": ["77"],
    }[state]
    if "a card" in state:
        chip.field.place(card_of_kind(f"type4@{SEVEN}=https://a.b/c")[0], None)
    for command in said:
        octets = bytes.fromhex(command)
        chip.received(command_frame(octets[0], octets[1:]), 0.0)
    if state == "in half a command":
        chip.received(command_frame(0x40, bytes(30))[:20], 0.0)
    return chip


LEFT = [
    "asleep",
    "listing without end",
    "looking for another kind of card",
    "asked for two",
    "a card opened",
    "a card asked",
    "in half a command",
    "refused",
]


@pytest.mark.parametrize("state", LEFT)
def test_whatever_state_a_process_before_us_left_the_chip_in_it_is_up_at_once_and_reads(state: str) -> None:
    duet = Duet(chip=left_by_another(state))
    duet.run(1.5)
    assert any(isinstance(event, ReaderState) and event.up for event in duet.events)
    assert duet.failures == []
    duet.chip.field.take()
    duet.tap(3.0, SEVEN)
    duet.run(6.0)
    assert duet.reads[-1:] == [SEVEN]
    assert duet.presence.holding is False


def test_a_chip_put_to_sleep_by_another_program_is_woken() -> None:
    duet = Duet()
    asleep = Chip()
    asleep.received(bytes.fromhex("0000ff04fcd41620 00f600"), 0.0)
    duet.at(3.0, lambda: setattr(duet, "chip", asleep))
    duet.at(14.0, lambda: asleep.field.place(card_with(bytes.fromhex(SEVEN)), 15.0))
    assert duet.run(18.0).reads == [SEVEN]


faults = st.sampled_from(["clean", "split", "silence", "noise", "corrupt", "half"])
plans = st.lists(st.tuples(st.floats(0.0, 60.0), faults, st.floats(0.05, 5.0)), max_size=12)
taps = st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(0, 5), st.floats(0.05, 4.0)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(plans, taps, st.integers(0, 1000))
def test_whatever_the_line_does_only_real_cards_are_read_and_the_end_is_good(
    plan: list[tuple[float, str, float]], cards: list[tuple[float, int, float]], seed: int
) -> None:
    duet = Duet(seed)
    for at, fault, seconds in plan:
        duet.at(at, lambda at=at, fault=fault, seconds=seconds: duet.line.set(fault, at, seconds))  # type: ignore[misc]  # default arguments
    for at, number, hold_s in cards:
        duet.tap(at, f"04{number:012X}", hold_s)
    duet.at(66.0, lambda: duet.line.set("clean", 66.0, None))
    duet.tap(90.0, SEVEN)
    duet.run(95.0)
    assert duet.reads[-1:] == [SEVEN]
    assert set(duet.reads[:-1]) <= {f"04{number:012X}" for _, number, _ in cards}
    assert duet.presence.holding is False
