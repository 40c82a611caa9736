"""Tells associates about alerts and kiosks about news. What is to be told stands in the database, so a restart forgets none."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence

from edge.associates.floor import FloorAlert
from edge.associates.moments import Moment
from edge.contracts import topics
from edge.contracts.alert import Alert
from edge.contracts.envelope import encode
from edge.contracts.news import News
from edge.hub.alert_message import AlertMessages
from edge.hub.letterhead import Letterhead
from edge.hub.metrics import HubMetrics
from edge.hub.store import alerts, directory
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile

log = get_logger(part="announcer")

_AT_ONCE = 100
_IDLE_S = 5.0
# One notice for many changes: an import of a thousand cards is one piece of news, not a thousand.
NEWS_EVERY_S = 1.0


class Announcer:
    """publish(topic, payload) hands over to the broker; False leaves the alert to be told again."""

    def __init__(
        self,
        *,
        file: SqliteFile,
        store: str,
        kiosks: Sequence[str],
        messages: AlertMessages,
        letterhead: Letterhead,
        publish: Callable[[str, bytes], bool],
        metrics: HubMetrics,
        clock: Clock,
    ) -> None:
        self._file, self._store, self._kiosks = file, store, tuple(kiosks)
        self._messages, self._letterhead, self._publish = messages, letterhead, publish
        self._metrics, self._clock = metrics, clock
        self._wake = threading.Event()
        self._told_cursor = -1
        self._told_at: float | None = None
        self._came_back = False

    def wake(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    def link(self, up: bool) -> None:
        """The broker came back: what was handed over just before may have reached nobody, so all that is live is told again."""
        if up:
            self._came_back = True
            self._wake.set()

    def run(self, stop: Callable[[], bool]) -> None:
        """Until `stop()`; call `wake()` to make it look at once."""
        while not stop():
            self._wake.clear()
            try:
                wait_s = self.turn()
            except Exception as error:  # a fault in one turn must not silence the store
                log.error("announcer_failed", code="announcer_failed", exc_info=error)
                wait_s = 1.0
            self._wake.wait(wait_s)

    def turn(self) -> float:
        """Tell what is to be told; returns seconds until the next look."""
        if self._came_back:
            self._came_back = False
            self._told_cursor = -1
            with self._file.write() as connection:
                alerts.tell_again(connection, self._store)
        self._tell_alerts()
        return self._tell_news()

    def _tell_alerts(self) -> None:
        told = self._tell_some()
        while told:
            told = self._tell_some()

    def _tell_some(self) -> bool:
        """Up to a hundred alerts; True if there may be more."""
        with self._file.read() as connection:
            waiting = alerts.unpublished(connection, self._store, _AT_ONCE)
            now = now_of(self._clock)
            messages = [(alert, self._letters(connection, alert, now)) for alert in waiting]
        told = []
        for alert, letters in messages:
            if not all(self._publish(topics.alert(self._store, name), encode(letter)) for name, letter in letters):
                break  # no link: all of it again, later; phones keep the highest revision
            told.append((alert.alert_id, alert.rev))
        if told:
            with self._file.write() as connection:
                alerts.mark_published(connection, self._store, told)
            self._metrics.alerts.labels("told").inc(len(told))
        return len(told) == _AT_ONCE

    def _letters(self, connection: sqlite3.Connection, alert: FloorAlert, now: Moment) -> list[tuple[str, Alert]]:
        """(associate, message) for everybody the alert goes to."""
        names = [recipient.associate for recipient in alert.recipients]
        return list(zip(names, self._messages.build_each(connection, alert, names, now), strict=True))

    def _tell_news(self) -> float:
        with self._file.read() as connection:
            cursor = directory.newest(connection, self._store)
        self._metrics.directory.set(cursor)
        if cursor == self._told_cursor:
            return _IDLE_S
        now = self._clock.monotonic()
        if self._told_at is not None and now - self._told_at < NEWS_EVERY_S:
            return NEWS_EVERY_S - (now - self._told_at)
        sent = [self._publish(topics.news(self._store, kiosk), self._news(cursor)) for kiosk in self._kiosks]
        if all(sent):
            self._told_cursor, self._told_at = cursor, now
        return _IDLE_S

    def _news(self, cursor: int) -> bytes:
        return encode(News(**self._letterhead.head(), what="directory", cursor=cursor))
