"""The README's part: a few sentences on how fast it is, with what was missed, and the picture."""

from __future__ import annotations

from collections.abc import Mapping

from tests.bench.figures import ROOT, Goal, Ratio, StationFigures
from tests.bench.goals import rows_of
from tests.bench.words import number, with_unit

README = ROOT / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
SEEN = "tap -> welcome in Chromium, p95"
SOCKET = "card id -> welcome at the socket, p50 / home-made p50"
PICTURE = "![Where the time of a tap goes](docs/performance/tap.svg)"


def write(stations: Mapping[str, StationFigures]) -> None:
    """Replace what stands between the marks."""
    text = README.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    README.write_text(f"{head}{BEGIN}\n{headline(stations)}\n{END}{tail}")


def headline(stations: Mapping[str, StationFigures]) -> str:
    """From the stations `browser` and `welcome`; what was not measured is not said."""
    rows = rows_of(stations)
    found = {row.goal.text: row.goal for row in rows}
    said = []
    if SEEN in found:
        machine = next(row.station.machine for row in rows if row.goal.text == SEEN)
        said.append(
            f"On a server ({machine.get('processor')}, {machine.get('cores')} cores; not a Raspberry Pi) and with a simulated"
            f" card reader, the welcome is on the screen within {number(found[SEEN].number)} ms in 95 of 100 taps,"
            " browser included."
        )
    if SOCKET in found:
        said.append(_beside(found[SOCKET]))
    if rows:
        met = sum(row.goal.met for row in rows)
        said.append(f"{met} of {len(rows)} goals are met; [performance](docs/performance.md) begins with the others.")
    picture = PICTURE if any(figure.layers for station in stations.values() for figure in station.figures) else ""
    return "\n\n".join(part for part in ("\n".join(said), picture) if part)


def _beside(goal: Goal) -> str:
    took = (
        f"{with_unit(goal.value.over, goal.value.unit)} beside {with_unit(goal.value.under, goal.value.unit)} of a good home-made"
        " kiosk"
        if isinstance(goal.value, Ratio)
        else f"{goal.number:.2f} of the time of a good home-made kiosk"
    )
    wanted = f"the goal, at most {goal.limit:g} of its time, is {'met' if goal.met else 'missed'}"
    return f"From card id to screen, durably recorded, the median is {took}; {wanted}."
