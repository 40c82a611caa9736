"""Any bytes at all through everything that takes bytes from a reader or a card: only FrameError may come out, and soon."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from firmware_bridge.errors import FrameError
from firmware_bridge.session.contents import Dialogue, of_iso_dep, of_type2
from firmware_bridge.wire import pn532_answers, type2, type4
from firmware_bridge.wire.ndef_uri import uri_of
from firmware_bridge.wire.pn532_frame import ACK, FrameReader, answer_frame, cut

# What real input looks like; a mutation of it goes deeper than pure chance.
SEEDS = (
    ACK + answer_frame(0x4B, bytes.fromhex("01 01 0044 00 07 04A2B3C4D5E6F7")),
    answer_frame(0x4B, bytes.fromhex("02 01 0044 00 07 04A2B3C4D5E6F7 02 0004 08 04 11223344")),
    answer_frame(0x41, bytes.fromhex("00 E1101200 0312D1010E55046D") + bytes(8)),
    answer_frame(0x41, bytes(260)),
    bytes.fromhex("01 01 0344 20 07 04DE5F1EACC040 06 7777710280"),
    bytes.fromhex("E1103E00 0312D1010E550473686F702E6578616D706C652FFE"),
    bytes.fromhex("0103A00C34 03FF0100D101FC5504") + bytes(40),
    bytes.fromhex("000F20 0080 0034 0406 E104 0100 00 FF 9000"),
    bytes.fromhex("6F0A50084170706C655061799000"),
    bytes.fromhex("91010E5504") + b"shop.example/" + bytes.fromhex("51010454026465"),
    bytes.fromhex("D1020553 70 91010155 00"),
)


def anything(random: Random) -> bytes:
    """Pure chance, or real input with some of it changed, cut, doubled or mixed."""
    if random.random() < 0.2:
        return random.randbytes(random.randrange(80))
    data = bytearray(random.choice(SEEDS))
    for _ in range(random.randrange(4)):
        data[random.randrange(len(data))] = random.randrange(256)
    if random.random() < 0.3:
        at = random.randrange(len(data))
        data = data[at:] + data[:at] if random.random() < 0.5 else data[:at]
    return bytes(data)


def parsers() -> dict[str, Callable[[bytes], object]]:
    """Everything that takes bytes, by name."""
    reader = FrameReader()
    return {
        "cut": cut,
        "FrameReader": reader.feed,
        "parse_targets": pn532_answers.parse_targets,
        "parse_targets with ATS": lambda data: pn532_answers.parse_targets(data, automatic_rats=True),
        "parse_firmware": pn532_answers.parse_firmware,
        "parse_exchange": pn532_answers.parse_exchange,
        "parse_diagnosis": pn532_answers.parse_diagnosis,
        "capability": type2.capability,
        "message_place": type2.message_place,
        "ndef_file": type4.ndef_file,
        "wallet_of": type4.wallet_of,
        "uri_of": uri_of,
        "a Type 2 tag": lambda data: _talk(of_type2(), data),
        "a card": lambda data: _talk(of_iso_dep(phone=False), data),
        "a phone": lambda data: _talk(of_iso_dep(phone=True), data),
    }


def _talk(dialogue: Dialogue, data: bytes) -> None:
    """A card that answers each question with the next part of `data`."""
    next(dialogue)
    for at in range(0, len(data) + 200, 18):
        try:
            dialogue.send(data[at : at + 18] or None)
        except StopIteration:
            return
    raise AssertionError("a card that says nothing more must end it")


def fuzz(seed: int, inputs: int) -> int:
    """So many inputs, spread over all parsers; gives how many of them were refused with FrameError."""
    random, refused = Random(seed), 0
    takers = list(parsers().values())
    for number in range(inputs):
        try:
            takers[number % len(takers)](anything(random))
        except FrameError:
            refused += 1
    return refused
