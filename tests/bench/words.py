"""Pure. Numbers, verdicts and links as the page, the pictures and the terminal write them."""

from __future__ import annotations

import re

from tests.bench.figures import Goal, Ratio


def number(value: float) -> str:
    """Three significant digits, thousands in groups."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def with_unit(value: float, unit: str) -> str:
    """`1.45 ms`, `2 ×`, `0`."""
    return f"{number(value)} {'×' if unit == 'x' else unit}".rstrip()


def verdict(goal: Goal) -> str:
    """Whether it is met, and whether the blocks agree about it."""
    said = "met" if goal.met else "**not met**"
    return f"{said}, within the noise" if goal.in_the_noise else said


def limit(goal: Goal) -> str:
    return f"at {goal.at} {with_unit(goal.limit, goal.unit)}"


def measured(goal: Goal) -> str:
    """The value, with the smallest and largest of a block behind it."""
    blocks = goal.blocks
    spread = f" ({number(blocks[0])}–{number(blocks[1])})" if blocks and blocks[0] < blocks[1] else ""
    return f"{with_unit(goal.number, goal.unit)}{spread}"


def goal_cells(goal: Goal) -> str:
    """What was promised, what was measured, the limit and the verdict, as cells of a table."""
    return f"{goal.text} | {measured(goal)} | {limit(goal)} | {verdict(goal)}"


def sides(goal: Goal) -> tuple[str, str]:
    """The absolute numbers of a ratio, ours and the other's; empty where the goal is no ratio."""
    if not isinstance(goal.value, Ratio):
        return "", ""
    one = goal.value
    return with_unit(one.over, one.unit), f"{with_unit(one.under, one.unit)}, {one.under_name}"


def anchor(title: str) -> str:
    """Where a heading is found, as GitHub makes it: letters, digits, blanks as dashes."""
    return "#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
