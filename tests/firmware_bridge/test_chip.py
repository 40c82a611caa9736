"""The simulated PN532 by itself: bytes in, bytes out, with the time as an argument."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.bad_line import MOST_WAITING, BadLine
from firmware_bridge.simulator.cards import crc_a
from firmware_bridge.simulator.chip import Chip
from firmware_bridge.simulator.field import MOST_CARDS, Field
from firmware_bridge.simulator.iso_dep_card import IsoDepCard
from firmware_bridge.simulator.kinds import card_with
from firmware_bridge.wire import pn532_answers as answers
from firmware_bridge.wire.pn532_frame import ACK, ERROR, NACK, FrameReader, command_frame
from tests.support.reader import named

SEVEN, FOUR = bytes.fromhex("04A2B3C4D5E6F7"), bytes.fromhex("11223344")


def said(data: bytes) -> list[str]:
    return [named(item) for item in FrameReader().feed(data)]


def asked(chip: Chip, command: str, now: float = 0.0) -> list[str]:
    """What the chip says at once to a command given as `code data...` in hex."""
    octets = bytes.fromhex(command)
    return said(chip.received(command_frame(octets[0], octets[1:]), now))


def with_card(*uids: bytes) -> Chip:
    chip = Chip()
    for uid in uids:
        chip.field.place(card_with(uid), None)
    return chip


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("02", "answer 03 32 01 06 07"),
        ("14 01 00 00", "answer 15"),
        ("14 01", "answer 15"),
        ("12 00", "answer 13"),
        ("32 05 FF 01 02", "answer 33"),
        ("32 01 00", "answer 33"),
        ("32 0A 59 F4 3F 11 4D 85 61 6F 26 62 87", "answer 33"),
        ("10 07", "answer 11"),
        ("00 00 01 02 03", "answer 01 00 01 02 03"),
        ("00 01", "answer 01 00"),
        ("00 02", "answer 01 00"),
        ("00 06", "answer 01 01"),
        ("06 63 02", "answer 07 00"),
        ("06 63 02 63 03", "answer 07 00 80"),
        ("08 63 02 11", "answer 09"),
        ("04", "answer 05 00 01 00 80"),
        ("52 00", "answer 53 00"),
        ("52 01", "answer 53 27"),
        ("44 01", "answer 45 27"),
        ("54 01", "answer 55 27"),
        ("40 01 30 00", "answer 41 27"),
        ("42 30 00", "answer 43 01"),
        ("16 20", "answer 17 00"),
    ],
)
def test_answers(command: str, answer: str) -> None:
    assert asked(Chip(), command) == ["ack", answer]


@pytest.mark.parametrize(
    "command",
    [
        "99",
        "4A",
        "4A 01",
        "4A 03 00",
        "4A 00 00",
        "4A 01 09",
        "00",
        "00 09",
        "06",
        "06 63",
        "08 63 02",
        "14",
        "14 00",
        "12",
        "10 09",
        "32",
        "32 05 FF",
        "16",
        "52",
        "44",
        "54",
        "40",
    ],
)
def test_what_it_does_not_know_gets_the_error_frame(command: str) -> None:
    octets = bytes.fromhex(command)
    assert Chip().received(command_frame(octets[0], octets[1:]), 0.0) == ACK + ERROR


def test_a_listing_waits_in_the_chip_until_a_card_comes() -> None:
    chip = Chip()
    assert asked(chip, "4A 01 00") == ["ack"]
    assert chip.tick(3600.0) == b""
    assert (chip.waiting, chip.wake_at()) == (True, None)
    chip.field.place(card_with(SEVEN), None)
    assert said(chip.tick(3600.0)) == ["answer 4B 01 01 00 44 00 07 04 A2 B3 C4 D5 E6 F7"]
    assert not chip.waiting


@pytest.mark.parametrize("retries", [0, 1, 2, 10, 254])
def test_a_finite_listing_ends_by_itself(retries: int) -> None:
    chip = Chip()
    asked(chip, f"32 05 FF 01 {retries:02X}")
    assert asked(chip, "4A 01 00", 1.0) == ["ack"]
    end = chip.wake_at()
    assert end == pytest.approx(1.0 + (retries + 1) * 0.005)
    assert chip.tick(end - 0.001) == b""
    assert said(chip.tick(end)) == ["answer 4B 00"]
    assert asked(chip, "06 63 39", end)[1] == "answer 07 26"  # the request is still in the FIFO


@pytest.mark.parametrize("ends", [ACK, command_frame(0x02)])
def test_an_ack_or_a_command_ends_a_listing(ends: bytes) -> None:
    chip = Chip()
    asked(chip, "4A 01 00")
    chip.received(ends, 1.0)
    chip.field.place(card_with(SEVEN), None)
    assert chip.tick(2.0) == b""


@pytest.mark.parametrize(("most", "count"), [(1, 1), (2, 2)])
def test_it_lists_as_many_as_asked(most: int, count: int) -> None:
    assert asked(with_card(SEVEN, FOUR), f"4A 0{most} 00")[1].startswith(f"answer 4B 0{count} 01 00 44")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("88 04A2B3C4D5E6F7", True),
        ("88 04A2B3C4D5E6F8", False),
        ("11223344", True),
        ("11223345", False),
        ("04A2B3C4D5E6F7", False),
    ],
)
def test_it_lists_only_the_card_asked_for(wanted: str, found: bool) -> None:
    assert (len(asked(with_card(SEVEN, FOUR), f"4A 01 00 {wanted}")) == 2) is found


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_other_kinds_of_card_are_not_there(kind: int) -> None:
    chip = with_card(SEVEN)
    asked(chip, "32 05 FF 01 00")
    assert asked(chip, f"4A 01 0{kind}") == ["ack"]
    assert said(chip.tick(1.0)) == ["answer 4B 00"]


@pytest.mark.parametrize(("parameters", "ats"), [("10", " 05 78 80 70 02"), ("00", "")])
def test_ats_only_with_automatic_rats(parameters: str, ats: str) -> None:
    chip = with_card(bytes.fromhex("08AABBCC"))
    asked(chip, f"12 {parameters}")
    assert asked(chip, "4A 01 00")[1] == "answer 4B 01 01 00 04 20 04 08 AA BB CC" + ats


def test_a_nack_brings_the_last_answer_again() -> None:
    chip = Chip()
    asked(chip, "02")
    assert said(chip.received(NACK, 0.0)) == ["answer 03 32 01 06 07"]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(command_frame(2), False), (bytes(10) + command_frame(2), True), (answers.WAKE_UP + command_frame(2), True)],
)
def test_asleep_it_loses_the_first_bytes(sent: bytes, answered: bool) -> None:
    chip = Chip()
    asked(chip, "16 20")
    assert bool(chip.received(sent, 0.0)) is answered
    assert asked(chip, "02")[-1] == "answer 03 32 01 06 07"  # now it is awake in any case


def test_diagnose_of_the_line_with_the_longest_frame() -> None:
    data = bytes(at & 0xFF for at in range(262))
    assert said(Chip().received(command_frame(0, b"\x00" + data), 0.0))[1] == f"answer 01 00 {data.hex(' ').upper()}"


def test_presence_of_a_listed_card() -> None:
    chip = Chip()
    chip.field.place(card_with(SEVEN), 5.0)
    asked(chip, "4A 01 00", 1.0)
    assert asked(chip, "00 06", 4.9)[1] == "answer 01 00"
    assert asked(chip, "04", 4.9)[1] == "answer 05 00 01 01 01 00 00 10 80"
    assert asked(chip, "54 01", 4.9)[1] == "answer 55 00"
    assert asked(chip, "00 06", 5.0)[1] == "answer 01 01"
    assert asked(chip, "04", 5.0)[1] == "answer 05 00 01 00 80"


@pytest.mark.parametrize("ends", ["52 00", "52 01", "44 01", "32 01 00"])
def test_a_card_let_go_is_no_target(ends: str) -> None:
    chip = with_card(SEVEN)
    asked(chip, "4A 01 00")
    asked(chip, ends)
    assert asked(chip, "40 01 30 00")[1] == "answer 41 27"


def test_memory_of_an_ntag() -> None:
    chip = with_card(SEVEN)
    asked(chip, "4A 01 00")
    bcc = 0x88 ^ 0x04 ^ 0xA2 ^ 0xB3
    last = 0xC4 ^ 0xD5 ^ 0xE6 ^ 0xF7
    assert asked(chip, "40 01 30 00")[1] == f"answer 41 00 04 A2 B3 {bcc:02X} C4 D5 E6 F7 {last:02X} 48 00 00 E1 10 12 00"
    assert asked(chip, "42 30 04")[1] == "answer 43 00 03 00 FE 00" + " 00" * 12
    asked(chip, "08 63 03 00")  # the host checks CRCs itself
    page = bytes.fromhex("0300FE00") + bytes(12)
    assert asked(chip, "42 30 04")[1] == f"answer 43 00 {(page + crc_a(page)).hex(' ').upper()}"
    assert asked(chip, "42 30 2D")[1] == "answer 43 01"  # beyond the end


@pytest.mark.parametrize(("data", "crc"), [("0000", "A01E"), ("1234", "26CF")])
def test_crc_a_of_the_standard(data: str, crc: str) -> None:
    """The two worked examples of ISO 14443-3, annex B."""
    assert crc_a(bytes.fromhex(data)) == bytes.fromhex(crc)


@pytest.mark.parametrize(
    "uid", ["", "04", "0411", "041122", "0411223344", "041122334455", "0411223344556677", "88112233", "00" * 11]
)
def test_impossible_cards_are_refused(uid: str) -> None:
    with pytest.raises(MisuseError):
        card_with(bytes.fromhex(uid))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_bytes_to_the_chip_raise_nothing(pieces: list[bytes]) -> None:
    chip = with_card(SEVEN)
    for at, piece in enumerate(pieces):
        chip.received(piece, float(at))
        chip.tick(float(at))


@settings(deadline=None)
@given(st.integers(0, 255), st.binary(max_size=40))
def test_any_command_gets_an_ack_and_at_most_one_answer(code: int, data: bytes) -> None:
    kinds = [word.split()[0] for word in said(with_card(SEVEN).received(command_frame(code, data), 0.0))]
    assert kinds in (["ack"], ["ack", "answer"], ["ack", "error"])


# -- the field


@pytest.mark.parametrize(("now", "there"), [(0.0, True), (0.99, True), (1.0, False), (9.0, False)])
def test_a_card_leaves_in_time(now: float, there: bool) -> None:
    field = Field()
    field.place(card_with(SEVEN), 1.0)
    assert bool(field.cards(now)) is there


def test_a_card_placed_again_stays_longer_and_is_one() -> None:
    field = Field()
    field.place(card_with(SEVEN), 1.0)
    field.place(card_with(SEVEN), 3.0)
    field.place(card_with(SEVEN), 2.0)
    assert [card.uid for card in field.cards(2.5)] == [SEVEN]
    field.place(card_with(SEVEN), None)
    assert len(field.cards(1e9)) == 1


def test_the_field_is_bounded() -> None:
    field = Field()
    for number in range(1000):
        field.place(card_with(number.to_bytes(7, "big")), None)
    assert len(field.cards(0.0)) == MOST_CARDS


@pytest.mark.parametrize(("uid", "taken"), [(SEVEN, 1), (b"\0" * 7, 0), (None, 2)])
def test_taking_away(uid: bytes | None, taken: int) -> None:
    field = Field()
    field.place(card_with(SEVEN), None)
    field.place(card_with(FOUR), None)
    assert field.take(uid) == taken
    assert len(field.cards(0.0)) == 2 - taken


# -- the line


class _Fixed:
    """Randomness without surprise."""

    def randint(self, low: int, high: int) -> int:
        return high

    def randrange(self, stop: int) -> int:
        return stop - 1

    def randbytes(self, size: int) -> bytes:
        return b"\xa5" * size

    def random(self) -> float:
        return 0.0


def line(fault: str = "clean", seconds: float | None = None) -> BadLine:
    bad = BadLine(_Fixed())  # type: ignore[arg-type]  # the four methods it uses
    bad.set(fault, 0.0, seconds)  # type: ignore[arg-type]  # parametrised text
    return bad


@pytest.mark.parametrize(
    ("fault", "pieces"),
    [
        ("clean", [b"abcdefg"]),
        ("split", [b"abc", b"def", b"g"]),
        ("silence", []),
        ("half", [b"abc"]),
        ("corrupt", [b"abcdef\xe7"]),
        ("double", [b"abcdefgabcdefg"]),
        ("lost", [b""]),
        ("previous", [b""]),
    ],
)
def test_what_a_line_does(fault: str, pieces: list[bytes]) -> None:
    bad = line(fault)
    bad.send(b"abcdefg", 1.0)
    assert bad.due(2.0) == pieces


def test_what_was_said_before_is_said_again() -> None:
    bad = line()
    bad.send(b"first", 1.0)
    bad.set("previous", 1.0, None)
    bad.send(b"second", 1.0)
    assert b"".join(bad.due(2.0)) == b"firstfirst"


def test_a_chip_that_hangs_does_nothing_more() -> None:
    chip = with_card(SEVEN)
    chip.frozen = True
    assert asked(chip, "02") == []
    assert chip.received(command_frame(0x4A, b"\x01\x00"), 0.0) == b""
    assert (chip.tick(1.0), chip.wake_at()) == (b"", None)


def test_a_card_opened_for_iso_dep_hears_no_listing_until_it_is_let_go_or_loses_the_field() -> None:
    for way in ("52 00", "44 01", "32 01 00", None):
        chip = Chip()
        chip.field.place(IsoDepCard(SEVEN, b"\x03\x44", 0x20, b"\x75\x77\x81\x02\x80"), None)
        asked(chip, "12 10")
        asked(chip, "32 05 FF 01 00")
        assert asked(chip, "4A 01 00")[1].startswith("answer 4B 01")
        if way is None:
            asked(chip, "4A 01 00")
            assert said(chip.tick(1.0)) == ["answer 4B 00"]
        else:
            asked(chip, way)
            assert asked(chip, "4A 01 00")[1].startswith("answer 4B 01"), way


def test_pieces_come_one_after_the_other() -> None:
    bad = line("split")
    bad.send(b"abcdef", 1.0)
    assert bad.due(1.0) == [b"abc"]
    assert bad.due(1.0) == []
    bad.set("clean", 1.0, None)
    bad.send(b"later", 1.0)
    assert bad.wake_at() == pytest.approx(1.001)
    assert bad.due(1.01) == [b"def", b"later"]


@pytest.mark.parametrize(("now", "arrives"), [(0.5, False), (1.0, True)])
def test_a_fault_ends_in_time(now: float, arrives: bool) -> None:
    bad = line("silence", 1.0)
    bad.send(b"x", now)
    assert bool(bad.due(now)) is arrives


def test_noise_is_a_burst_then_clean() -> None:
    bad = line("noise")
    assert b"".join(bad.due(1.0)) == b"\xa5" * 192
    bad.send(b"abc", 1.0)
    assert bad.due(1.0) == [b"abc"]


def test_what_nobody_reads_is_bounded() -> None:
    bad = line("split")
    for _ in range(1000):
        bad.send(b"x" * 100, 1.0)
    assert len(b"".join(bad.due(1e9))) <= MOST_WAITING


def test_a_card_of_ones_own_kind() -> None:
    chip = Chip()
    chip.field.place(IsoDepCard(SEVEN, b"\x03\x44", 0x20, b"\x75\x77\x81\x02\x80"), None)
    assert asked(chip, "4A 01 00")[1] == "answer 4B 01 01 03 44 20 07 04 A2 B3 C4 D5 E6 F7 06 75 77 81 02 80"
