"""Which character a key gives: key codes of Linux (linux/input-event-codes.h) to plain and shifted characters. Pure data.

A scanner that types presses the keys of the layout it was set to; it does not know that of the machine. A scanner set to another
layout than named here swaps characters, which check digits and prefixes then refuse.
"""

from __future__ import annotations

from typing import Final

Layout = dict[int, tuple[str, str]]

# The rows of a keyboard, by the code of their leftmost key.
_DIGITS, _TOP, _HOME, _BOTTOM, _SPACE = 2, 16, 30, 44, 57
_GRAVE, _BACKSLASH, _LESS = 41, 43, 86
_KEYPAD = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0", 74: "-", 78: "+", 83: "."}


def _row(first: int, plain: str, shifted: str) -> Layout:
    return {first + at: pair for at, pair in enumerate(zip(plain, shifted, strict=True))}


def _keypad() -> Layout:
    return {code: (character, character) for code, character in _KEYPAD.items()}


US: Final[Layout] = {
    **_keypad(),
    **_row(_DIGITS, "1234567890-=", "!@#$%^&*()_+"),
    **_row(_TOP, "qwertyuiop[]", "QWERTYUIOP{}"),
    **_row(_HOME, "asdfghjkl;'", 'ASDFGHJKL:"'),
    **_row(_BOTTOM, "zxcvbnm,./", "ZXCVBNM<>?"),
    **_row(_GRAVE, "`", "~"),
    **_row(_BACKSLASH, "\\", "|"),
    **_row(_SPACE, " ", " "),
}
# Only what is ASCII; keys for letters with dots and for accents are no part of a member's code.
GERMAN: Final[Layout] = {
    **_keypad(),
    **_row(_DIGITS, "1234567890", '!"\x00$%&/()='),
    **_row(_TOP, "qwertzuiop", "QWERTZUIOP"),
    **_row(_TOP + 11, "+", "*"),
    **_row(_HOME, "asdfghjkl", "ASDFGHJKL"),
    **_row(_BOTTOM, "yxcvbnm,.-", "YXCVBNM;:_"),
    **_row(_BACKSLASH, "#", "'"),
    **_row(_LESS, "<", ">"),
    **_row(_SPACE, " ", " "),
}
LAYOUTS: Final[dict[str, Layout]] = {"us": US, "de": GERMAN}
