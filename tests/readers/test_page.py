"""docs/readers.md is what docs/readers.json makes, and the wire time in it is what the code computes today."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.bench.figures import ROOT, Goal
from tests.readers import page, results
from tests.readers.card_kinds import KINDS, KNOWN
from tests.readers.page_sections import SECTIONS
from tests.readers.results import Measured, Result, keep, kept
from tests.readers.wire_time import milliseconds, on_the_wire

AGAIN = "run: ./shopbell test readers-long --write"
PAGE_AGAIN = "run: python -m tests.readers.page"


def result(name: str, value: float, seed: int | None = 7) -> Result:
    goal = Goal("parts a made-up run lost", value, 0, unit="")
    return Result(name, "2026-01-01 00:00 UTC", 1.0, seed, "./shopbell test x -s", {"cores": "2"}, 0.4, [goal], {"lost": value})


def test_the_page_is_what_the_kept_results_make() -> None:
    assert page.page(kept()) == page.PAGE.read_text(), PAGE_AGAIN


def test_every_kept_result_has_its_place_and_its_line() -> None:
    text = page.PAGE.read_text()
    assert set(kept()) <= set(page.NAMES)
    for one in kept().values():
        assert f"`{one.command}`" in text and one.at in text
        path, _, test = one.command.split("./shopbell test ")[1].split(" ")[0].partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(), one.command


def test_the_wire_time_is_what_the_code_computes() -> None:
    assert kept()["wire"].figures == {kind.says: on_the_wire(kind).plain() for kind in KINDS}, AGAIN


def test_the_wire_time_of_a_known_card_by_hand() -> None:
    """Command 11 bytes, acknowledgement 6; the answer names a card with 7 bytes of id: 22."""
    way = on_the_wire(KNOWN)
    assert [(step.word, step.command, step.ack, step.answer) for step in way.steps] == [("look", 11, 6, 22)]
    assert (way.octets, way.waited) == (39, 17)
    assert milliseconds(1152) == pytest.approx(100.0)


def test_what_is_not_measured_is_said_to_be_missing() -> None:
    text = page.page({})
    assert text.count("Not measured yet: ") == len(SECTIONS)
    assert "Not measured yet: limit of two looks." in page.page({"serial faults": result("serial faults", 0)})


def test_a_missed_goal_and_a_busy_machine_are_said() -> None:
    text = page.page({"serial faults": result("serial faults", 2)})
    assert "| parts a made-up run lost | 2 | at most 0 | **not met** |" in text
    assert "seed 7, machine 1, **busy**: others used 40% of it" in text


def test_a_new_result_replaces_its_own_only(tmp_path: Path) -> None:
    path = tmp_path / "readers.json"
    assert kept(path) == {}
    keep(result("wire", 1), path)
    keep(result("unplugged", 2), path)
    keep(result("wire", 3), path)
    assert [(one.name, one.figures["lost"]) for one in kept(path).values()] == [("unplugged", 2), ("wire", 3)]


@pytest.mark.parametrize(
    ("write", "variable", "wrote"), [(True, "", True), (False, "", False), (True, "SHOPBELL_READERS_FAULTS", False)]
)
def test_only_whole_runs_that_are_asked_to_are_kept(
    write: bool, variable: str, wrote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path / "readers.json")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    for name in [name for name in os.environ if name.startswith("SHOPBELL_READERS_")]:
        monkeypatch.delenv(name)
    if variable:
        monkeypatch.setenv(variable, "10")
    with pytest.raises(AssertionError, match="wire"):
        Measured("tests/x.py::test_y[z]", write=write)("wire", {"n": 1}, [Goal("g", 1, 0)], seed=5)
    assert (tmp_path / "readers.json").exists() is wrote
    assert re.search(r"wire: n 1; .* again: SHOPBELL_SEED=5 ./shopbell test tests/x.py::test_y -s", capsys.readouterr().out)
