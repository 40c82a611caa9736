"""The page: docs/performance.md with its tables and plots, and the one line and picture of the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.figures import ROOT, Figure, Goal, StationFigures
from tests.bench.measure import Series

PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "performance"
README = ROOT / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
BUSY = 0.15
INTRO = """# Performance

Written by `./shopbell bench`; do not edit. `./shopbell bench --quick` is a look in three minutes, `./shopbell bench STATION`
measures one station, `--profile` shows where its time goes.

Each row puts Shopbell beside what a user would build or install instead, in alternating blocks of one run on one machine.
**Ratios inside one run are the result; absolute numbers are for orientation** and do not carry over to a Raspberry Pi. Every
durable write is `synchronous=FULL`, on both sides. The peer *home-made* is `tests/bench/peers/home_made.py`: Flask, waitress with
8 threads, paho, one sqlite3 connection, msgspec, Mosquitto; the best forty lines a good engineer would write. *p50*, *p95* and
*p99* are over all blocks together; *blocks* is the smallest and largest median of a block. A mark (busy) says that others used
more than 15 % of the machine just before a block.
"""


def write(stations: Mapping[str, StationFigures]) -> None:
    """Write the page, its plots and the README's part from the kept figures."""
    from tests.bench import plots  # matplotlib takes long to load, and most runs draw nothing

    PICTURES.mkdir(exist_ok=True)
    pictures = plots.draw(stations.values(), PICTURES)
    PAGE.write_text("\n".join(_lines(stations, pictures)) + "\n")
    _readme(stations)


def for_terminal(stations: Iterable[StationFigures]) -> str:
    """The same tables, without plots."""
    lines = list[str]()
    for station in stations:
        lines += ["", *_section(station)]
    return "\n".join(lines)


def _lines(stations: Mapping[str, StationFigures], pictures: Sequence[tuple[str, str]]) -> list[str]:
    lines = [INTRO, "## Goals", "", *_goals(stations.values())]
    for name, says in pictures:
        lines += ["", f"![{says}](performance/{name})"]
    for station in stations.values():
        lines += ["", *_section(station)]
    return [*lines, "", "## The machine", "", *_machines(stations)]


def _goals(stations: Iterable[StationFigures]) -> list[str]:
    rows = ["| station | goal | measured | limit | |", "|---|---|---|---|---|"]
    for station in stations:
        for figure in station.figures:
            rows += [f"| {station.station} | {goal_cells(goal)} |" for goal in figure.goals]
    return rows


def goal_cells(goal: Goal) -> str:
    """What was promised, what was measured, the limit and the verdict, as cells of a table."""
    return f"{goal.text} | {f'{_number(goal.value)} {_unit(goal)}'.rstrip()} | {_limit(goal)} | {_verdict(goal)}"


def _section(station: StationFigures) -> list[str]:
    lines = [f"## {station.title}", "", f"`./shopbell bench {station.station}`, {station.at}, {station.took_s:.0f} s."]
    for figure in station.figures:
        lines += ["", f"### {figure.metric}", *_figure(figure)]
    return lines


def _figure(figure: Figure) -> list[str]:
    lines = list[str]()
    if figure.series:
        lines += ["", "| | p50 | p95 | p99 | blocks | n |", "|---|---|---|---|---|---|", *map(_row, figure.series)]
    if figure.layers:
        lines += ["", "| part | ms |", "|---|---|", *(f"| {layer.name} | {_number(layer.ms)} |" for layer in figure.layers)]
    for curve in figure.curves:
        points = ", ".join(f"{_number(x)}: {_number(y)}" for x, y in zip(curve.x, curve.y, strict=True))
        lines += ["", f"{curve.name}, {curve.unit} over {curve.of}: {points}."]
    if figure.goals:
        lines += ["", *(f"- {_goal(goal)}" for goal in figure.goals)]
    if figure.notes:
        lines += ["", *figure.notes]
    return lines


def _row(series: Series) -> str:
    mark = " (busy)" if series.busy > BUSY else ""
    cells = [f"{_number(value)}" for value in (series.p50, series.p95, series.p99)]
    blocks = f"{_number(series.low)}–{_number(series.high)}"
    return f"| {series.name}{mark}, {series.unit} | {' | '.join(cells)} | {blocks} | {series.n:,} |"


def _goal(goal: Goal) -> str:
    return f"{_verdict(goal)}: {goal.text}: {_number(goal.value)} {_unit(goal)} ({_limit(goal)})"


def _verdict(goal: Goal) -> str:
    return "met" if goal.met else "**not met**"


def _limit(goal: Goal) -> str:
    return f"at {goal.at} {_number(goal.limit)} {_unit(goal)}".rstrip()


def _unit(goal: Goal) -> str:
    return "×" if goal.unit == "x" else goal.unit


def _number(value: float) -> str:
    """Three significant digits, thousands in groups."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def _machines(stations: Mapping[str, StationFigures]) -> list[str]:
    """One table; a station that was measured elsewhere or with other versions says so."""
    newest = max(stations.values(), key=lambda one: one.at)
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in newest.machine.items())]
    for one in stations.values():
        other = {name: value for name, value in one.machine.items() if newest.machine.get(name) != value}
        if other:
            lines += ["", f"`{one.station}` was measured with {', '.join(f'{name} {value}' for name, value in other.items())}."]
    return lines


def _readme(stations: Mapping[str, StationFigures]) -> None:
    """Replace what stands between the marks."""
    text = README.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    README.write_text(f"{head}{BEGIN}\n{headline(stations)}\n{END}{tail}")


def headline(stations: Mapping[str, StationFigures]) -> str:
    """The line that matters: tap to picture on the screen, and against home-made; from the stations `browser` and `welcome`."""
    goals = {goal.text: goal for station in stations.values() for figure in station.figures for goal in figure.goals}
    seen = goals.get("tap -> welcome in Chromium, p95")
    half, tail = (goals.get(f"card id -> welcome at the socket, {at} / home-made {at}") for at in ("p50", "p99"))
    parts = []
    if seen:
        parts.append(
            f"From the card at the reader to the welcome on the screen: {_number(seen.value)} ms (p95, browser included)."
        )
    if half and tail:
        parts.append(
            "From card id to screen, durably recorded, a good home-made kiosk takes"
            f" {1 / half.value:.1f} times as long (p50), and {1 / tail.value:.1f} times at its slowest (p99)."
        )
    line = " ".join(parts)
    picture = "![Where the time of a tap goes](docs/performance/tap.svg)" if (PICTURES / "tap.svg").exists() else ""
    return "\n\n".join(part for part in (line, picture, "All figures: [performance](docs/performance.md).") if part)
