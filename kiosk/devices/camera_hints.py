"""What would help a code that is there and cannot be read. Only the camera's own process imports this file. It keeps no picture.

QR codes are found by zxing-cpp, which tells of symbols that it cannot read; bars as a patch with edges of one direction and of
both signs, that are strong for the light there (the structure tensor). How often that is right is in docs/readers.md.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import zxingcpp

from kiosk.devices.camera_words import Hint

Picture = Any  # numpy.ndarray of uint8, height x width: grey
_QR: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])

# Bars are judged in cells of so many pixels, in squares of so many cells.
CELL: Final = 4
AROUND: Final = (5, 3)
# Parts of 1: how far the edges have one direction; how far they have one sign (a single edge; bars rise and fall); edges for the
# light there (Weber); cells of the patch's box that are in it. Grey levels between neighbours, above a sensor's noise. Cells.
DIRECTED_ABOVE: Final = 0.93
SIGNED_BELOW: Final = 0.12
CONTRAST_ABOVE: Final = 0.25
FILLED_ABOVE: Final = 0.55
EDGES_ABOVE: Final = 2.0
CELLS_NEEDED: Final = 20

# Grey level that the brightest of a frame, and of a code, has to reach; of a saturated pixel; part of a code and its surroundings
# that such pixels may cover in spots thicker than a part of its length; part of the frame's width that a code should fill.
NIGHT_BELOW: Final = 26.0
DARK_BELOW: Final = 60.0
SATURATED: Final = 250
THICK: Final = 0.1
GLARE_ABOVE: Final = 0.02
SMALL_BELOW: Final = 0.3


class Box(NamedTuple):
    """Around a code, in pixels of the frame."""

    left: int
    top: int
    right: int
    bottom: int


def hint_for(picture: Picture) -> Hint | None:
    """What would help somebody who shows a code in this frame, in which none could be read; None where nothing tells of a code,
    or nothing is wrong with it. So dark that no code could be read counts as a code that needs light."""
    if _brightest(picture) < NIGHT_BELOW:
        return "brighter"
    box = _unread_qr(picture) or _bars(picture)
    if box is not None:
        return _wrong_with(picture, box)
    twice = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return "closer" if _unread_qr(twice) else None


def _brightest(part: Picture) -> float:
    """All but a hundredth is darker. Specks of noise do not count."""
    return _level(cv2.resize(part, (-(-part.shape[1] // 4), -(-part.shape[0] // 4)), interpolation=cv2.INTER_AREA), 0.99)


def _level(part: Picture, share: float) -> float:
    """The grey level that this share of the pixels does not exceed. Not numpy's own: that loads code when it is first used, which
    this process may not by then."""
    levels = np.sort(part, axis=None)
    return float(levels[int(share * (len(levels) - 1))])


def _unread_qr(picture: Picture) -> Box | None:
    found = zxingcpp.read_barcodes(picture, formats=_QR, try_rotate=False, try_downscale=False, return_errors=True)
    if not found:
        return None
    at = found[0].position
    corners = (at.top_left, at.top_right, at.bottom_left, at.bottom_right)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    return Box(min(across), min(down), max(across), max(down))


def _bars(picture: Picture) -> Box | None:
    """Around the largest patch that looks like bars; by large neighbourhoods first, which tell bars from other things better."""
    edges = _Edges(picture)
    for around in AROUND:
        box = _largest(edges.barred(around))
        if box is not None:
            edge = around // 2
            left, top, right, bottom = box.left - edge, box.top - edge, box.right + edge, box.bottom + edge
            return Box(CELL * left, CELL * top, CELL * right, CELL * bottom)
    return None


def _largest(barred: Picture) -> Box | None:
    """Around the largest patch, in cells."""
    count, labels, patches, _ = cv2.connectedComponentsWithStats(barred)
    if count < 2:
        return None
    largest = 1 + int(patches[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height, cells = (int(value) for value in patches[largest])
    _, (long, wide), _ = cv2.minAreaRect(np.argwhere(labels == largest).astype(np.float32))
    if cells < CELLS_NEEDED or cells < FILLED_ABOVE * (long + 1) * (wide + 1):
        return None
    return Box(left, top, left + width, top + height)


class _Edges:
    """The edges of a picture, cell by cell."""

    def __init__(self, picture: Picture) -> None:
        smooth = cv2.GaussianBlur(picture, (3, 3), 0)
        across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=1) for axis in ((1, 0), (0, 1)))
        self._light = _cells(smooth.astype(np.float32))
        self._signed = [_cells(across), _cells(down)]
        self._tensor = [_cells(across * across), _cells(down * down), _cells(across * down)]

    def barred(self, around: int) -> Picture:
        """1 where it looks like bars, judged with the cells around; else 0."""
        light, across, down, xx, yy, xy = (
            cv2.blur(cells, (around, around)) for cells in (self._light, *self._signed, *self._tensor)
        )
        strength = xx + yy + 1e-6
        edges = np.sqrt(strength)
        strong = (edges > EDGES_ABOVE) & (edges > CONTRAST_ABOVE * light)
        directed = np.hypot(xx - yy, 2 * xy) > DIRECTED_ABOVE * strength
        both_ways = across**2 + down**2 < SIGNED_BELOW * strength
        return (strong & directed & both_ways).astype(np.uint8)


def _cells(values: Any) -> Any:
    """The mean of each cell."""
    return cv2.resize(values, None, fx=1 / CELL, fy=1 / CELL, interpolation=cv2.INTER_AREA)


def _wrong_with(picture: Picture, box: Box) -> Hint | None:
    code, longest = _part(picture, box), max(box.right - box.left, box.bottom - box.top)
    if _brightest(code) < DARK_BELOW:
        return "brighter"
    if _shines(picture, box, longest):
        return "glare"
    return "closer" if longest < SMALL_BELOW * picture.shape[1] else None


def _shines(picture: Picture, box: Box, longest: int) -> bool:
    """Whether white that is thicker than any of the code's own lies on it, or beside what is seen of it."""
    paper = _level(_part(picture, box), 0.75)
    wider = 0 if paper >= SATURATED else longest // 4
    near = _part(picture, Box(box.left - wider, box.top - wider, box.right + wider, box.bottom + wider))
    thick = max(3, int(THICK * longest))
    white = cv2.threshold(near, SATURATED - 1, 1, cv2.THRESH_BINARY)[1]
    spot = cv2.morphologyEx(white, cv2.MORPH_OPEN, np.ones((min(thick, near.shape[0]), min(thick, near.shape[1])), np.uint8))
    return float(spot.mean()) > GLARE_ABOVE


def _part(picture: Picture, box: Box) -> Picture:
    return picture[max(0, box.top) : max(1, box.bottom), max(0, box.left) : max(1, box.right)]
