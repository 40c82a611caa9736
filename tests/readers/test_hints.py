"""Hints for a code that cannot be read: how often they are right, and that a video of one becomes a word on the screen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from kiosk.devices.camera_decode import BUSY_IN_THE_DARK, FrameReader
from tests.bench.figures import Goal
from tests.readers.photos import NO_CODE, frames_of, photos, video
from tests.readers.results import Measured
from tests.readers.spoilt import (
    NOTHING,
    SETS,
    STEPS,
    Frame,
    as_they_are,
    grainy,
    hint_figures,
    of_kind,
    told,
    unread,
    unread_rates,
)
from tests.readers.test_camera import camera

# Of 100 frames that cannot be read, at least so many are told the word that helps. With all photographs, see docs/readers.md.
FLOORS = {
    ("bars", "closer"): 65,
    ("bars", "brighter"): 95,
    ("bars", "glare"): 60,
    ("QR", "closer"): 50,
    ("QR", "brighter"): 95,
    ("QR", "glare"): 70,
}
# Photographs without a code that are told any.
MOST_OF_NO_CODE = 2
FRAMES = 30
EVERY = 9


def wall() -> Frame:
    return Frame(None, "wall", np.full((720, 1280), 128, np.uint8))


@pytest.mark.parametrize("kind", SETS)
def test_hints_are_not_rarer_or_more_often_wrong_than_their_floors(kind: str) -> None:
    for wanted, words in unread_rates(kind, EVERY).items():
        number = sum(words.values())
        assert number >= 6
        assert words.get(wanted, 0) * 100 >= FLOORS[kind, wanted] * number, (wanted, words)


def test_nearly_nothing_is_told_of_photographs_without_a_code() -> None:
    words = told(as_they_are(photos(NO_CODE)))
    assert words.total() - words[NOTHING] <= MOST_OF_NO_CODE, words
    assert told([wall()]) == Counter({NOTHING: 1})


@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("wanted", STEPS)
def test_a_video_of_a_code_that_cannot_be_read_becomes_a_hint(kind: str, wanted: str, tmp_path: Path) -> None:
    """Through the process: its reader, what it calls busy, its words, and the judge of frames."""
    spoilt = next(frame for frame in unread(of_kind(kind, EVERY), wanted) if told([frame])[wanted])
    dim = 128 if wanted != "brighter" else 8
    film = video(tmp_path / "spoilt.avi", [np.full((720, 1280), dim, np.uint8), spoilt.picture], FRAMES)
    with camera(film) as (_, thread, hints):
        thread.wait_down("camera_ended")
        assert thread.reads == []
    assert set(hints) == {wanted}


@pytest.mark.parametrize("kind", SETS)
def test_a_video_of_a_code_that_is_read_is_told_none(kind: str, tmp_path: Path) -> None:
    film = video(tmp_path / "read.avi", [wall().picture, of_kind(kind)[-1].picture], FRAMES)
    assert any(frame.codes for frame in frames_of(film))
    with camera(film) as (_, thread, hints):
        thread.wait_down("camera_ended")
    assert hints == []


def test_somebody_in_the_dark_is_seen() -> None:
    """A code differs from a dark wall by a few levels; a sensor's noise there does not."""
    random, reader = np.random.default_rng(3), FrameReader()
    dark = np.full((720, 1280), 8, np.uint8)
    busy = []
    for _ in range(4):
        reader.read(grainy(dark, random))
        busy.append(reader.busy)
    held = dark.copy()
    held[200:500, 400:900] += int(BUSY_IN_THE_DARK) + 3
    reader.read(grainy(held, random))
    assert busy == [True, False, False, False]
    assert reader.busy


@pytest.mark.readers_long
@pytest.mark.timeout(1800)
def test_how_often_hints_are_right(measured: Measured) -> None:
    figures = hint_figures()
    goals = [
        Goal(
            f"{kind} that cannot be read, told {wanted!r}, of 100",
            round(100 * words.get(wanted, 0) / sum(words.values())),
            FLOORS[kind, wanted],
            at="least",
            unit="",
        )
        for kind, rates in figures["unread"].items()
        for wanted, words in rates.items()
    ]
    empty = sum(number for word, number in figures["no code"].items() if word != NOTHING)
    goals.append(Goal("photographs without a code that are told a hint", empty, MOST_OF_NO_CODE, unit=""))
    measured("hints", figures, goals)
