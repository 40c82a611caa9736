"""Pure. What the camera's process says to the kiosk: one JSON object a line. No picture is in it; none can be made from it."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Struct

Hint = Literal["closer", "brighter", "glare"]

# Evidence of an arrival holds 500 characters (`code:` and the text).
LONGEST_TEXT: Final = 490
MOST_CODES: Final = 8
LONGEST_LINE: Final = 16_384
# Of a module or a shared library: no folder of this machine can stand in it.
_NAME: Final = r"[A-Za-z0-9_.+-]{1,100}"
_LIBRARY: Final = re.compile(rf"(?:.*/)?({_NAME}\.so[0-9.]*): ")


class SeenCode(Struct, frozen=True, array_like=True):
    """One code in one frame. symbology: AIM identifier such as `]Q1`."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
    symbology: Annotated[str, msgspec.Meta(pattern=r"^\][A-Za-z][0-9A-Za-z]$(?!\n)")]


class SeenFrame(Struct, frozen=True, tag="frame"):
    """One frame that was looked at.

    number: counts up by one. at: seconds of CLOCK_BOOTTIME when it was taken (camera_frames), as `edge.process.clock`
    counts: the other monotonic clock stands still while the machine sleeps. mark: a checksum of all its pixels.
    width, height: pixels. hint: what would help a code that is there and cannot be read, or None.
    """

    number: int
    at: float
    mark: int
    width: int
    height: int
    codes: Annotated[list[SeenCode], msgspec.Meta(max_length=MOST_CODES)] = []
    hint: Hint | None = None


class CameraTrouble(Struct, frozen=True, tag="trouble"):
    """The process ends. code: camera_missing, camera_unopened or camera_ended; about: name of the module or shared library
    that is missing, or empty."""

    code: Literal["camera_missing", "camera_unopened", "camera_ended"]
    about: Annotated[str, msgspec.Meta(pattern=rf"^(?:{_NAME})?$(?!\n)")] = ""


CameraWord = SeenFrame | CameraTrouble
_DECODER: Final = msgspec.json.Decoder(CameraWord)


def missing_in(error: ImportError) -> str:
    """The name of what could not be loaded, or empty. The error's text can hold folders of this machine, and is not for a log."""
    library = _LIBRARY.match(str(error))
    name = library[1] if library else error.name or ""
    return name if re.fullmatch(_NAME, name) else ""


def written(word: CameraWord) -> bytes:
    """A line with its end."""
    return msgspec.json.encode(word) + b"\n"


def read_word(line: bytes) -> CameraWord | None:
    """A line without its end, or None where it is none of ours."""
    try:
        word: CameraWord = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the whole family that msgspec lets through
        return None
    return word
