"""Commands as on the wire, and what answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import CardRead, CardTrouble
from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.wire import pn532_answers as answers
from firmware_bridge.wire.pn532_answers import Firmware, Target, card_event, parse_firmware, parse_targets
from firmware_bridge.wire.pn532_frame import Frame

SEVEN = "01 0044 00 07 04A2B3C4D5E6F7"
FOUR = "01 0004 08 04 11223344"
TEN = "01 0084 00 0A 04112233445566778899"


def targets(text: str, *, rats: bool = False) -> tuple[Target, ...]:
    return parse_targets(bytes.fromhex(text), automatic_rats=rats)


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (answers.get_firmware_version(), "00 00 FF 02 FE D4 02 2A 00"),
        (answers.sam_configuration(), "00 00 FF 05 FB D4 14 01 00 00 17 00"),
        (answers.set_parameters(), "00 00 FF 03 FD D4 12 00 1A 00"),
        (answers.set_parameters(automatic_rats=True), "00 00 FF 03 FD D4 12 10 0A 00"),
        (answers.rf_max_retries(answers.ENDLESS), "00 00 FF 06 FA D4 32 05 FF 01 FF F6 00"),
        (answers.rf_max_retries(0), "00 00 FF 06 FA D4 32 05 FF 01 00 F5 00"),
        (answers.rf_field(False), "00 00 FF 04 FC D4 32 01 00 F9 00"),
        (answers.rf_field(True), "00 00 FF 04 FC D4 32 01 01 F8 00"),
        (answers.in_list_passive_target(1), "00 00 FF 04 FC D4 4A 01 00 E1 00"),
        (answers.in_list_passive_target(2), "00 00 FF 04 FC D4 4A 02 00 E0 00"),
        (answers.in_release(), "00 00 FF 03 FD D4 52 00 DA 00"),
        (answers.in_release(2), "00 00 FF 03 FD D4 52 02 D8 00"),
        (answers.diagnose(0, b"\x01\x02"), "00 00 FF 05 FB D4 00 00 01 02 29 00"),
        (answers.diagnose(6), "00 00 FF 03 FD D4 00 06 26 00"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_commands_byte_for_byte(command: answers.Command, frame: str) -> None:
    assert command.frame.hex(" ").upper() == frame


@pytest.mark.parametrize("most", [-1, 0, 3, 255])
def test_listing_takes_one_or_two(most: int) -> None:
    with pytest.raises(MisuseError):
        answers.in_list_passive_target(most)


@pytest.mark.parametrize("retries", [-1, 256])
def test_retries_are_a_byte(retries: int) -> None:
    with pytest.raises(MisuseError):
        answers.rf_max_retries(retries)


@pytest.mark.parametrize(
    ("frame", "is_ours"),
    [
        (Frame("answer", 0x4B), True),
        (Frame("answer", 0x4A), False),
        (Frame("answer", 0x03), False),
        (Frame("command", 0x4B), False),
        (Frame("ack"), False),
    ],
)
def test_only_the_matching_answer_is_ours(frame: Frame, is_ours: bool) -> None:
    assert answers.in_list_passive_target().answered_by(frame) is is_ours


def test_firmware() -> None:
    assert parse_firmware(bytes.fromhex("32010607")) == Firmware(0x32, 1, 6, 7)


@pytest.mark.parametrize("size", [0, 1, 3, 5, 100])
def test_firmware_of_another_size(size: int) -> None:
    with pytest.raises(FrameError):
        parse_firmware(bytes(size))


@pytest.mark.parametrize(
    ("text", "uid", "sak", "atqa"),
    [
        (FOUR, "11223344", 0x08, "0004"),
        (SEVEN, "04A2B3C4D5E6F7", 0x00, "0044"),
        (TEN, "04112233445566778899", 0x00, "0084"),
        ("01 0800 28 04 DEADBEEF", "DEADBEEF", 0x28, "0800"),  # read in nfcpy#178
        ("01 0004 20 04 08AABBCC", "08AABBCC", 0x20, "0004"),
        ("02 0004 18 04 F0112233", "F0112233", 0x18, "0004"),
    ],
)
def test_one_target(text: str, uid: str, sak: int, atqa: str) -> None:
    (target,) = targets("01" + text)
    assert (target.value, target.sak, target.atqa.hex()) == (uid, sak, atqa)


def test_no_target() -> None:
    assert targets("00") == ()


@pytest.mark.parametrize("first", [FOUR, SEVEN, TEN])
@pytest.mark.parametrize("second", [FOUR, SEVEN, TEN])
def test_two_targets(first: str, second: str) -> None:
    one, two = targets("02" + first + second)
    assert one.value == first.split()[-1]
    assert two.value == second.split()[-1]


@pytest.mark.parametrize("ats", ["01", "05 78807002", "02 78", "14" + "00" * 19])
def test_ats_is_read_where_it_was_asked_for(ats: str) -> None:
    one, two = targets(f"02 01 0344 20 07 04112233445566 {ats} {FOUR}", rats=True)
    assert one.ats == bytes.fromhex(ats)[1:]
    assert two.value == "11223344"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("three cards", "03" + FOUR * 3),
        ("255 cards", "FF"),
        ("count without target", "01"),
        ("second target missing", "02" + FOUR),
        ("cut after number", "01 01"),
        ("cut in ATQA", "01 01 00"),
        ("cut before length", "01 01 0044 00"),
        ("cut in id", "01 01 0044 00 07 04A2B3"),
        ("length longer than data", "01 01 0004 08 05 11223344"),
        ("bytes too many", "01" + FOUR + "00"),
        ("target without being counted", "00" + FOUR),
        ("id of no bytes", "01 01 0004 08 00"),
        ("id of one byte", "01 01 0004 08 01 11"),
        ("id of five bytes", "01 01 0044 00 05 0411223344"),
        ("id of eight bytes", "01 01 0044 00 08 8804112233445566"),
        ("id of twelve bytes", "01 01 0044 00 0C 880411228833445566778899"),
        ("cascade tag first", "01 01 0044 00 04 88041122"),
        ("id not complete by SAK", "01 01 0044 04 04 04112233"),
        ("id not complete by SAK, seven bytes", "01 01 0044 24 07 04112233445566"),
    ],
    ids=lambda value: value if " " in value and value[0].islower() else "",
)
def test_impossible_answers_are_refused(name: str, text: str) -> None:
    with pytest.raises(FrameError):
        targets(text)


@pytest.mark.parametrize("ats", ["", "00", "05 7880", "FF"])
def test_impossible_ats_is_refused(ats: str) -> None:
    with pytest.raises(FrameError):
        targets(f"01 01 0344 20 07 04112233445566 {ats}", rats=True)


@pytest.mark.parametrize(
    ("uid", "random"),
    [
        ("08000000", True),
        ("08FFFFFF", True),
        ("18000000", False),
        ("80000000", False),
        ("04080808", False),
        ("08112233445566", False),
        ("08112233445566778899", False),
    ],
)
def test_random_ids(uid: str, random: bool) -> None:
    assert Target(1, b"\0\4", 0x20, bytes.fromhex(uid)).random_id is random


def test_one_target_is_a_read() -> None:
    event = card_event(targets("01" + SEVEN), reader="nfc-1", monotonic=3.5)
    assert event == CardRead("nfc", "04A2B3C4D5E6F7", "nfc-1", 3.5)


def test_a_phone_is_a_read_marked_random() -> None:
    event = card_event(targets("01 01 0004 20 04 08AABBCC"), reader="nfc-1", monotonic=3.5)
    assert event == CardRead("nfc", "08AABBCC", "nfc-1", 3.5, random_id=True)


def test_two_targets_are_trouble() -> None:
    assert card_event(targets("02" + FOUR + SEVEN), reader="r", monotonic=1.0) == CardTrouble("r", 1.0, "two_cards")


def test_no_target_is_nothing() -> None:
    assert card_event((), reader="r", monotonic=1.0) is None


@settings(deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_any_answer_gives_targets_or_frame_error(data: bytes, rats: bool) -> None:
    try:
        found = parse_targets(data, automatic_rats=rats)
    except FrameError:
        return
    assert len(found) == data[0]
    assert all(len(target.uid) in (4, 7, 10) for target in found)


@settings(deadline=None)
@given(st.integers(0, 2), st.lists(st.integers(0, 255), min_size=0, max_size=60), st.booleans())
def test_answers_that_nearly_fit_give_targets_or_frame_error(count: int, rest: list[int], rats: bool) -> None:
    try:
        parse_targets(bytes([count, *rest]), automatic_rats=rats)
    except FrameError as error:
        assert error.hint


uids = (
    st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size)).filter(lambda uid: uid[0] != 0x88)
)


@settings(deadline=None)
@given(uids, uids, st.booleans())
def test_what_the_simulated_card_says_is_read(first: bytes, second: bytes, rats: bool) -> None:
    cards = [card_with(first), card_with(second)]
    data = b"\x02" + b"".join(card.target_data(number, automatic_rats=rats) for number, card in enumerate(cards, 1))
    assert [target.uid for target in parse_targets(data, automatic_rats=rats)] == [first, second]
