"""Real brokers for tests, started as the product starts them, and a small client to ask them anything."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.needs import needs
from tests.support.parts import ROOT

BrokerKind = Literal["mosquitto", "embedded"]
HOST = "127.0.0.1"
ADMIN = "broker-admin"
PATIENCE_S = 10.0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> None:
    """Ask again and again until `true()` holds; fails with `what` after the deadline."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what}")
        pause.wait(0.01)


def secret_file(path: Path, text: str | None = None) -> Path:
    """A secret as the product wants it: first line, mode 600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((text or secrets.token_hex(24)) + "\n")
    path.chmod(0o600)
    return path


class BrokerProcess:
    """`python -m edge.broker run` with accounts for these (store, kind, name). Can be killed and started again."""

    def __init__(self, folder: Path, kind: BrokerKind, devices: list[tuple[str, str, str]]) -> None:
        if kind == "mosquitto":
            needs("mosquitto")
        self.kind: BrokerKind = kind
        self.folder, self.port, self.ws_port = folder, free_port(), free_port()
        self.data_dir = folder / "data"
        self.admin_password_file = secret_file(folder / "admin")
        self.passwords = {f"{store}.{kind_}.{name}": secrets.token_hex(24) for store, kind_, name in devices}
        self.config = folder / "broker.toml"
        self.config.write_text(self._toml(devices))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> BrokerProcess:
        """Returns when both listeners accept connections."""
        command = [sys.executable, "-m", "edge.broker", "run", "--config", str(self.config)]
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=self._log, stdout=self._log, start_new_session=True)
        eventually(lambda: self._accepts(self.port) and self._accepts(self.ws_port), f"broker up: {self.log()}", 20)
        return self

    def kill(self) -> None:
        """kill -9, and wait until nobody listens (Mosquitto, the child, must go too)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        eventually(lambda: not self._accepts(self.port), "port free after kill -9")
        self._log.close()

    def stop(self) -> int:
        """SIGTERM; the exit status. Harmless when it has ended already."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(15)
        self._log.close()
        return status

    @property
    def pid(self) -> int:
        """Of the python process."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """What it wrote so far."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def accounts_config(self) -> dict[str, str]:
        """The section [accounts] for a hub."""
        if self.kind == "embedded":
            return {"kind": "embedded", "accounts_file": str(self.data_dir / "accounts.json")}
        return {"kind": "mosquitto", "admin_username": ADMIN, "admin_password_file": str(self.admin_password_file)}

    def _accepts(self, port: int) -> bool:
        if self._process is not None and self._process.poll() not in (None, -signal.SIGKILL):
            raise AssertionError(f"the broker ended: {self.log()}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        return False

    def _toml(self, devices: list[tuple[str, str, str]]) -> str:
        text = f"""
[broker]
kind = "{self.kind}"
host = "{HOST}"
port = {self.port}
ws_port = {self.ws_port}
data_dir = "{self.data_dir}"
[admin]
username = "{ADMIN}"
password_file = "{self.admin_password_file}"
"""
        for store, kind, name in devices:
            username = f"{store}.{kind}.{name}"
            file = secret_file(self.folder / username, self.passwords[username])
            text += f'[[accounts]]\nstore = "{store}"\nkind = "{kind}"\nname = "{name}"\npassword_file = "{file}"\n'
        return text


@contextlib.contextmanager
def running(folder: Path, kind: BrokerKind, devices: list[tuple[str, str, str]]) -> Iterator[BrokerProcess]:
    """A broker for the length of a block."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = BrokerProcess(folder, kind, devices)
    try:
        yield broker.start()
    finally:
        broker.stop()


class Probe:
    """A client that notes what it is told. `refused` holds the CONNACK's reason when it was not let in."""

    def __init__(
        self,
        port: int,
        username: str | None,
        password: str | None,
        *,
        client_id: str | None = None,
        transport: Literal["tcp", "websockets"] = "tcp",
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.retained: list[tuple[str, bytes]] = []
        self.refused: str | None = None
        self.losses = 0
        self._subacks: dict[int, list[bool]] = {}
        self._connected = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id if client_id is not None else f"probe-{secrets.token_hex(6)}",
            protocol=paho.MQTTv311,
            transport=transport,
            reconnect_on_failure=False,
        )
        if username is not None:
            self.client.username_pw_set(username, password)
        if will is not None:
            self.client.will_set(will[0], will[1], qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.connect(HOST, port, 60)
        self.client.loop_start()
        eventually(lambda: self._connected.is_set() or self.losses, "a CONNACK, or the end of the connection")

    @property
    def accepted(self) -> bool:
        return self._connected.is_set() and self.refused is None

    def subscribe(self, *filters: str) -> list[bool]:
        """Whether each was granted."""
        result, mid = self.client.subscribe([(topic, 1) for topic in filters])
        assert result == paho.MQTT_ERR_SUCCESS and mid is not None
        eventually(lambda: mid in self._subacks, "a SUBACK")
        return self._subacks[mid]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish and wait for the broker's acknowledgement (which is no promise of anything)."""
        info = self.client.publish(topic, payload, qos=qos, retain=retain)
        info.wait_for_publish(PATIENCE_S)
        assert info.is_published()

    def payloads(self) -> list[bytes]:
        return [payload for _topic, payload in self.messages]

    def close(self) -> None:
        """A proper DISCONNECT."""
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.refused = str(reason) if reason.is_failure else None
        self._connected.set()

    def _on_disconnect(self, *_: Any) -> None:
        self.losses += 1

    def _on_subscribe(self, _client: Any, _data: Any, mid: int, reasons: list[Any], _properties: Any) -> None:
        self._subacks[mid] = [not reason.is_failure for reason in reasons]

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        (self.retained if message.retain else self.messages).append((message.topic, bytes(message.payload)))


def lets_in(port: int, username: str, password: str) -> bool:
    """Whether the broker accepts this account now."""
    with Probe(port, username, password) as probe:
        return probe.accepted


def text_field(text: bytes) -> bytes:
    """MQTT's length-prefixed string."""
    return struct.pack("!H", len(text)) + text


def connect_packet(client_id: str, username: str, password: str, will: tuple[str, bytes] | None = None) -> bytes:
    """A CONNECT by hand, so that the socket can then be dropped without a goodbye."""
    flags = 0xC2 | (0x0C if will else 0)  # user name, password, clean session; will with QoS 1
    body = text_field(b"MQTT") + bytes([4, flags]) + struct.pack("!H", 60) + text_field(client_id.encode())
    if will:
        body += text_field(will[0].encode()) + text_field(will[1])
    body += text_field(username.encode()) + text_field(password.encode())
    return packet(0x10, body)


def packet(head: int, body: bytes) -> bytes:
    """Fixed header and body."""
    length, left = bytearray(), len(body)
    while True:
        left, digit = left >> 7, left & 0x7F
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(length) + body


def connack(sock: socket.socket) -> int | None:
    """The return code of the CONNACK, or None when the broker ended the connection instead."""
    sock.settimeout(PATIENCE_S)
    with contextlib.suppress(ConnectionError):
        data = sock.recv(4)
        if len(data) == 4 and data[0] == 0x20:
            return data[3]
    return None


def threads_of(client_id: str) -> list[str]:
    """Names of living threads that belong to a line of this client id."""
    return [thread.name for thread in threading.enumerate() if client_id in thread.name]


def handles() -> int:
    """Open file descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))
