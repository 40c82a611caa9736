"""Something at the other end of a pty that is no reader of ours, or a broken one."""

from __future__ import annotations

import contextlib
import os
import threading
import tty
from collections.abc import Callable, Iterator

Answer = bytes | None | Callable[[bytes], bytes | None]


class Peer:
    """Says its answer to whatever comes."""

    def __init__(self, answer: Answer) -> None:
        """answer: None sends everything back; a function is given what came, and hangs up with None."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.tty, self._answer, self._stop = os.ttyname(self._slave), answer, threading.Event()
        os.set_blocking(self._master, False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            try:
                data = os.read(self._master, 4096)
            except BlockingIOError:
                continue
            said = self._answer(data) if callable(self._answer) else data if self._answer is None else self._answer
            if said is None:
                os.close(self._master)
                self._master = -1
                return
            os.write(self._master, said)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)


@contextlib.contextmanager
def peer(answer: Answer) -> Iterator[str]:
    """The path of a port behind which somebody says `answer`."""
    made = Peer(answer)
    try:
        yield made.tty
    finally:
        made.close()
