"""The plots of the page: where the time of a tap goes, and what grows with members and associates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl

from tests.bench.figures import Curve, Layer, StationFigures

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# Reproducible files: no date inside, ids from a fixed salt.
mpl.rcParams.update(
    {
        "svg.hashsalt": "shopbell",
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
COLOURS = ("#0b5c63", "#128a8f", "#45b3a8", "#e0a526", "#d9722e", "#b23a48", "#6a4c93", "#7d8597")


def draw(stations: Iterable[StationFigures], folder: Path) -> list[tuple[str, str]]:
    """Draw what the stations hold; returns (file name, what it says) of each picture made."""
    stations = list(stations)
    made = []
    bars = [(figure.metric, figure.layers) for station in stations for figure in station.figures if figure.layers]
    if bars:
        _budget(bars, folder / "tap.svg")
        made.append(("tap.svg", "Where the time of a tap goes, in milliseconds"))
    curves = [curve for station in stations for figure in station.figures for curve in figure.curves]
    if curves:
        _growth(curves, folder / "growth.svg")
        made.append(("growth.svg", "What one arrival costs as the store grows"))
    return made


def _budget(bars: Sequence[tuple[str, Sequence[Layer]]], path: Path) -> None:
    """One stacked bar for each way."""
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.9 * len(bars)))
    names = list(dict.fromkeys(layer.name for _, layers in bars for layer in layers))
    for row, (_, layers) in enumerate(bars):
        left = 0.0
        for layer in layers:
            axes.barh(row, layer.ms, left=left, height=0.55, color=COLOURS[names.index(layer.name) % len(COLOURS)])
            left += layer.ms
        axes.text(left + 0.3, row, f"{left:.1f} ms", va="center")
    axes.set_yticks(range(len(bars)), [metric for metric, _ in bars])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds, medians")
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[index % len(COLOURS)]) for index in range(len(names))]
    axes.legend(
        handles, names, loc="upper center", bbox_to_anchor=(0.4, -0.35 / max(1, len(bars)) - 0.12), ncols=3, frameon=False
    )
    _save(figure, path)


def _growth(curves: Sequence[Curve], path: Path) -> None:
    """One panel for each thing that grows; both axes logarithmic, so that flat is flat and linear is a slope."""
    things = list(dict.fromkeys(curve.of for curve in curves))
    figure, panels = plt.subplots(1, len(things), figsize=(4.6 * len(things), 3.4), squeeze=False)
    for axes, thing in zip(panels[0], things, strict=True):
        mine = [curve for curve in curves if curve.of == thing]
        for number, curve in enumerate(mine):
            axes.plot(curve.x, curve.y, marker="o", label=curve.name, color=COLOURS[number % len(COLOURS)])
        axes.set(xscale="log", yscale="log", xlabel=thing, ylabel=mine[0].unit)
        axes.set_ylim(min(min(curve.y) for curve in mine) / 3, max(max(curve.y) for curve in mine) * 3)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
