"""A PostgreSQL server of the test run's own: made in a temporary folder, on a free port of 127.0.0.1, gone at the end.

PostgreSQL refuses to run as root, so under root the server runs as another user of this machine in a folder that is theirs.
Each test gets a database of its own, copied from an empty template.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "shopbell"
_READY_S = 60
_FLAGS = ("-c", "listen_addresses=127.0.0.1", "-c", "logging_collector=off", "-c", "max_connections=120")
# What a test throws away needs no disk; everything else is as in production.
_UNSAFE = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "autovacuum=off")


class Cluster:
    """A running server. `new_database()` gives the URL of an empty database."""

    def __init__(self, binaries: Path, folder: Path, *, durable: bool = False) -> None:
        self._binaries, self._folder, self._flags = binaries, folder, _FLAGS if durable else (*_FLAGS, *_UNSAFE)
        self._process, self._port = _start(binaries, folder, self._flags)
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int:
        """Of the server's first process; every other is its child."""
        return self._process.pid

    def new_database(self, template: str = "template1") -> str:
        """SQLAlchemy URL of a fresh database: empty, or a copy of the database named `template` that nobody is connected to."""
        name = f"hq{next(self._numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'.encode())
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self._port}/{name}"

    def address(self, name: str) -> str:
        """libpq URL of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{name}"

    def stop(self) -> None:
        """The server ends and cuts every connection."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_READY_S)

    def start_again(self) -> None:
        """The same data on the same port."""
        self._process = _launch(self._binaries, self._folder, self._port, self._flags)
        if not _is_ready(self._process, self._port):
            raise RuntimeError((self._folder / "log").read_text())

    def end(self) -> None:
        """For good; what is under way is thrown away."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_READY_S)


@contextlib.contextmanager
def cluster(binaries: Path, *, durable: bool = False) -> Iterator[Cluster]:
    """Make, start, and finally stop a server. durable: as in production, a commit is on the disk; else fast and unsafe."""
    folder = Path(tempfile.mkdtemp(prefix="shopbell-pg-"))
    data = folder / "data"
    running: Cluster | None = None
    try:
        _give_away(folder)
        _run([str(binaries / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"])
        running = Cluster(binaries, folder, durable=durable)
        yield running
    finally:
        if running is not None:
            running.end()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_a_waiter(database: Any) -> None:
    """Until some transaction of this edge.hq Database waits for another's lock; fails the test when none ever does."""
    deadline = time.monotonic() + _READY_S
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while time.monotonic() < deadline:
        with database.read() as connection:
            if connection.exec_driver_sql(waiting).scalar_one():
                return
        time.sleep(0.02)
    pytest.fail("nobody waited: two transactions that must not overlap did")


def _start(binaries: Path, folder: Path, flags: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], int]:
    """Another process may take the free port between looking and starting; then the server ends, and another is tried."""
    for _ in range(5):
        port = _free_port()
        process = _launch(binaries, folder, port, flags)
        if _is_ready(process, port):
            return process, port
    raise RuntimeError((folder / "log").read_text())


def _launch(binaries: Path, folder: Path, port: int, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder), *flags]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_identity())


def _is_ready(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{USER}@127.0.0.1:{port}/postgres", connect_timeout=2).close()
            return True
        time.sleep(0.05)
    return False


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_identity())
    if result.returncode:
        raise RuntimeError(result.stderr)


def _identity() -> dict[str, Any]:
    """Keyword arguments for subprocess: whose process it is."""
    if os.geteuid() != 0:
        return {}
    account = _other_user()
    return {
        "user": account.pw_uid,
        "group": account.pw_gid,
        "extra_groups": [],
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"},
    }


def _other_user() -> pwd.struct_passwd:
    names = {account.pw_name: account for account in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        account = _other_user()
        os.chown(folder, account.pw_uid, account.pw_gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
