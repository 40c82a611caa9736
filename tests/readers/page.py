"""The page: docs/readers.md, made from docs/readers.json and from nothing else. `python -m tests.readers.page` makes it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.figures import ROOT, Goal
from tests.bench.machine import QUIET_SHARE
from tests.bench.words import goal_cells
from tests.readers.page_sections import SECTIONS, prose
from tests.readers.results import Result, kept

PAGE = ROOT / "docs" / "readers.md"
NAMES = tuple(name for section in SECTIONS for name in section.names)
INTRO = (
    "Written by `./shopbell test readers-long --write`; do not edit. Below each result stand when it was made, its seed, and the"
    " line that makes it again. Everything was measured with photographs and simulated readers, on real ports unless virtual time"
    " is named: **no figure here was taken with a real reader or camera**, and the chip's own computing time counts as nothing."
    " Of the same seed, counts are the same on any machine; times are not.",
    "How the readers are used: [card reader](reader.md), [codes, scanners, camera](codes.md), [reader board](reader_board.md).",
)

Kept = Mapping[str, Result]


def page(results: Kept) -> str:
    """The whole page. results: by name; what is not there yet is said to be missing."""
    machines = _machines(results)
    lines = ["# Readers in figures"]
    for paragraph in INTRO:
        lines += ["", prose(paragraph)]
    lines += ["", "## At a glance", "", *_glance(results)]
    for section in SECTIONS:
        found = [results[name] for name in section.names if name in results]
        missing = [name for name in section.names if name not in results]
        told = [f"Not measured yet: {', '.join(missing)}."] if missing else section.tell(*found)
        lines += ["", f"## {section.title}", "", *told, "", *(_made(one, machines) for one in found)]
    return "\n".join([*lines, "", "## Machines", "", *_machine_lines(machines)]) + "\n"


def write(results: Kept) -> None:
    """Write the page."""
    PAGE.write_text(page(results))


def _glance(results: Kept) -> Iterator[str]:
    yield from ("| goal | measured | limit | |", "|---|---|---|---|")
    for name in NAMES:
        if name in results:
            yield from (f"| {goal_cells(goal)}{_mark(results[name], goal)} |" for goal in results[name].goals)


def _mark(result: Result, goal: Goal) -> str:
    """Times suffer when others use the machine; counts do not."""
    return " (busy)" if goal.unit and result.busy > QUIET_SHARE else ""


def _made(result: Result, machines: Sequence[Mapping[str, str]]) -> str:
    seed = "" if result.seed is None else f", seed {result.seed}"
    busy = f", **busy**: others used {result.busy:.0%} of it" if result.busy > QUIET_SHARE else ""
    machine = f", machine {machines.index(result.machine) + 1}{busy}"
    return f"- *{result.name}*: {result.at}, {result.took_s:.0f} s{seed}{machine}; `{result.command}`"


def _machines(results: Kept) -> list[Mapping[str, str]]:
    """Each once, in the order of the page."""
    found: list[Mapping[str, str]] = []
    for name in NAMES:
        if name in results and results[name].machine not in found:
            found.append(results[name].machine)
    return found


def _machine_lines(machines: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for number, machine in enumerate(machines, 1):
        yield f"{number}. " + ", ".join(f"{name} {value}" for name, value in machine.items())


if __name__ == "__main__":
    write(kept())
