"""What the command lines of all processes share: where the configuration is, and how a mistake is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from edge.process.config import config_folder
from edge.process.errors import OperatorError

# click's own is --help alone; the commands below a group take this over from it.
HELP = {"help_option_names": ["-h", "--help"]}
P = ParamSpec("P")
R = TypeVar("R")


def config_option(process: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """click's `--config FILE`, given to the command as `path`; the file of this machine where none is named."""
    return click.option(
        "--config",
        "path",
        type=click.Path(path_type=Path),
        default=lambda: config_folder() / f"{process}.toml",
        help=f"The configuration file.  [default: {process}.toml in /etc/shopbell, else the demo's]",
    )


def tells_operator(command: Callable[P, R]) -> Callable[P, R]:
    """An OperatorError becomes its text on stderr and exit status 2; no traceback reaches a person."""

    @wraps(command)
    def guarded(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except OperatorError as error:
            click.echo(str(error), err=True)
            sys.exit(2)

    return guarded
