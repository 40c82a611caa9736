"""`python -m kiosk --config FILE` runs the kiosk; `python -m kiosk check-config FILE` judges its configuration."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.process import collector, logs, turns
from edge.process.clock import SystemClock
from edge.process.commands import config_option, tells_operator
from edge.process.ending import Ending
from edge.process.ids import SystemIds
from edge.process.notify import notify
from edge.process.version import VERSION
from kiosk import config as configuration

if TYPE_CHECKING:
    from kiosk.wiring import Kiosk

WATCHDOG_EVERY_S = 5.0


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="shopbell kiosk")
@config_option("kiosk")
@click.pass_context
@tells_operator
def main(context: click.Context, path: Path) -> None:
    """The check-in kiosk at the entrance: reads cards, greets, and tells the store hub."""
    if context.invoked_subcommand is not None:
        return
    run(path)


@main.command("check-config")
@click.argument("path", type=click.Path(path_type=Path))
@tells_operator
def check_config(path: Path) -> None:
    """Judge a configuration file and the secret files it names, without opening any device, port or database."""
    configuration.load_secrets(configuration.load(path))
    click.echo(f"{path}: good")


def run(path: Path) -> None:
    """Run until SIGTERM or SIGINT; raises OperatorError when something has to be mended first."""
    leaving = Ending()
    with collector.resting():
        kiosk = _started(path, leaving)
    notify("READY=1")
    while not leaving.wait(WATCHDOG_EVERY_S) and not kiosk.broken():
        if kiosk.alive():
            notify("WATCHDOG=1")
    notify("STOPPING=1")
    kiosk.stop()
    if not leaving.is_set():
        sys.exit(1)  # a part of the kiosk ended by an error: whoever supervises this process starts it anew


def _started(path: Path, leaving: Ending) -> Kiosk:
    from kiosk.wiring import Kiosk  # only now: check-config needs no reader, camera or web server

    config = configuration.load(path)
    secrets = configuration.load_secrets(config)
    logs.configure("kiosk")
    turns.take_short_turns()
    leaving.on(signal.SIGTERM, signal.SIGINT)
    kiosk = Kiosk(config, secrets, SystemClock(), SystemIds())
    kiosk.start()
    return kiosk


if __name__ == "__main__":
    main(prog_name="shopbell kiosk")
