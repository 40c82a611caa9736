"""Some associates' clients in one process: says when the last of them has a message.

`python -m tests.bench.parts_listeners --port PORT`, then one line of JSON on stdin: [{"username", "password", "topic"}, ...].
Prints `ready`, then for each message that all have `KEY SECONDS`: perf_counter of the last of them. KEY is the alert's id where
the message is an alert's first telling, else the message itself.
"""

from __future__ import annotations

import argparse
import queue
import sys
import threading
import time
from typing import Any

import msgspec
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.peers.two_hop import send_at_once


class Account(msgspec.Struct):
    """How one client signs in, and what it listens to. An empty username: no account."""

    username: str
    password: str
    topic: str


class _Alert(msgspec.Struct):
    alert_id: str
    rev: int


Heard = tuple[float, bytes]


def key_of(payload: bytes) -> str | None:
    """By which the same message of several clients is known; None for an alert's later revision."""
    if not payload.startswith(b"{"):
        return payload.decode()
    alert = msgspec.json.decode(payload, type=_Alert)
    return alert.alert_id if alert.rev == 0 else None


def listen(port: int, account: Account, heard: queue.SimpleQueue[Heard]) -> paho.Client:
    """A client that is subscribed when this returns."""
    # the product's broker wants an id; anonymous clients of one process may not share one
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=account.username)
    ready = threading.Event()

    def came(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        heard.put((time.perf_counter(), bytes(message.payload)))

    def joined(*_: Any) -> None:
        client.subscribe(account.topic, qos=1)

    client.on_socket_open = send_at_once
    client.on_connect = joined
    client.on_message = came
    client.on_subscribe = lambda *_: ready.set()
    if account.username:
        client.username_pw_set(account.username, account.password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(10), "no SUBACK"
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description="associates' clients")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    accounts = msgspec.json.decode(sys.stdin.readline(), type=list[Account])
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    clients = [listen(asked.port, account, heard) for account in accounts]
    print("ready", flush=True)
    missing: dict[str, int] = {}
    while True:
        at, payload = heard.get()
        key = key_of(payload)
        if key is None:
            continue
        missing[key] = missing.get(key, len(clients)) - 1
        if missing[key] == 0:
            del missing[key]
            print(key, repr(at), flush=True)


if __name__ == "__main__":
    main()
