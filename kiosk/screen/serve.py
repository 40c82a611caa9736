"""The web server under the screen: waitress, with a thread for every stream and some to spare."""

from __future__ import annotations

import threading
from typing import Any

import waitress  # type: ignore[import-untyped]  # ships no types
from flask import Flask

from edge.process.ports import cannot_listen
from edge.process.web_loop import WebLoop
from kiosk.screen.board import Board
from kiosk.screen.stream import STREAMS_MAX

# With waitress's own four threads, four open screens would stop the server for ever.
THREADS = STREAMS_MAX + 8
_STOP_S = 5.0


class ScreenServer:
    """Serves `app` from a thread of its own. Port 0 takes any free port."""

    def __init__(self, app: Flask, board: Board, host: str, port: int) -> None:
        self._board = board
        self._server = _bind(app, host, port)
        self._loop = WebLoop(self._server)
        self._thread = threading.Thread(target=self._loop.run, name="screen", daemon=True)

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.effective_port)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End every stream, close every socket, join every thread."""
        self._board.close()
        self._loop.stop(_STOP_S)
        if self._thread.is_alive():
            self._thread.join(_STOP_S)


def _bind(app: Flask, host: str, port: int) -> Any:
    try:
        return waitress.create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident="",  # no version banner
            channel_request_lookahead=1,  # keeps reading, and so notices a page that has gone
            connection_limit=256,
            channel_timeout=60,
        )
    except OSError as error:
        raise cannot_listen(host, port, "the screen", error) from None
