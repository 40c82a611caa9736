"""Where the time goes: the way of a tap by its stamps, processor time, and what py-spy saw."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.bench import cpu, spy, ways
from tests.bench.figures import Share
from tests.bench.parts_door import Door
from tests.bench.parts_load import PROCESSOR, Load
from tests.bench.parts_store import Hub, store_broker
from tests.bench.parts_taps import Remembered, tail
from tests.bench.station import Bench
from tests.bench.stations import browser
from tests.bench.trail import Stamp, Trail, on_thread, topic_ends
from tests.support.brokers import eventually
from tests.support.needs import needs

BUSY = """
import threading
def work():
    while True: sum(range(1000))
threading.Thread(target=work).start()
"""


def _stamps(*pairs: tuple[str, float]) -> list[Stamp]:
    return [Stamp(hop, at) for hop, at in pairs]


WAY = (
    ways.Hop("kiosk.delivered"),
    ways.Hop("kiosk.committed", "kiosk", "commit", ways.COMMITS),
    ways.Hop("hub.received", "hub", "broker", ways.THREADS),
    ways.Hop("hub.alerted", "hub", "all alerts", ways.FILING, last=True),
    ways.Hop("bench.told", "clients", "broker", ways.THREADS),
)


def test_stamps_of_all_processes_become_the_hops_of_each_tap() -> None:
    kiosk = _stamps(("committed", 0.5), ("delivered", 1.0), ("committed", 1.002), ("delivered", 2.0), ("committed", 2.004))
    hub = _stamps(("received", 1.003), ("alerted", 1.004), ("alerted", 1.006), ("received", 2.006), ("alerted", 2.007))
    taps = ways.of_taps({"kiosk": kiosk, "hub": hub}, [{"told": 1.007}, {"told": 2.009}])
    assert ways.hops_ms(WAY, taps[:1]) == pytest.approx([2, 1, 3, 1])
    assert ways.hops_ms(WAY, taps) == pytest.approx([3, 1.5, 2, 1.5]), "medians of each hop"
    assert [(layer.name, layer.ms) for layer in ways.layers(WAY, [2, 1, 3, 1])] == [
        (ways.COMMITS, 2),
        (ways.THREADS, 2),
        (ways.FILING, 3),
    ]
    assert [round(share.share, 3) for share in ways.profile(WAY, [2, 1, 4, 1])] == [0.25, 0.125, 0.5, 0.125]
    longest = ways.longest(WAY, taps[1])
    assert longest is not None and longest[0].part == "commit"


def test_a_tap_that_went_another_way_is_left_out_and_missing_taps_are_named() -> None:
    kiosk = _stamps(("delivered", 1.0), ("committed", 1.002), ("delivered", 2.0))
    taps = ways.of_taps({"kiosk": kiosk}, [{}, {}])
    assert ways.moments(WAY[:2], taps[1]) is None
    assert ways.hops_ms(WAY[:2], taps) == pytest.approx([2])
    with pytest.raises(AssertionError, match=r"not one of 1 taps went by kiosk.delivered, kiosk.committed"):
        ways.hops_ms(WAY[:2], taps[1:])
    with pytest.raises(AssertionError, match="3 taps were made and 2 were stamped"):
        ways.of_taps({"kiosk": kiosk}, [{}, {}, {}])


def test_the_bench_sees_the_page_and_its_own_socket_side_by_side() -> None:
    way = (WAY[0], ways.Hop("bench.socket", "kiosk", "socket"), ways.Hop("bench.page", "Chromium", "page"))
    taps = ways.of_taps({"kiosk": _stamps(("delivered", 1.0))}, [{"socket": 1.004, "page": 1.003}])
    assert ways.hops_ms(way, taps) == pytest.approx([4, -1])


def test_a_stamp_changes_nothing_of_the_method_it_is_put_around() -> None:
    class Line:
        def publish(self, topic: str, payload: bytes = b"") -> int:
            """What it says of itself."""
            if not topic:
                raise ValueError("no topic")
            return len(payload)

    trail = Trail()
    trail.around(Line, "publish", begins="began", ends="ended", when=topic_ends("/arrival"))
    assert Line().publish("a/arrival", payload=b"three") == 5 and Line.publish.__doc__ == "What it says of itself."
    assert [stamp.hop for stamp in trail.take()] == ["began", "ended"] and trail.take() == []
    assert Line().publish("a/answer") == 0 and trail.take() == []
    trail.around(Line, "publish", begins="elsewhere", when=on_thread("another"))
    with pytest.raises(ValueError, match="no topic"):
        Line().publish("")
    assert trail.take() == []
    with pytest.raises(AttributeError):
        trail.around(Line, "gone", begins="x")


def test_one_clock_is_one_for_all_processes() -> None:
    assert time.get_clock_info("perf_counter").implementation == time.get_clock_info("monotonic").implementation
    command = [sys.executable, "-c", "import time; print(time.perf_counter())"]
    before = time.perf_counter()
    there = float(subprocess.run(command, capture_output=True, check=True).stdout)
    assert before < there < time.perf_counter()


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ({ways.COMMITS: 3.0, ways.RULES: 1.0}, "The commits alone take longer"),
        ({ways.COMMITS: 1.0, ways.THREADS: 2.0, ways.RULES: 1.0}, "still be 3.00 ms, so it takes fewer hand-overs"),
        ({ways.COMMITS: 1.0, ways.THREADS: 0.5, ways.RULES: 2.5}, "have to fit into 0.50 ms; now they take 2.50 ms"),
        ({ways.THREADS: 3.0, ways.SCREEN: 1.0}, "screen, the ways between threads would still be 3.00 ms, so it takes fewer"),
    ],
)
def test_what_it_would_take_is_said_from_the_parts(layers: dict[str, float], says: str) -> None:
    said = ways.takes(4.0, 2.0, layers, "by hand.")
    assert said is not None and says in said and "4.00 ms would have to become 2.00 ms" in said
    assert ways.takes(2.0, 2.0, layers, "by hand.") is None


def test_an_event_has_the_marks_until_the_next_one() -> None:
    kiosk = _stamps(("asked", 1.1), ("composed", 1.2), ("composed", 1.3), ("asked", 2.1), ("composed", 2.4), ("composed", 2.8))
    way = (ways.Hop("bench.posted"), ways.Hop("kiosk.composed", last=True), ways.Hop("bench.shown"))
    seen = [{"posted": 1.0, "shown": 1.5}, {"posted": 2.0, "shown": 3.0}]
    marks = ways.of_events({"kiosk": kiosk}, seen)
    assert [len(one) for one in marks] == [5, 5]
    assert [round(ms) for ms in ways.hops_ms(way, marks)] == [550, 200]


def test_the_slowest_is_named_with_its_longest_part_and_the_warm_up_is_not_in_it() -> None:
    kiosk = _stamps(
        ("delivered", 1.0), ("committed", 1.9), ("delivered", 2.0), ("committed", 2.06), ("delivered", 3.0), ("committed", 3.01)
    )
    marks = ways.of_taps({"kiosk": kiosk}, [{}, {}, {}])
    ours, theirs = Remembered(lambda n: [0.9, 0.06, 0.01][:n]), Remembered(lambda n: [0.001] * n)
    ours(3), theirs(3)
    said = tail(WAY[:2], marks, {"Shopbell": ours, "peer": theirs}, warm_up=1)
    assert "At the slowest: Shopbell 60.0 ms, peer 1.0 ms. Over 50 ms: Shopbell 1 of 2, peer 0 of 2." in said
    assert said.endswith("60.0 ms went into one part: kiosk, commit.")


@pytest.mark.parametrize(
    ("shares", "machine", "syncing", "says"),
    [
        ({"hub": 0.95, "kiosk": 0.3}, 0.7, {"hub, ingest": 0.1}, "Bounded by the processor time of hub: 95% of one core"),
        ({"hub": 0.6, "kiosk": 0.6}, 0.95, {}, "Bounded by all cores together, 95% busy"),
        (
            {"hub": 0.95},
            0.95,
            {"hub, ingest": 0.7, "kiosk, link": 0.2},
            "Bounded by the disk's sync. The thread hub, ingest stands",
        ),
        ({"hub": 0.5}, 0.4, {}, "threads wait for each other"),
    ],
)
def test_what_bounds_a_rate_is_said_by_what_was_measured(
    shares: dict[str, float], machine: float, syncing: dict[str, float], says: str
) -> None:
    assert says in cpu.bound_by(shares, machine, syncing)


def test_what_a_rate_would_take_names_the_thread_that_works() -> None:
    shares = [
        Share("hub", PROCESSOR, 0.9),
        Share("hub, hub-ingest", "waits in `IngestWorker._collect` (worker.py)", 0.5),
        Share("hub, hub-ingest", "`insert` (arrivals.py)", 0.3),
        Share("kiosk, hub-link", "`_send` (hub_link.py)", 0.9),
    ]
    load = Load(shares, "Bounded by the processor time of hub.")
    said = load.takes(1000.0, 4000.0)
    assert said is not None and "1,000 a second would have to become 4,000, so each would have to take 25% of" in said
    assert said.endswith(
        "Bounded by the processor time of hub. Most time of hub, hub-ingest goes into `insert` (arrivals.py) 30%."
    )
    assert load.takes(4000.0, 4000.0) is None
    assert Load(shares[:1], "Bounded.").takes(1.0, 2.0) is not None, "without py-spy, too"


def test_processor_time_is_that_of_the_process_that_used_it() -> None:
    meter = cpu.CpuMeter()
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy, subprocess.Popen(["sleep", "60"]) as idle:
        with meter.over({"idle": idle.pid, "busy": busy.pid}):
            eventually(lambda: sum(psutil.Process(busy.pid).cpu_times()[:2]) > 0.3, "the busy one gets its turn", 60)
        for process in (busy, idle):
            process.kill()
    shares = meter.shares()
    assert list(shares) == ["busy", "idle"] and shares["busy"] > 10 * shares["idle"]
    assert 0 < meter.machine() <= 1


def test_samples_are_counted_for_the_deepest_function_of_ours() -> None:
    def stack(*frames: str) -> str:
        return ";".join(("thread (12): hub-ingest", "Thread.run (threading.py)", *frames))

    take = "IngestWorker.take (edge/hub/worker.py)"
    raw = "\n".join(
        [
            f"{stack(take, 'SqliteFile._commit (edge/process/sqlite_file.py)')} 30",
            f"{stack(take, 'uuid4 (uuid.py)')} 10",
            f"{stack('IngestWorker._collect (edge/hub/worker.py)', 'Condition.wait (threading.py:3)')} 60",
            "thread (13): other;<module> (x.py) 5",
        ]
    )
    looks = spy.Looks()
    looks.threads = spy.parts_of(raw)
    assert looks.shares("hub-ingest") == [
        ("waits in `IngestWorker._collect` (edge/hub/worker.py)", 0.6),
        ("`SqliteFile._commit` (edge/process/sqlite_file.py)", 0.3),
        ("`IngestWorker.take` (edge/hub/worker.py)", 0.1),
    ]
    assert looks.shares("hub-ingest", most=1)[1:] == [("everything else", 0.4)]
    assert looks.shares("other") == [("outside Shopbell's own functions", 1.0)] and looks.shares("nobody") == []


@pytest.fixture
def profiled(tmp_path: Path) -> Path:
    needs("py-spy")
    return tmp_path / "graphs"


def _stands_still(pid: int) -> bool:
    time.sleep(0.01)
    return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)


def test_a_profile_is_written_and_no_process_is_left(profiled: Path) -> None:
    """The pid is the process's own: it can be stopped, goes on, and hears its signal itself."""
    with Bench("small", quick=True, profile=profiled) as bench:
        process = bench.python("busy", "-c", BUSY)
        assert psutil.Process(process.pid).cmdline()[0] == sys.executable
        spies = [child.pid for child in psutil.Process().children() if child.name() == "py-spy"]
        time.sleep(0.8)
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "it stands still")
        stands = [_stands_still(process.pid) for _ in range(50)]
        assert sum(stands) > 40, "and still does between py-spy's looks"
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM
        gone = bench.python("busy", "-c", "pass")
        gone.wait(10)
    assert len(spies) == 1 and not any(psutil.pid_exists(pid) for pid in spies)
    graph = (profiled / "small-busy.svg").read_text()
    assert "<svg" in graph and "work" in graph


