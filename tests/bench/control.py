"""Lines to a process of the bench over a Unix socket, and its answers; nobody waits for ever."""

from __future__ import annotations

import os
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 0.2
PATIENCE_S = 20.0
Answer = Callable[[bytes], None]


class Control:
    """In the process: takes lines of any number of connections on one thread. Answers may come later, from any thread."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._came: dict[socket.socket, bytes] = {}

    def serve(self, obey: Callable[[bytes, Answer], None], stop: threading.Event) -> None:
        """Until `stop`. obey(line, answer): answer sends one line back to whoever sent this one."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in selector.select(LOOK_EVERY_S):
                    if key.fileobj is self._listener:
                        connection, _ = self._listener.accept()
                        self._came[connection] = b""
                        selector.register(connection, selectors.EVENT_READ)
                    else:
                        self._read(key.fileobj, selector, obey)

    def _read(self, connection: Any, selector: selectors.BaseSelector, obey: Callable[[bytes, Answer], None]) -> None:
        got = connection.recv(65536)
        if not got:
            selector.unregister(connection)
            del self._came[connection]
            connection.close()
            return
        *lines, self._came[connection] = (self._came[connection] + got).split(b"\n")
        for line in lines:
            obey(line, lambda text: connection.sendall(text + b"\n"))


class Lines:
    """Lines of somebody else's socket or pipe, by its file number. what: who speaks, for the error."""

    def __init__(self, file: int, what: str) -> None:
        self._file, self._what, self._came = file, what, b""

    def next(self, waited_for: str, within_s: float = PATIENCE_S) -> bytes:
        """The next line, without its end. Raises AssertionError that says what was waited for, or that the other one ended."""
        ends = time.monotonic() + within_s
        while b"\n" not in self._came:
            left = ends - time.monotonic()
            assert left > 0 and select.select([self._file], [], [], left)[0], (
                f"{self._what}: not within {within_s:g} s: {waited_for}"
            )
            got = os.read(self._file, 65536)
            assert got, f"{self._what} ended while this was waited for: {waited_for}"
            self._came += got
        line, _, self._came = self._came.partition(b"\n")
        return line


class ControlLine:
    """The bench's end of a Control."""

    def __init__(self, path: Path, what: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = Lines(self._socket.fileno(), what)

    def say(self, line: bytes) -> None:
        """Without an answer."""
        self._socket.sendall(line + b"\n")

    def ask(self, line: bytes, waited_for: str, within_s: float = PATIENCE_S) -> bytes:
        """Its answer; raises AssertionError as Lines.next."""
        self.say(line)
        return self._lines.next(waited_for, within_s)

    def close(self) -> None:
        self._socket.close()
