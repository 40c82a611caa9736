"""The peer "home-made": the best forty lines a good engineer would write for a kiosk.

Fixed: what Shopbell is measured beside must not move. Flask under waitress with 8 threads, one sqlite3 connection (WAL,
synchronous FULL) behind a lock, paho, msgspec, a name looked up among 5,000 members.
"""

from __future__ import annotations

import argparse
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator

import msgspec
import waitress  # type: ignore[import-untyped]  # ships no types
from flask import Flask, Response, request
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

MEMBERS = 5_000
TOPIC = "home-made/arrival"


class Arrival(msgspec.Struct):
    """What one tap becomes: stored, published and shown."""

    id: int
    uid: str
    name: str | None
    at: float


def uid_of(number: int) -> str:
    """The card of member `number`, 0 to MEMBERS - 1."""
    return f"04{number:012X}"


def open_store(path: str) -> sqlite3.Connection:
    """The file with its members, made at the first start."""
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS members (uid TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS arrivals (id INTEGER PRIMARY KEY, uid TEXT NOT NULL, name TEXT, at REAL NOT NULL);"
    )
    if db.execute("SELECT count(*) FROM members").fetchone()[0] == 0:
        db.execute("BEGIN")
        db.executemany("INSERT INTO members VALUES (?,?)", [(uid_of(n), f"Member {n}") for n in range(MEMBERS)])
        db.execute("COMMIT")
    return db


def create_app(db: sqlite3.Connection, broker: paho.Client) -> Flask:
    """POST /tap {uid}: stored durably, published with QoS 1, answered. GET /stream: a screen. GET /healthz."""
    app, lock, screens = Flask(__name__), threading.Lock(), set[queue.SimpleQueue[bytes]]()

    @app.post("/tap")
    def tap() -> Response:
        uid, now = msgspec.json.decode(request.get_data())["uid"], time.time()
        with lock:
            row = db.execute("SELECT name FROM members WHERE uid = ?", (uid,)).fetchone()
            name = row[0] if row else None
            number = db.execute("INSERT INTO arrivals (uid, name, at) VALUES (?,?,?)", (uid, name, now)).lastrowid
        body = msgspec.json.encode(Arrival(number or 0, uid, name, now))
        broker.publish(TOPIC, body, qos=1)
        for screen in list(screens):
            screen.put(body)
        return Response(body, content_type="application/json")

    @app.get("/stream")
    def stream() -> Response:
        def events() -> Iterator[bytes]:
            mine: queue.SimpleQueue[bytes] = queue.SimpleQueue()
            screens.add(mine)
            try:
                yield b": hello\n\n"
                while True:
                    yield b"data: " + mine.get() + b"\n\n"
            finally:
                screens.discard(mine)

        return Response(events(), content_type="text/event-stream")

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="a home-made kiosk")
    parser.add_argument("--port", type=int, required=True, help="HTTP, on loopback")
    parser.add_argument("--db", required=True, help="the sqlite3 file")
    parser.add_argument("--broker", type=int, required=True, help="port of an open MQTT broker on loopback")
    parser.add_argument("--threads", type=int, default=8, help="of waitress")
    asked = parser.parse_args()
    broker = paho.Client(CallbackAPIVersion.VERSION2)
    broker.on_socket_open = lambda _client, _data, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[attr-defined]  # TCP
    broker.connect("127.0.0.1", asked.broker)
    broker.loop_start()
    waitress.serve(create_app(open_store(asked.db), broker), host="127.0.0.1", port=asked.port, threads=asked.threads)


if __name__ == "__main__":
    main()
