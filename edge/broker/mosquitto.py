"""Mosquitto as our child: its configuration written anew at every start, the binary in the foreground, gone when we go.

Nothing of an earlier run is read, so a file damaged by a power cut cannot keep the broker from starting (faults F10, F11);
outboxes and the hub fill it again.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import IO

from edge.broker.account_files import write_private
from edge.broker.config import BrokerConfig, Identity, identities
from edge.broker.dynsec import ADMIN_RIGHTS, security_file
from edge.process.config import read_secret
from edge.process.errors import OperatorError
from edge.process.logs import get_logger

MAX_PACKET_BYTES = 16384
MAX_CONNECTIONS = 64  # per listener
# Mosquitto 2.0.11 counts a connection that leaves without a CONNECT as one that was in, so its own limit can be worn down; the
# number of open files cannot. Two listeners, and what the process itself needs.
MAX_FILES = 2 * MAX_CONNECTIONS + 48
MAX_QUEUED = 1000
# A limit on the address space, not Mosquitto's own memory_limit: with the dynamic-security plugin of 2.0.11 that one counts
# freed memory wrongly and locks everybody out after a few changes of accounts.
MEMORY_BYTES = 256 * 1024 * 1024
_PLUGIN = "mosquitto_dynamic_security.so"
_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/arm-linux-gnueabihf",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
)
_PR_SET_PDEATHSIG = 1
_SALT_BYTES = 12

log = get_logger(part="mosquitto")


def find_binary() -> str | None:
    """The broker's binary; Debian keeps it in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def find_plugin() -> str | None:
    """The dynamic-security plugin of this machine's architecture."""
    return next((str(Path(folder) / _PLUGIN) for folder in _FOLDERS if (Path(folder) / _PLUGIN).exists()), None)


def configuration(config: BrokerConfig, plugin: str, security: Path, user: str) -> str:
    """The text of mosquitto.conf. Everything is denied but what the plugin allows; every queue has an end."""
    section = config.broker
    lines = [
        f"user {user}",
        "persistence false",
        "allow_anonymous false",
        "allow_zero_length_clientid false",
        "per_listener_settings false",
        f"plugin {plugin}",
        f"plugin_opt_config_file {security}",
        "set_tcp_nodelay true",
        "check_retain_source true",
        f"max_packet_size {MAX_PACKET_BYTES}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_queued_bytes {MAX_QUEUED * MAX_PACKET_BYTES}",
        "max_inflight_messages 20",
        "max_keepalive 300",
        "persistent_client_expiration 1h",
        "sys_interval 0",
        "connection_messages false",
        "log_timestamp false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        f"listener {section.port} {section.host}",
        f"max_connections {MAX_CONNECTIONS}",
        f"listener {section.ws_port} {section.listen_ws()}",
        "protocol websockets",
        f"max_connections {MAX_CONNECTIONS}",
    ]
    return "\n".join(lines) + "\n"


class Mosquitto:
    """The running child. `start` returns when it accepts connections."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, ready_within_s: float = 10.0) -> None:
        """Write the configuration and start; raises OperatorError mosquitto_missing, config_unusable or broker_not_ready."""
        binary, plugin = find_binary(), find_plugin()
        if binary is None or plugin is None:
            raise OperatorError(
                "mosquitto_missing", "starting Mosquitto with its dynamic-security plugin", "Install it: apt install mosquitto"
            )
        file = self._write(plugin)
        self._child = subprocess.Popen(
            [binary, "-c", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=_confine,  # noqa: PLW1509 - called before this process has a second thread
        )
        assert self._child.stderr is not None
        threading.Thread(target=_pass_on, args=(self._child.stderr,), name="mosquitto-log", daemon=True).start()
        self._await_ready(ready_within_s)

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the child to end; its exit status, or None when it still runs after `timeout_s`."""
        assert self._child is not None
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ask the child to end, then make it."""
        if self._child is None:
            return
        self._child.terminate()
        if self.wait(5.0) is None:
            self._child.kill()
            self.wait()

    def _write(self, plugin: str) -> Path:
        folder = Path(self._config.broker.data_dir).resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        security, file = folder / "dynamic-security.json", folder / "mosquitto.conf"
        if any(character in str(folder) for character in "\r\n"):
            raise OperatorError("config_unusable", f"writing Mosquitto's configuration in {folder}", "Choose another data_dir.")
        everybody = self._identities()
        write_private(security, security_file(everybody, [secrets.token_bytes(_SALT_BYTES) for _ in everybody]))
        user = pwd.getpwuid(
            os.geteuid()
        ).pw_name  # else Mosquitto, started by root, changes to a user who cannot read these files
        write_private(file, configuration(self._config, plugin, security, user).encode())
        return file

    def _identities(self) -> list[Identity]:
        admin = self._config.admin
        if admin is None:
            return identities(self._config)
        return [Identity(admin.username, read_secret(admin.password_file), ADMIN_RIGHTS), *identities(self._config)]

    def _await_ready(self, within_s: float) -> None:
        section = self._config.broker
        for _ in range(int(within_s / 0.05)):
            status = self.wait(0.05)
            if status is not None:
                raise OperatorError(
                    "broker_not_ready", f"starting Mosquitto (it ended with {status})", "Its own words stand in the log above."
                )
            if _accepts(section.host, section.port) and _accepts(section.listen_ws(), section.ws_port):
                return
        self.stop()
        raise OperatorError(
            "broker_not_ready",
            f"starting Mosquitto on {section.host}:{section.port}",
            "See the machine's load, then start it again.",
        )


def _accepts(host: str, port: int) -> bool:
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to be replaced, not to be bound
    try:
        with socket.create_connection((anywhere.get(host, host), port), timeout=1.0):
            return True
    except OSError:
        return False


def _confine() -> None:
    """In the child before it becomes Mosquitto: bounded memory and files, and an end when the parent ends, even by kill -9, so
    that the port is free again."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _pass_on(stream: IO[bytes]) -> None:
    """Mosquitto's errors and warnings become lines of our log (they name clients and codes, never payloads or passwords)."""
    for line in stream:
        log.warning("mosquitto_says", says=line.decode("utf-8", "replace").strip())
