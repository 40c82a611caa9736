"""Sales into the hub's customer memory: judged, placed, accounted for; beside executemany of the same rows."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.hub.sales.importer import SalesImport
from edge.hub.sales.judge import Rules
from edge.hub.sales.rejects import Rejects
from edge.hub.sales.report import Report
from edge.hub.store.memory_sales import Customers, SalesStore
from edge.hub.store.opening import FILE_NAME, open_hub_store
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender, summary
from tests.bench.parts_sales import DAYS, real_or_made_up, rows_in
from tests.bench.peers.bare_import import bare_import
from tests.bench.station import Bench, PartMissing, Station
from tests.support.parts import ENABLE, find_data

STORE = "main-street"
SHOPBELL, SAME = "Shopbell", "executemany, with records for HQ"
LOOK_S = 0.05
Import = Callable[[Path, Sequence[Path]], int]
CONFIG = """store = "{store}"
store_name = "Main Street"
data_dir = "{folder}"
[broker]
username = "{store}.hub.hub"
password_file = "none"
ws_url = "ws://127.0.0.1:1/"
[accounts]
kind = "embedded"
[keys]
card_key_file = "none"
evidence_key_file = "none"
"""
NOTES = [
    "Each run reads {days} gzipped CSV files {whose}, one a trading day, {rows:,} rows, into a fresh hub file: WAL, "
    "`synchronous=FULL`, the hub's own tables and indexes. Shopbell judges every row, finds what is stored already, "
    "accounts for every row and penny, makes members and cards of customers, and files a record for HQ with each line "
    "in the same commit.",
    "*executemany* reads the same files with csv.reader and believes them; one commit a file. *With records for HQ* "
    "it writes the same rows as Shopbell, the sale line and its record; *lines alone* is half of the work.",
]
MEMORY = (
    "Peak resident memory of the whole command, looked at every 0.05 s; one run before is not counted. A transaction of some "
    "2,000 rows and SQLite's page cache (16 MiB) bound it; a file's rows wait in a scratch database. Each customer met is "
    "remembered, which is no bound: it grows with customers, not with rows."
)


def run(bench: Bench) -> list[Figure]:
    made_up = bench.folder / "made-up"
    made_up.mkdir()
    sales = real_or_made_up(find_data(), made_up, bench.size(DAYS, 5))
    if sales.made_up:
        bench.without("the real sales", PartMissing(f"{ENABLE['data']}; made-up sales of the same shape stand in"))
    days = len(sales.files)
    files = sales.files[: bench.size(days, 5)]
    ways: dict[str, Import] = {
        SHOPBELL: _shopbell,
        SAME: lambda at, of: bare_import(at / FILE_NAME, STORE, of, facts=True),
        "executemany, lines alone": lambda at, of: bare_import(at / FILE_NAME, STORE, of, facts=False),
    }

    def warm_up() -> None:
        for way in ways.values():
            way(_hub_folder(bench), files[:3])

    contenders = {name: _rates(bench, files, way) for name, way in ways.items()}
    runs, what = bench.size(3, 2), f"imports of {len(files)} days"
    found = bench.alternate(what, contenders, n=runs, blocks=runs, warm_up=warm_up, unit="rows per s", scale=1.0)
    goal = Goal(
        f"sales import of {len(files)} days / executemany of the same rows", ratio(found[SHOPBELL], found[SAME]), 0.5, "least"
    )
    notes = [NOTES[0].format(days=len(files), whose=sales.words, rows=rows_in(files)), *NOTES[1:]]
    figure = Figure(f"Sales of {len(files)} days into the hub", list(found.values()), [goal], notes)
    _command(bench, bench.folder / "command-warm", sales.files[:1])
    return [figure, _memory(bench, [files] if bench.quick else [sales.files[:5], sales.files[:60], sales.files])]


def _rates(bench: Bench, files: Sequence[Path], load: Import) -> Contender:
    """Rows per second of each of n imports, each into a hub of its own."""

    def once() -> float:
        folder = _hub_folder(bench)
        began = time.perf_counter()
        rows = load(folder, files)
        return rows / (time.perf_counter() - began)

    return lambda n: [once() for _ in range(n)]


def _shopbell(folder: Path, files: Sequence[Path]) -> int:
    """What `shopbell hub import-sales` does, in this process; rows stored."""
    ids = SystemIds()
    hub = open_hub_store(folder, STORE, SystemClock(), ids)
    report = Report(store=STORE, source="sales", currency="GBP")
    with contextlib.closing(hub.file), Rejects(folder / "rejects.csv") as rejects:
        SalesImport(
            hub.file,
            sales=SalesStore(STORE, "sales", "GBP", hub.facts),
            customers=Customers(STORE, "sales", hub.members, ids),
            rules=Rules(ZoneInfo("Europe/London")),
            report=report,
            rejects=rejects,
        ).run(files)
    assert report.read.rows == report.stored.rows + report.set_aside.rows, "a row of the sales was not stored"
    return report.read.rows


def _hub_folder(bench: Bench) -> Path:
    """A folder with a hub file that has every table and no row."""
    folder = Path(tempfile.mkdtemp(dir=bench.folder))
    open_hub_store(folder, STORE, SystemClock(), SystemIds()).file.close()
    return folder


def _memory(bench: Bench, imports: Sequence[Sequence[Path]]) -> Figure:
    """The command itself, as IT runs it: its peak, and how long all the days take."""
    taken = []
    for number, files in enumerate(imports, 1):
        bench.say(f"the command, {len(files)} days")
        peak, took_s = _command(bench, bench.folder / f"command-{number}", files)
        taken += [
            summary(f"peak memory, {len(files)} days", "MiB", [[peak]]),
            summary(f"the command from start to end, {len(files)} days", "s", [[took_s]]),
        ]
    return Figure("Sales import as a command", taken, notes=[MEMORY])


def _command(bench: Bench, folder: Path, files: Sequence[Path]) -> tuple[float, float]:
    """(peak resident memory in MiB, seconds) of `import-sales` in a process of its own."""
    folder.mkdir()
    config = folder / "hub.toml"
    config.write_text(CONFIG.format(store=STORE, folder=folder / "data"))
    words = ("-m", "edge.hub", "import-sales", "--config", str(config), *map(str, files))
    began = time.perf_counter()
    process = bench.python("import-sales", *words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    try:
        while process.poll() is None:
            peak = max(peak, _peak_mib(process.pid))
            time.sleep(LOOK_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, f"import-sales ended with {process.returncode}"
    return peak, time.perf_counter() - began


def _peak_mib(pid: int) -> float:
    """The most resident memory the process has had; 0 where it has just ended. Not from wait4, which counts its parent's too."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found.group(1)) / 1024 if found else 0.0
    return 0.0


STATION = Station("import", "Sales into the customer memory", run)
