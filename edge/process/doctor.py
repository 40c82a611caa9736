"""`shopbell doctor`: asks each configured process how it is, and tells IT what is wrong and what to do.

It knows processes only by their configuration files: each names where its `/healthz` answers.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec
import urllib3

from edge.process.config import config_folder
from edge.process.health import HealthReport, Part

_ASK_WITHIN_S = 3.0
# The WAL-reset race was mended in this release; one writer and checkpointer per file keeps older ones safe.
_SQLITE_MENDED = (3, 51, 3)


def address_of(config: dict[str, Any]) -> str | None:
    """Where the process of this configuration answers `/healthz`; None for one that serves no HTTP."""
    for section in ("web", "screen"):
        place = config.get(section)
        if isinstance(place, dict) and "port" in place:
            host = str(place.get("host", "127.0.0.1"))
            return f"http://{f'[{host}]' if ':' in host else host}:{place['port']}/healthz"
    return None


def ask(pool: urllib3.PoolManager, process: str, url: str) -> list[Part]:
    """The parts as the process reports them, or one part that says it does not answer."""
    try:
        answer = pool.request("GET", url, timeout=_ASK_WITHIN_S, retries=False)
        return msgspec.json.decode(answer.data, type=HealthReport).parts
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError):
        return [Part("process", False, "no_answer", f"Start the {process}, or read its log: journalctl -u shopbell-{process}")]


def machine() -> list[Part]:
    """What this machine offers."""
    parts = [Part("python", sys.version_info >= (3, 11), "ok", sys.version.split()[0])]
    old = sqlite3.sqlite_version_info < _SQLITE_MENDED
    parts.append(Part("sqlite", True, "ok", f"{sqlite3.sqlite_version}{' (one writer per file keeps it safe)' if old else ''}"))
    mosquitto = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    parts.append(
        Part(
            "mosquitto",
            True,
            "ok",
            mosquitto or "not installed: a demo uses its embedded broker; a store needs apt install mosquitto",
        )
    )
    return parts


def show(title: str, parts: list[Part]) -> bool:
    """Print one process; returns whether all of it is well."""
    click.echo(title)
    for part in parts:
        mark = "ok  " if part.well else "ILL "
        click.echo(f"  {mark}{part.part:<14} {'' if part.well else part.code + '  '}{part.hint}")
    return all(part.well for part in parts)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--configs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the processes' TOML files.  [default: /etc/shopbell, else the demo's]",
)
def doctor(configs: Path | None) -> None:
    """Say what is wrong on this machine, and what to do. Exit status 1 if anything is."""
    folder = configs or config_folder()
    well = show("this machine", machine())
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        click.echo(f"no configuration in {folder}: nothing is set up here, or name its folder with --configs")
    pool = urllib3.PoolManager()
    for file in files:
        try:
            url = address_of(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            well = show(
                file.stem, [Part("configuration", False, "config_malformed", f"Run: shopbell {file.stem} check-config {file}")]
            )
            continue
        if url is not None:
            well = show(f"{file.stem}  {url}", ask(pool, file.stem, url)) and well
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    doctor(prog_name="shopbell doctor")
