"""The floors of a release: what the camera's decoder reads of the photographs, and that it invents nothing."""

from __future__ import annotations

import pytest

from tests.readers.figures import BEGIN, DOC, END, empty_frames, rate, tilted
from tests.readers.photos import FLOORS, NO_CODE, photos


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


def test_the_figures_in_the_doc_name_every_set_with_its_floor() -> None:
    section = DOC.read_text().split(BEGIN)[1].split(END)[0]
    for name, floor in FLOORS.items():
        row = next(line for line in section.splitlines() if line.startswith(f"| {name} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert int(cells[4]) == floor
        assert int(cells[3].split()[0]) >= floor
