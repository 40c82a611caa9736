"""The wish to end a process: from a signal in the middle of a wait, from a thread, before anybody waits."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

from edge.process.ending import Ending

# The main thread does nothing but wait, in waits without a pause, while signals rain on it. Each round is a process's end.
ROUNDS = 300
WAITS = f"""
import signal
from edge.process.ending import Ending
ending = Ending()
signal.signal(signal.SIGUSR1, lambda *_: ending.set())
print("ready", flush=True)
for _ in range({ROUNDS}):
    ending = Ending()
    while not ending.wait(0):
        pass
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
print("ended", flush=True)
"""


def test_signals_in_the_middle_of_waits_never_stop_the_process() -> None:
    """With threading.Event in its place this comes to a stand."""
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGUSR1)
        process.kill()
        assert process.stdout.read() == "ended\n", "it hangs"


def test_set_before_and_from_another_thread() -> None:
    ending = Ending()
    assert not ending.wait(0) and not ending.is_set()
    threading.Timer(0.02, ending.set).start()
    assert ending.wait(10) and ending.is_set()
    ending.set()
    assert ending.wait()
