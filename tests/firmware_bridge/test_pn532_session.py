"""The state table: whole dialogues from transcripts, and what happens when something is late, damaged or missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.card_read import CardRead, CardTrouble, ReaderState
from firmware_bridge.errors import BridgeError, NotAReader, ReaderGone
from firmware_bridge.session.arrival import Known, nobody
from firmware_bridge.session.pn532_session import Pn532Session
from firmware_bridge.session.pn532_steps import LISTINGS, TABLE, Step, Timing
from firmware_bridge.session.presence import Presence
from firmware_bridge.wire.pn532_frame import ACK, ERROR, answer_frame
from tests.support.reader import TRANSCRIPTS, WAYS, Feed, play, transcript

DIALOGUES = sorted(path.name for path in TRANSCRIPTS.glob("*.txt") if path.name != "worked-frames.txt")
FIRMWARE = answer_frame(0x03, bytes.fromhex("32010607"))
CARD = answer_frame(0x4B, bytes.fromhex("01 01 0044 00 07 04A2B3C4D5E6F7"))
NONE = answer_frame(0x4B, b"\x00")
# What a session is answered until it looks for cards.
WELL, FIELD = answer_frame(0x01, b"\0"), answer_frame(0x33)
BEFORE_PARAMETERS = [FIRMWARE, answer_frame(0x15), WELL, WELL, FIELD]
SELF_TESTS_AT = (2, 3)
TO_POLLING = [*BEFORE_PARAMETERS, answer_frame(0x13), answer_frame(0x53, b"\0"), answer_frame(0x33)]
STEPS = len(TO_POLLING)
MEMORY = answer_frame(0x41, bytes.fromhex("00 E1101200 0300FE00 00000000 00000000"))  # an NTAG213 with an empty message


DECIDED = (Step.PARAMETERS, Step.LIMIT, Step.ASK, Step.FIELD_OFF, Step.CLOSING)


@pytest.mark.parametrize("feed", WAYS)
@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(name: str, feed: Feed) -> None:
    play(transcript(name), feed)


def polling(now: float = 0.05, presence: Presence | None = None, known: Known = nobody) -> Pn532Session:
    """A session that looks for cards since `now`."""
    session = Pn532Session("nfc-1", presence, known=known)
    session.begin(now - 0.05)
    session.tick(now)
    for answer in TO_POLLING:
        session.received(ACK + answer, now)
    session.received(ACK, now)
    assert session.state == "polling"
    return session


@pytest.mark.parametrize(
    ("answered", "state"),
    [
        (0, "checking"),
        (1, "configuring"),
        (2, "checking"),
        (3, "checking"),
        *((at, "configuring") for at in range(4, STEPS)),
        (STEPS, "polling"),
    ],
)
def test_states_in_order(answered: int, state: str) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    assert session.state == "waking"
    session.tick(0.05)
    for answer in TO_POLLING[:answered]:
        session.received(ACK + answer, 0.05)
    assert session.state == state
    assert not session.up


def test_it_is_up_when_the_listing_is_acknowledged() -> None:
    assert polling().up


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(Step)
    for step, row in TABLE.items():
        assert hasattr(Timing(), row.allows)
        assert (row.after is None) == (step in LISTINGS or step in DECIDED)


@pytest.mark.parametrize("answered", range(STEPS + 1))
def test_every_step_starts_anew_without_an_ack(answered: int) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    for answer in TO_POLLING[:answered]:
        session.received(ACK + answer, 0.05)
    session.tick(session.wake_at)
    assert session.state == "waking"


@pytest.mark.parametrize("answered", range(STEPS))
def test_every_step_starts_anew_without_an_answer(answered: int) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    for answer in TO_POLLING[:answered]:
        session.received(ACK + answer, 0.05)
    session.received(ACK, 0.05)
    session.tick(session.wake_at - 0.001)
    assert session.state != "waking"
    session.tick(session.wake_at)
    assert session.state == "waking"


@pytest.mark.parametrize("answered", range(STEPS + 1))
@pytest.mark.parametrize("damage", [b"\x11\x22\x33", b"\x00\xff\x02\xff", bytes.fromhex("0000ffff0000")])
def test_every_step_repeats_its_command_after_damage(answered: int, damage: bytes) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    sent = session.tick(0.05).send
    for answer in TO_POLLING[:answered]:
        sent = session.received(ACK + answer, 0.05).send
    session.received(damage, 0.06)
    assert session.tick(0.07).send == b""
    assert session.tick(0.15).send == sent


@pytest.mark.parametrize("answered", [at for at in range(STEPS + 1) if at not in SELF_TESTS_AT])
def test_every_step_but_the_self_tests_repeats_a_command_that_was_refused(answered: int) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    sent = session.tick(0.05).send
    for answer in TO_POLLING[:answered]:
        sent = session.received(ACK + answer, 0.05).send
    assert session.received(ERROR, 0.06).send == b""
    assert session.tick(0.15).send == sent


def test_a_chip_that_cannot_test_itself_is_used_all_the_same() -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    session.received(ACK + FIRMWARE, 0.05)
    session.received(ACK + answer_frame(0x15), 0.05)
    session.received(ACK + ERROR, 0.06)
    session.received(ACK + ERROR, 0.07)
    assert session.state == "configuring"
    assert session.wake_at > 0.07 + 0.4


@pytest.mark.parametrize("first", [[], [WELL]])
def test_a_chip_whose_memory_is_broken_is_not_used(first: list[bytes]) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    for answer in [FIRMWARE, answer_frame(0x15), *first]:
        session.received(ACK + answer, 0.05)
    failed = session.received(ACK + answer_frame(0x01, b"\x01"), 0.06).failed
    assert failed is not None
    assert failed.code == "reader_faulty"
    assert "replace the reader" in failed.hint


def test_repeats_are_bounded() -> None:
    session = polling()
    now = 1.0
    for _ in range(3):
        session.received(b"\x77", now)
        assert session.tick(now + 0.03).send
        session.received(ACK, now + 0.03)
        now += 1.0
    session.received(b"\x77", now)
    session.tick(now + 0.03)
    assert session.state == "waking"


def test_a_card_after_damage_resets_the_count() -> None:
    session = polling()
    now = 1.0
    for _ in range(10):
        session.received(b"\x77", now)
        session.tick(now + 0.03)
        session.received(ACK + CARD, now + 0.03)
        session.received(ACK + answer_frame(0x33), now + 0.03)
        session.received(ACK + CARD, now + 0.03)
        session.received(ACK + MEMORY, now + 0.03)
        now += 1.0
        session.tick(now)
    assert session.state == "present"


@pytest.mark.parametrize(
    "stale",
    [CARD, NONE, FIRMWARE, answer_frame(0x33), answer_frame(0x15), ACK, b"\x00" * 20],
    ids=["card", "no card", "firmware", "rf", "sam", "ack", "zeros"],
)
def test_before_the_ack_no_answer_counts(stale: bytes) -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    if stale != ACK:
        out = session.received(stale, 0.06)
        assert (out.send, out.events) == (b"", [])
    assert session.state == "checking"


@pytest.mark.parametrize("answered", range(STEPS + 1))
@pytest.mark.parametrize("stale", sorted({CARD, NONE, *TO_POLLING}), ids=lambda frame: frame[6:8].hex())
def test_an_answer_to_another_command_does_not_count(answered: int, stale: bytes) -> None:
    """esphome#3823: after a soft reset the chip answers what it was asked before."""
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    command = session.tick(0.05).send
    for answer in TO_POLLING[:answered]:
        command = session.received(ACK + answer, 0.05).send
    session.received(ACK, 0.05)
    out = session.received(stale, 0.05)
    is_ours = stale[6] == command[6] + 1
    assert bool(out.send) is is_ours
    assert is_ours or session.wake_at - 0.05 >= 0.4  # and it is no damage to be repeated either


