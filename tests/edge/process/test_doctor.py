"""`shopbell doctor` finds a process wherever its configuration says it listens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.hub.web_server import WebServer
from edge.process.doctor import doctor
from tests.support.hub import HubBench
from tests.support.kiosk_core import free_port


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@contextmanager
def serving(folder: Path, host: str) -> Iterator[int]:
    """A hub's pages on this host; the port."""
    bench = HubBench(folder)
    bench.hub.health.ill("hq", "hq_unreachable", "See the network.")
    server = WebServer(bench.hub.app, host, 0, 2)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.stop()
        thread.join(10)
        bench.close()


def examined(folder: Path, host: str, port: int) -> Result:
    folder.mkdir()
    (folder / "hub.toml").write_text(f'[web]\nhost = "{host}"\nport = {port}\n')
    return CliRunner().invoke(doctor, ["--configs", str(folder)])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_process_that_runs_is_asked_for_its_parts(host: str, tmp_path: Path) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with serving(tmp_path / "hub", host) as port:
        told = examined(tmp_path / "configs", host, port).output
    assert "no_answer" not in told
    assert "hq_unreachable" in told, "what the hub itself says"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_one_that_does_not_is_to_be_started(host: str, tmp_path: Path) -> None:
    told = examined(tmp_path / "configs", host, free_port())
    assert told.exit_code == 1
    assert "no_answer" in told.output and "journalctl -u shopbell-hub" in told.output
