"""`python -m edge.hub`: run, check-config, load-store, import-sales, keys, parked."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from edge.broker.accounts import admin_password
from edge.hub import config as hub_config
from edge.hub.commands.import_sales import import_sales
from edge.hub.commands.keys import keys
from edge.hub.commands.load_store import load_store
from edge.hub.proof.key_file import KeyFile
from edge.hub.running import RunningHub
from edge.hub.store.opening import HubStore, open_hub_store
from edge.process import logs, turns
from edge.process.clock import SystemClock
from edge.process.commands import HELP, config_option, tells_operator
from edge.process.config import read_key
from edge.process.ending import Ending
from edge.process.errors import OperatorError
from edge.process.ids import SystemIds

_CONFIG = config_option("hub")


@click.group(context_settings=HELP, help="The store hub: takes arrivals, alerts associates, keeps the store's customer memory.")
def main() -> None:
    """The commands below."""


@main.command(help="Run the hub until SIGTERM or SIGINT.")
@_CONFIG
@tells_operator
def run(path: Path) -> None:
    """Ready when /healthz answers."""
    config = hub_config.load(path)
    secrets = hub_config.read_secrets(config)
    logs.configure("hub")
    turns.take_short_turns()
    running = RunningHub(config, secrets)
    ending = Ending().on(signal.SIGTERM, signal.SIGINT)
    running.start()
    ending.wait()
    running.stop()


@main.command("check-config", help="Read a configuration and its secret files and say whether they are right.")
@click.argument("path", type=click.Path(path_type=Path))
@tells_operator
def check_config(path: Path) -> None:
    """Opens no port, device or database."""
    config = hub_config.load(path)
    hub_config.read_secrets(config)
    if config.proof is not None:
        evidence_key = read_key(config.keys.evidence_key_file, 32)
        if not KeyFile(Path(config.proof.keys_file), evidence_key, test_keys=config.proof.test_keys).read().keys:
            click.echo("There is no key yet, so no card can prove anything: see 'shopbell hub keys make --help'.")
        alone = [kiosk.name for kiosk in config.kiosks if kiosk.entrance is None]
        if len(alone) > 1 and config.policy.two_doors_s > 0:
            click.echo(
                f"{', '.join(alone)}: each counts as a door of its own. Give those that stand together the same 'entrance'."
            )
    admin_password(config.accounts)
    click.echo(f"{path}: store {config.store}, {len(config.kiosks)} kiosks, everything is right.")


@main.group(help="Facts that HQ refused: they wait here until somebody has mended the cause.")
def parked() -> None:
    """list and resend."""


@parked.command("list", help="List parked facts: key, code, what to do.")
@_CONFIG
@tells_operator
def list_parked(path: Path) -> None:
    """One line per fact; no content, since that may be personal."""
    store = _open(path)
    rows = store.outbox.parked()
    for row in rows:
        click.echo(f"{row.key}\t{row.code}\t{row.hint}")
    click.echo(f"{len(rows)} parked")
    store.file.close()


@parked.command(help="Let parked facts be sent again: one KEY, or --all.")
@_CONFIG
@click.argument("key", required=False)
@click.option("--all", "everything", is_flag=True, help="All parked facts.")
@tells_operator
def resend(path: Path, key: str | None, everything: bool) -> None:
    """A running hub sends them within seconds."""
    if (key is None) == (not everything):
        raise OperatorError("key_missing", "sending parked facts again", "Name one KEY (see 'parked list') or give --all.")
    store = _open(path)
    keys = [row.key for row in store.outbox.parked()] if everything else [str(key)]
    sent = [one for one in keys if store.outbox.resend(one)]
    store.file.close()
    if key is not None and not sent:
        raise OperatorError("not_parked", "sending a parked fact again", "No such fact is parked; see 'parked list'.")
    click.echo(f"{len(sent)} will be sent again")


main.add_command(load_store, "load-store")
main.add_command(import_sales, "import-sales")
main.add_command(keys, "keys")


def _open(path: Path) -> HubStore:
    config = hub_config.load(path)
    return open_hub_store(Path(config.data_dir), config.store, SystemClock(), SystemIds())


if __name__ == "__main__":
    main(prog_name="shopbell hub")
