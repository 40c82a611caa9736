"""What the page says: how many goals are met, which are not, how sure that is, what was not measured, and for how long."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.bench import __main__ as command
from tests.bench import figures, goals, limits, page, readme, series_table, shades, words
from tests.bench.figures import Figure, Goal, Layer, Share, Size, StationFigures, ratio
from tests.bench.limits import COMMIT, PYTHON, limit_of
from tests.bench.measure import Series, summary
from tests.bench.plots import draw
from tests.bench.station import Bench, PartMissing, Station, package
from tests.bench.table import STATIONS

OURS = summary("Shopbell", "ms", [[1.0, 1.2, 1.4], [1.5, 1.6, 1.7]])
THEIRS = summary("home-made", "ms", [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]])
METRIC = "kiosk: card id -> welcome at the screen's socket"


def station(*of: Figure, name: str = "welcome", began: str = "", missing: Sequence[str] = ()) -> StationFigures:
    return StationFigures(name, f"Of {name}", "2026-01-01 00:20 UTC", 600.0, {"cores": "2"}, of, began, missing)


def figure(limit: float, metric: str = METRIC) -> Figure:
    return Figure(
        metric, [OURS, THEIRS], [Goal(f"p50 at most {limit}", ratio(OURS, THEIRS), limit)], layers=[Layer("rules", 1.4)]
    )


def test_a_ratio_knows_both_sides_and_its_spread_over_the_blocks() -> None:
    found = ratio(OURS, THEIRS)
    assert (found.value, found.over, found.under, found.under_name) == (pytest.approx(0.725), 1.45, 2.0, "home-made")
    assert (found.low, found.high) == (pytest.approx(0.6), pytest.approx(0.8))
    assert f"{found:.1f}" == "0.7"


def test_blocks_that_were_not_in_the_same_turns_give_no_spread() -> None:
    assert ratio(OURS, summary("once", "ms", [[2.0]])).low is None


@pytest.mark.parametrize(
    ("limit", "said"),
    [(0.9, "met"), (0.75, "met, within the noise"), (0.7, "**not met**, within the noise"), (0.5, "**not met**")],
)
def test_a_limit_between_the_blocks_is_in_the_noise(limit: float, said: str) -> None:
    assert words.verdict(Goal("g", ratio(OURS, THEIRS), limit)) == said


def test_a_count_that_never_changes_is_not_noise() -> None:
    assert words.verdict(Goal("refused", 0, 0, unit="", spread=(0, 0))) == "met"


def test_the_table_counts_and_begins_with_what_is_missed() -> None:
    kept = {"welcome": station(figure(0.9), figure(0.5, "other"))}
    count, _, *lines = goals.table(kept)
    assert count == "**1 of 2 goals are met.**"
    missed, met = lines[2:]
    assert missed.startswith("| [welcome](#other) | p50 at most 0.5 | 1.45 ms | 2 ms, home-made | 0.725 × (0.600–0.800) |")
    assert missed.endswith("| **not met** |") and met.endswith("| met |")


def test_every_link_of_the_table_is_a_heading_of_the_page() -> None:
    text = page.PAGE.read_text()
    headings = {words.anchor(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}
    links = {part.partition(")")[0] for line in goals.table(figures.kept()) for part in line.split("](")[1:]}
    assert links and links <= headings


def test_a_row_without_its_part_stands_on_the_page_and_the_run_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a machine without PostgreSQL and npm: exit status 0, a page, and both rows named with how to enable them."""

    def some(bench: Bench) -> list[Figure]:
        bench.without("Node-RED", PartMissing("apt install npm"))
        return [figure(0.9)]

    def none(_: Bench) -> list[Figure]:
        raise PartMissing("postgres is not here: apt install postgresql")

    monkeypatch.setattr(command, "STATIONS", (Station("welcome", "Taps", some), Station("hq", "Facts", none)))
    monkeypatch.setattr(command, "about", lambda: {"cores": "2"})
    _elsewhere(tmp_path, monkeypatch)
    assert command.main([]) == 0
    text = (tmp_path / "performance.md").read_text()
    assert "| [welcome](#taps) | Node-RED: apt install npm | | | | | | not measured here |" in text
    assert "Facts: postgres is not here: apt install postgresql" in text
    assert "All figures are of one run: " in text
    assert "hq: not measured here: Facts: postgres is not here" in capsys.readouterr().out
    assert figures.kept()["hq"].figures == []


def test_a_station_that_fails_keeps_the_page_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Bench) -> list[Figure]:
        raise AssertionError("the kiosk lost a card")

    monkeypatch.setattr(command, "STATIONS", (Station("welcome", "Taps", broken),))
    monkeypatch.setattr(command, "about", lambda: {"cores": "2"})
    _elsewhere(tmp_path, monkeypatch)
    assert command.main([]) == 1
    assert not (tmp_path / "performance.md").exists()


