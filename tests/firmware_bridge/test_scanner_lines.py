"""The lines of serial scanners: ends, identifiers, limits, gaps, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.card_read import CardRead, CardTrouble
from firmware_bridge.session.code_presence import SAME_S, CodePresence
from firmware_bridge.wire.scanner_lines import GAP_S, LONGEST_TEXT, BadScan, LineReader, Scan, ScannedLine, ScanRefused, read_line


def said(data: bytes) -> list[Scan]:
    return LineReader().feed(data, 1.0)


def codes(scans: list[Scan]) -> list[str]:
    return [scan.code if isinstance(scan, BadScan) else scan.text for scan in scans]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n"])
def test_every_line_end_gives_one_line(end: bytes) -> None:
    assert said(b"KR-MARIA" + end + b"2012345678900" + end) == [ScannedLine("KR-MARIA"), ScannedLine("2012345678900")]


@pytest.mark.parametrize(
    ("line", "text", "symbology"),
    [
        (b"]E04006381333931", "4006381333931", "]E0"),
        (b"]C0KR-1", "KR-1", "]C0"),
        (b"]C18018123456789012345675", "8018123456789012345675", "]C1"),
        (b"]Q1https://a/8018/123456789012345675", "https://a/8018/123456789012345675", "]Q1"),
        (b"]d28018123456789012345675\x1d8019123", "8018123456789012345675\x1d8019123", "]d2"),
        (b"]", "]", None),
        (b"]9zz", "]9zz", None),
        (b"a", "a", None),
        (b"x" * LONGEST_TEXT, "x" * LONGEST_TEXT, None),
        (b"]Q1" + b"x" * LONGEST_TEXT, "x" * LONGEST_TEXT, "]Q1"),
    ],
)
def test_lines(line: bytes, text: str, symbology: str | None) -> None:
    assert read_line(line) == ScannedLine(text, symbology)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"x" * (LONGEST_TEXT + 1), "scan_too_long"),
        (b"]Q1" + b"x" * (LONGEST_TEXT + 1), "scan_too_long"),
        (b"", "scan_alphabet"),
        (b"]Q1", "scan_alphabet"),
        (b"KR\x16M", "scan_alphabet"),
        (b"KR\x00", "scan_alphabet"),
        (b"\x1b[A", "scan_alphabet"),
        ("größe".encode(), "scan_alphabet"),
        (b"%%SpecCode10", "scan_programming"),
        (b"%#IFSNO$4", "scan_programming"),
        (b"^#SC^3", "scan_programming"),
        (b"$P", "scan_programming"),
        (b"]C0$+CP0$-", "scan_programming"),
        (b"@SETUPE1", "scan_programming"),
        (b"nls0006010", "scan_programming"),
        (b"232BAD9.", "scan_programming"),
        (b"PAPHHF!", "scan_programming"),
        (b"]Z0hello", "scan_no_code"),
    ],
)
def test_refused(line: bytes, code: str) -> None:
    with pytest.raises(ScanRefused) as error:
        read_line(line)
    assert error.value.code == code
    assert error.value.hint.endswith(".")
    if len(line) > 4:
        assert line.decode("latin-1") not in str(error.value)


def test_a_refused_line_does_not_spoil_the_next() -> None:
    assert codes(said(b"y" * 5000 + b"\r\nKR-MARIA\r\n")) == ["scan_too_long", "KR-MARIA"]


def test_the_buffer_is_bounded() -> None:
    reader = LineReader()
    reader.feed(b"z" * 1_000_000, 1.0)
    assert len(reader._line) <= LONGEST_TEXT + 4


def test_half_a_line_is_no_code() -> None:
    reader = LineReader()
    assert reader.feed(b"20123456", 1.0) == []
    assert reader.wake_at == 1.0 + GAP_S
    assert reader.tick(1.0 + GAP_S - 0.01) == []
    assert codes(reader.tick(1.0 + GAP_S)) == ["scan_cut"]
    assert reader.wake_at is None
    assert codes(reader.feed(b"78900\r", 2.0)) == ["scan_cut"], "the other half is no code either"
    assert codes(reader.feed(b"KR-MARIA\r", 3.0)) == ["KR-MARIA"]


def test_the_price_is_the_code_behind_the_cut_one() -> None:
    reader = LineReader()
    reader.feed(b"KR-MAR", 1.0)
    reader.tick(2.0)
    assert codes(reader.feed(b"2012345678900\r\nKR-MARIA\r\n", 3.0)) == ["scan_cut", "KR-MARIA"]


def test_an_end_that_comes_late_is_only_an_end() -> None:
    reader = LineReader()
    reader.feed(b"2012345678900", 1.0)
    assert codes(reader.tick(2.0)) == ["scan_cut"]
    assert codes(reader.feed(b"\r\nKR-MARIA\r\n", 3.0)) == ["KR-MARIA"]


def test_codes_that_never_end_are_told_each_time() -> None:
    reader = LineReader()
    for at in (1.0, 2.0, 3.0):
        reader.feed(b"KR-MARIA", at)
        assert codes(reader.tick(at + GAP_S)) == ["scan_cut"]
    assert reader.wake_at is None


def test_bytes_that_waited_for_a_busy_machine_are_no_pause() -> None:
    """They came in time and were fetched late: only an empty port is silent."""
    reader = LineReader()
    reader.feed(b"KR-MAR", 10.0)
    assert codes(reader.feed(b"IA-0042\r\n", 10.3)) == ["KR-MARIA-0042"]


def test_a_line_whose_beginning_was_not_heard() -> None:
    reader = LineReader()
    reader.distrust()
    assert reader.wake_at is None
    assert codes(reader.feed(b"IA-0042\rKR-MARIA\r", 1.0)) == ["scan_cut", "KR-MARIA"]


def test_a_code_left_there_is_one_read() -> None:
    presence = CodePresence("scan-1")
    line = ScannedLine("KR-MARIA", "]Q1")
    events = [event for at in range(20) for event in presence.look(line, 1.0 + at * 0.5)]
    assert events == [CardRead("code", "KR-MARIA", "scan-1", 1.0, symbology="]Q1")]
    assert len(presence.look(line, 10.5 + SAME_S)) == 1
    assert len(presence.look(ScannedLine("KR-OTHER"), 12.6)) == 1


def test_noise_is_one_trouble() -> None:
    presence = CodePresence("scan-1")
    assert presence.look(BadScan("scan_alphabet", ""), 1.0) == [
        CardTrouble("scan-1", 1.0, "unreadable", medium="code", code="scan_alphabet")
    ]
    assert presence.look(BadScan("scan_cut", ""), 2.0) == []


@given(st.binary(max_size=600))
def test_bytes_give_lines_or_refusals(line: bytes) -> None:
    try:
        found = read_line(line)
    except ScanRefused:
        return
    assert 1 <= len(found.text) <= LONGEST_TEXT
    assert found.text.isascii()
    assert ((found.symbology or "") + found.text).encode() == line


@given(st.lists(st.tuples(st.binary(max_size=40), st.floats(0, 0.5)), max_size=20))
def test_however_the_bytes_are_cut(pieces: list[tuple[bytes, float]]) -> None:
    """Within a line's time, pieces say the same as the whole; over longer times nothing is raised and nothing grows."""
    whole = b"".join(piece for piece, _ in pieces) + b"\r"
    reader, cut = LineReader(), list[Scan]()
    for piece, _ in pieces:
        cut += reader.feed(piece, 1.0)
    assert cut + reader.feed(b"\r", 1.0) == said(whole)
    slow, now, late = LineReader(), 0.0, list[Scan]()
    for piece, pause in pieces:
        now += pause
        late += slow.tick(now) + slow.feed(piece, now)
        assert len(slow._line) <= LONGEST_TEXT + 4
    whole_lines = [scan for scan in said(whole) if isinstance(scan, ScannedLine)]
    assert all(scan in whole_lines for scan in late if isinstance(scan, ScannedLine)), "no part of a line is a line"
