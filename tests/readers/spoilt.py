"""Photographs of codes as a camera sees them when they cannot be read: too far away, in the dark, with a reflection on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from kiosk.devices.camera_decode import read_codes
from kiosk.devices.camera_hints import hint_for
from tests.readers.figures import read_with_every_help
from tests.readers.photos import NO_CODE, VIDEO_SIZE, Photo, on_canvas, photos

# What the screen should say of each, and how far it is spoilt, mildest first.
STEPS: Final[dict[str, Sequence[float]]] = {
    "closer": (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.12),  # of its size
    "brighter": (12, 16, 24, 32),  # times darker
    "glare": (0.15, 0.2, 0.3, 0.4, 0.5, 0.6),  # the reflection's width, of the photograph's
}
UNREAD_EACH: Final = 2
SETS: Final = {"bars": ("ean13-3", "code128-1"), "QR": ("qrcode-2", "qrcode-3")}
NOTHING: Final = "none"


@dataclass(frozen=True)
class Frame:
    """A frame of 1280x720. wanted: the hint that would help, or None; photo: its name."""

    wanted: str | None
    photo: str
    picture: Any


def placed(photo: Any) -> Any:
    """In the middle of a wall of its own shade."""
    return on_canvas(photo, grey=int(np.median(photo)))


def smaller(photo: Any, part: float) -> Any:
    """Held further away."""
    return placed(cv2.resize(photo, None, fx=part, fy=part, interpolation=cv2.INTER_AREA))


def darker(photo: Any, times: float) -> Any:
    """The whole frame with less light."""
    return (placed(photo) / times).astype(np.uint8)


def shining(photo: Any, part: float) -> Any:
    """With a round white reflection in the middle that fades at its edge."""
    width, height = VIDEO_SIZE
    y, x = np.mgrid[0:height, 0:width]
    radius = part * min(max(photo.shape), width) / 2
    far = np.hypot(x - width / 2, y - height / 2) / radius
    return np.clip(placed(photo) + 400 * np.exp(-(far**4)), 0, 255).astype(np.uint8)


SPOIL: Final[dict[str, Callable[[Any, float], Any]]] = {"closer": smaller, "brighter": darker, "glare": shining}


def grainy(picture: Any, random: np.random.Generator) -> Any:
    """With a sensor's noise."""
    return np.clip(picture.astype(np.int16) + random.integers(-2, 3, picture.shape), 0, 255).astype(np.uint8)


def unread(found: Iterable[Photo], wanted: str, seed: int = 1) -> Iterator[Frame]:
    """Of each photograph the two mildest spoilt frames that no help reads."""
    random = np.random.default_rng(seed)
    for photo in found:
        left = UNREAD_EACH
        for step in STEPS[wanted]:
            picture = grainy(SPOIL[wanted](photo.picture, step), random)
            if left and not read_with_every_help(picture):
                left -= 1
                yield Frame(wanted, photo.name, picture)


def as_they_are(found: Iterable[Photo], seed: int = 1) -> Iterator[Frame]:
    """The photographs themselves, whether they can be read or hold no code."""
    random = np.random.default_rng(seed)
    for photo in found:
        yield Frame(None, photo.name, grainy(placed(photo.picture), random))


def of_kind(kind: str, every: int = 1) -> list[Photo]:
    """The photographs of bars or of QR codes, or every so manieth of each set."""
    return [photo for name in SETS[kind] for photo in photos(name)[::every]]


def told(frames: Iterable[Frame]) -> Counter[str]:
    """How often each word is the hint of a frame, and NOTHING."""
    return Counter(hint_for(frame.picture) or NOTHING for frame in frames)


def unread_rates(kind: str, every: int = 1) -> dict[str, dict[str, int]]:
    """Wanted word -> what was told of the frames that cannot be read for that."""
    return {wanted: dict(told(unread(of_kind(kind, every), wanted))) for wanted in STEPS}


def hint_figures(every: int = 1) -> dict[str, Any]:
    """unread: see unread_rates, of each kind. read late: of the photographs that are read with help alone, what is told of the
    frame before. no code: what is told of the photographs without one."""
    shown = [frame for kind in SETS for frame in as_they_are(of_kind(kind, every))]
    late = [frame for frame in shown if not read_codes(frame.picture) and read_with_every_help(frame.picture)]
    return {
        "unread": {kind: unread_rates(kind, every) for kind in SETS},
        "read late": dict(told(late)),
        "no code": dict(told(as_they_are(photos(NO_CODE)))),
    }
