"""paho's raw rate: one client publishes with QoS 1, another, in a process of its own, gets every message. Nothing is stored."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from typing import Any

from paho.mqtt import client as paho

from tests.bench.peers.two_hop import open_client

TOPIC = "raw-paho/messages"


class Publisher:
    """Publishes as fast as paho lets it."""

    def __init__(self, port: int) -> None:
        self._client, ready = open_client(), threading.Event()
        self._client.on_connect = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10), "no CONNACK"

    def send(self, body: bytes, count: int) -> float:
        """Returns the moment (perf_counter) it began; all are handed to paho when it returns."""
        began = time.perf_counter()
        for _ in range(count):
            self._client.publish(TOPIC, body, qos=1)
        return began

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def main() -> None:
    """Prints `ready`; then, for each number that comes on stdin, when so many messages had come (perf_counter)."""
    parser = argparse.ArgumentParser(description="gets messages and counts them")
    parser.add_argument("--broker", type=int, required=True)
    asked = parser.parse_args()
    client, came = open_client(), threading.Semaphore(0)

    def on_message(_client: Any, _data: Any, _message: paho.MQTTMessage) -> None:
        came.release()

    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", asked.broker)
    client.subscribe(TOPIC, qos=1)
    client.loop_start()
    for line in sys.stdin:
        for _ in range(int(line)):
            came.acquire()
        print(repr(time.perf_counter()), flush=True)


if __name__ == "__main__":
    main()
