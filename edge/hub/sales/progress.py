"""Shows how far an import is: a bar on a terminal, a line now and then elsewhere. On stderr, so that stdout stays the report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from edge.hub.sales.importer import Progress

_EVERY_ROWS = 25_000


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Progress]:
    """Give a function for SalesImport.run that shows what it is told."""
    out = sys.stderr if stream is None else stream
    if out.isatty():
        with _bar(out) as progress:
            yield progress
    else:
        yield _lines(out)


def _lines(out: TextIO) -> Progress:
    told = 0

    def tell(_file: str, done: int, files: int, rows: int) -> None:
        nonlocal told
        if done == files or rows - told >= _EVERY_ROWS:
            told = rows
            out.write(f"import-sales: {done} of {files} files, {rows} rows\n")
            out.flush()

    return tell


@contextmanager
def _bar(out: TextIO) -> Iterator[Progress]:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
    except ImportError:  # rich comes with the demo; a store's hub does not need it
        yield _lines(out)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=out), transient=True) as bar:
        yield _teller(bar.update, bar.add_task("sales files", total=None))


def _teller(update: Callable[..., None], task: int) -> Progress:
    def tell(file: str, done: int, files: int, rows: int) -> None:
        update(task, completed=done, total=files, description=f"{rows:,} rows {file}")

    return tell
