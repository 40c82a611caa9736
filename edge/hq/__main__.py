"""`python -m edge.hq`: the HQ process from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from edge.hq import config as configuration
from edge.hq import wiring
from edge.hq.store import ingest, views
from edge.hq.store import parked as parked_items
from edge.hq.store.schema import newest
from edge.process import logs
from edge.process.clock import SystemClock
from edge.process.commands import HELP, config_option, tells_operator

_FILE = click.Path(path_type=Path)
_CONFIG = config_option("hq")


@click.group(context_settings=HELP)
def main() -> None:
    """HQ: receives every store's facts once, feeds the hubs, shows a console."""


@main.command()
@_CONFIG
def run(path: Path) -> None:
    """Serve until told to stop. Brings the database to this version first."""
    logs.configure("hq")
    wiring.run(configuration.read(path))


@main.command("check-config")
@click.argument("file", type=_FILE)
def check_config(file: Path) -> None:
    """Read FILE and every secret it names; open nothing."""
    config = configuration.read(file)
    wiring.check_secrets(config)
    click.echo(f"{file}: good; {len(config.stores)} store(s), console at http://{config.web.host}:{config.web.port}/")


@main.command()
@_CONFIG
def migrate(path: Path) -> None:
    """Bring the database to this version's schema and stop."""
    wiring.open_store(configuration.read(path)).close()
    click.echo(f"The database is at schema {newest()}.")


@main.group()
def parked() -> None:
    """Facts that were refused, and wait for a person."""


@parked.command("list")
@_CONFIG
@click.option("--before", help="Cursor of the next page, printed at the end of a full one.")
def list_parked(path: Path, before: str | None) -> None:
    """Newest first: store, item, code, tries, and what to do. The content is not printed: it may name people."""
    database = wiring.open_store(configuration.read(path))
    try:
        page = views.parked_page(database, before=before)
    finally:
        database.close()
    for row in page.rows:
        click.echo(f"{row.store}\t{row.digest[:16]}\t{row.code}\ttries={row.tries}\t{row.hint}")
    if page.older:
        click.echo(f"more: --before {page.older}")
    if not page.rows:
        click.echo("Nothing is parked.")


@parked.command()
@_CONFIG
@click.option("--store", help="Only this store's items.")
def resend(path: Path, store: str | None) -> None:
    """Try every parked item again, as if its hub had sent it now."""
    database = wiring.open_store(configuration.read(path))
    tally = {"new": 0, "duplicate": 0, "refused": 0}
    try:
        for key in parked_items.keys(database, store):
            outcome = ingest.retry(database, *key, SystemClock().now())
            tally[outcome.result if outcome else "refused"] += 1
    finally:
        database.close()
    click.echo(f"filed {tally['new']}, known before {tally['duplicate']}, still refused {tally['refused']}")


@tells_operator
def _start() -> None:
    main(prog_name="shopbell hq")


if __name__ == "__main__":
    _start()
