"""The firmware's pure parts, run here: presence, button, lights, cards' memory, the chip's listings."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace

import ndef
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firmware_bridge.board
from firmware_bridge.simulator.chip import Chip as SimulatedChip
from firmware_bridge.simulator.kinds import card_of_kind, card_with, uri_message
from firmware_bridge.simulator.type4_card import phone
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from tests.support.board import firmware, nested_posters, new_flash
from tests.support.needs import needs
from tests.support.slow_card import LateAir, address_behind, dawdler

UID, OTHER, PHONE = bytes.fromhex("04a2b3c4d5e6f7"), bytes.fromhex("04112233445566"), bytes.fromhex("08112233")
ADDRESS = "https://shop.example/c?picc=0011&cmac=2233"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = new_flash(tmp_path_factory.mktemp("board") / "flash")
    with firmware(folder, "board_frame", "presence", "lights", "evidence", "chip") as modules:
        yield modules


# -- presence and button


def tale(board: SimpleNamespace, listings: list[tuple[bytes, ...]]) -> list[int]:
    presence, told = board.presence.Presence(), []
    for number, uids in enumerate(listings):
        told += [what for what, _ in presence.look(uids, 100 * number)]
    return told


CARD, GONE, TROUBLE = wire.CARD, wire.GONE, wire.TROUBLE


@pytest.mark.parametrize(
    ("listings", "told"),
    [
        ([(UID,)] * 5, [CARD]),
        ([(UID,), (), (UID,), (), (), (UID,)], [CARD]),
        ([(UID,), (), (), ()], [CARD, GONE]),
        ([(UID,), (OTHER,), (UID,)], [CARD]),
        ([(UID,), (OTHER,), (OTHER,), (OTHER,)], [CARD, GONE, CARD]),
        ([(PHONE,), (b"\x08\x01\x02\x03",), (b"\x08\x99\x98\x97",)], [CARD]),
        ([(UID, OTHER), (UID, OTHER), (), (), ()], [TROUBLE]),
        ([(b"",), (b"",), (), (), ()], [TROUBLE]),
    ],
)
def test_what_lies_there(board: SimpleNamespace, listings: list[tuple[bytes, ...]], told: list[int]) -> None:
    assert tale(board, listings) == told


@settings(max_examples=200)
@given(st.lists(st.sampled_from([(), (UID,), (OTHER,), (UID, OTHER), (PHONE,), (b"",)]), max_size=40))
def test_never_two_departures_and_never_one_too_few(board: SimpleNamespace, listings: list[tuple[bytes, ...]]) -> None:
    told = [what for what in tale(board, [*listings, (), (), (), ()]) if what != TROUBLE]
    assert told == [CARD, GONE] * (len(told) // 2)


def test_a_button_that_bounces_is_one_press(board: SimpleNamespace) -> None:
    button, random, presses = board.presence.Button(), Random(5), []
    for now in range(0, 1000, 5):
        steady = 200 <= now < 500
        bouncing = 200 <= now < 215 or 500 <= now < 515
        pressed = button.look(random.random() < 0.5 if bouncing else steady, now)
        if pressed is not None:
            presses.append(pressed)
    assert len(presses) == 1 and 250 <= presses[0] <= 350


# -- light and sound


def test_flashes_and_beeps_take_the_time_they_are_given(board: SimpleNamespace) -> None:
    signals = board.lights.Signals()
    assert signals.at(0, True) == ((0, 0, 8), 0) and signals.at(0, False) == ((0, 0, 0), 0)
    signals.play(messages.signal(messages.SignalPlan(1, 2, 3, 2, 100, 1, 50, 2000)), 1000)
    shown = [signals.at(1000 + past, True) for past in (0, 60, 120, 220, 320, 420)]
    on, off = (1, 2, 3), (0, 0, 0)
    assert shown == [(on, 2000), (on, 0), (off, 0), (on, 0), (off, 0), ((0, 0, 8), 0)]
    with pytest.raises(board.board_frame.BadBytes):
        signals.play(b"short", 0)


# -- cards' memory


@given(
    st.sampled_from(range(36)), st.text("abcdefghij0123456789/?&=.-", max_size=200), st.lists(st.binary(max_size=20), max_size=2)
)
def test_addresses_are_those_an_independent_library_finds(
    board: SimpleNamespace, prefix: int, rest: str, before: list[bytes]
) -> None:
    uri = ndef.Record("urn:nfc:wkt:U", "", bytes([prefix]) + rest.encode())
    message = b"".join(ndef.message_encoder([*(ndef.Record("image/png", "", data) for data in before), uri]))
    (found,) = [record for record in ndef.message_decoder(message) if isinstance(record, ndef.UriRecord)]
    assert board.evidence.uri_of(message).decode() == board.evidence._PREFIXES[prefix] + rest
    if not set(rest) & set("/?&=.") and prefix:  # ndeflib rewrites what it takes for a host's name
        assert board.evidence.uri_of(message).decode().lower() == str(found.iri).lower()


def test_the_address_of_a_smart_poster(board: SimpleNamespace) -> None:
    poster = b"".join(ndef.message_encoder([ndef.SmartposterRecord(ADDRESS)]))
    assert board.evidence.uri_of(poster) == ADDRESS.encode()


ADDRESSES = st.just(b"".join(ndef.message_encoder([ndef.UriRecord(ADDRESS)])))


@given(
    st.one_of(
        st.binary(max_size=80), st.builds(nested_posters, st.integers(0, 600), st.one_of(ADDRESSES, st.binary(max_size=20)))
    )
)
def test_any_message_is_an_address_or_none(board: SimpleNamespace, message: bytes) -> None:
    """However deep its posters lie within one another, it is looked into once."""
    with shallow(4):
        found = board.evidence.uri_of(message)
    assert found is None or isinstance(found, bytes)


@contextlib.contextmanager
def shallow(deepest: int) -> Iterator[None]:
    """Nothing in here may call more than so many functions within one another."""
    depth, reached = 0, 0

    def note(_frame: object, event: str, _what: object) -> None:
        nonlocal depth, reached
        depth += {"call": 1, "return": -1}.get(event, 0)
        reached = max(reached, depth)

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
    assert reached <= deepest


def test_posters_within_posters_on_a_stack_as_small_as_the_board_s(tmp_path: Path) -> None:
    """MicroPython says how deep it may go; a thread of this port can have as little as the board."""
    (tmp_path / "evidence.py").write_text((Path(firmware_bridge.board.__file__).parent / "evidence.py").read_text())
    told = ", ".join(repr(nested_posters(size)) for size in (240, 498, 596))
    (tmp_path / "asks.py").write_text(
        "import _thread, time, evidence\n"
        "def work():\n"
        f"    for message in ({told}):\n"
        "        print(evidence.uri_of(message))\n"
        "    print('well')\n"
        "_thread.stack_size(16 * 1024)\n"
        "_thread.start_new_thread(work, ())\n"
        "time.sleep(1)\n"
    )
    result = subprocess.run([needs("micropython"), "asks.py"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert result.stdout.split() == ["None", "None", "None", "well"], result.stderr


@given(st.lists(st.one_of(st.none(), st.binary(max_size=20), st.binary(min_size=16, max_size=16)), max_size=60), st.booleans())
def test_whatever_a_card_answers_the_dialogue_ends(board: SimpleNamespace, answers: list[bytes | None], iso_dep: bool) -> None:
    dialogue = board.evidence.of_iso_dep(True) if iso_dep else board.evidence.of_type2()
    next(dialogue)
    try:
        for answer in [*answers, None, None]:
            dialogue.send(answer)
    except StopIteration as end:
        assert end.value is None or len(end.value) <= board.evidence.MOST
    else:
        pytest.fail("it asks on after the card fell silent")


# -- the chip's poll, at the simulated chip


class Bus:
    """A chip at the other end, without line or time."""

    def __init__(self) -> None:
        self.chip, self.now, self._out = SimulatedChip(), 0.0, b""
        self.spoil: dict[int, bytes] = {}
        self.answers = self.asked = 0
        self.leaves_at: int | None = None

    def read(self) -> bytes:
        data = self._out + self.chip.tick(self.now)
        self._out = b""
        if data.startswith(b"\0\0\xff\0\xff\0") and len(data) > 6:
            self.answers += 1
            data = self.spoil.pop(self.answers, data)
        return data

    def write(self, data: bytes) -> None:
        self.asked += data[5:7] == b"\xd4\x40"
        if self.asked == self.leaves_at:
            self.chip.field.take()
        self._out += self.chip.received(data, self.now)


def told(board: SimpleNamespace, bus: Bus, rounds: int = 400) -> list[messages.What]:
    """What would be reported in two seconds."""
    poll, presence, found = board.chip.Chip(bus), board.presence.Presence(), list[messages.What]()
    for number in range(rounds):
        bus.now = number * 0.005
        listed = poll.tick(number * 5)
        if listed is not None:
            for what, data in presence.look(listed, number * 5, poll.evidence):
                found.append(messages._WHAT[what](data))
            poll.holding, poll.wants_two = presence.holding, presence.wants_two
    assert poll.state == wire.CHIP_OK
    return found


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216", "type4"])
def test_the_address_on_a_tag_is_read(board: SimpleNamespace, kind: str) -> None:
    bus = Bus()
    bus.chip.field.place(card_of_kind(f"{kind}@{UID.hex()}={ADDRESS}")[0], None)
    assert told(board, bus) == [messages.Card(UID, "uri:" + ADDRESS)]


def test_a_sun_card_signs_once_for_each_time_it_is_held(board: SimpleNamespace) -> None:
    bus = Bus()
    card, _ = card_of_kind(f"sun:{'00' * 16}@{UID.hex()}")
    bus.chip.field.place(card, None)
    (read,) = told(board, bus)
    assert isinstance(read, messages.Card) and read.uid == UID
    assert read.evidence.startswith("uri:https://shopbell.example/card?picc_data=")
    assert card.counter == 1  # type: ignore[attr-defined] # a SunCard


@pytest.mark.parametrize("wallet", ["apple", "google"])
def test_a_phone_with_a_wallet(board: SimpleNamespace, wallet: str) -> None:
    bus = Bus()
    bus.chip.field.place(phone(PHONE, wallet), None)
    assert told(board, bus) == [messages.Card(PHONE, wallet=wallet)]  # type: ignore[arg-type] # one of the two


@pytest.mark.parametrize("address", ["https://shop.example/" + "x" * 480, ""])
def test_what_is_no_evidence(board: SimpleNamespace, address: str) -> None:
    bus = Bus()
    bus.chip.field.place(card_of_kind(f"type4@{UID.hex()}" + (f"={address}" if address else ""))[0], None)
    assert told(board, bus) == [messages.Card(UID)]


@pytest.mark.parametrize("answer", range(5, 16))
def test_a_misread_id_becomes_nobody(board: SimpleNamespace, answer: int) -> None:
    """Double damage that the chip's sum lets pass: two bytes of the id changed against each other."""
    bus = Bus()
    bus.chip.field.place(card_with(UID), None)
    bus.spoil[answer] = b"\0\0\xff\0\xff\0" + misread()
    assert told(board, bus) == [messages.Card(UID)]
    assert not bus.spoil, "it was said"