def test_a_card_seen_once_when_the_port_is_lost_is_asked_for_again() -> None:
    session = polling()
    assert session.received(CARD, 1.0).events == []
    assert session.end(1.1).events == [CardTrouble("nfc-1", 1.1, "unreadable")]
    assert session.end(1.2).events == []


def test_a_card_seen_twice_when_the_port_is_lost_is_told() -> None:
    session = polling()
    session.received(CARD, 1.0)
    session.received(ACK + answer_frame(0x33), 1.0)
    assert session.received(ACK + CARD, 1.0).events == []  # its memory is asked for now
    assert [type(event) for event in session.end(1.1).events] == [CardRead]


def test_a_known_card_is_told_at_once() -> None:
    session = polling(known=lambda value: value == "04A2B3C4D5E6F7")
    assert [type(event) for event in session.received(CARD, 1.0).events] == [CardRead]
    assert session.end(1.1).events == []


def test_what_comes_while_draining_is_nobodys() -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    assert session.received(ACK + CARD + FIRMWARE, 0.01).events == []
    assert session.state == "waking"


def test_half_a_frame_from_before_does_not_swallow_the_first_answer() -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.received(b"\x00\xff\xc8\x38", 0.04)  # a header that claims 200 bytes
    session.tick(0.05)
    assert session.received(ACK + FIRMWARE, 0.06).send
    assert session.wake_at > 0.06 + 0.4


def test_nothing_is_sent_between_wake_ups_while_polling() -> None:
    session = polling()
    for tenth in range(1, 20):
        out = session.tick(0.05 + tenth / 10)
        assert (out.send, out.events) == (b"", [])


