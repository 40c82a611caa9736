"""`shopbell reader ...`: the bridge's commands for one port, and `doctor`, which knows what kiosk.toml names."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from edge.process import logs
from edge.process.clock import SystemClock
from edge.process.commands import tells_operator
from edge.process.config import config_folder
from firmware_bridge import doctor as bridge
from firmware_bridge.__main__ import HELP, plainly, reader
from firmware_bridge.doctor import Finding
from firmware_bridge.open_scanner import KEYS
from kiosk import config as configuration
from kiosk import doctor as door
from kiosk.config import CameraAt

# The one that a camera's process stamps its pictures by; readers take any that really passes.
CLOCK = SystemClock().monotonic
_CAMERAS = ("/dev/video", "/dev/v4l/")


@reader.command(context_settings=HELP)
@click.argument("port", required=False)
@click.option("--baud", type=int, help="Speed of a real port.  [default: 115200, of a scanner 9600]")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The kiosk's configuration.  [default: kiosk.toml in /etc/shopbell, else the demo's, if it is there]",
)
@click.option("--scanner", is_flag=True, help="PORT is a serial scanner's.")
@click.option(
    "--listen",
    "listen_s",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for a code to be held to the scanner.",
)
@plainly
@tells_operator
def doctor(port: str | None, baud: int | None, path: Path | None, scanner: bool, listen_s: float) -> None:
    """What is wrong with reader, scanner and camera, and what to do. Exit status 0: nothing.

    Without PORT: everything the kiosk's configuration names; where there is none, every serial port. While the kiosk runs it has
    its devices for itself, and this tells what it says of them. PORT is written as in kiosk.toml; a camera by its device.
    """
    if port is None and scanner:
        raise click.UsageError("--scanner says what PORT is: name the scanner's port.")
    if port is not None and listen_s and not _is_scanner(port, scanner):
        raise click.UsageError("--listen waits for a scanner's code: add --scanner where PORT is one.")
    logs.configure("reader", "critical")  # what a device's part would log is among the findings
    if port is not None:
        sys.exit(0 if _show(port, _one(port, baud, scanner, listen_s)) else 1)
    file = path or config_folder() / "kiosk.toml"
    sys.exit(0 if (_by_config(file, listen_s) if path or file.exists() else _by_ports(baud)) else 1)


def _one(port: str, baud: int | None, scanner: bool, listen_s: float) -> list[Finding]:
    if port.startswith(_CAMERAS):
        return door.examine_camera(CameraAt(port), CLOCK)
    if _is_scanner(port, scanner):
        return bridge.examine_scanner(port, CLOCK, baud=baud or 9600, listen_s=listen_s)
    return bridge.examine(port, baud or 115200, CLOCK)


def _is_scanner(port: str, said: bool) -> bool:
    return said or port.startswith(KEYS)


def _by_config(file: Path, listen_s: float) -> bool:
    config = configuration.load(file)
    click.echo(f"As {file} says:")
    return _show_all(door.examine(config, CLOCK, listen_s))


def _by_ports(baud: int | None) -> bool:
    click.echo("No kiosk.toml is here; name one with --config. These are the ports:")
    return _show_all(bridge.every_port(baud or 115200, CLOCK))


def _show_all(sections: Iterable[tuple[str, list[Finding]]]) -> bool:
    """Each as soon as it is found out; whether all is well."""
    well = True
    for title, findings in sections:
        well = _show(title, findings) and well
    return well


def _show(title: str, findings: list[Finding]) -> bool:
    click.echo(title)
    for finding in findings:
        click.echo(f"  {'ok  ' if finding.well else 'ILL '}{finding.what:<12} {finding.words}")
    return all(finding.well for finding in findings)


if __name__ == "__main__":
    reader(prog_name="shopbell reader")
