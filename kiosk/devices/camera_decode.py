"""Pictures to codes: zxing-cpp reads, OpenCV helps. Only the camera's own process imports this file. It keeps no picture.

A frame is read as it is. Where that gives nothing and something moves, one helper a frame is tried, in turn, the one that helped
last time first: so a frame costs at most two readings, and a code that needs help is read within two seconds. The figures behind
the choice are in docs/readers.md. OpenCV's own readers are not used: they invent codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import zxingcpp

from kiosk.devices.camera_words import LONGEST_TEXT, MOST_CODES, SeenCode

Picture = Any  # numpy.ndarray of uint8, height x width: grey
Helper = Callable[[Picture], Picture]

_KIND = zxingcpp.BarcodeFormat
FORMATS: Final = zxingcpp.BarcodeFormats([_KIND.EAN13, _KIND.EAN8, _KIND.UPCA, _KIND.UPCE, _KIND.Code128, _KIND.QRCode])

# Somebody is there when some cells of a thumbnail differ by so many grey levels from the resting picture, in the dark by fewer. A
# cell is the mean of hundreds of pixels, where a sensor's noise stays below one level; a code in the hand covers dozens of cells.
THUMB: Final = (64, 36)
BUSY_ABOVE: Final = 8.0
BUSY_IN_THE_DARK: Final = 1.5
BUSY_CELLS: Final = 8
DAYLIGHT: Final = 96.0


def read_codes(picture: Picture) -> list[SeenCode]:
    """Every whole code in a picture; EAN and UPC with a right check digit, Code 128 and QR with their own. UPC-E as
    the EAN-13 it is short for."""
    found = zxingcpp.read_barcodes(picture, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return [SeenCode(code.text, code.symbology_identifier[:3]) for code in found]


def turned(degrees: float) -> Helper:
    """Turns a picture around its middle, for bars held askew: the reader itself bears some 5 degrees (and quarter turns)."""

    def turn(picture: Picture) -> Picture:
        height, width = picture.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)

    return turn


def contrast(picture: Picture) -> Picture:
    """Evens out shadows (CLAHE)."""
    return cv2.createCLAHE(2.0, (8, 8)).apply(picture)


def black_and_white(picture: Picture) -> Picture:
    """Judges each pixel by its neighbours, for blurred bars."""
    return cv2.adaptiveThreshold(picture, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 51, 5)


# Twice the size is not among them: it reads one photograph more, and invented an EAN with a right check digit on another.
# 45 stands for -45 as well: the reader looks along both axes. 30 and 15 reach 22 to 38 and 8 to 22 degrees to their side.
HELPERS: Final[dict[str, Helper]] = {
    "turned 15": turned(15),
    "turned -15": turned(-15),
    "turned 30": turned(30),
    "turned -30": turned(-30),
    "turned 45": turned(45),
    "black and white": black_and_white,
    "contrast": contrast,
}


class FrameReader:
    """Reads the frames of one camera in order."""

    def __init__(self) -> None:
        self._order = list(HELPERS)
        self._thumb: Picture | None = None
        self.busy = True

    def read(self, picture: Picture) -> list[SeenCode]:
        """The codes in this frame that can be a member's by their length, at most eight."""
        return [code for code in self._read(picture) if 1 <= len(code.text) <= LONGEST_TEXT][:MOST_CODES]

    def _read(self, picture: Picture) -> list[SeenCode]:
        self.busy = self._differs(picture)
        codes = read_codes(picture)
        if codes or not self.busy:
            return codes
        name = self._order.pop(0)
        codes = read_codes(HELPERS[name](picture))
        self._order.insert(0 if codes else len(self._order), name)
        return codes

    def _differs(self, picture: Picture) -> bool:
        """Whether the picture differs from the resting one, which follows slowly."""
        thumb = cv2.resize(picture, THUMB, interpolation=cv2.INTER_AREA).astype("float32")
        if self._thumb is None:
            self._thumb = thumb
            return True
        above = max(BUSY_IN_THE_DARK, BUSY_ABOVE * min(1.0, float(thumb.mean()) / DAYLIGHT))
        differing = int((cv2.absdiff(thumb, self._thumb) > above).sum())
        cv2.accumulateWeighted(thumb, self._thumb, 0.02)
        return differing >= BUSY_CELLS
