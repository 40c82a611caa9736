"""docs/reader_board_protocol.md: every byte shown is a frame of the wire, and means what stands below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firmware_bridge.session.board_update import _REFUSALS
from firmware_bridge.update.build import build_image
from firmware_bridge.wire import board_frame as wire
from firmware_bridge.wire import board_messages as messages

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "reader_board_protocol.md").read_text()
LINES = re.findall(r"^([<>]) ([0-9A-F ]+)\n  (.+)$", TEXT, re.M)
TO_BOARD = {getattr(wire, name): name for name in ("ASK", "ACK", "PING", "SIGNAL", "UPDATE_BEGIN", "UPDATE_DATA", "UPDATE_END")}


def frame(text: str) -> wire.Frame:
    (item,) = wire.FrameReader().feed(bytes.fromhex(text))
    assert isinstance(item, wire.Frame)
    return item


def rows(head: str) -> list[list[str]]:
    """The cells of the table that begins with `head`."""
    table = TEXT.split(head, 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_there_is_something_to_read() -> None:
    assert len(LINES) == 17 and {sign for sign, _, _ in LINES} == {"<", ">"}


@pytest.mark.parametrize(("sign", "data", "meaning"), LINES)
def test_bytes_mean_what_is_said(sign: str, data: str, meaning: str) -> None:
    found = frame(data)
    if sign == "<":
        assert repr(messages.parse(found)) == meaning
    else:
        assert f"{TO_BOARD[found.kind]} {found.body.hex(' ').upper()}".strip() == meaning
    assert wire.frame_bytes(found.kind, found.sequence, found.body) == bytes.fromhex(data)


def test_the_host_says_these_bytes() -> None:
    said = {bytes.fromhex(data) for sign, data, _ in LINES if sign == ">"}
    plan = messages.SignalPlan(0, 200, 0, 1, 1500, 1, 80, 2000)
    begin = messages.begin_update(37144, bytes(range(1, 33)), (1, 1, 0), (1, 0, 0), "shopbell-reader", "rp2040-pn532")
    assert said == {
        messages.ask(0x11223344),
        messages.ping(),
        messages.ack(7, 1),
        messages.ack(7, 2),
        wire.frame_bytes(wire.SIGNAL, 1, messages.signal(plan)),
        wire.frame_bytes(wire.UPDATE_BEGIN, 2, begin),
        wire.frame_bytes(wire.UPDATE_DATA, 3, messages.update_block(1024, b"block")),
        wire.frame_bytes(wire.UPDATE_END, 4),
    }


def test_ping_step_by_step() -> None:
    steps = [bytes.fromhex(text.strip("`")) for _, text in rows("| step | bytes |")]
    assert steps[1][:2] == steps[0] and wire.cobs_decode(steps[2]) == steps[1] and steps[3] == steps[2] + b"\0" == messages.ping()


@pytest.mark.parametrize("head", ["| kind | name | body |", "| what | name | data |", "| status | name | the host says |"])
def test_numbers_of_the_tables(head: str) -> None:
    found = rows(head)
    assert len(found) >= 5
    for number, name, *_ in found:
        assert getattr(wire, name) == int(number.strip("`"), 16)


def test_refusals_are_those_of_the_host() -> None:
    for number, name, word in rows("| status | name | the host says |"):
        refusal = _REFUSALS.get(int(number.strip("`"), 16))
        if refusal is not None:
            assert word == f"`{refusal.code}`", name


def test_the_head_of_an_image() -> None:
    image = build_image("rp2040-pn532", (1, 1, 0), (1, 0, 0))
    shown = TEXT.split("```text\n")[1].split("```")[0].splitlines()
    assert image.data.decode().splitlines()[:6] == shown[:6]
    assert shown[6].split()[0] == next(iter(image.files)) and f"({shown[6].split()[1]} bytes" in shown[7]
    assert str(wire.MAX_BODY) in TEXT and f"longer than {wire.MAX_WIRE} bytes" in TEXT
