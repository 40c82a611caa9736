"""Docs that fail the build: files a doc names exist, codes and keys a program knows are explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from edge.contracts import outcomes
from tests.docs import codes, remedies

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WALK = ROOT / "docs" / "walk.md"
STATIONS = [
    "firmware_bridge/wire/pn532_frame.py",
    "firmware_bridge/wire/pn532_answers.py",
    "firmware_bridge/wire/board_frame.py",
    "firmware_bridge/wire/board_messages.py",
    "firmware_bridge/session/board_session.py",
    "kiosk/visit/recognise.py",
    "kiosk/visit/decide.py",
    "kiosk/visit/greeting.py",
    "edge/contracts/arrival.py",
    "edge/outbox/plan.py",
    "edge/hub/ingest.py",
    "edge/associates/floor.py",
    "edge/associates/card.py",
    "edge/hq/receive.py",
]


@pytest.mark.parametrize("station", STATIONS)
def test_the_walk_names_every_station_and_it_exists(station: str) -> None:
    assert (ROOT / station).is_file()
    assert f"`{station}`" in WALK.read_text()


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_and_links_of_a_doc_exist(doc: Path) -> None:
    text = doc.read_text()
    paths = set(
        re.findall(r"`((?:kiosk|edge|firmware_bridge|tests|docs|deploy)/[\w./-]+\.(?:py|md|toml|json|js|css|txt))`", text)
    )
    links = set(re.findall(r"\]\(([^)#:]+)\)", text))
    missing = [path for path in paths if not (ROOT / path).exists()] + [
        link for link in links if not (doc.parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            *get_args(outcomes.Outcome),
            *get_args(outcomes.AlertState),
            *get_args(outcomes.Reason),
            *get_args(outcomes.IngestResult),
        }
    ),
)
def test_every_code_of_the_door_is_explained(code: str) -> None:
    assert f"`{code}`" in (ROOT / "docs" / "outcomes.md").read_text()


def test_the_table_of_codes_is_up_to_date() -> None:
    assert codes.table() in codes.DOC.read_text(), "run: python -m tests.docs.codes"


@pytest.mark.parametrize("page", remedies.PAGES)
def test_the_tables_of_remedies_are_up_to_date(page: str) -> None:
    assert remedies.with_tables(page) == (remedies.DOCS / page).read_text(), "run: python -m tests.docs.codes"


def test_every_error_code_is_explained() -> None:
    """Codes stand as the first argument of the error classes; docs/outcomes.md lists what each means and its mend."""
    known = (ROOT / "docs" / "outcomes.md").read_text()
    raised = set()
    for package in ("edge", "kiosk", "firmware_bridge"):
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" not in path.parts:
                raised |= set(re.findall(r"(?:ContractError|OperatorError)\(\s*\"([a-z0-9_]+)\"", path.read_text()))
    assert len(raised) > 20
    assert sorted(code for code in raised if f"`{code}`" not in known) == []


@pytest.mark.parametrize("command", ["demo", "test"])
def test_the_readme_names_the_two_commands(command: str) -> None:
    assert f"./shopbell {command}" in (ROOT / "README.md").read_text()
