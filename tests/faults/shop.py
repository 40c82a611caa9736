"""The four processes of a demo, started from its own configuration without its supervisor, so that a campaign decides what
is killed, frozen, and robbed of its files, and when it comes back."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from edge.demo.layout import Layout
from edge.demo.supervise import python_module, spawn
from tests.faults.campaign import well
from tests.support.demo import Demo, until

# The order in which they are started; nobody has to wait for anybody.
MODULES = {"broker": ("edge.broker", "run"), "hq": ("edge.hq", "run"), "hub": ("edge.hub", "run"), "kiosk": ("kiosk",)}


class Shop:
    """A demo's folder, set up and then left by the demo itself. `ready` is the line of JSON it had printed."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        demo = Demo(folder, "--not-today-window", "1")
        self.ready = demo.ready
        assert demo.stop() == 0
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Shop:
        for name in MODULES:
            self.start(name)
        self.wait_well(60)
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(MODULES):
            self.kill(name)

    def start(self, name: str) -> None:
        """A process of its own session that ends with this one; ready or not, it is there."""
        command = python_module(*MODULES[name], "--config", str(self.layout.config(name)))
        with self.layout.log(name).open("ab") as log:
            self._processes[name] = spawn(command, log)

    def kill(self, name: str) -> None:
        """-9, with whatever it had started itself."""
        process = self._processes[name]
        for victim in self._family(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        process.wait()
        psutil.wait_procs(self._orphans(process.pid), timeout=10)

    def rob(self, name: str) -> None:
        """Delete every file of a process that is not running."""
        assert self._processes[name].poll() is not None
        shutil.rmtree(self.layout.data / name, ignore_errors=True)  # it may have been killed before it wrote any

    def freeze(self, names: list[str]) -> None:
        """As if the cable were out: they are there, and answer nobody."""
        self._signal(names, signal.SIGSTOP)

    def thaw(self, names: list[str]) -> None:
        """The cable is in again."""
        self._signal(names, signal.SIGCONT)

    def ended(self) -> dict[str, int]:
        """Processes that ended by themselves, with their status."""
        states = {name: process.poll() for name, process in self._processes.items()}
        return {name: status for name, status in states.items() if status is not None}

    def wait_well(self, within_s: float) -> None:
        """Until all of them are well; fails with what the logs said last."""
        try:
            until(lambda: all(well(self.ready[key]) for key in ("hq", "associates", "kiosk")), "everything is well", within_s)
        except AssertionError:
            words = [f"{name}: {self.last_words(name)}" for name in MODULES]
            raise AssertionError("not well again:\n" + "\n".join(words)) from None

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        return self.layout.log(name).read_text()[-1500:]

    def _signal(self, names: list[str], what: signal.Signals) -> None:
        for name in names:
            for process in self._family(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    os.kill(process.pid, what)

    def _family(self, name: str) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._processes[name].pid)
            return [*process.children(recursive=True), process]
        return []

    @staticmethod
    def _orphans(session: int) -> list[psutil.Process]:
        """Who is left of the session of a process that is gone."""
        left = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getsid(process.pid) == session:
                    left.append(process)
        return left
