"""What the camera's decoder reads of the photographs, and what a frame costs."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from kiosk.devices.camera_decode import HELPERS, read_codes, turned
from kiosk.devices.camera_hints import hint_for
from kiosk.devices.camera_words import SeenCode
from tests.readers.photos import FLOORS, NO_CODE, VIDEO_SIZE, Photo, frames_of, photos, plain, texts_of, video

TILTS = (0, 10, 20, 30, 45)
TILTED = ("ean13-3", "code128-1")
ROUNDS = 5
FPS = 8  # kiosk.config.CameraAt
AS_IT_IS = "reading a frame as it is"


@dataclass(frozen=True)
class Rate:
    """Reads of one set. right: the text beside the photograph; wrong: one that stands beside none; helped: with every help."""

    name: str
    number: int
    right: int
    wrong: int
    helped: int
    helped_wrong: int


def read_with_every_help(picture: Any) -> list[SeenCode]:
    """As many frames of the same picture would be read: as it is, then with each help."""
    codes = read_codes(picture)
    for helper in HELPERS.values():
        if codes:
            break
        codes = read_codes(helper(picture))
    return codes


def rate(name: str) -> Rate:
    """How many photographs of a set are read."""
    found = photos(name)
    others = texts_of(found)
    as_is = [_judged(photo, read_codes(photo.picture), others) for photo in found]
    helped = [_judged(photo, read_with_every_help(photo.picture), others) for photo in found]
    return Rate(name, len(found), as_is.count("right"), as_is.count("wrong"), helped.count("right"), helped.count("wrong"))


def _judged(photo: Photo, codes: list[SeenCode], others: set[str]) -> str:
    """others: texts of the whole set; Japanese books carry two EANs, and either may be read."""
    texts = {plain(code.text) for code in codes}
    if texts & set(photo.texts):
        return "right"
    return "wrong" if texts - others else "none"


def added(helper: str) -> dict[str, int]:
    """Set -> photographs that this help alone reads and that are not read as they are."""
    return {
        name: sum(
            _judged(photo, read_codes(photo.picture), set()) != "right"
            and _judged(photo, read_codes(HELPERS[helper](photo.picture)), set()) == "right"
            for photo in photos(name)
        )
        for name in FLOORS
    }


def tilted(name: str, degrees: int) -> tuple[int, int, int]:
    """Photographs, how many are read when turned as they are, and with every help."""
    found = photos(name)
    frames = []
    for photo in found:
        room = max(photo.picture.shape) // 2
        frames.append(turned(degrees)(cv2.copyMakeBorder(photo.picture, room, room, room, room, cv2.BORDER_CONSTANT, value=128)))
    return len(found), sum(map(bool, map(read_codes, frames))), sum(map(bool, map(read_with_every_help, frames)))


def empty_frames() -> list[Any]:
    """Frames of 1280x720 that hold no code: what a camera at a door sees nearly always."""
    return [cv2.resize(photo.picture, VIDEO_SIZE, interpolation=cv2.INTER_LINEAR) for photo in photos(NO_CODE)]


def milliseconds(work: Callable[[Any], object], frames: list[Any]) -> tuple[float, float]:
    """Median and slowest of some rounds over the frames, in time of one core: others on the machine do not count."""
    taken = []
    for frame in frames * ROUNDS:
        begun = time.thread_time()
        work(frame)
        taken.append((time.thread_time() - begun) * 1000)
    return statistics.median(taken), max(taken)


def whole_process() -> float:
    """Milliseconds of one core that the camera's process takes for a frame of an empty doorway, without its start."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_cost(video(Path(folder) / f"{number}.avi", empty_frames()[:1], number)) for number in (20, 220))
    return (many - few) * 1000 / 200


def _cost(film: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    frames_of(film)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def codes_figures() -> dict[str, Any]:
    """Reads of each set, of bars held askew, and which help alone reads what is not read as it is."""
    return {
        "zxing-cpp": version("zxing-cpp"),
        "OpenCV": cv2.__version__,
        "sets": [asdict(rate(name)) for name in (*FLOORS, NO_CODE)],
        "askew": {name: [[degrees, *tilted(name, degrees)] for degrees in TILTS] for name in TILTED},
        "helps alone": {helper: {name: number for name, number in added(helper).items() if number} for helper in HELPERS},
    }


def frame_costs() -> dict[str, Any]:
    """Median and slowest milliseconds of one core for a frame of 1280x720 that holds no code, step by step and in all."""
    cv2.setNumThreads(1)
    frames = empty_frames()
    steps = [[says, *(round(value, 2) for value in milliseconds(work, frames))] for says, work in _steps()]
    return {"steps": steps, "whole process ms": round(whole_process(), 2), "fps": FPS}


def _steps() -> Iterator[tuple[str, Callable[[Any], object]]]:
    yield AS_IT_IS, read_codes
    for name, helper in HELPERS.items():
        yield f"one help more: {name}", lambda frame, helper=helper: read_codes(helper(frame))
    yield "looking for codes nobody can read (every third frame)", hint_for