def test_a_card_in_the_moment_of_the_liveness_question_is_found_again() -> None:
    session = polling()
    question = session.tick(2.05)
    assert question.send
    assert session.received(CARD, 2.051).events == []  # the chip had answered before it heard the question
    listing = session.received(ACK + FIRMWARE, 2.052).send
    assert listing[6:7] == b"\x4a"
    session.received(ACK + CARD, 2.06)
    session.received(ACK + answer_frame(0x33), 2.06)
    session.received(ACK + CARD, 2.06)
    events = session.received(ACK + MEMORY, 2.06).events
    assert [type(event) for event in events] == [CardRead]


def test_a_card_lying_there_through_a_reconnection_is_one_read() -> None:
    presence = Presence("nfc-1")
    session = polling(presence=presence)
    session.received(CARD, 1.0)
    session.received(ACK + answer_frame(0x33), 1.0)
    session.received(ACK + CARD, 1.0)
    assert len(session.received(ACK + MEMORY, 1.0).events) == 1
    again = Pn532Session("nfc-1", presence)
    again.begin(3.0)
    again.tick(3.05)
    events = []
    for answer in [*BEFORE_PARAMETERS, answer_frame(0x13), answer_frame(0x33)]:
        events += again.received(ACK + answer, 3.05).events
    again.tick(3.2)
    events += again.received(ACK + CARD, 3.2).events
    assert [type(event) for event in events] == [ReaderState]
    assert again.state == "present"


@pytest.mark.parametrize(
    ("heard", "code", "kind"),
    [
        (b"", "reader_silent", NotAReader),
        (b"AT\r\nOK\r\n", "reader_garbage", NotAReader),
        (b"\x00\x00\xff\x02\xfe\xd4\x02\x2a\x00", "reader_echo", NotAReader),
        (b"\xff" * 50, "reader_garbage", NotAReader),
        (ACK, "reader_stopped", ReaderGone),
    ],
)
def test_why_it_was_given_up(heard: bytes, code: str, kind: type[BridgeError]) -> None:
    session, now, failed = Pn532Session("nfc-1"), 0.0, None
    session.begin(now)
    while failed is None and now < 60:
        now = session.wake_at
        failed = session.tick(now).failed
        if session.state == "checking":
            session.received(heard, now)
    assert failed is not None
    assert (failed.code, type(failed).__mro__[1]) == (code, kind)
    assert failed.hint
    assert session.state == "failed"
    assert now < 10


def test_a_failed_session_stays_silent() -> None:
    session = Pn532Session("nfc-1")
    session.begin(0.0)
    session.tick(0.05)
    session.received(ACK + answer_frame(0x03, bytes.fromhex("33020707")), 0.06)
    assert session.state == "failed"
    for now in (1.0, 10.0, 100.0):
        out = session.tick(now)
        assert (out.send, out.events) == (b"", [])
        assert out.failed is not None
        assert session.received(ACK + FIRMWARE + CARD, now).send == b""


@pytest.mark.parametrize("data", ["02", "01 01", "01 01 0044 00 05 0411223344", "FF" * 20, ""])
def test_an_impossible_listing_is_trouble_not_a_read(data: str) -> None:
    session = polling()
    answer = answer_frame(0x4B, bytes.fromhex(data))
    session.received(answer, 1.0)
    session.received(ACK + answer_frame(0x33), 1.0)
    events = session.received(ACK + answer, 1.0).events
    assert events == [CardTrouble("nfc-1", 1.0, "unreadable")]


def test_an_unreadable_first_listing_is_mended_by_the_second() -> None:
    session = polling()
    session.received(answer_frame(0x4B, b"\x01\x01"), 1.0)
    session.received(ACK + answer_frame(0x33), 1.0)
    session.received(ACK + CARD, 1.0)
    session.received(ACK + CARD, 1.0)
    assert [type(event) for event in session.received(ACK + MEMORY, 1.0).events] == [CardRead]


pieces = st.sampled_from(
    [ACK, FIRMWARE, NONE, answer_frame(0x33), answer_frame(0x15), answer_frame(0x53), b"\x00", b"\xff", b"\x12", CARD[:10]]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(pieces, st.floats(0.0, 2.0)), max_size=60))
def test_without_a_card_in_the_bytes_there_is_no_read(heard: list[tuple[bytes, float]]) -> None:
    session, now = Pn532Session("nfc-1"), 0.0
    events = session.begin(now).events
    for data, pause in heard:
        now += pause
        events += session.received(data, now).events
        for _ in range(3):  # several things may be due after a long pause, one after the other
            events += session.tick(now).events
        assert session.wake_at > now or session.state == "failed"
    assert not [event for event in events if isinstance(event, CardRead)]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=60), st.floats(0.0, 1.0)), max_size=40))
def test_any_bytes_at_any_time_raise_nothing_and_read_nothing(heard: list[tuple[bytes, float]]) -> None:
    session, now = polling(), 1.0
    for data, pause in heard:
        now += pause
        out = session.received(data, now)
        assert not [event for event in out.events + session.tick(now).events if isinstance(event, CardRead)]
