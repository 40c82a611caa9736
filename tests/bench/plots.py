"""The plots of the page: where the time of a tap goes, and what grows with members and associates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import matplotlib as mpl

from tests.bench.figures import Curve, Figure, Layer, Ratio, StationFigures
from tests.bench.limits import Limit, limit_of
from tests.bench.shades import FAINT, INK, LAYERS, PAPER, in_both_schemes
from tests.bench.words import number

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# Reproducible files: no date inside, ids from a fixed salt.
mpl.rcParams.update(
    {
        "svg.hashsalt": "shopbell",
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        **dict.fromkeys(
            ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
        ),
    }
)
# A part narrower than this share of the panel has no room for its number.
ROOM = 0.045
DASHES = (0, (2, 1))
BAR, PEER_BAR, ROW = 0.42, 0.16, 1.0


@dataclass(frozen=True)
class Bar:
    """One way of a tap: its parts, its median, and what stands beside it."""

    metric: str
    layers: Sequence[Layer]
    p50: float
    peer: Ratio | None
    limit: Limit | None

    @property
    def end(self) -> float:
        return max(self.p50, sum(layer.ms for layer in self.layers), self.peer.under if self.peer else 0.0)


def draw(stations: Mapping[str, StationFigures], folder: Path) -> list[tuple[str, str]]:
    """Draw what the stations hold; returns (file name, what it says) of each picture made."""
    made = []
    panels = {one.title: bars for one in stations.values() if (bars := _bars(one, stations))}
    if panels:
        _budget(panels, folder / "tap.svg")
        made.append(("tap.svg", "Where the time of a tap goes, in milliseconds"))
    curves = [curve for station in stations.values() for figure in station.figures for curve in figure.curves]
    if curves:
        _growth(curves, folder / "growth.svg")
        made.append(("growth.svg", "What a card's lookup and an arrival cost as the store grows"))
    return made


def _bars(station: StationFigures, stations: Mapping[str, StationFigures]) -> list[Bar]:
    return [_bar(station.station, figure, stations) for figure in station.figures if figure.layers]


def _bar(station: str, figure: Figure, stations: Mapping[str, StationFigures]) -> Bar:
    ratios = [goal.value for goal in figure.goals if isinstance(goal.value, Ratio)]
    p50 = figure.series[0].p50 if figure.series else sum(layer.ms for layer in figure.layers)
    peer = next((one for one in ratios if one.over == p50), None)
    return Bar(figure.metric, figure.layers, p50, peer, limit_of(station, figure.metric, stations))


def _budget(panels: Mapping[str, Sequence[Bar]], path: Path) -> None:
    """One panel for each station, with a scale of its own; one stacked bar for each way, its peer thin below it."""
    heights = [len(bars) + 0.5 for bars in panels.values()]
    figure, grid = plt.subplots(
        len(panels), 1, figsize=(10, 0.95 * sum(heights) + 1.2), squeeze=False, height_ratios=heights, layout="constrained"
    )
    names = list(dict.fromkeys(layer.name for bars in panels.values() for bar in bars for layer in bar.layers))
    colour = {name: LAYERS[place % len(LAYERS)] for place, name in enumerate(names)}
    for axes, (title, bars) in zip(grid[:, 0], panels.items(), strict=True):
        _panel(axes, title, bars, colour)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour[name]) for name in names]
    words = list(names)
    every = [bar for bars in panels.values() for bar in bars]
    if any(bar.peer for bar in every):
        handles.append(plt.Rectangle((0, 0), 1, 1, color=FAINT))
        words.append("what is measured beside it")
    marks = [plt.Line2D([0], [0], color=INK, linewidth=2, linestyle=DASHES)] if any(bar.limit for bar in every) else []
    words += ["physical limit"] * len(marks)
    figure.legend([*handles, *marks], words, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    _save(figure, path)


def _panel(axes: Axes, title: str, bars: Sequence[Bar], colour: Mapping[str, str]) -> None:
    width = max(bar.end for bar in bars) * 1.3
    axes.set(
        xlim=(0, width),
        ylim=(len(bars) * ROW - 0.4, -0.5),
        xlabel="milliseconds; medians of the parts and, in bold, of the whole",
    )
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_yticks([row * ROW for row in range(len(bars))], [fill(bar.metric, 30) for bar in bars])
    for row, bar in enumerate(bars):
        left, at = 0.0, row * ROW
        for layer in bar.layers:
            axes.barh(at, layer.ms, left=left, height=BAR, color=colour[layer.name])
            if layer.ms > ROOM * width:
                axes.text(left + layer.ms / 2, at, f"{layer.ms:.3g}", va="center", ha="center", color="#ffffff", fontsize=8.5)
            left += layer.ms
        axes.text(left + 0.01 * width, at, f"{number(bar.p50)} ms", va="center", fontweight="bold")
        _beside(axes, bar, at, width)


def _beside(axes: Axes, bar: Bar, at: float, width: float) -> None:
    below = at + BAR / 2 + PEER_BAR / 2 + 0.02
    if bar.peer:
        axes.barh(below, bar.peer.under, height=PEER_BAR, color=FAINT)
        says = f"{number(bar.peer.under)} ms, {bar.peer.under_name}"
        axes.text(bar.peer.under + 0.01 * width, below, says, va="center", fontsize=8.5)
    if bar.limit and bar.limit.unit == "ms":
        axes.plot(
            [bar.limit.value] * 2, [at - BAR / 2 - 0.1, below + PEER_BAR / 2], color=INK, linewidth=2, linestyle=(0, (2, 1))
        )


def _growth(curves: Sequence[Curve], path: Path) -> None:
    """One panel for each thing that grows; both axes logarithmic, so that flat is flat and linear is a slope."""
    things = list(dict.fromkeys(curve.of for curve in curves))
    figure, panels = plt.subplots(1, len(things), figsize=(4.4 * len(things), 3.6), squeeze=False, layout="constrained")
    for axes, thing in zip(panels[0], things, strict=True):
        mine = [curve for curve in curves if curve.of == thing]
        for place, curve in enumerate(mine):
            axes.plot(curve.x, curve.y, marker="o", label=fill(curve.name, 40), color=LAYERS[place % len(LAYERS)])
        axes.set(xscale="log", yscale="log", xlabel=thing, ylabel=mine[0].unit)
        axes.set_title(f"Cost over {thing}", loc="left", fontsize=10.5, fontweight="bold")
        axes.set_ylim(min(min(curve.y) for curve in mine) / 3, max(max(curve.y) for curve in mine) * 4)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    path.write_text(in_both_schemes(path.read_text()))
