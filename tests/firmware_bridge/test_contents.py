"""What is asked of an opened card and what is made of its answers: with the simulated cards, and with cards that lie."""

from __future__ import annotations

import ndef  # type: ignore[import-untyped]  # ndeflib carries no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import MOST_EVIDENCE
from firmware_bridge.session.contents import (
    BROKEN_OFF,
    NOTHING,
    Contents,
    Dialogue,
    of_iso_dep,
    of_type2,
)
from firmware_bridge.simulator.cards import VirtualCard
from firmware_bridge.simulator.kinds import uri_message
from firmware_bridge.simulator.type2_card import KINDS, Type2Card, type2_card
from firmware_bridge.simulator.type4_card import phone, type4_card
from firmware_bridge.wire.ndef_uri import uri_of
from firmware_bridge.wire.type2 import message_place

SEVEN, FOUR = bytes.fromhex("04A2B3C4D5E6F7"), bytes.fromhex("08A2B3C4")
ADDRESS = "https://shop.example/member/4711?x=%41#end"


def talk(dialogue: Dialogue, card: VirtualCard, most: int = 100) -> tuple[Contents, list[str]]:
    """The whole dialogue with a card, and what was asked, in hex."""
    asked, ask = list[str](), next(dialogue)
    while len(asked) < most:
        asked.append(ask.data.hex().upper())
        reply = card.command(ask.data) if card.opened else card.exchange(ask.data)
        try:
            ask = dialogue.send(reply)
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"no end after {asked}")


def tag(message: bytes, kind: str = "ntag213") -> Type2Card:
    return type2_card(kind, SEVEN, message)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", ["https://a.b", "tel:+49301234", "https://example.org/ä"])
def test_the_address_of_a_type_2_tag(kind: str, address: str) -> None:
    assert talk(of_type2(), tag(uri_message(address), kind))[0] == Contents(f"uri:{address}")


def test_an_empty_tag_costs_one_question() -> None:
    assert talk(of_type2(), tag(b"")) == (NOTHING, ["3003"])


def test_a_short_message_is_read_in_steps_of_sixteen_bytes() -> None:
    assert talk(of_type2(), tag(uri_message(ADDRESS)))[1] == ["3003", "3007", "300B"]


def test_tags_that_surely_know_it_are_read_fast() -> None:
    long = "https://shop.example/" + "m" * 120
    contents, asked = talk(of_type2(), tag(uri_message(long), "ntag216"))
    assert contents == Contents(f"uri:{long}")
    assert asked == ["3003", "3A0712", "3A131E", "3A1F26"]  # 2 + 138 bytes: the last is page 26


def with_memory(user: str) -> Type2Card:
    """An NTAG213 whose user memory begins so."""
    card = tag(b"")
    card.memory = (card.memory[:16] + bytes.fromhex(user)).ljust(180, b"\0")
    return card


def hidden(address: str, before: str, long: bool = False) -> Type2Card:
    message = uri_message(address)
    length = f"FF{len(message):04X}" if long else f"{len(message):02X}"
    return with_memory(f"{before}03{length}{message.hex()}FE")


@pytest.mark.parametrize("before", ["", "000000", "0103A00C34", "0103A00C340203112233FD0401020304"])
@pytest.mark.parametrize("long", [False, True])
def test_blocks_before_the_message_are_stepped_over(before: str, long: bool) -> None:
    assert talk(of_type2(), hidden("https://a.b/c", before, long))[0] == Contents("uri:https://a.b/c")


@pytest.mark.parametrize(
    "user",
    ["", "FE", "00" * 160, "03FFFFFF", "03FF0400", "03FE" + "00" * 20, "FD80", "0300FE", "03010 0FE".replace(" ", ""), "03FF"],
)
def test_memory_without_an_address(user: str) -> None:
    assert talk(of_type2(), with_memory(user))[0] == NOTHING


@pytest.mark.parametrize("container", ["00000000", "E1301200", "E11012F0", "E1101230"])
def test_a_tag_that_is_no_ndef_tag_is_left_alone(container: str) -> None:
    card = tag(uri_message(ADDRESS))
    card.memory = card.memory[:12] + bytes.fromhex(container) + card.memory[16:]
    assert talk(of_type2(), card) == (NOTHING, ["3003"])


