"""Starts a hub's threads, line and web server, and ends them cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.hub.config import HubConfig, Secrets
from edge.hub.web_server import WebServer
from edge.hub.wiring import Hub, LatePublisher, OwnStatus, accounts_of, build, hq_of, line_of
from edge.process.clock import Clock, SystemClock
from edge.process.errors import OperatorError
from edge.process.ids import Ids, SystemIds
from edge.process.logs import get_logger
from edge.process.notify import notify
from edge.transport.mqtt import MqttLine

log = get_logger(part="hub")
_JOIN_S = 5.0
_LOOK_EVERY_S = 5.0
_LOOK_AGAIN_S = 0.2


class RunningHub:
    """A hub at work. `stop()` is repeatable and leaves no thread."""

    def __init__(self, config: HubConfig, secrets: Secrets, clock: Clock | None = None, ids: Ids | None = None) -> None:
        clock, ids = clock or SystemClock(), ids or SystemIds()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        publish = LatePublisher()
        self._accounts = accounts_of(config)
        self.hub: Hub = build(
            config, secrets, clock=clock, ids=ids, publish=publish, accounts=self._accounts, hq=hq_of(config, secrets)
        )
        self._status = OwnStatus(config, self.hub.letterhead, clock)
        self._line: MqttLine = line_of(config, secrets, self.hub, self._link, self._status.payload)
        publish.connect(self._line)
        web = config.web
        try:
            self._server = WebServer(self.hub.app, web.host, web.port, web.threads)
        except OperatorError:
            self.hub.store.file.close()
            raise

    @property
    def port(self) -> int:
        """The port the web server listens on."""
        return self._server.port

    def start(self) -> None:
        """Start every part; returns at once."""
        hub = self.hub
        for part in ("broker", "ingest", "floor", "threads"):
            hub.health.ill(part, "starting", "Wait a moment.")
        self._start("ingest", hub.worker.run)
        self._start("announcer", lambda: hub.announcer.run(self._stopping.is_set))
        self._start("keeper", lambda: hub.keeper.run(self._stopping.wait))
        if hub.exchange is not None:
            exchange = hub.exchange
            self._start("exchange", lambda: exchange.run(self._stopping.is_set))
        self._start("health", self._watch)
        self._line.start()
        self._start("web", self._server.run)
        notify("READY=1")
        log.info("hub_started", port=self.port)

    def stop(self) -> None:
        """Say goodbye, finish what is queued, close."""
        if self._stopping.is_set():
            return
        notify("STOPPING=1")
        self._stopping.set()
        self._line.stop((self._status.topic, self._status.payload(False)))
        self.hub.worker.stop()
        self.hub.announcer.wake()
        if self.hub.exchange is not None:
            self.hub.exchange.wake()
        self._server.stop()
        for thread in self._threads:
            thread.join(_JOIN_S)
        self._accounts.close()
        self.hub.store.file.close()
        log.info("hub_stopped")

    def _start(self, name: str, run: Callable[[], object]) -> None:
        thread = threading.Thread(target=_watched, args=(name, run), name=f"hub-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _link(self, up: bool) -> None:
        if up:
            self._line.publish(self._status.topic, self._status.payload(True), retain=True)
        self.hub.announcer.link(up)

    def _watch(self) -> None:
        """What the line and the threads say of themselves, for /healthz and the service manager."""
        health = self.hub.health
        while True:
            problem = self._line.problem()
            well = problem is None and self._line.healthy()
            if well:
                health.well("broker")
            else:
                hint = "See that the broker runs." if problem is None else problem.hint
                health.ill("broker", "broker_unreachable" if problem is None else problem.code, hint)
            if all(thread.is_alive() for thread in self._threads):
                health.well("threads")
                notify("WATCHDOG=1")
            elif not self._stopping.is_set():
                health.ill("threads", "thread_ended", "Restart the hub; its log says which part ended.")
            if self._stopping.wait(_LOOK_EVERY_S if well else _LOOK_AGAIN_S):
                return


def _watched(name: str, run: Callable[[], object]) -> None:
    """A thread that ends by an error says so by its type, never by a traceback; `threads` is ill from then on."""
    try:
        run()
    except Exception as error:
        log.error("thread_ended", code="internal", thread=name, exc_info=error)
