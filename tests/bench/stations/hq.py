"""Facts into HQ's PostgreSQL: judged one by one, filed once, projected, answered; beside COPY of the same rows."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from edge.contracts.facts import FACTS_MAX_BATCH
from edge.hq.store import ingest
from edge.hq.store.database import Database, open_database
from edge.hq.store.schema import migrate
from edge.transport.http import HttpClient
from tests.bench.figures import Figure, Goal, ratio
from tests.bench.measure import Contender, Series
from tests.bench.parts_hq import NOW, STORE, Template, body_of, templates
from tests.bench.parts_load import LoadLook
from tests.bench.peers.raw_copy import TABLES, RawCopy, with_rows
from tests.bench.station import Bench, Station
from tests.support.postgres import Cluster, cluster

Load = Callable[[Sequence[tuple[Template, int]]], float]
SHOPBELL, HQ = "Shopbell", "HQ, in the bench's process"
LEAST = 0.4  # the goals' limit
LOOKED_AT = 10  # runs, for py-spy
READY_S = 60
TOKEN = "token-of-the-hub"
CONFIG = """data_dir = "{folder}/hq"
[web]
port = 0
[database]
url = "{url}"
[console]
username = "head-office"
password_file = "{folder}/password"
[[stores]]
name = "{store}"
display_name = "Main Street"
token_file = "{folder}/token"
"""
NOTES = [
    "A batch is 500 facts as a hub sends them: arrivals, visits, ends of alerts, lines of receipts, notes, members, "
    "devices; some 340 bytes each. Each value is the rate of a run of batches, one durable commit a batch, on one "
    "connection. Shopbell judges every item, files it once under its unique key, brings the console's tables up to "
    "date in the same transaction and answers item by item.",
    "*COPY of the same rows* writes what Shopbell writes (each fact, and its row in the console's table) from text "
    "made beforehand into tables with the same indexes. *COPY of the facts alone* leaves the console's tables and all "
    "indexes but the primary key out: it writes half the rows and a sixth of the index entries.",
    "HQ too writes by COPY what is not there yet, and asks before which keys are: once for the facts, and once for all tables "
    "of the console with the members spoken of; what is there is overwritten by a newer revision or left. COPY alone reads and "
    "judges nothing and asks for nothing. More processes would share the load, and HQ's are stateless.",
    "Over HTTP the request is read, signed in and answered by HQ's own process; client and server share this machine's cores.",
]


def run(bench: Bench) -> list[Figure]:
    with cluster(bench.part("postgres"), durable=True) as server, contextlib.ExitStack() as stack:
        made, look = _templates(server, bench.size(20, 4)), LoadLook()
        contenders = _contenders(bench, server, made, look, stack)
        found = bench.alternate(
            "batches of 500", contenders, n=bench.size(25, 2), blocks=5, warm_up=1, unit="facts per s", scale=1.0
        )
        bench.say("batches of 500: where the time goes")
        with look.threads({HQ: (os.getpid(), "MainThread")}):
            contenders[SHOPBELL](LOOKED_AT)
    load, same = look.load(), found["COPY of the same rows"]
    notes = [*NOTES, load.note(" of the first row")]
    takes = load.takes(found[SHOPBELL].p50, LEAST * same.p50)
    what = "HQ ingest into PostgreSQL, batches of 500 facts"
    return [Figure(what, list(found.values()), _goals(found), notes, profile=load.shares, takes=takes)]


def _goals(found: dict[str, Series]) -> list[Goal]:
    shopbell, replay = found[SHOPBELL], found["Shopbell, the same batches again"]
    same, bare = ratio(shopbell, found["COPY of the same rows"]), ratio(shopbell, found["COPY of the facts alone"])
    return [
        Goal("HQ ingest / COPY of the same rows, same indexes", same, LEAST, "least"),
        Goal("HQ ingest / COPY of the facts alone, primary key only", bare, LEAST, "least"),
        Goal("HQ ingest, full replay / first load", ratio(replay, shopbell), 1.0, "least"),
    ]


def _contenders(
    bench: Bench, server: Cluster, made: Sequence[Template], look: LoadLook, stack: contextlib.ExitStack
) -> dict[str, Contender]:
    """Every contender takes fresh batches from one count; the replay takes those that Shopbell took last."""
    pids = {"PostgreSQL": server.pid, HQ: os.getpid()}
    numbers = itertools.count(1)
    size = bench.size(20, 4)
    last: list[tuple[Template, int]] = []

    def fresh() -> list[tuple[Template, int]]:
        return [(made[number % len(made)], number) for number in itertools.islice(numbers, size)]

    def remembered() -> list[tuple[Template, int]]:
        last[:] = fresh()
        return last

    url = server.new_database()
    postgres, sqlite = _opened(url, stack), _opened(f"sqlite:///{bench.folder / 'hq.db'}", stack)
    web = stack.enter_context(_hq_process(bench, url))
    return {
        SHOPBELL: _looked_at(_rates(_receives(postgres, "new"), remembered), look, pids),
        "Shopbell, the same batches again": _rates(_receives(postgres, "duplicate"), lambda: last),
        "Shopbell over HTTP": _rates(_posts(web), fresh),
        "Shopbell on SQLite": _rates(_receives(sqlite, "new"), fresh),
        "COPY of the same rows": _rates(_copies(server, url, TABLES, stack, indexes=True), fresh),
        "COPY of the facts alone": _rates(_copies(server, url, ("facts",), stack, indexes=False), fresh),
    }


def _rates(load: Load, batches: Callable[[], Sequence[tuple[Template, int]]]) -> Contender:
    """Facts per second of each of n runs."""

    def take(n: int) -> Sequence[float]:
        runs = (batches() for _ in range(n))
        return [FACTS_MAX_BATCH * len(run) / load(run) for run in runs]

    return take


def _looked_at(rates: Contender, look: LoadLook, pids: Mapping[str, int]) -> Contender:
    def take(n: int) -> Sequence[float]:
        with look.processor(pids):
            return rates(n)

    return take


def _receives(database: Database, wanted: str) -> Load:
    def load(run: Sequence[tuple[Template, int]]) -> float:
        batches = [template.items(number) for template, number in run]
        began = time.perf_counter()
        answers = [answer for items in batches for answer in ingest.receive(database, STORE, items, NOW)]
        took = time.perf_counter() - began
        assert {answer.result for answer in answers} == {wanted}, f"not every fact was {wanted}"
        return took

    return load


def _posts(hub: HttpClient) -> Load:
    def load(run: Sequence[tuple[Template, int]]) -> float:
        bodies = [body_of(template.items(number)) for template, number in run]
        began = time.perf_counter()
        replies = [hub.post("/api/v1/facts", body) for body in bodies]
        took = time.perf_counter() - began
        assert all(reply.status == 200 and reply.body.count(b'"new"') == FACTS_MAX_BATCH for reply in replies)
        return took

    return load


def _copies(server: Cluster, url: str, tables: Sequence[str], stack: contextlib.ExitStack, *, indexes: bool) -> Load:
    peer = RawCopy(server.address(_name(url)), tables, indexes=indexes)
    stack.callback(peer.close)

    def load(run: Sequence[tuple[Template, int]]) -> float:
        texts = [{table: template.copy_text(table, number) for table in tables} for template, number in run]
        began = time.perf_counter()
        for text in texts:
            peer.take(text)
        return time.perf_counter() - began

    return load


def _opened(url: str, stack: contextlib.ExitStack) -> Database:
    database = open_database(url)
    stack.callback(database.close)
    migrate(database)
    return database


def _templates(server: Cluster, count: int) -> list[Template]:
    """Batches with the text of their rows, as Shopbell itself files them in a scratch database."""
    url = server.new_database()
    with contextlib.ExitStack() as stack:
        database = _opened(url, stack)
        made = []
        for template in templates(count):
            ingest.receive(database, STORE, template.facts.split(b"\n"), NOW)
            made.append(with_rows(server.address(_name(url)), template))
    return made


def _name(url: str) -> str:
    return url.rpartition("/")[2]


@contextlib.contextmanager
def _hq_process(bench: Bench, url: str) -> Iterator[HttpClient]:
    """HQ's own process before the same database."""
    for name, secret in (("password", "ring the bell"), ("token", TOKEN)):
        (bench.folder / name).write_text(secret + "\n")
        (bench.folder / name).chmod(0o600)
    config, log = bench.folder / "hq.toml", bench.folder / "hq.log"
    config.write_text(CONFIG.format(folder=bench.folder, url=url, store=STORE))
    with log.open("wb") as errors:
        process = bench.python("hq", "-m", "edge.hq", "run", "--config", str(config), stdout=subprocess.DEVNULL, stderr=errors)
    try:
        yield HttpClient(f"http://127.0.0.1:{_port(process, log)}", TOKEN, 60)
    finally:
        process.terminate()
        process.wait(READY_S)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        told = re.search(r'"port": (\d+)', log.read_text())
        if told:
            return int(told.group(1))
        time.sleep(0.05)
    raise RuntimeError(log.read_text())


STATION = Station("hq", "Facts into HQ", run)
