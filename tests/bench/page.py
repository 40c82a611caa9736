"""The page: docs/performance.md with its tables and plots, and the lines and picture of the README."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.bench import goals, readme
from tests.bench.figures import ROOT, Figure, Goal, Share, Size, StationFigures
from tests.bench.machine import QUIET_SHARE
from tests.bench.series_table import table as series_table
from tests.bench.words import limit, measured, number, sides, verdict

PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "performance"
HOME_MADE = Path(__file__).parent / "peers" / "home_made.py"
INTRO = """# Performance

Written by `./shopbell bench`; do not edit. `./shopbell bench --quick` is a look in three minutes, `./shopbell bench STATION`
measures one station, `--profile` shows where its time goes.

Where there is something a user would build or install instead, it is measured beside Shopbell, in alternating blocks of one run
on one machine, after a warm-up of both. **Ratios inside one run are the result; absolute numbers are for orientation** and do not
carry over to a Raspberry Pi. Every durable write is `synchronous=FULL`, on both sides. The peer *home-made* is
`tests/bench/peers/home_made.py`, what a good engineer would write: Flask, waitress with 8 threads, paho, one sqlite3 connection,
msgspec, Mosquitto; {lines} lines.

*p50* is the median, *p95* and *p99* the smallest value with so many percent at or below it, over all blocks together; *blocks* is
the smallest and largest median of a block. Of rates, and of few values, smallest, median and largest are told. A goal's ratio
stands with the smallest and largest ratio of a block behind it; where the limit lies between those, the goal is *within the
noise*. The *physical limit* is the median of the least that has to happen, measured in the same run. A mark (busy) says that
others used more than {busy:.0f} % of the machine during a block: everything but the bench and what it started. All values of
blocks are in `performance.json`.
"""


def write(stations: Mapping[str, StationFigures]) -> None:
    """Write the page, its plots and the README's part from the kept figures."""
    from tests.bench import plots  # matplotlib takes long to load, and most runs draw nothing

    PICTURES.mkdir(exist_ok=True)
    pictures = plots.draw(stations, PICTURES)
    PAGE.write_text("\n".join(_lines(stations, pictures)) + "\n")
    readme.write(stations)


def for_terminal(stations: Iterable[StationFigures]) -> str:
    """The same tables, without plots."""
    lines = list[str]()
    for station in stations:
        lines += ["", *_section(station)]
    return "\n".join(lines)


def _lines(stations: Mapping[str, StationFigures], pictures: Sequence[tuple[str, str]]) -> list[str]:
    intro = INTRO.format(busy=100 * QUIET_SHARE, lines=_code_lines(HOME_MADE))
    lines = [intro, *runs(stations), "", "## Goals", "", *goals.table(stations)]
    for name, says in pictures:
        lines += ["", f"![{says}](performance/{name})"]
    for station in stations.values():
        lines += ["", *_section(station)]
    return [*lines, "", "## The machine", "", *_machines(stations)]


def runs(stations: Mapping[str, StationFigures]) -> list[str]:
    """Of one run or of several, from when to when, and how long."""
    ordered = sorted(stations.values(), key=lambda one: (one.began, one.at))
    parts = [(began, list(found)) for began, found in groupby(ordered, key=lambda one: one.began)]
    took = f"{sum(one.took_s for one in ordered) / 60:.0f} minutes of measuring"
    if not ordered:
        return ["Nothing was measured yet."]
    if len(parts) == 1 and parts[0][0]:
        return [f"All figures are of one run: {parts[0][0]} to {max(one.at for one in ordered)}, {took}."]
    lines = [f"The figures are of several runs, together {took}:", ""]
    for began, found in parts:
        when = f"{began} to {max(one.at for one in found)}" if began else f"until {max(one.at for one in found)}"
        lines.append(f"- {when}: {', '.join(one.station for one in found)}")
    return lines


def _code_lines(file: Path) -> int:
    """Lines that are neither blank nor a comment nor a docstring."""
    tree, text = ast.parse(file.read_text()), file.read_text().splitlines()
    kept = {number for number, line in enumerate(text, 1) if line.strip() and not line.strip().startswith("#")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            kept -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(kept)


def _section(station: StationFigures) -> list[str]:
    lines = [f"## {station.title}", "", f"`./shopbell bench {station.station}`, {station.at}, {station.took_s:.0f} s."]
    if station.missing:
        lines += ["", *(f"- not measured here: {why}" for why in station.missing)]
    for figure in station.figures:
        lines += ["", f"### {figure.metric}", *_figure(figure)]
    return lines


def _figure(figure: Figure) -> list[str]:
    lines = list[str]()
    if figure.series:
        lines += ["", *series_table(figure.series)]
    if figure.goals:
        lines += ["", *(f"- {_goal(goal)}" for goal in figure.goals)]
    if figure.layers:
        lines += ["", "| part | ms |", "|---|---|", *(f"| {layer.name} | {number(layer.ms)} |" for layer in figure.layers)]
    if figure.sizes:
        lines += ["", *_sizes(figure.sizes)]
    for curve in figure.curves:
        points = ", ".join(f"{number(x)}: {number(y)}" for x, y in zip(curve.x, curve.y, strict=True))
        lines += ["", f"{curve.name}, {curve.unit} over {curve.of}: {points}."]
    if figure.profile:
        lines += ["", "Where the time goes:", "", *_profile(figure.profile)]
    if figure.takes:
        lines += ["", f"What it would take: {figure.takes}"]
    if figure.notes:
        lines += ["", *(f"- {note}" for note in figure.notes)]
    return lines


def _profile(shares: Sequence[Share]) -> list[str]:
    timed = any(share.ms is not None for share in shares)
    lines = (
        ["| process | on what | share | ms |", "|---|---|---|---|"]
        if timed
        else ["| process | on what | share |", "|---|---|---|"]
    )
    for share in shares:
        cells = [share.process, share.part, f"{100 * share.share:.0f} %"]
        if timed:
            cells.append("" if share.ms is None else number(share.ms))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _sizes(sizes: Sequence[Size]) -> list[str]:
    return ["| what | how much |", "|---|---|", *(f"| {size.what} | {number(size.count)} {size.unit} |" for size in sizes)]


def _goal(goal: Goal) -> str:
    ours, theirs = sides(goal)
    beside = f"; {ours} beside {theirs}" if ours else ""
    return f"{verdict(goal)}: {goal.text}: {measured(goal)}, {limit(goal)}{beside}"


def _machines(stations: Mapping[str, StationFigures]) -> list[str]:
    """One table; a station that was measured elsewhere or with other versions says so."""
    newest = max(stations.values(), key=lambda one: one.at)
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in newest.machine.items())]
    for one in stations.values():
        other = {name: value for name, value in one.machine.items() if newest.machine.get(name) != value}
        if other:
            lines += ["", f"`{one.station}` was measured with {', '.join(f'{name} {value}' for name, value in other.items())}."]
    return lines
