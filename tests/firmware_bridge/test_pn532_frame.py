"""Frames: worked examples byte for byte, damaged inputs by name, and hypothesis for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.wire.pn532_frame import (
    ACK,
    ERROR,
    MAX_BODY,
    MAX_FRAME,
    NACK,
    BadFrame,
    Frame,
    FrameReader,
    answer_frame,
    command_frame,
    cut,
)
from tests.support.reader import TRANSCRIPTS, WAYS, Feed, Line, byte_by_byte, named, transcript, whole

DAMAGED = sorted(path.name for path in (TRANSCRIPTS / "damaged").glob("*.txt"))
WORKED = transcript("worked-frames.txt")
codes = st.integers(0, 255)


def read(data: bytes, feed: Feed = whole) -> list[Frame | BadFrame]:
    reader = FrameReader()
    return [item for piece in feed(data) for item in reader.feed(piece)]


def frames(items: list[Frame | BadFrame]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def joined(words: list[str]) -> list[str]:
    """Junk that arrives in pieces is reported in pieces."""
    return [word for at, word in enumerate(words) if word != "frame_junk" or words[at - 1 : at] != ["frame_junk"]]


@pytest.mark.parametrize("feed", WAYS)
@pytest.mark.parametrize("line", WORKED, ids=lambda line: line.word)
def test_worked_frame_is_understood(line: Line, feed: Feed) -> None:
    assert [named(frame) for frame in frames(read(line.data, feed))] == [line.word]


@pytest.mark.parametrize("line", [line for line in WORKED if " " in line.word or line.sign == "->"], ids=lambda line: line.word)
def test_worked_frame_is_built_byte_for_byte(line: Line) -> None:
    (frame,) = frames(read(line.data))
    build = command_frame if frame.kind == "command" else answer_frame
    assert build(frame.code, frame.data).hex(" ") == line.data.hex(" ")


@pytest.mark.parametrize(("frame", "kind"), [(ACK, "ack"), (NACK, "nack"), (ERROR, "error")])
def test_short_frames(frame: bytes, kind: str) -> None:
    assert read(frame) == [Frame(kind)]  # type: ignore[arg-type]  # parametrised text


@pytest.mark.parametrize("feed", [whole, byte_by_byte])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_input(name: str, feed: Feed) -> None:
    lines = transcript(f"damaged/{name}")
    data = b"".join(line.data for line in lines)
    expected = [line.word for line in lines if line.sign == "=="]
    assert joined([named(item) for item in read(data, feed)]) == expected


@pytest.mark.parametrize("size", [0, 1, 2, 252, 253, 254, 255, 256, 262, MAX_BODY - 2])
@pytest.mark.parametrize("feed", WAYS)
def test_sizes_up_to_the_chips_limit(size: int, feed: Feed) -> None:
    data = bytes(at & 0xFF for at in range(size))
    assert frames(read(answer_frame(0x01, data), feed)) == [Frame("answer", 0x01, data)]


@pytest.mark.parametrize(("size", "extended"), [(253, False), (254, True)])
def test_extended_only_where_a_normal_frame_is_too_small(size: int, extended: bool) -> None:
    assert (command_frame(0, bytes(size))[3:5] == b"\xff\xff") is extended


@pytest.mark.parametrize("size", [MAX_BODY - 1, MAX_BODY, 1000])
def test_a_command_too_long_is_our_fault(size: int) -> None:
    with pytest.raises(MisuseError):
        command_frame(0, bytes(size))


@pytest.mark.parametrize("length", range(1, len(ACK) - 1))
def test_an_unfinished_ack_needs_more(length: int) -> None:
    assert cut(ACK[:length]).frame is None


@pytest.mark.parametrize("length", range(1, 14))
def test_an_unfinished_answer_needs_more(length: int) -> None:
    frame = answer_frame(0x03, bytes.fromhex("32010607"))
    reader = FrameReader()
    assert reader.feed(frame[: min(length, len(frame) - 2)]) == []


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_give_frames_or_frame_errors(data: bytes) -> None:
    try:
        piece = cut(data)
    except FrameError as error:
        assert isinstance(error, BadFrame)
        assert 1 <= error.skip <= len(data)
    else:
        assert 0 <= piece.used <= len(data)


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"\x00", b"\xff", b"\x00\xff", b"\xd5", b"\xd4", b"\x01", b"\xfe", ACK, ERROR]), max_size=60))
def test_bytes_that_look_like_frames_never_raise_or_pile_up(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        reader.feed(piece)
        assert reader.held <= MAX_FRAME
    reader.give_up()
    assert reader.held <= MAX_FRAME


@settings(deadline=None)
@given(codes, st.binary(max_size=MAX_BODY - 2))
def test_what_is_built_is_read(code: int, data: bytes) -> None:
    assert read(command_frame(code, data)) == [Frame("command", code, data)]
    assert read(answer_frame(code, data)) == [Frame("answer", code, data)]


@settings(deadline=None)
@given(st.lists(st.tuples(codes, st.binary(max_size=40)), min_size=1, max_size=6), st.data())
def test_splits_change_nothing(content: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(answer_frame(code, body) for code, body in content)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(stream, lambda _: pieces) == [Frame("answer", code, body) for code, body in content]


@settings(deadline=None)
@given(st.binary(max_size=80), codes, st.binary(max_size=40))
def test_a_frame_after_any_junk_is_found_in_the_end(junk: bytes, code: int, body: bytes) -> None:
    reader = FrameReader()
    items = reader.feed(junk + answer_frame(code, body))
    while reader.partial:
        items += reader.give_up()
    # A header in the junk may reach into the frame's preamble, never past its start code.
    assert Frame("answer", code, body) in frames(items) or junk.endswith((b"\x00", b"\xff")) or b"\x00\xff" in junk


@settings(deadline=None)
@given(st.integers(0, 12 * 8 - 1))
def test_one_wrong_bit_is_never_another_frame(bit: int) -> None:
    good = answer_frame(0x03, bytes.fromhex("32010607"))[:-1]
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8
    reader = FrameReader()
    items = reader.feed(bytes(bad))
    while reader.partial:
        items += reader.give_up()
    assert all(
        frame == Frame("answer", 0x03, bytes.fromhex("32010607")) or frame.kind in ("ack", "nack") for frame in frames(items)
    )


def test_a_flood_is_not_held() -> None:
    reader = FrameReader()
    for _ in range(50):
        reader.feed(b"\x00\xff\xff\xff\x01\x09\xf6" * 500)
        assert reader.held <= MAX_FRAME


def test_giving_up_finds_the_frame_inside() -> None:
    reader = FrameReader()
    good = answer_frame(0x15)
    assert reader.feed(b"\x00\xff\x80\x80" + good) == []
    assert reader.partial
    found = reader.give_up()
    assert [named(item) for item in found] == ["frame_cut_short", "frame_junk", "answer 15"]
    assert not reader.partial


def test_giving_up_nothing_is_nothing() -> None:
    reader = FrameReader()
    reader.feed(b"\x00")
    assert reader.give_up() == []


def test_clear_forgets_half_a_frame() -> None:
    reader = FrameReader()
    reader.feed(answer_frame(0x15)[:5])
    reader.clear()
    assert reader.feed(answer_frame(0x03, b"\x32")) == [Frame("answer", 0x03, b"\x32")]


@pytest.mark.parametrize("name", ["frame_checksum", "frame_identifier", "frame_too_long"])
def test_errors_say_what_to_do(name: str) -> None:
    errors = [item for damaged in DAMAGED for item in read(b"".join(line.data for line in transcript(f"damaged/{damaged}")))]
    (error, *_) = [item for item in errors if isinstance(item, BadFrame) and item.code == name]
    assert str(error).startswith(f"{name}: ")
    assert "cable" in error.hint
