"""Scanners that type: layouts, speed, chords, prefixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.wire.key_layouts import GERMAN, LAYOUTS, US, Layout
from firmware_bridge.wire.scanner_lines import LONGEST_TEXT, BadScan, Scan, ScannedLine
from firmware_bridge.wire.wedge_keys import ENTER, KEYPAD_ENTER, TAB, KeyPress, KeyReader

SHIFT, CTRL, ALT, CAPS, F1, BRACKET = 42, 29, 56, 58, 59, 27
FAST, SLOW = 0.008, 0.12
EDGE = 0.001


def presses(text: str, layout: Layout = US, every: float = FAST, end: int | None = ENTER) -> list[KeyPress]:
    """As a scanner presses them: shift down, key down, key up, shift up."""
    keys, at = [], 10.0
    for character in text:
        code, shifted = next(
            (code, character == upper and character != plain)
            for code, (plain, upper) in layout.items()
            if character in (plain, upper)
        )
        strokes = [KeyPress(code, True, at), KeyPress(code, False, at + EDGE)]
        held = [KeyPress(SHIFT, True, at), *strokes, KeyPress(SHIFT, False, at + EDGE)]
        keys += held if shifted else strokes
        at += every
    return keys + ([KeyPress(end, True, at), KeyPress(end, False, at + EDGE)] if end is not None else [])


def typed(keys: list[KeyPress], layout: Layout = US, prefix: str = "") -> list[Scan]:
    reader = KeyReader(layout, prefix)
    return [scan for key in keys for scan in reader.press(key)]


def codes(scans: list[Scan]) -> list[str]:
    return [scan.code if isinstance(scan, BadScan) else scan.text for scan in scans]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_character_of_a_layout(name: str) -> None:
    layout = LAYOUTS[name]
    characters = "".join(sorted({c for pair in layout.values() for c in pair} - {"\0", "$", "@", "%", "^", "]"}))
    assert typed(presses("K-" + characters, layout), layout) == [ScannedLine("K-" + characters)]


@pytest.mark.parametrize("end", [ENTER, TAB, KEYPAD_ENTER])
def test_ends(end: int) -> None:
    assert typed(presses("]E02012345678900", end=end)) == [ScannedLine("2012345678900", "]E0")]


def test_a_link_keeps_its_case_and_signs() -> None:
    text = "https://id.example/8018/123456789012345675?x=A_b~c"
    assert typed(presses(text)) == [ScannedLine(text)]


def test_caps_lock_is_turned_around() -> None:
    keys = [KeyPress(CAPS, True, 9.9), KeyPress(CAPS, False, 9.9), *presses("KR-maria")]
    assert codes(typed(keys)) == ["kr-MARIA"]


def test_another_layout_swaps_characters() -> None:
    assert codes(typed(presses("KRyz", GERMAN), US)) == ["KRzy"]


def test_fingers_are_refused() -> None:
    assert codes(typed(presses("2012345678900", every=SLOW))) == ["scan_typed"]
    assert codes(typed(presses("2012345678900", every=0.06))) == ["scan_typed"]
    assert codes(typed(presses("12"))) == ["scan_typed"]


def later(seconds: float, keys: list[KeyPress]) -> list[KeyPress]:
    return [KeyPress(key.code, key.down, key.at + seconds) for key in keys]


@pytest.mark.parametrize("pause", [0.2, 5.0, -1.0])
@pytest.mark.parametrize("half", range(1, 13))
def test_neither_half_of_a_cut_code_is_one(half: int, pause: float) -> None:
    """A pause, or a clock that went back: both sides of it are refused up to the next end."""
    number = "2912345678907"
    cut = presses(number[:half], end=None) + later(half * FAST + pause, presses(number[half:]))
    scans = codes(typed(cut + later(20.0, presses("KR-MARIA"))))
    assert scans[-1] == "KR-MARIA" and set(scans[:-1]) <= {"scan_cut"}
    assert len(scans) > 1, "at least one half was long enough to be told"


def test_a_single_stray_key_is_nothing_to_tell() -> None:
    stray = [*presses("2", end=None), KeyPress(ENTER, True, 12.0)]
    assert codes(typed(stray + later(5.0, presses("KR-MARIA")))) == ["KR-MARIA"]


@pytest.mark.parametrize("held", [CTRL, ALT, 100, 125])
def test_chords_open_nothing_and_spoil_the_line(held: int) -> None:
    keys = presses("KR-MARIA")
    chord = [KeyPress(held, True, 10.0), KeyPress(24, True, 10.0), KeyPress(24, False, 10.0), KeyPress(held, False, 10.0)]
    assert codes(typed(chord + keys)) == ["scan_keys"]


def test_keys_without_a_character_spoil_the_line() -> None:
    assert codes(typed([KeyPress(F1, True, 10.0), KeyPress(F1, False, 10.0), *presses("KR-MARIA")])) == ["scan_keys"]
    assert codes(typed([KeyPress(200 + at, True, 10.0 + at * FAST) for at in range(5)] + presses("", end=None))) == []


def test_group_separator_by_chord() -> None:
    first, second = presses("8018123456789012345675", end=None), presses("8019123")
    chord = [KeyPress(CTRL, True, 10.2), KeyPress(BRACKET, True, 10.2), KeyPress(CTRL, False, 10.2)]
    moved = [KeyPress(key.code, key.down, key.at + 0.21) for key in second]
    assert codes(typed(first + chord + moved)) == ["8018123456789012345675\x1d8019123"]


def test_prefix() -> None:
    assert codes(typed(presses("~KR-MARIA"), prefix="~")) == ["KR-MARIA"]
    assert codes(typed(presses("KR-MARIA"), prefix="~")) == ["scan_prefix"]


def test_setup_codes_are_refused_here_too() -> None:
    assert codes(typed(presses("%%SpecCode10"))) == ["scan_programming"]


def test_too_long_is_refused_and_bounded() -> None:
    reader = KeyReader(US)
    scans = [scan for key in presses("a" * 5000) for scan in reader.press(key)]
    assert codes(scans) == ["scan_too_long"]


def test_lost_keys_lose_the_line() -> None:
    reader = KeyReader(US)
    for key in presses("KR-MA", end=None):
        reader.press(key)
    reader.distrust()
    rest = presses("IA-0042") + later(1.0, presses("KR-WALTER"))
    assert codes([scan for key in rest for scan in reader.press(key)]) == ["scan_cut", "KR-WALTER"]


@given(st.lists(st.builds(KeyPress, st.integers(0, 300), st.booleans(), st.floats(0, 1e6)), max_size=200))
def test_any_keys_give_lines_or_refusals(keys: list[KeyPress]) -> None:
    for scan in typed(keys):
        assert isinstance(scan, BadScan) or 1 <= len(scan.text) <= LONGEST_TEXT