def test_a_card_that_leaves_while_it_is_read_is_told_by_its_id(board: SimpleNamespace) -> None:
    """It was seen twice alike; only its memory is not known."""
    bus = Bus()
    bus.chip.field.place(card_of_kind(f"ntag216@{UID.hex()}={ADDRESS}")[0], None)
    bus.leaves_at = 2
    assert told(board, bus) == [messages.Card(UID), messages.Gone(0)]


@pytest.mark.parametrize("error", [RuntimeError("maximum recursion depth exceeded"), MemoryError(), IndexError()])
def test_a_card_that_breaks_what_reads_it_is_told_by_its_id(
    board: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever its memory does, the board goes on; the next card is read as ever."""

    def breaks(_message: bytes) -> None:
        raise error

    bus = Bus()
    bus.chip.field.place(card_of_kind(f"ntag216@{UID.hex()}={ADDRESS}")[0], None)
    with monkeypatch.context() as patch:
        patch.setattr(board.evidence, "uri_of", breaks)
        assert told(board, bus) == [messages.Card(UID)]
    assert told(board, bus) == [messages.Card(UID, "uri:" + ADDRESS)]


class Mute(Bus):
    """A card that keeps the chip waiting for ever, as one may that asks for more time again and again."""

    def read(self) -> bytes:
        data = super().read()
        return b"" if b"\xd5\x41" in data else data


def test_a_card_that_never_answers_is_told_by_its_id_and_the_chip_is_well(board: SimpleNamespace) -> None:
    bus = Mute()
    bus.chip.field.place(card_of_kind(f"type4@{UID.hex()}={ADDRESS}")[0], None)
    assert told(board, bus) == [messages.Card(UID)]


def test_a_card_that_gives_a_byte_an_answer_is_told_by_its_id_in_two_seconds(board: SimpleNamespace) -> None:
    bus = Bus()
    bus.chip = SimulatedChip(air=LateAir())
    bus.chip.field.place(dawdler(UID, address_behind(500)), None)
    assert told(board, bus, rounds=round(2.3 / 0.005)) == [messages.Card(UID)]


def misread() -> bytes:
    body = b"\xd5\x4b\x01\x01\x00\x44\x00\x07" + bytes([UID[0] + 1, UID[1] - 1]) + UID[2:]
    return b"\0\0\xff" + bytes([len(body), -len(body) & 255]) + body + bytes([-sum(body) & 255, 0])


@given(st.binary(max_size=60))
def test_any_listing_gives_ids_or_trouble(board: SimpleNamespace, data: bytes) -> None:
    uids, _sak = board.chip.cards(data)
    assert all(len(uid) in (0, 4, 7, 10) for uid in uids)


def test_the_message_the_tests_write_is_the_library_s() -> None:
    assert next(iter(ndef.message_decoder(uri_message(ADDRESS)))).iri == ADDRESS
