"""Helpers for sales files: a made-up file that holds every trap, an open memory, an import."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.hub.sales.importer import SalesImport
from edge.hub.sales.judge import Rules
from edge.hub.sales.local_time import DateOrder
from edge.hub.sales.rejects import Rejects
from edge.hub.sales.report import Report
from edge.hub.store.memory_sales import Customers, SalesStore
from edge.hub.store.opening import HubStore, open_hub_store
from edge.process.clock import ManualClock
from edge.process.ids import CountingIds

STORE = "main-street"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
MADE_UP = Path(__file__).resolve().parents[1] / "edge" / "sales" / "made_up.csv"
LONDON = ZoneInfo("Europe/London")


def open_memory(folder: Path, start: int = 0) -> HubStore:
    """A hub's database in `folder`. start: where the counted ids begin, so that a reopened one makes new ids."""
    return open_hub_store(folder, STORE, ManualClock(), CountingIds(start))


def run_import(
    hub: HubStore,
    files: Sequence[Path],
    *,
    source: str = "sales",
    order: DateOrder = "iso",
    demo_cards: bool = False,
    rejects: Path | None = None,
    start: int = 10_000_000,
) -> Report:
    """Import the files as the command does, with counted ids."""
    report = Report(store=STORE, source=source, currency="GBP")
    with Rejects(rejects or hub.file.path.with_name("rejects.csv")) as writer:
        SalesImport(
            hub.file,
            sales=SalesStore(STORE, source, "GBP", hub.facts),
            customers=Customers(STORE, source, hub.members, CountingIds(start), demo_cards=demo_cards),
            rules=Rules(LONDON, order),
            report=report,
            rejects=writer,
        ).run(files)
    return report


def write_csv(path: Path, rows: Iterable[str], header: str = HEADER) -> Path:
    """A sales file of these rows; gzipped where the name says so."""
    text = "\n".join([header, *rows]) + "\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@dataclass(frozen=True)
class Row:
    """One well-formed row, for tests that compute with it."""

    invoice: str
    code: str
    quantity: int
    price: str
    customer: str = "17850.0"
    time: str = "2011-03-01 10:00:00"
    name: str = "SOMETHING"

    @property
    def text(self) -> str:
        return f"{self.invoice},{self.code},{self.name},{self.quantity},{self.time},{self.price},{self.customer},United Kingdom"


def assert_balanced(report: Report) -> None:
    """read = stored + already there + set aside + refused, in rows and money, in the whole and per file."""
    for account in (report, *report.files):
        buckets = (account.stored, account.already_there, account.set_aside, account.refused)
        assert account.read.rows == sum(bucket.rows for bucket in buckets)
        assert account.read.money == sum(bucket.money for bucket in buckets)
    for whole, groups in (
        (report.stored, report.stored_by_kind),
        (report.set_aside, report.set_aside_by_reason),
        (report.refused, report.refused_by_code),
    ):
        assert whole.rows == sum(tally.rows for tally in groups.values())
        assert whole.money == sum(tally.money for tally in groups.values())
