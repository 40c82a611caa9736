"""What time alone does: alerts escalate and expire, visits close, sessions end, old answers are dropped."""

from __future__ import annotations

from collections.abc import Callable

from edge.associates.moments import Moment
from edge.hub.floor_desk import Due, FloorDesk
from edge.hub.metrics import HubMetrics
from edge.hub.reception import Reception
from edge.hub.store import alerts, idempotency, sessions
from edge.hub.store.times import now_of
from edge.outbox.box import Outbox
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile

log = get_logger(part="keeper")

EVERY_S = 1.0
_PRUNE_EVERY_S = 300.0


class Keeper:
    """changed: called after alerts changed. look: at what lies beside the store, such as the key file; it tells health itself."""

    def __init__(
        self,
        *,
        file: SqliteFile,
        store: str,
        desk: FloorDesk,
        reception: Reception,
        outbox: Outbox,
        changed: Callable[[], None],
        metrics: HubMetrics,
        health: Health,
        clock: Clock,
        look: Callable[[], object] | None = None,
    ) -> None:
        self._file, self._store, self._desk, self._reception, self._outbox = file, store, desk, reception, outbox
        self._changed, self._metrics, self._health, self._clock = changed, metrics, health, clock
        self._look = look
        self._pruned: float | None = None

    def run(self, wait: Callable[[float], bool]) -> None:
        """Every second until `wait(seconds)` says stop."""
        while not wait(EVERY_S):
            try:
                self.turn()
            except Exception as error:  # one bad second must not stop the floor's clock
                log.error("keeper_failed", code="keeper_failed", exc_info=error)
                self._health.ill("floor", "keeper_failed", "Look at the hub's log and its disk; alerts expire late until then.")
            else:
                self._health.well("floor")

    def turn(self) -> None:
        """One look at everything that time changes."""
        self._reception.end_old_sessions()
        if self._look is not None:
            self._look()
        now = now_of(self._clock)
        with self._file.read() as connection:
            due = self._desk.due(connection, now)
        prune = self._pruned is None or now.mono - self._pruned >= _PRUNE_EVERY_S
        moved = self._write(due, now, prune=prune) if due or prune else 0
        if moved:
            self._changed()
        self._measure()

    def _write(self, due: Due, now: Moment, *, prune: bool) -> int:
        with self._file.write() as connection:
            moved = self._desk.tick(connection, due, now)
            if prune:
                idempotency.prune(connection, self._store, now)
                self._pruned = now.mono
        return moved

    def _measure(self) -> None:
        with self._file.read() as connection:
            live = alerts.count_live(connection, self._store)
            self._metrics.sessions.set(len(sessions.every(connection, self._store)))
        for state in ("open", "claimed"):
            self._metrics.live_alerts.labels(state).set(live.get(state, 0))
        self._metrics.facts_waiting.set(self._outbox.count())
        self._metrics.facts_parked.set(self._outbox.count("parked"))
