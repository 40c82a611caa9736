"""A real demo for tests: `python -m edge.demo --json` in a folder and on ports of its own, its people, and its processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psutil

from tests.support.parts import ROOT

READY_WITHIN_S = 90.0
MODULES = {"broker": "edge.broker", "hq": "edge.hq", "hub": "edge.hub", "kiosk": "kiosk"}


def five_free_ports() -> int:
    """First of five neighbouring ports that are free now, below those the system gives to outgoing connections (32768 ...)."""
    for first in range(20000 + os.getpid() % 500 * 20, 32700, 5):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + 5):
                probe = stack.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
            return first
    raise AssertionError("no five neighbouring ports are free")


def until(check: Callable[[], Any], what: str, within_s: float = 20.0) -> Any:
    """The first true answer of `check`; fails with `what` when there is none in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s for: {what}"
        time.sleep(0.03)


class Demo:
    """A running demo. `ready`: the JSON line it printed."""

    def __init__(self, folder: Path, *options: str, broker: str | None = None) -> None:
        self.folder = folder
        self.first_port = five_free_ports()
        self._options = options
        self._environment = dict(os.environ, SHOPBELL_DEMO_DIR=str(folder))
        if broker:
            self._environment["SHOPBELL_DEMO_BROKER"] = broker
        self.start()

    def start(self, *options: str) -> None:
        command = [sys.executable, "-m", "edge.demo", "--json", "--dir", str(self.folder), "--ports-from", str(self.first_port)]
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [*command, *self._options, *options],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        watchdog = threading.Timer(READY_WITHIN_S, self.process.kill)
        watchdog.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        watchdog.cancel()
        assert line, "the demo did not get ready:\n" + "".join(self.said) + self.logs()
        self.ready: dict[str, Any] = json.loads(line)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def logs(self) -> str:
        parts = [f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted((self.folder / "logs").glob("*.log"))]
        return "\n".join(parts)

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C, and the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(30)

    def children(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def pid_of(self, name: str) -> int:
        """The process that runs one of broker, hq, hub, kiosk now."""
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                words = child.cmdline()
                if MODULES[name] in words[:3] and child.parent().pid == self.process.pid:
                    return child.pid
        raise AssertionError(f"{name} is not running")

    def kill(self, name: str) -> None:
        """-9, and whatever it started itself with it, as a power cut of that one box would."""
        process = psutil.Process(self.pid_of(name))
        for victim in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()

    def tap(self, card: str, hold_s: float = 0.3) -> None:
        """`shopbell tap`, as a person would."""
        result = subprocess.run(
            [sys.executable, "-m", "edge.command", "tap", card, "--dir", str(self.folder), "--hold", str(hold_s)],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr

    def browser_session(self, name: str) -> Associate:
        account = next(one for one in self.ready["associate_accounts"] if one["name"] == name)
        return Associate(self.ready["associates"], account["name"], account["sign_in"])

    def healthz(self, name: str) -> dict[str, Any]:
        """What a process says of itself; `{}` where it does not answer."""
        url = self.ready[{"hub": "associates"}.get(name, name)]
        try:
            with urllib.request.urlopen(url + "healthz", timeout=3) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {}


@contextlib.contextmanager
def running_demo(folder: Path, *options: str, broker: str | None = None) -> Iterator[Demo]:
    """A demo that is ended, children and all, whatever the test does."""
    demo = Demo(folder, *options, broker=broker)
    try:
        yield demo
    finally:
        family = demo.children()
        with contextlib.suppress(subprocess.TimeoutExpired):
            demo.stop()
        for process in [*family, psutil.Process()]:
            if process.pid != os.getpid():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        if demo.process.poll() is None:
            demo.process.kill()


class Associate:
    """An associate's phone without its screen: signs in over HTTP, listens over MQTT, acts with idempotency keys."""

    def __init__(self, base: str, name: str, pin: str) -> None:
        self._base = base.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._csrf = ""
        self.alerts: list[dict[str, Any]] = []
        self.heard_at: list[float] = []  # of each, on the monotonic clock
        status, session = self.call("POST", "/api/v1/session", {"associate": name, "pin": pin})
        assert status == 200, session
        self._csrf = session["csrf"]
        self.session = session
        self._listen(session["broker"])

    def _listen(self, broker: dict[str, str]) -> None:
        host, _, port = broker["url"].partition("//")[2].rstrip("/").partition(":")
        client_id = f"{broker['username']}.{os.urandom(4).hex()}"
        self._line = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=client_id, transport="websockets", reconnect_on_failure=True
        )
        self._line.username_pw_set(broker["username"], broker["password"])
        self._line.reconnect_delay_set(1, 1)
        subscribed = threading.Event()
        self._line.on_connect = lambda *_: self._line.subscribe(broker["alert_topic"], qos=1)
        self._line.on_subscribe = lambda *_: subscribed.set()
        self._line.on_message = lambda _c, _u, message: self._hear(message.payload)
        self._line.connect(host, int(port.partition("/")[0]), keepalive=15)
        self._line.loop_start()
        assert subscribed.wait(15), "no subscription"

    def _hear(self, payload: bytes | bytearray) -> None:
        self.heard_at.append(time.monotonic())
        self.alerts.append(json.loads(payload))

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Status and decoded body."""
        headers = {
            "Content-Type": "application/json",
            "X-Shopbell-Csrf": self._csrf,
            "Idempotency-Key": key or os.urandom(8).hex(),
        }
        data = None if body is None and method == "GET" else json.dumps({} if body is None else body).encode()
        request = urllib.request.Request(self._base + path, data=data, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=15) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def newest(self) -> dict[str, dict[str, Any]]:
        """alert_id -> its highest revision received."""
        newest: dict[str, dict[str, Any]] = {}
        for alert in self.alerts:
            if alert["rev"] >= newest.get(alert["alert_id"], alert)["rev"]:
                newest[alert["alert_id"]] = alert
        return newest

    def close(self) -> None:
        self._line.loop_stop()
        self._line.disconnect()