def test_a_profile_of_a_process_that_lives_on_is_written(profiled: Path) -> None:
    with Bench("small", quick=True, profile=profiled) as bench:
        process = bench.python("busy", "-c", BUSY)
        time.sleep(0.8)
    try:
        assert process.poll() is None and (profiled / "small-busy.svg").stat().st_size > 1000
    finally:
        process.kill()
        process.wait()


@pytest.mark.mosquitto
def test_a_real_tap_goes_by_every_hop_of_every_way(tmp_path: Path) -> None:
    """A kiosk, a broker and a hub in their processes: a method that is renamed would leave a hole in the figures."""
    needs("mosquitto")
    with Bench("small", quick=True) as bench, contextlib.ExitStack() as stack:
        broker = stack.enter_context(store_broker(bench))
        hub = Hub(bench, broker, 3, associates=1, trail=True)
        stack.callback(hub.stop)
        accounts = hub.start().accounts(1)
        door = Door(bench, broker, hub.url, trail=True)
        stack.callback(door.stop)
        door.start(3)
        seen = []
        for number in range(2):
            door.tap(number)
            welcome, name = door.screen.greeted()
            time.sleep(0.2)  # the alert goes out meanwhile
            seen.append({"welcome": welcome, "name": name, "told": time.perf_counter()})
        marks = ways.of_taps({"kiosk": door.trail(), "hub": hub.trail()}, seen)
        assert accounts[0].topic.endswith("/alert")
        rushed = door.rush([2], at_once=1)
    for way in (ways.TO_WELCOME, ways.TO_NAME, ways.TO_ALERT):
        assert all(ways.moments(way, tap) is not None for tap in marks), way[-1].mark
    assert set(ways.layers(ways.TO_NAME, [1.0] * (len(ways.TO_NAME) - 1))) and rushed.welcomed == 1
    assert {hop.layer for way in browser.WAYS.values() for hop in way[1:]} <= {
        ways.WIRE,
        ways.RULES,
        ways.COMMITS,
        ways.FILING,
        ways.THREADS,
        ways.SCREEN,
        ways.BROWSER,
    }
