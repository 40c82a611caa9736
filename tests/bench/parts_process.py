"""Processes of the bench and their files, looked at from outside."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import urllib.request
from pathlib import Path

PATIENCE_S = 20.0
END_S = 10.0


def fetch(url: str) -> bytes:
    """Body of a GET."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def count_in(file: Path, table: str) -> int:
    """Rows of a table of somebody else's file; -1 while there is none."""
    if not file.exists():
        return -1
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return -1


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for whoever does not hear it."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
