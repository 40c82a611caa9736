"""A million payloads over what scanners and camera say: `./shopbell test readers-long`.

The seed is printed; SHOPBELL_SEED repeats it, SHOPBELL_READERS_PAYLOADS makes it shorter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from edge.contracts.card_id import canonical
from firmware_bridge.card_read import CardRead, CardTrouble
from firmware_bridge.wire.key_layouts import US
from firmware_bridge.wire.scanner_lines import LONGEST_TEXT, BadScan, LineReader, Scan, ScannedLine
from firmware_bridge.wire.wedge_keys import ENTER, KeyPress, KeyReader
from kiosk.devices.camera_words import CameraTrouble, SeenFrame, read_word
from kiosk.visit.codes import CodePolicy, understood
from tests.bench.figures import Goal
from tests.readers.results import SEED, Measured, whole_or

RUNS = whole_or("SHOPBELL_READERS_PAYLOADS", 1_000_000)
REFUSED = {"scan_too_long", "scan_alphabet", "scan_programming", "scan_no_code", "scan_cut", "scan_typed", "scan_keys"}
NO_MEMBER = {"code_product", "code_check_digit", "code_foreign", "code_too_long"}
# What good payloads look like; each run changes one of them.
SAMPLES = [
    b"]E02012345678903",
    b"]E04006381333931",
    b"]C18018123456789012345675\x1d8019123",
    b"]Q1https://id.example/8018/123456789012345675/8019/123?x=1",
    b"(8018)123456789012345675(8019)123",
    b"]d20104006381333931\x1d8018123456789012345675",
    b"]Q1sbq1.0123456789abcdef0123.58123456.AbCdEfGh-_123456",
    b"KR-MARIA",
    b"%%SpecCode10",
    b"WIFI:S:shop;T:WPA;P:secret;;",
    b'{"type":"frame","number":1,"at":1.5,"mark":7,"width":1280,"height":720,"codes":[["KR-MARIA","]Q1"]],"hint":"glare"}',
]
_STRANGE = [b"\r", b"\n", b"\x1d", b"]", b"\x00", b"\xff", b"8018", b"https://", b"(", b"%", b"[", b"://", b"\x16M\r", b"."]


def changed(random: Random) -> bytes:
    """A payload: a sample with some of it cut, swapped, doubled or replaced; now and then pure noise."""
    if random.random() < 0.1:
        return random.randbytes(random.randint(0, 80))
    payload = bytearray(random.choice(SAMPLES))
    for _ in range(random.randint(0, 6)):
        at = random.randint(0, len(payload))
        match random.randint(0, 4):
            case 0:
                payload[at : at + random.randint(1, 8)] = b""
            case 1:
                payload[at : at + 1] = random.randbytes(1)
            case 2:
                payload[at:at] = random.choice(_STRANGE)
            case 3:
                payload[at:at] = payload[max(0, at - random.randint(1, 30)) : at]
            case _:
                payload += b"7" * random.choice([1, 3, 200, 600])
    return bytes(payload)


def from_line(random: Random) -> list[Scan]:
    """A payload and its end in pieces with pauses, into a line reader; never more than a line is held, and no part of a line is
    handed out as one."""
    reader, now, scans = LineReader(), 0.0, list[Scan]()
    payload = changed(random) + b"\r\n"
    cut = random.randint(0, len(payload))
    for piece in (payload[:cut], payload[cut:]):
        scans += reader.feed(piece, now)
        assert len(reader._line) <= LONGEST_TEXT + 4
        now += random.choice([0.0, 0.001, 0.1, 0.3])
        scans += reader.tick(now)
    whole = set(re.split(rb"[\r\n]", payload))
    for scan in scans:
        assert isinstance(scan, BadScan) or f"{scan.symbology or ''}{scan.text}".encode() in whole, payload
    return scans


def from_keys(random: Random) -> list[Scan]:
    """Random presses, at the speed of scanners or of fingers; what they spell is what they would have spelled without a pause."""
    reader, at, scans, presses = KeyReader(US), 0.0, list[Scan](), list[KeyPress]()
    for _ in range(random.randint(1, 24)):
        at += random.choice([0.001, 0.008, 0.03, 0.12, 0.4, -0.1])
        presses.append(KeyPress(random.randint(0, 130), random.random() < 0.8, at))
        presses += [KeyPress(ENTER, True, at)] if random.random() < 0.1 else []
    for press in presses:
        scans += reader.press(press)
    steady = KeyReader(US)
    whole = [scan for number, press in enumerate(presses) for scan in steady.press(replace(press, at=number / 1000))]
    for scan in scans:
        assert isinstance(scan, BadScan) or scan in whole, presses
    return scans


def from_camera(random: Random) -> list[Scan]:
    """A word of the camera's process."""
    word = read_word(changed(random))
    assert word is None or isinstance(word, SeenFrame | CameraTrouble)
    codes = word.codes if isinstance(word, SeenFrame) else []
    return [ScannedLine(code.text, code.symbology) for code in codes]


def judge(scan: Scan, counts: Counter[str]) -> None:
    """A line becomes a card id, or is refused with a known code."""
    if isinstance(scan, BadScan):
        assert scan.code in REFUSED
        counts[scan.code] += 1
        return
    presented = understood(CardRead("code", scan.text, "scan-1", 1.0, symbology=scan.symbology), CodePolicy())
    if isinstance(presented, CardTrouble):
        assert presented.code in NO_MEMBER
        counts[presented.code] += 1
        return
    assert canonical("code", presented.value) == f"code:{presented.value}"
    assert presented.evidence is None or len(presented.evidence) <= 500
    counts["card"] += 1


@pytest.mark.readers_long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("source", "what", "share"),
    [(from_line, "scanner lines", 0.7), (from_keys, "scanner keys", 0.2), (from_camera, "camera words", 0.1)],
    ids=["lines", "keys", "camera"],
)
def test_a_million_payloads(source: Callable[[Random], list[Scan]], what: str, share: float, measured: Measured) -> None:
    random, counts, runs = Random(SEED), Counter[str](), int(RUNS * share)
    for _ in range(runs):
        for scan in source(random):
            judge(scan, counts)
    refused = sum(number for code, number in counts.items() if code != "card")
    figures = {"inputs": runs, "taken": counts["card"], "refused": refused}
    # Any error has ended the test before.
    measured(f"any bytes: {what}", figures, [Goal(f"errors in {runs:,} changed payloads, {what}", 0, 0, unit="")], seed=SEED)
    assert counts["card"] > 0, "too few are good for this to say anything"
