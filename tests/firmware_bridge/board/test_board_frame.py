"""The wire both sides run: against the independent `cobs`, against damage, and the same under MicroPython."""

from __future__ import annotations

import ast
import random
import subprocess
from pathlib import Path

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import FrameError
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages
from firmware_bridge.wire.board_frame import BadBytes, Fault, Frame, FrameReader
from tests.support.needs import needs

BODIES = st.binary(max_size=wire.MAX_BODY)
# Runs around the length of a block, where COBS is easy to get wrong.
EDGES = st.builds(
    lambda *parts: b"".join(parts),
    *[st.sampled_from([b"", b"\0", b"\0\0", b"a" * 253, b"b" * 254, b"c" * 255, b"d" * 508, b"\x01"])] * 4,
)
FRAMES = st.builds(Frame, st.integers(1, 0x3F), st.integers(0, 255), BODIES)


@given(st.one_of(st.binary(max_size=1200), EDGES))
def test_cobs_is_that_of_an_independent_library(data: bytes) -> None:
    encoded = wire.cobs_encode(data)
    assert encoded == cobs.encode(data)
    assert wire.cobs_decode(encoded) == data


@given(st.binary(max_size=600))
def test_cobs_takes_what_the_library_takes(data: bytes) -> None:
    """Both refuse alike; where both take, they agree."""
    try:
        ours: bytes | None = wire.cobs_decode(data)
    except BadBytes:
        ours = None
    try:
        theirs = cobs.decode(data) if data else None
    except cobs.DecodeError:
        theirs = None
    assert ours == theirs


def test_a_crc_everybody_knows() -> None:
    """CRC-32 of "123456789" is CBF43926 in every catalogue; here it stands behind kind and sequence 31 32."""
    frame = wire.cobs_decode(wire.frame_bytes(0x31, 0x32, b"3456789")[:-1])
    assert frame == b"123456789" + bytes.fromhex("2639f4cb")


@given(FRAMES, st.data())
def test_a_frame_survives_any_split(frame: Frame, data: st.DataObject) -> None:
    line = wire.frame_bytes(frame.kind, frame.sequence, frame.body)
    assert line.count(0) == 1 and line[-1] == 0 and len(line) <= wire.MAX_WIRE
    cut = data.draw(st.integers(0, len(line)))
    reader = FrameReader()
    assert reader.feed(line[:cut]) + reader.feed(line[cut:]) == [frame]
    assert reader.held == 0


@given(st.lists(st.one_of(FRAMES, st.binary(max_size=1500)), max_size=6))
def test_after_damage_the_next_frame_is_read(items: list[Frame | bytes]) -> None:
    reader = FrameReader()
    for item in items:
        if isinstance(item, bytes):
            reader.feed(item)
            assert reader.held < wire.MAX_WIRE
        else:
            found = reader.feed(b"\0" + wire.frame_bytes(item.kind, item.sequence, item.body))
            assert found[-1] == item


@given(FRAMES, st.data())
def test_no_damaged_byte_makes_a_frame(frame: Frame, data: st.DataObject) -> None:
    line = bytearray(wire.frame_bytes(frame.kind, frame.sequence, frame.body))
    at = data.draw(st.integers(0, len(line) - 2))
    line[at] ^= data.draw(st.integers(1, 255))
    assert not [item for item in FrameReader().feed(bytes(line)) if isinstance(item, Frame)]


@given(st.binary(max_size=3000))
def test_only_frames_and_faults_come_out_of_bytes(data: bytes) -> None:
    reader = FrameReader()
    for item in reader.feed(data):
        assert isinstance(item, Fault) or item.kind >= 0
    assert reader.held < wire.MAX_WIRE


@given(st.integers(0, 255), st.integers(0, 255), BODIES)
def test_only_frame_error_comes_out_of_a_frame(kind: int, sequence: int, body: bytes) -> None:
    try:
        message = messages.parse(Frame(kind, sequence, body))
    except FrameError as error:
        assert error.code in ("body_short", "body_text", "body_card", "body_what", "frame_kind")
    else:
        assert isinstance(message, messages.Hello | messages.Report | messages.Status | messages.Result)


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"\x05ab\0", ["frame_cobs"]),
        (b"\x03ab\0", ["frame_short"]),
        (cobs.encode(bytes(6)) + b"\0", ["frame_checksum"]),
        (b"x" * 3000 + b"\0", ["frame_too_long"]),
        (b"\0\0\0", []),
    ],
)
def test_faults_have_names(data: bytes, codes: list[str]) -> None:
    assert [item.code for item in FrameReader().feed(data) if isinstance(item, Fault)] == codes


def test_a_body_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="544 fit"):
        wire.frame_bytes(1, 0, bytes(wire.MAX_BODY + 1))
    with pytest.raises(ValueError, match="256 bytes"):
        wire.text_bytes("x" * 256)


def test_micropython_frames_the_same(tmp_path: Path) -> None:
    """The file itself under MicroPython: what it makes of 60 bodies is byte for byte what it makes here."""
    micropython = needs("micropython")
    draw = random.Random(4)
    bodies = [draw.randbytes(draw.choice([0, 1, 5, 250, 253, 254, 255, 508, 544])).replace(b"\x07", b"\0") for _ in range(60)]
    program = (
        f"import sys; sys.path.insert(0, {str(Path(wire.__file__).parent)!r})\n"
        f"import board_frame as wire\nbodies = {[body.hex() for body in bodies]!r}\n"
        "for number, body in enumerate(bodies):\n"
        "    body = bytes.fromhex(body)\n"
        "    line = wire.frame_bytes(2, number, body)\n"
        "    assert wire.FrameReader().feed(line) == [wire.Frame(2, number, body)]\n"
        "    print(line.hex())\n"
    )
    (tmp_path / "frames.py").write_text(program)
    result = subprocess.run([micropython, str(tmp_path / "frames.py")], capture_output=True, text=True, timeout=60)
    assert result.stderr == "" and result.returncode == 0
    assert result.stdout.split() == [wire.frame_bytes(2, number, body).hex() for number, body in enumerate(bodies)]


def test_the_shared_file_imports_what_both_have() -> None:
    tree = ast.parse(Path(wire.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"binascii", "struct"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
