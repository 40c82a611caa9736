"""A web server is ended by another thread than its own, while a page is open and while requests come and go."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from waitress.server import create_server  # type: ignore[import-untyped]  # waitress ships no types

from edge.process.web_loop import WebLoop


def app(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


class Served:
    def __init__(self) -> None:
        self.server = create_server(app, host="127.0.0.1", port=0, threads=2)
        self.loop = WebLoop(self.server)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()

    def ask(self) -> socket.socket:
        """A connection that stays open after its first answer."""
        line = socket.create_connection(("127.0.0.1", int(self.server.effective_port)), timeout=10)
        line.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        seen = b""
        while not seen.endswith(b"ok"):
            seen += line.recv(1000)
        return line


def pipes_and_sockets() -> set[str]:
    """By their kernel's names, which are not given twice."""
    names = set[str]()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            names.add(os.readlink(f"/proc/self/fd/{number}"))
    return {name for name in names if name.startswith(("pipe:", "socket:"))}


def test_everybody_is_hung_up_on_and_nothing_stays_open() -> None:
    before = pipes_and_sockets()
    served = Served()
    with served.ask() as line:
        its = pipes_and_sockets() - before
        assert len(its) >= 3, "its pipe, where it listens, a connection"
        served.loop.stop(1.0)
        served.loop.stop(1.0)
        served.thread.join(10)
        assert not served.thread.is_alive()
        assert line.recv(10) == b"", "the open page is told"
    assert not its & pipes_and_sockets()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_pipe_is_open_until_the_last_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop may take up what `stop` left before `stop` has written: the write must not meet a closed pipe, or another file."""
    served = Served()
    trigger = served.server.trigger
    write = trigger._physical_pull

    def late() -> None:
        write()  # as another thread does, that has just answered somebody
        served.thread.join(0.5)
        write()

    with served.ask():
        monkeypatch.setattr(trigger, "_physical_pull", late)
        served.loop.stop(1.0)
        served.thread.join(10)
    assert not served.thread.is_alive()
