"""A screen's event stream on a raw socket: what a browser gets, and when; nobody waits for ever."""

from __future__ import annotations

import select
import socket
import time

import msgspec

PATIENCE_S = 20.0
VIEW = b"event: view"


class View(msgspec.Struct):
    """What of a view counts here."""

    scene: str
    arrival_id: str | None
    title: str
    line: str


class Screen:
    """One open stream. Moments are seconds of tests.bench.trail's clock, in which the bytes were here."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        self._bytes = b""
        self._greeted: str | None = None
        self._next(time.perf_counter() + PATIENCE_S, "the stream's hello")
        self.drain()

    def drain(self) -> None:
        """Forget what came before now."""
        while select.select([self._socket], [], [], 0)[0]:
            self._receive()
        self._bytes = b""

    def greeted(self, within_s: float = PATIENCE_S) -> tuple[float, float]:
        """When the next arrival's welcome was here, and when its name was.

        Its id tells it from the one before. A board shows only its newest view: where the name came before the welcome was
        written, both moments are the name's. Raises AssertionError that says what did not come.
        """
        ends, welcomed = time.perf_counter() + within_s, 0.0
        while True:
            at, view = self._view(ends, "the name" if welcomed else "the welcome")
            if view.arrival_id is None or view.arrival_id == self._greeted or view.scene not in ("welcome", "by_name"):
                continue
            welcomed = welcomed or at
            if view.scene == "by_name":
                self._greeted = view.arrival_id
                return welcomed, at

    def close(self) -> None:
        self._socket.close()

    def _view(self, ends: float, wanted: str) -> tuple[float, View]:
        while True:
            at, event = self._next(ends, wanted)
            if VIEW in event:
                return at, msgspec.json.decode(event[event.index(b"data: ") + 6 :].splitlines()[0], type=View)

    def _next(self, ends: float, wanted: str) -> tuple[float, bytes]:
        at = time.perf_counter()
        while b"\n\n" not in self._bytes:
            left = ends - time.perf_counter()
            assert left > 0 and select.select([self._socket], [], [], left)[0], f"the screen's stream never had {wanted}"
            self._receive()
            at = time.perf_counter()
        event, _, self._bytes = self._bytes.partition(b"\n\n")
        return at, event

    def _receive(self) -> None:
        got = self._socket.recv(65536)
        assert got, "the screen's stream ended"
        self._bytes += got
