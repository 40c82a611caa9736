"""The hub as it runs in a shop: its own process, its configuration file, a real broker."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import urllib3

from edge.hub.store.opening import HubStore, open_hub_store
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from tests.support.brokers import HOST, BrokerProcess, eventually, free_port, secret_file
from tests.support.hub import CARD_KEY, DOOR, EVIDENCE_KEY, KIOSK_TOKEN, STORE
from tests.support.parts import ROOT

DEVICES = [(STORE, "hub", "hub"), (STORE, "kiosk", DOOR)]


class HubProcess:
    """`python -m edge.hub run` beside a broker. Can be killed and started again on the same data."""

    def __init__(self, folder: Path, broker: BrokerProcess, hq_url: str | None = None, more: str = "") -> None:
        """more: sections of its configuration beside the usual ones."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.broker, self.port = folder, broker, free_port()
        self.config = folder / "hub.toml"
        self.config.write_text(self._toml(hq_url, more))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def open_store(self) -> HubStore:
        """The hub's own file, beside the running process."""
        return open_hub_store(self.folder / "data", STORE, SystemClock(), SystemIds())

    def start(self) -> HubProcess:
        """Returns when /healthz says that every part is well."""
        command = [sys.executable, "-m", "edge.hub", "run", "--config", str(self.config)]
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=self._log, stdout=subprocess.PIPE, start_new_session=True)
        eventually(self._well, f"hub up: {self.log()}", 20)
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._log.close()

    def stop(self) -> tuple[int, bytes]:
        """SIGTERM; exit status and what it printed to stdout. Harmless when it has ended."""
        if self._process is None:
            return 0, b""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=20)
        self._log.close()
        return self._process.returncode, out

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _well(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the hub ended: {self.log()}")
        try:
            return urllib3.request("GET", f"{self.url}/healthz", retries=False, timeout=2).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def _toml(self, hq_url: str | None, more: str) -> str:
        folder, broker = self.folder, self.broker
        accounts = "\n".join(f'{key} = "{value}"' for key, value in broker.accounts_config().items())
        hq = f'[hq]\nurl = "{hq_url}"\ntoken_file = "{secret_file(folder / "hq", "store-token")}"\n' if hq_url else ""
        return f"""
store = "{STORE}"
store_name = "Main Street Hardware"
data_dir = "{folder / "data"}"
[web]
port = {self.port}
secure_cookies = false
[broker]
host = "{HOST}"
port = {broker.port}
username = "{STORE}.hub.hub"
password_file = "{secret_file(folder / "broker", broker.passwords[f"{STORE}.hub.hub"])}"
ws_url = "ws://{HOST}:{broker.ws_port}/mqtt"
[accounts]
{accounts}
{hq}
[keys]
card_key_file = "{secret_file(folder / "card", CARD_KEY.hex())}"
evidence_key_file = "{secret_file(folder / "evidence", EVIDENCE_KEY.hex())}"
{more}
[[kiosks]]
name = "{DOOR}"
token_file = "{secret_file(folder / "kiosk", KIOSK_TOKEN)}"
"""
