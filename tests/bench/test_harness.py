"""The harness itself: percentiles, turns, what is kept, and that a page says when a goal is not met."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import figures, page, plots, readme
from tests.bench.__main__ import main
from tests.bench.figures import Curve, Figure, Goal, Layer, StationFigures, ratio
from tests.bench.machine import Others, QuietGate
from tests.bench.measure import Contender, Series, alternate, percentile, summary
from tests.bench.table import STATIONS

NO_WAIT = QuietGate(patience_s=0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(1, 100))
def test_a_percentile_is_a_measured_value_with_enough_below_it(values: list[float], percent: float) -> None:
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= len(ordered) * percent / 100
    assert sum(value < found for value in ordered) < len(ordered) * percent / 100


def test_others_are_everybody_but_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds of two cores, fifteen of work, three of them ours: others had twelve of twenty."""
    moments = iter([(100.0, 50.0, 1.0), (110.0, 65.0, 4.0), (110.0, 52.0, 4.0)])
    monkeypatch.setattr(Others, "_now", lambda _self: next(moments))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    others = Others()
    assert others.share() == pytest.approx(0.6)
    assert others.share() == 0.0, "clocks of processes and of the machine tick apart"


def test_our_own_work_is_not_that_of_others() -> None:
    _, busy, own = Others._now()
    ends = time.process_time() + 0.3
    while time.process_time() < ends:
        pass
    _, busy_now, own_now = Others._now()
    assert own_now - own >= 0.25
    assert busy_now - busy >= 0.25, "what we do is part of what the machine does"


def test_known_percentiles() -> None:
    ordered = [float(value) for value in range(1, 101)]
    assert [percentile(ordered, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 99) == 7


def test_contenders_take_turns_and_everybody_is_first_once() -> None:
    order: list[str] = []

    def contender(name: str, seconds: float) -> Contender:
        def take(n: int) -> Sequence[float]:
            order.append(f"{name}{n}")
            return [seconds] * n

        return take

    told: list[tuple[int, int]] = []
    found = alternate(
        {"a": contender("a", 0.001), "b": contender("b", 0.002)},
        n=7,
        blocks=3,
        warm_up=2,
        tell=lambda done, total: told.append((done, total)),
        gate=NO_WAIT,
    )
    assert order == ["a2", "b2", "a3", "b3", "b2", "a2", "a2", "b2"], "warm-up first, then turns"
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (found["a"].n, found["a"].p50, found["b"].p50) == (7, 1.0, 2.0)
    assert ratio(found["b"], found["a"]).value == 2.0


def test_the_spread_is_that_of_block_medians() -> None:
    series = summary("x", "ms", [[1, 2, 3], [5, 6, 7], []])
    assert (series.low, series.high, series.n, series.p50) == (2, 6, 6, 4)


@pytest.mark.parametrize(
    ("at", "value", "met"), [("most", 1.0, True), ("most", 1.01, False), ("least", 1.0, True), ("least", 0.99, False)]
)
def test_a_goal_is_met_up_to_its_limit(at: str, value: float, met: bool) -> None:
    assert Goal("g", value, 1.0, at).met is met  # type: ignore[arg-type]  # the two words of the table above


def _station(value: float, name: str = "lookup") -> StationFigures:
    series = Series("Shopbell", "ms", 1000, value, 2 * value, 3 * value, value, value, busy=0.4)
    figure = Figure("Member by card", [series], [Goal("as fast as SQL", value, 1.3)], ["A note."], [Layer("commit", 0.3)])
    return StationFigures(name, "A member by card", "2026-01-01 00:00 UTC", 1.0, {"cores": "2"}, [figure])


def test_the_page_says_plainly_what_was_missed_and_when_the_machine_was_busy() -> None:
    text = page.for_terminal([_station(1.5)])
    assert "**not met**: as fast as SQL: 1.50 ×, at most 1.30 ×" in text
    assert "| Shopbell (busy), ms | 1.50 | 3 | 4.50 |  |  | 1,000 |" in text
    assert "A note." in text
    assert "not met" not in page.for_terminal([_station(1.2)])


def test_new_figures_replace_their_own_station_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "KEPT", tmp_path / "performance.json")
    assert figures.kept() == {}
    figures.keep([_station(1.0, "lookup"), _station(1.0, "old")], ["lookup", "old"])
    both = figures.keep([_station(2.0, "lookup")], ["lookup"])
    assert list(both) == ["lookup"], "a station that is no more is dropped"
    assert figures.kept()["lookup"].figures[0].series[0].p50 == 2.0


def test_what_is_kept_in_the_repository_can_be_read_and_is_the_page() -> None:
    """docs/performance.md is made from docs/performance.json and from nothing else."""
    kept = figures.kept()
    text = page.PAGE.read_text()
    for station in kept.values():
        assert page.for_terminal([station]).strip() in text, station.station
    assert set(kept) <= {station.name for station in STATIONS}


def test_the_readme_says_what_the_page_says() -> None:
    assert readme.headline(figures.kept()) in readme.README.read_text()


def test_a_stranger_among_the_stations_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-station"]) == 2
    assert "no station is called 'no-such-station'" in capsys.readouterr().err


def test_every_station_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(station.name in listed for station in STATIONS)
    assert len({station.name for station in STATIONS}) == len(STATIONS)


def test_plots_are_the_same_for_the_same_figures(tmp_path: Path) -> None:
    curve = Curve("Shopbell", "members", "ms", [1000, 1_000_000], [1.0, 1.1])
    station = msgspec.structs.replace(_station(1.0), figures=[*_station(1.0).figures, Figure("Growth", curves=[curve])])
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        assert [name for name, _ in plots.draw({"lookup": station}, tmp_path / folder)] == ["tap.svg", "growth.svg"]
    for name in ("tap.svg", "growth.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
