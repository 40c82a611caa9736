"""The loop of a web server (waitress), ended from another thread."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]  # ships no types

# Between the end of the loop and the write that ended it lies one system call.
_WRITTEN_WITHIN_S = 5.0


class WebLoop:
    """Every socket is closed by the thread that owns it. The pipe that wakes this thread is closed last, when nobody writes into
    it any more: by then its number could be that of another file.

    server: as waitress.create_server makes it for one socket.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._stop_once = threading.Lock()
        self._woken = threading.Event()

    def run(self) -> None:
        """Serve until `stop`; called on a thread of its own."""
        self._server.run()
        self._woken.wait(_WRITTEN_WITHIN_S)
        self._server.trigger.close()

    def stop(self, tasks_s: float) -> None:
        """Let running requests finish within tasks_s seconds, give up those that wait, hang up on everybody. Once is enough."""
        if not self._stop_once.acquire(blocking=False):
            return
        self._server.task_dispatcher.shutdown(timeout=tasks_s)
        self._server.trigger.pull_trigger(self._hang_up)
        self._woken.set()

    def _hang_up(self) -> None:
        for connection in list(self._server._map.values()):
            if connection is self._server.trigger:
                connection.del_channel()  # nothing is left to wait for, and the loop ends
                continue
            with contextlib.suppress(OSError):  # one that cannot be closed must not keep the others
                if connection is self._server:
                    wasyncore.dispatcher.close(connection)  # its own close would take the pipe along
                else:
                    connection.close()