def _elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is made in `folder`."""
    (folder / "README.md").write_text(f"# A\n{readme.BEGIN}\nold\n{readme.END}\nthe rest\n")
    for module, name, at in (
        (figures, "KEPT", "performance.json"),
        (page, "PAGE", "performance.md"),
        (page, "PICTURES", "performance"),
        (readme, "README", "README.md"),
    ):
        monkeypatch.setattr(module, name, folder / at)


@pytest.mark.parametrize("what", ["--quick", "--profile"])
def test_only_whole_measurements_are_kept(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([what, "--write"]) == 2
    assert "--write keeps whole measurements only" in capsys.readouterr().err


def test_a_package_that_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(PartMissing, match=r"no-such-package is not here: \./shopbell bench installs it"):
        package("no_such_module", "no-such-package")


def test_one_run_and_several_are_told_apart() -> None:
    one = station(name="a", began="2026-01-01 00:00 UTC")
    assert page.runs({"a": one}) == [
        "All figures are of one run: 2026-01-01 00:00 UTC to 2026-01-01 00:20 UTC, 10 minutes of measuring."
    ]
    lines = page.runs({"a": one, "b": station(name="b", began="2026-01-02 00:00 UTC")})
    assert lines[0].startswith("The figures are of several runs, together 20 minutes")
    assert [line.rpartition(" ")[2] for line in lines[2:]] == ["a", "b"]


def test_rates_and_few_values_show_their_ends_and_no_percentiles() -> None:
    rates = series_table.table([summary("Shopbell", "per s", [[900.0, 1000.0], [1100.0]])])
    assert rates[0] == "| | smallest | median | largest | n |" and rates[2] == "| Shopbell, per s | 900 | 1,000 | 1,100 | 3 |"
    assert series_table.table([summary("size", "MB", [[54.0]])])[2] == "| size, MB | 54 |"
    few = summary("few", "ms", [[float(number) for number in range(1, 41)]])
    many = summary("many", "ms", [[float(number) for number in range(1, 101)]] * 2)
    _, _, short, whole = series_table.table([few, many])
    assert short == "| few, ms | 20.5 | 38 |  | 40 |  | 40 |", "no p99 of forty"
    assert whole == "| many, ms | 50.5 | 95 | 99 | 100 |  | 200 |"


def test_the_physical_limit_is_of_the_same_figures() -> None:
    commit = summary(COMMIT, "ms", [[0.5]])
    kept = {"limits": station(Figure("least", [commit]), name="limits"), "welcome": station(figure(0.5))}
    found = limit_of("welcome", METRIC, kept)
    assert found is not None and (found.value, found.unit) == (0.5, "ms")
    assert "0.500 ms: one durable commit" in goals.table(kept)[4]
    rate = limit_of("throughput", "durable check-ins, one kiosk", kept)
    assert rate is not None and (rate.value, rate.unit) == (2000, "per s")
    assert limit_of("browser", "card -> welcome", kept) is None, "one of its two parts was not measured"


def test_limits_are_those_of_stations_that_exist() -> None:
    names = {one.name for one in STATIONS}
    assert {name for name, *_ in limits._LIMITS} <= names
    assert {part.station for _, _, parts, _ in limits._LIMITS for part in parts} <= names


def test_limits_are_series_that_their_stations_measure() -> None:
    modules = {one.name: inspect.getmodule(one.run) for one in STATIONS}
    for _, _, parts, _ in limits._LIMITS:
        for part in parts:
            module = modules[part.station]
            assert module is not None
            assert part.series in {COMMIT, PYTHON} or part.series in inspect.getsource(module), part


def test_where_the_time_goes_and_what_it_would_take_and_what_it_weighs() -> None:
    of = Figure(
        "m", profile=[Share("hub", "filing", 0.25, 1.5)], takes="Fewer hand-overs.", sizes=[Size("row", 375)], notes=["A.", "B."]
    )
    text = page.for_terminal([station(of)])
    assert "| hub | filing | 25 % | 1.50 |" in text
    assert "What it would take: Fewer hand-overs." in text
    assert "| row | 375 bytes |" in text
    assert "\n- A.\n- B." in text


def test_the_readme_says_what_was_missed_and_on_what_it_was_measured() -> None:
    seen = Goal(readme.SEEN, 18.06, 60, unit="ms")
    beside = Goal(readme.SOCKET, ratio(OURS, THEIRS), 0.5)
    machine = {"processor": "Thing", "cores": "2"}
    said = readme.headline({"w": msgspec.structs.replace(station(Figure("m", goals=[seen, beside])), machine=machine)})
    assert "On a server (Thing, 2 cores; not a Raspberry Pi) and with a simulated card reader" in said
    assert "within 18.1 ms in 95 of 100 taps" in said
    assert "the median is 1.45 ms beside 2 ms of a good home-made kiosk; the goal, at most 0.5 of its time, is missed" in said
    assert "1 of 2 goals are met" in said


def test_figures_of_an_earlier_form_can_be_read() -> None:
    series = b'{"name":"a","unit":"ms","n":5,"p50":1,"p95":2,"p99":2,"low":1,"high":2,"busy":0}'
    goal = b'{"text":"g","value":1.5,"limit":1,"at":"most","unit":"x"}'
    of = b'{"metric":"m","series":[%b],"goals":[%b]}' % (series, goal)
    old = b'[{"station":"s","title":"T","at":"x","took_s":1,"machine":{},"figures":[%b]}]' % of
    (found,) = msgspec.json.decode(old, type=list[StationFigures])
    assert "**not met**: g: 1.50 ×" in page.for_terminal([found])


def test_a_picture_follows_the_readers_scheme(tmp_path: Path) -> None:
    commit = summary(COMMIT, "ms", [[0.5]])
    kept = {"limits": station(Figure("least", [commit]), name="limits"), "welcome": station(figure(0.5))}
    assert draw(kept, tmp_path) == [("tap.svg", "Where the time of a tap goes, in milliseconds")]
    svg = (tmp_path / "tap.svg").read_text()
    assert "@media (prefers-color-scheme: dark)" in svg
    for light, dark in shades.DARK.items():
        assert svg.count(light) > 1, f"{light} is drawn"
        assert f"{dark} !important" in svg


def test_a_series_of_one_value_has_one_block() -> None:
    one: Series = summary("x", "s", [[2.0]], busy=0.3)
    assert (one.blocks[0].n, one.busy, one.least, one.most) == (1, 0.3, 2.0, 2.0)
