"""The photographs of codes (SHOPBELL_DATA/code-photos), and videos made of them. Source: zxing/zxing, test resources."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.devices.camera import PROCESS
from kiosk.devices.camera_words import SeenFrame, read_word
from tests.support.needs import needs

ROOT = Path(__file__).resolve().parents[2]
# Reads per set below which a release may not fall: what ZXing holds itself to, and zxing-cpp reads of the photographs as
# they are (17 of 28, 55 of 55, 32 of 35, 38 of 42; of code128-1 to -3, 48 of 49, and all of the first).
FLOORS = {"ean13-2": 17, "ean13-3": 55, "qrcode-2": 32, "qrcode-3": 38, "code128-1": 7}
# What ZXing's own tests hold it to on the upright photographs: fast, and where it tries harder.
ZXING_FLOORS = {"ean13-2": (12, 17), "ean13-3": (53, 55), "qrcode-2": (32, 32), "qrcode-3": (38, 38)}
# Of code128-1 to -3 together, 49 photographs, of which we have the first seven.
ZXING_FLOOR_CODE128 = (45, 48)
# Sets of ZXing's that are not in the data, with what its tests hold it to (sums where they are counted together); number of them.
WITHOUT_PHOTOS = {
    "ean13-1": ("30 / 32", 34),
    "ean13-4": ("6 / 13", 22),
    "ean13-5": ("0 / 0", 18),
    "ean8-1": ("8 / 8", 8),
    "upca-1 to -6": ("78 / 97", 167),
    "upce-1 to -3": ("40 / 46", 55),
    "qrcode-1": ("17 / 17", 20),
    "qrcode-4": ("36 / 36", 48),
    "qrcode-5": ("19 / 19", 19),
    "qrcode-6": ("15 / 15", 15),
    "code128-2 and -3 (with code128-1)": ("45 / 48", 49),
}
# Photographs without a code: ZXing has 47, in two sets.
ALL_NO_CODE = 47
NO_CODE = "no-code"
VIDEO_SIZE = (1280, 720)


@dataclass(frozen=True)
class Photo:
    """One photograph, grey, and the text in it; None where there is no code."""

    name: str
    picture: Any
    texts: tuple[str, ...]


def folder() -> Path:
    """Where the photographs lie; skips the test where there are none."""
    return Path(needs("data")) / "code-photos"


def photos(name: str) -> list[Photo]:
    """The photographs of one set, in order."""
    found = [_photo(path) for path in sorted((folder() / name).glob("*.png"))]
    assert found, name
    return found


def _photo(path: Path) -> Photo:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None, path
    return Photo(path.name, picture, _texts(path.with_suffix(".txt")))


def _texts(path: Path) -> tuple[str, ...]:
    """The expected text in every character set it may be written in."""
    if not path.exists():
        return ()
    texts = []
    for charset in ("utf-8", "shift-jis", "latin-1"):
        try:
            texts.append(plain(path.read_bytes().decode(charset)))
        except UnicodeDecodeError:
            continue
    return tuple(texts)


def plain(text: str) -> str:
    """Line ends and outer blanks do not count."""
    return text.replace("\r\n", "\n").strip()


def on_canvas(picture: Any, size: tuple[int, int] = VIDEO_SIZE, grey: int = 128) -> Any:
    """The picture in the middle of a plain frame, made smaller only where it does not fit."""
    width, height = size
    scale = min(1.0, width / picture.shape[1], height / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    frame = np.full((height, width), grey, np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


def video(path: Path, pictures: Iterable[Any], frames_each: int, *, noise: bool = True, seed: int = 1) -> Path:
    """An MJPG AVI that shows each picture for some frames, with a sensor's noise between them unless told otherwise."""
    random = np.random.default_rng(seed)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, VIDEO_SIZE)
    assert writer.isOpened()
    for picture in pictures:
        frame = on_canvas(picture)
        for _ in range(frames_each):
            noisy = frame.astype(np.int16) + random.integers(-2, 3, frame.shape) if noise else frame
            writer.write(cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def texts_of(found: Sequence[Photo]) -> set[str]:
    """All expected texts."""
    return {text for photo in found for text in photo.texts}


def frames_of(device: Path) -> list[SeenFrame]:
    """Everything the process says of a video, to its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", PROCESS, str(device), "1280", "720", "8"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    words = [read_word(line.rstrip(b"\n")) for line in process.stdout]
    assert process.wait(20) == 2
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
    assert all(word is not None for word in words)
    return [word for word in words if isinstance(word, SeenFrame)]
