"""The floors of a release: what the camera's decoder reads of the photographs, and that it invents nothing."""

from __future__ import annotations

import pytest

from tests.bench.figures import Goal
from tests.readers.figures import AS_IT_IS, codes_figures, empty_frames, frame_costs, rate, tilted
from tests.readers.page import PAGE
from tests.readers.photos import FLOORS, NO_CODE, WITHOUT_PHOTOS, ZXING_FLOORS, folder, photos
from tests.readers.results import Measured


def test_our_floors_are_not_below_the_published_ones() -> None:
    assert set(FLOORS) == {*ZXING_FLOORS, "code128-1"}
    assert all(FLOORS[name] >= harder >= fast for name, (fast, harder) in ZXING_FLOORS.items())
    assert FLOORS["code128-1"] == len(photos("code128-1")), "all of them, which no sum over three sets can exceed"


def test_the_page_says_which_floors_have_no_photographs_here() -> None:
    here = {path.name for path in folder().iterdir() if path.is_dir()}
    assert here == {*FLOORS, NO_CODE}, "a set that is in the data has a floor"
    assert not here & set(WITHOUT_PHOTOS)
    text = " ".join(PAGE.read_text().split())
    for name, (floor, number) in WITHOUT_PHOTOS.items():
        assert f"{name} {floor} of {number}" in text


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_no_set_is_read_worse_than_its_floor(name: str) -> None:
    one = rate(name)
    assert one.right >= FLOORS[name]
    assert one.helped >= one.right, "help takes nothing away"
    assert (one.wrong, one.helped_wrong) == (0, 0), "nothing is invented"


def test_nothing_is_read_where_there_is_no_code() -> None:
    one = rate(NO_CODE)
    assert (one.right, one.wrong, one.helped, one.helped_wrong) == (0, 0, 0, 0)
    assert len(empty_frames()) == len(photos(NO_CODE))


def test_help_pays_for_bars_held_askew() -> None:
    number, as_is, helped = tilted("ean13-3", 45)
    assert helped >= 0.9 * number > as_is


@pytest.mark.readers_long
@pytest.mark.timeout(1200)
def test_what_is_read_of_the_photographs(measured: Measured) -> None:
    figures = codes_figures()
    *sets, empty = figures["sets"]
    assert empty["name"] == NO_CODE and empty["right"] == empty["helped"] == 0
    goals = [
        Goal(f"{one['name']}: read of {one['number']} photographs", one["right"], FLOORS[one["name"]], at="least", unit="")
        for one in sets
    ]
    for what, those in (
        (f"read of the {empty['number']} photographs without a code", [empty]),
        ("texts read that are nowhere", sets),
    ):
        goals.append(Goal(what, sum(one["wrong"] + one["helped_wrong"] for one in those), 0, unit=""))
    measured("photographs", figures, goals)


@pytest.mark.readers_long
@pytest.mark.timeout(1200)
def test_what_a_frame_costs(measured: Measured) -> None:
    figures = frame_costs()
    median = next(middle for says, middle, _ in figures["steps"] if says == AS_IT_IS)
    between = 1000 / figures["fps"]
    measured(
        "frame costs",
        figures,
        [
            Goal("a frame of 1280x720 read as it is, one core, median", median, between, unit="ms"),
            Goal("all the camera's process does for such a frame, one core", figures["whole process ms"], between, unit="ms"),
        ],
    )
