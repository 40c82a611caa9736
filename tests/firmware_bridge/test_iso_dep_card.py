"""Blocks of ISO 14443-4 as the simulated cards answer them; nfcpy speaks the same to them in test_nfcpy.py."""

from __future__ import annotations

import pytest

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.desfire_card import desfire_card
from firmware_bridge.simulator.kinds import uri_message
from firmware_bridge.simulator.type4_card import phone, type4_card

SEVEN = bytes.fromhex("04A2B3C4D5E6F7")
SELECT = bytes.fromhex("00A4040007D276000085010100")


def test_before_rats_it_is_silent_and_afterwards_it_answers() -> None:
    card = type4_card(SEVEN, b"")
    assert card.exchange(b"\x02" + SELECT) is None
    assert card.exchange(bytes.fromhex("E080")) == bytes.fromhex("0578807002")
    assert card.exchange(b"\x02" + SELECT) == bytes.fromhex("029000")
    assert card.exchange(bytes.fromhex("E080")) is None  # open already


def test_block_numbers_come_back() -> None:
    card = type4_card(SEVEN, b"")
    card.exchange(bytes.fromhex("E080"))
    assert card.exchange(b"\x02" + SELECT) == bytes.fromhex("029000")
    assert card.exchange(bytes.fromhex("0300A4000C02E103")) == bytes.fromhex("039000")


def test_a_long_answer_comes_in_blocks_that_fit_the_reader() -> None:
    card = type4_card(SEVEN, uri_message("https://shop.example/" + "m" * 60))
    card.exchange(bytes.fromhex("E000"))  # frames of 16 bytes: 13 of them ours
    for block in ("02" + SELECT.hex(), "0300A4000C02E104"):
        card.exchange(bytes.fromhex(block))
    first = card.exchange(bytes.fromhex("0200B0000020"))
    assert first is not None
    assert (first[0], len(first)) == (0x12, 14)
    second = card.exchange(b"\xa3")
    assert second is not None
    third = card.exchange(b"\xa2")
    assert third is not None
    assert (second[0], third[0], len(first + second + third)) == (0x13, 0x02, 3 + 32 + 2)
    assert third[-2:] == b"\x90\x00"


def test_a_block_that_was_not_heard_is_repeated() -> None:
    card = type4_card(SEVEN, b"")
    card.exchange(bytes.fromhex("E080"))
    answer = card.exchange(b"\x02" + SELECT)
    assert card.exchange(b"\xb2") == answer


def test_a_command_in_parts() -> None:
    card = type4_card(SEVEN, b"")
    card.exchange(bytes.fromhex("E080"))
    assert card.exchange(b"\x12" + SELECT[:6]) == b"\xa2"
    assert card.exchange(b"\x03" + SELECT[6:]) == bytes.fromhex("039000")


@pytest.mark.parametrize("away", ["deselect", "field"])
def test_what_was_selected_is_forgotten(away: str) -> None:
    card = type4_card(SEVEN, b"")
    card.exchange(bytes.fromhex("E080"))
    card.exchange(b"\x02" + SELECT)
    if away == "deselect":
        assert card.exchange(b"\xc2") == b"\xc2"
    else:
        card.forget()
    assert not card.opened
    card.exchange(bytes.fromhex("E080"))
    assert card.exchange(bytes.fromhex("0200A4000C02E104")) == bytes.fromhex("026A82")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4040007D276000085010000", "6A82"),  # an older application
        ("00CA000000", "6D00"),
        ("00", "6D00"),
        ("00B0000002", "6A82"),  # no file selected
    ],
)
def test_what_is_not_there(command: str, status: str) -> None:
    card = type4_card(SEVEN, b"")
    card.open()
    assert card.command(bytes.fromhex(command)) == bytes.fromhex(status)


def test_offsets_beyond_the_file_are_refused() -> None:
    card = type4_card(SEVEN, b"")
    card.open()
    for command in (SELECT, bytes.fromhex("00A4000C02E104")):
        card.command(command)
    assert card.command(bytes.fromhex("00B0010002")) == bytes.fromhex("9000")  # just at the end: nothing
    assert card.command(bytes.fromhex("00B0010102")) == bytes.fromhex("6B00")


def test_a_phone_answers_to_its_wallets_name_alone() -> None:
    card = phone(bytes.fromhex("08A2B3C4"), "apple")
    card.open()
    assert card.command(SELECT) == bytes.fromhex("6A82")
    answer = card.command(bytes.fromhex("00A404000A4F53452E5641532E303100"))
    assert answer is not None
    assert b"ApplePay" in answer
    assert answer[-2:] == b"\x90\x00"


def test_a_desfire_by_its_own_commands() -> None:
    """Answers as in the EV1 data sheet: 91 AF with more to come, 91 00 at the end, 91 1C for what it does not know."""
    card = desfire_card(SEVEN, b"")
    assert card.open().hex() == "067577810280"

    def said(command: str) -> str:
        answer = card.command(bytes.fromhex(command))
        assert answer is not None
        return answer.hex().upper()

    assert [said("9060000000"), said("90AF000000")] == ["0401010100180591AF", "0401010104180591AF"]
    assert said("90AF000000") == f"{SEVEN.hex().upper()}BA5445213031129100"
    assert said("90AF000000") == "911C", "nothing more to come"
    assert said("906A000000") == "0100009100"
    assert said("905A00000301000000") == "9100" and said("905A00000307000000") == "91A0"
    assert said("9045000000") == "911C" and said("90") == "911C"
    assert said("00A4040007D276000085010100") == "9000"
    said("9060000000")
    card.forget()
    assert said("90AF000000") == "911C", "out of the field everything is forgotten"


def test_a_desfire_has_seven_bytes() -> None:
    with pytest.raises(MisuseError):
        desfire_card(b"\x11\x22\x33\x44", b"")
