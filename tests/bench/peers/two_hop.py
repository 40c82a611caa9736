"""The bare two-hop relay: a message made durable here, sent over a broker, made durable there, sent back over the broker.

paho and sqlite3 (WAL, synchronous FULL), nothing else: no check, no rule, no member, no second try. It is the floor under
"greeted by name" and "the associates know". Run as a process it is the far side (the hub); `Near` is the kiosk's side.
"""

from __future__ import annotations

import argparse
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

UP, DOWN = "two-hop/up", "two-hop/down"


class Table:
    """One durable row for each message."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
        )

    def keep(self, body: bytes) -> None:
        """Returns when it is on the disk."""
        self._db.execute("INSERT INTO messages (body) VALUES (?)", (body,))

    def close(self) -> None:
        self._db.close()


def send_at_once(_client: object, _data: object, sock: Any) -> None:
    """For paho's on_socket_open: small packets do not wait for each other, which costs 40 ms for each hop."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def open_client() -> paho.Client:
    """An anonymous client that sends at once."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_socket_open = send_at_once
    return client


class Near:
    """The kiosk's side: `send` makes durable and publishes; `back` is set when the far side's message came back."""

    def __init__(self, port: int, path: Path) -> None:
        self._table, self.back, self.back_at = Table(path), threading.Event(), 0.0
        self._client, ready = open_client(), threading.Event()
        self._client.on_message = self._came
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(DOWN, qos=1)
        self._client.loop_start()
        assert ready.wait(10), "no SUBACK"

    def send(self, body: bytes) -> float:
        """Returns the moment (perf_counter) it began."""
        self.back.clear()
        began = time.perf_counter()
        self._table.keep(body)
        self._client.publish(UP, body, qos=1)
        return began

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._table.close()

    def _came(self, *_: Any) -> None:
        self.back_at = time.perf_counter()
        self.back.set()


def main() -> None:
    parser = argparse.ArgumentParser(description="the far side of a bare two-hop relay")
    parser.add_argument("--broker", type=int, required=True, help="port of an open MQTT broker on loopback")
    parser.add_argument("--db", type=Path, required=True)
    asked = parser.parse_args()
    table, client = Table(asked.db), open_client()

    def relay(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        table.keep(bytes(message.payload))
        client.publish(DOWN, message.payload, qos=1)

    client.on_message = relay
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", asked.broker)
    client.subscribe(UP, qos=1)
    client.loop_forever()


if __name__ == "__main__":
    main()
