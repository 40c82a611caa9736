"""`shopbell hub import-sales FILE... --config F`: real sales of a point of sale, every row accounted for."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import click
import msgspec

from edge.contracts.errors import ContractError
from edge.contracts.names import check_name
from edge.hub import config as hub_config
from edge.hub.config import HubConfig
from edge.hub.sales import report as reports
from edge.hub.sales.importer import SalesImport
from edge.hub.sales.judge import Rules
from edge.hub.sales.local_time import DateOrder
from edge.hub.sales.progress import shown
from edge.hub.sales.rejects import Rejects
from edge.hub.sales.report import Report
from edge.hub.store.memory_sales import Customers, SalesStore
from edge.hub.store.opening import HubStore, open_hub_store
from edge.process.clock import SystemClock
from edge.process.commands import HELP, config_option, tells_operator
from edge.process.errors import OperatorError
from edge.process.ids import SystemIds

# Something was refused, contradicts what is stored, or a file could not be read to its end; all the rest is stored.
EXIT_NOT_CLEAN = 1


@click.command(context_settings=HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@config_option("hub")
@click.option("--source", default="sales", show_default=True, help="The till or back office the files come from: [a-z0-9-].")
@click.option(
    "--dates",
    type=click.Choice(["iso", "dmy", "mdy"]),
    default="iso",
    show_default=True,
    help="For dates such as 01/12/2010: which comes first.",
)
@click.option("--rejects", type=click.Path(path_type=Path), help="Where refused rows are written (default: in the data folder).")
@click.option(
    "--list", "most_listed", type=click.IntRange(0), default=reports.MOST_LISTED, show_default=True, help="Refused rows shown."
)
@click.option(
    "--demo-cards",
    "cards_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Demonstrations only: give each customer an NFC card anybody can work out, written to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@tells_operator
def import_sales(
    files: tuple[Path, ...],
    path: Path,
    source: str,
    dates: str,
    rejects: Path | None,
    most_listed: int,
    cards_file: Path | None,
    as_json: bool,
) -> None:
    """Import FILES: .csv, .csv.gz, or folders of them, with columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    UnitPrice, CustomerID, Country.

    Imported again, under any name and in any order, nothing is doubled. Exit status 0: all is well; 1: some rows or files
    need a person, see the report; 2: nothing could be done.
    """
    report = _import(hub_config.load(path), list(files), source, cast(DateOrder, dates), rejects, most_listed, cards_file)
    click.echo(reports.as_json(report) if as_json else reports.as_text(report))
    sys.exit(0 if report.clean else EXIT_NOT_CLEAN)


def _import(
    config: HubConfig,
    files: list[Path],
    source: str,
    dates: DateOrder,
    rejects: Path | None,
    most_listed: int,
    cards_file: Path | None,
) -> Report:
    try:
        check_name(source, "source")
    except ContractError as error:
        raise OperatorError(error.code, "reading --source", error.hint) from None
    clock = SystemClock()
    hub = open_hub_store(Path(config.data_dir), config.store, clock, SystemIds())
    report = Report(store=config.store, source=source, currency=config.currency, most_listed=most_listed)
    reject_file = rejects or Path(config.data_dir) / "rejects" / f"{source}-{clock.now():%Y%m%dT%H%M%S%fZ}.csv"
    try:
        return _run(hub, config, files, report, dates, Rejects(reject_file), cards_file)
    except (sqlite3.Error, OSError) as error:
        stored = f"{report.stored.rows + report.set_aside.rows} rows were stored before and stay"
        hint = f"See that the disk has room and the hub's data folder can be written, then import again ({type(error).__name__})."
        raise OperatorError("sales_not_written", f"importing sales; {stored}", hint) from None
    finally:
        hub.file.close()


def _run(
    hub: HubStore,
    config: HubConfig,
    files: list[Path],
    report: Report,
    dates: DateOrder,
    rejects: Rejects,
    cards_file: Path | None,
) -> Report:
    customers = Customers(config.store, report.source, hub.members, SystemIds(), demo_cards=cards_file is not None)
    with rejects, shown() as progress:
        SalesImport(
            hub.file,
            sales=SalesStore(config.store, report.source, config.currency, hub.facts),
            customers=customers,
            rules=Rules(ZoneInfo(config.timezone), dates),
            report=report,
            rejects=rejects,
        ).run(files, progress)
    report.reject_file = str(rejects.path) if rejects.written else None
    if cards_file is not None:
        cards_file.write_bytes(msgspec.json.encode(customers.demo_cards))
    return report
