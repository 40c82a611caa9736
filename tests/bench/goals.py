"""Pure. The table of all goals: how many are met, and those that are not first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.figures import Figure, Goal, StationFigures
from tests.bench.limits import limit_of
from tests.bench.words import anchor, limit, measured, sides, verdict, with_unit

HEAD = [
    "| | goal | Shopbell | beside it | measured (blocks) | limit | physical limit | |",
    "|---|---|---|---|---|---|---|---|",
]


@dataclass(frozen=True)
class Row:
    """One goal, and where it stands."""

    station: StationFigures
    figure: Figure
    goal: Goal


def rows_of(stations: Mapping[str, StationFigures]) -> list[Row]:
    """All goals; those not met first, else in the order of a tap."""
    rows = [Row(one, figure, goal) for one in stations.values() for figure in one.figures for goal in figure.goals]
    return sorted(rows, key=lambda row: row.goal.met)


def count(stations: Mapping[str, StationFigures]) -> str:
    """`21 of 30 goals are met`, and what the count has to be read with."""
    goals = [row.goal for row in rows_of(stations)]
    near = sum(goal.in_the_noise for goal in goals)
    noise = f" Of all, {near} lie within the noise: some blocks are on the other side of the limit." if near else ""
    return f"**{sum(goal.met for goal in goals)} of {len(goals)} goals are met.**{noise}"


def table(stations: Mapping[str, StationFigures]) -> list[str]:
    """Lines of Markdown: the count, the goals, and what was not measured here."""
    lines = [count(stations), "", *HEAD, *(_line(row, stations) for row in rows_of(stations))]
    missing = [f"| {_link(one)} | {why} | | | | | | not measured here |" for one in stations.values() for why in one.missing]
    return [*lines, *missing]


def _line(row: Row, stations: Mapping[str, StationFigures]) -> str:
    goal = row.goal
    ours, theirs = sides(goal)
    first = goal is row.figure.goals[0]  # a figure's limit is that of its median, and said once
    least = limit_of(row.station.station, row.figure.metric, stations) if first else None
    physical = f"{with_unit(least.value, least.unit)}: {least.says}" if least else ""
    cells = [_link(row.station, row.figure), goal.text, ours, theirs, measured(goal), limit(goal), physical, verdict(goal)]
    return f"| {' | '.join(cells)} |"


def _link(station: StationFigures, figure: Figure | None = None) -> str:
    return f"[{station.station}]({anchor(figure.metric if figure else station.title)})"
