"""The home-made kiosk (tests.bench.peers.home_made) in its process, and clients that stay connected to it."""

from __future__ import annotations

import contextlib
import re
import socket

import msgspec

from tests.bench.parts_process import PATIENCE_S, end, fetch
from tests.bench.peers.home_made import uid_of
from tests.bench.station import Bench
from tests.support.brokers import eventually, free_port


class HomeMade:
    """The home-made kiosk in its process, and keep-alive connections to it."""

    def __init__(self, bench: Bench, broker_port: int, threads: int = 8) -> None:
        self.port = free_port()
        file = bench.folder / "home_made.db"
        numbers = ("--port", str(self.port), "--db", str(file), "--broker", str(broker_port), "--threads", str(threads))
        with (bench.folder / "home_made.log").open("ab") as log:  # waitress says there when its threads are not enough
            self._process = bench.python("home-made", "-m", "tests.bench.peers.home_made", *numbers, stderr=log)
        eventually(self._well, "the home-made kiosk is up", PATIENCE_S)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def connect(self) -> TapClient:
        """One client that stays connected."""
        return TapClient(self.port)

    def stop(self) -> None:
        end(self._process)

    def _well(self) -> bool:
        with contextlib.suppress(OSError):
            return fetch(f"http://127.0.0.1:{self.port}/healthz") == b"ok"
        return False


class TapClient:
    """Posts card ids over one connection, by hand: no HTTP library's time is counted against the peer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST /tap HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
        )

    def tap(self, number: int) -> bytes:
        """The answer's body."""
        body = msgspec.json.encode({"uid": uid_of(number)})
        self._socket.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        return self._answer()

    def close(self) -> None:
        self._socket.close()

    def _answer(self) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        found = re.search(rb"content-length: (\d+)", head, re.I)
        assert found, head
        while len(body) < int(found.group(1)):
            body += self._more()
        return body

    def _more(self) -> bytes:
        got = self._socket.recv(65536)
        assert got, "the home-made kiosk hung up"
        return got
