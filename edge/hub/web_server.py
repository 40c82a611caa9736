"""Waitress, stoppable: kept-alive connections must not hold up the goodbye."""

from __future__ import annotations

import socket

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]  # waitress ships no types

from edge.process.ports import cannot_listen
from edge.process.web_loop import WebLoop

# Larger bodies than the app's own limit are still answered by the app, as JSON.
_BODY_BYTES = 1024 * 1024
_TASKS_S = 3.0


class WebServer:
    """Binds at once, so that a taken port is told before anything starts. Raises OperatorError `port_in_use`."""

    def __init__(self, app: Flask, host: str, port: int, threads: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=256)
        except (OSError, UnicodeError, TypeError) as error:  # the last two: a host no resolver takes
            raise cannot_listen(host, port, "the associates' app", error) from None
        self.port = int(listening.getsockname()[1])
        server = create_server(
            app,
            sockets=[listening],
            threads=threads,
            max_request_body_size=_BODY_BYTES,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self._loop = WebLoop(server)

    def run(self) -> None:
        """Serve until `stop`; called on a thread of its own."""
        self._loop.run()

    def stop(self) -> None:
        """Let running requests finish (3 s at most), then hang up on everybody."""
        self._loop.stop(_TASKS_S)
