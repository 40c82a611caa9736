"""The tables of what a device can be ill with, in the pages about it; `python -m tests.docs.codes` writes them."""

from __future__ import annotations

from pathlib import Path

from firmware_bridge.remedies import BOARDS, PORTS, READERS, Remedy
from kiosk.devices.camera_faults import CAMERA_REMEDIES

DOCS = Path(__file__).resolve().parents[2] / "docs"
END = "<!-- remedies: end -->"
# page -> the tables in it, by the word behind `remedies:` in its mark
PAGES: dict[str, dict[str, dict[str, Remedy]]] = {
    "reader.md": {"reader": {**PORTS, **READERS}},
    "reader_board.md": {"board": BOARDS},
    "codes.md": {"camera": CAMERA_REMEDIES},
}


def begin(name: str) -> str:
    """The mark in front of a table."""
    return f"<!-- remedies: {name} -->"


def shown(remedies: dict[str, Remedy]) -> str:
    """Markdown: code, meaning, what to do."""
    rows = [f"| `{remedy.code}` | {remedy.means} | {remedy.mend} |" for remedy in remedies.values()]
    return "\n".join(["| code | what it means | what to do |", "|---|---|---|", *rows])


def with_tables(page: str) -> str:
    """The page as it ought to be."""
    text = (DOCS / page).read_text()
    for name, remedies in PAGES[page].items():
        before, mark, rest = text.partition(begin(name) + "\n")
        _, end, after = rest.partition(END)
        assert mark and end, f"{page} has lost its marks of {name}"
        text = f"{before}{mark}{shown(remedies)}\n{end}{after}"
    return text


def write() -> None:
    for page in PAGES:
        (DOCS / page).write_text(with_tables(page))