def test_a_card_that_leaves_in_the_middle() -> None:
    dialogue = of_type2()
    next(dialogue)
    dialogue.send(tag(uri_message(ADDRESS)).exchange(b"\x30\x03"))
    with pytest.raises(StopIteration) as end:
        dialogue.send(None)
    assert end.value.value == BROKEN_OFF


def opened(message: bytes) -> VirtualCard:
    card = type4_card(SEVEN, message)
    card.open()
    return card


def test_the_address_of_a_type_4_card() -> None:
    contents, asked = talk(of_iso_dep(phone=False), opened(uri_message(ADDRESS)))
    assert contents == Contents(f"uri:{ADDRESS}")
    assert asked == [
        "00A4040007D276000085010100",
        "00A4000C02E103",
        "00B000000F",
        "00A4000C02E104",
        "00B0000002",
        f"00B00002{len(uri_message(ADDRESS)):02X}",
    ]


def test_a_long_file_is_read_in_parts() -> None:
    address = "https://shop.example/" + "m" * 300
    assert talk(of_iso_dep(phone=False), opened(uri_message(address)))[0] == Contents(f"uri:{address}")


@pytest.mark.parametrize("size", [MOST_EVIDENCE - 4, MOST_EVIDENCE - 3])
def test_an_address_longer_than_evidence_may_be_is_left_out(size: int) -> None:
    address = "https://x.example/".ljust(size, "m")
    expected = Contents(f"uri:{address}") if size <= MOST_EVIDENCE - 4 else NOTHING
    assert talk(of_iso_dep(phone=False), opened(uri_message(address)))[0] == expected


@pytest.mark.parametrize(("wallet", "found"), [("apple", "apple"), ("google", "google"), (None, None)])
def test_a_phone_is_asked_for_its_wallet(wallet: str | None, found: str | None) -> None:
    card = phone(FOUR, wallet)
    card.open()
    contents, asked = talk(of_iso_dep(phone=True), card)
    assert (contents.wallet, contents.evidence, contents.whole) == (found, None, True)
    assert asked == ["00A4040007D276000085010100", "00A404000A4F53452E5641532E303100"]


def test_a_card_that_is_no_phone_is_not_asked_for_a_wallet() -> None:
    card = phone(FOUR, "apple")
    card.open()
    assert talk(of_iso_dep(phone=False), card) == (NOTHING, ["00A4040007D276000085010100"])


def records(*parts: object) -> bytes:
    return b"".join(ndef.message_encoder(parts))


@pytest.mark.parametrize(
    ("message", "uri"),
    [
        (records(ndef.TextRecord("hello")), None),
        (records(ndef.TextRecord("hello"), ndef.UriRecord("https://a.b"), ndef.UriRecord("https://c.d")), "https://a.b"),
        (records(ndef.SmartposterRecord("https://a.b/poster", "Title")), "https://a.b/poster"),
        (records(ndef.UriRecord("https://a.b/%2F?q=%20&x")), "https://a.b/%2F?q=%20&x"),
        (b"", None),
        (b"\xd1\x01\x05U\x04\xff\xfe\xfd\xfc", None),
        (b"\xd1\x01\x05U\x99abcd", None),
        (b"\xd1\x01\xffU\x04", None),
        (bytes(50), None),
    ],
)
def test_the_first_address_as_it_stands(message: bytes, uri: str | None) -> None:
    assert uri_of(message) == uri


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_message_gives_an_address_or_nothing(message: bytes) -> None:
    assert uri_of(message) is None or isinstance(uri_of(message), str)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_memory_has_a_place_or_none(memory: bytes) -> None:
    place = message_place(memory)
    assert place in ("more", "none") or (not isinstance(place, str) and 2 <= place.start <= place.end)


DONE = b"\x90\x00"
answer = st.one_of(st.none(), st.binary(max_size=40), st.just(DONE), st.just(b"\x00\x0f" + DONE))
answers = st.lists(answer, max_size=80)


@settings(max_examples=300, deadline=None)
@given(answers, st.sampled_from(["type2", "card", "phone"]))
def test_whatever_a_card_answers_the_dialogue_ends(replies: list[bytes | None], kind: str) -> None:
    dialogue = of_type2() if kind == "type2" else of_iso_dep(phone=kind == "phone")
    next(dialogue)
    for reply in [*replies, None]:
        try:
            dialogue.send(reply)
        except StopIteration as end:
            assert isinstance(end.value, Contents)
            return
    raise AssertionError("a card that says nothing more must end it")
