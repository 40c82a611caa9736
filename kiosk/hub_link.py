"""The kiosk's side of the conversation with its hub: sends what waits, takes answers and news, keeps the status.

One thread; the line's own thread only drops things into the mailbox.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from edge.contracts.envelope import ARRIVAL_MAX_BYTES
from edge.contracts.errors import ContractError
from edge.contracts.status import Problem
from edge.outbox.plan import Backoff, Row, plan, steady_jitter
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.logs import get_logger
from kiosk.answers import Answers
from kiosk.messages import Messages
from kiosk.metrics import PARKED, WAITING
from kiosk.records.book import Book
from kiosk.sent import NOTED_AFTER_S, Sent

# Arrivals sent and not yet answered: several times what a hub commits at once, far below what a broker queues for a
# client (mosquitto: 1000), so that a long backlog drains as fast as the hub can file it and nothing is thrown away midway.
WINDOW = 200
# A full window is filled up again when so many of it are answered: looking at what waits costs as much as sending some ten rows.
REFILL = WINDOW // 4
# Looked at in each turn: with at most WINDOW rows in their backoff, so many always hold all that may be sent now.
ROWS_LOOKED_AT = 2 * WINDOW
# A stored arrival grows when it is stamped (id, seq, age_s); larger than the rest, and the hub would refuse it again and again.
STORED_MAX_BYTES = ARRIVAL_MAX_BYTES - 64
MAILBOX = 500
LOOK_EVERY_S = 5.0
SILENT_AFTER_TRIES = 4  # about seven seconds without an answer
log = get_logger(part="hub_link")


class LineProblem(Protocol):
    """Why the line is not well."""

    @property
    def code(self) -> str: ...
    @property
    def hint(self) -> str: ...


class Line(Protocol):
    """edge.transport.mqtt.MqttLine, as far as it is used here."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool: ...
    def problem(self) -> LineProblem | None: ...


class _Mail(Struct):
    topic: str
    payload: bytes


class HubLink:
    """news(payload) is told of news; it must only enqueue. `deliver` and `link` belong to the line, `wake` to the tap loop."""

    def __init__(
        self,
        *,
        book: Book,
        messages: Messages,
        answers: Answers,
        news: Callable[[bytes], None],
        health: Health,
        clock: Clock,
        salt: str,
    ) -> None:
        self._book, self._messages, self._answers = book, messages, answers
        self._news, self._health, self._clock = news, health, clock
        self._sent = Sent(book.outbox)
        self._backoff = Backoff(jitter=steady_jitter(salt))
        self._changed = threading.Condition()
        self._mail: deque[_Mail] = deque()
        self._up = self._came_up = self._awake = self._stopping = False
        self._silent = False
        self._full = False  # as much is under way as may be: another row waits with those before it
        self._settled = 0  # since the outbox was last looked at
        self._look_by = 0.0
        self._said: list[Problem] | None = None
        self.lost_mail = 0

    @property
    def heard(self) -> bool:
        """Whether somebody listens: the broker can be reached and the hub has not fallen silent."""
        return self._up and not self._silent

    def deliver(self, topic: str, payload: bytes) -> None:
        """From the line's thread. A full mailbox drops: what matters is answered again after the next resend."""
        with self._changed:
            if len(self._mail) >= MAILBOX:
                self.lost_mail += 1
                return
            self._mail.append(_Mail(topic, payload))
            self._changed.notify()

    def link(self, up: bool) -> None:
        """From the line's thread: the connection came or went."""
        with self._changed:
            self._up, self._came_up = up, self._came_up or up
            self._changed.notify()

    def wake(self) -> None:
        """A row was put into the outbox."""
        with self._changed:
            self._awake = True
            self._changed.notify()

    def stop(self) -> None:
        """Let `run` end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self, line: Line) -> None:
        """Send, take and report until stopped."""
        wait_s = 0.0
        while self._wait(wait_s):
            try:
                wait_s = self.turn(line)
            except sqlite3.Error as error:
                log.warning("store_failed", code="store_failed", exc_info=error)
                self._health.ill("outbox", "store_failed", "See the free space of the kiosk's disk.")
                wait_s = 1.0
            except Exception as error:  # one bad message must not end the conversation; its type and place are logged
                log.error("link_failed", code="internal", exc_info=error)
                wait_s = 1.0

    def turn(self, line: Line) -> float:
        """One round of `run`; returns the seconds until there may be more to do without anybody waking us."""
        self._read_mail()
        if not self._worth_a_look():
            return NOTED_AFTER_S
        wait_s = self._send(line)
        self._report(line)
        return wait_s

    # --- the mailbox ----------------------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> bool:
        """Until there is something to do; False when it is time to stop."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._mail or self._came_up or (self._awake and not self._full) or self._stopping,
                min(seconds, LOOK_EVERY_S),
            )
            self._awake = False
            return not self._stopping

    def _read_mail(self) -> None:
        with self._changed:
            mail = list(self._mail)
            self._mail.clear()
        for letter in mail:
            if letter.topic == self._messages.answer_topic:
                settled = self._answers.take(letter.payload)
                self._settled += settled
                if settled:
                    self._health.well("hub")
            elif letter.topic == self._messages.news_topic:
                self._news(letter.payload)
            else:
                log.warning("message_refused", code="topic_unknown")

    # --- sending --------------------------------------------------------------------------------------------------

    def _worth_a_look(self) -> bool:
        """Not while a full window empties; then in steps, and often enough for whatever the hub leaves unanswered."""
        now = self._clock.monotonic()
        if self._full and not self._came_up and self._settled < REFILL and now < self._look_by:
            return False
        self._settled, self._look_by = 0, now + NOTED_AFTER_S
        return True

    def _send(self, line: Line) -> float:
        """Hand over what is due; returns the seconds until more may be."""
        came_up = self._take_came_up()
        if not self._up:
            return LOOK_EVERY_S
        if came_up:  # nothing sent before is still under way: everything is due at once
            self._sent.forget()
            self._book.outbox.due_now()
            self._said = None
        rows = self._sent.others(ROWS_LOOKED_AT, self._clock.monotonic())
        self._judge_hub(rows)
        room = WINDOW - len(self._sent) - self._under_way(rows)
        self._full = room <= 0
        if self._full:
            return NOTED_AFTER_S
        now, boot = self._clock.monotonic(), self._clock.boot()
        todo = plan(rows, now=now, boot=boot, batch=room, backoff=self._backoff, max_bytes=STORED_MAX_BYTES)
        if todo.park:
            for seq, code in todo.park:
                log.error("arrival_parked", code=code, seq=seq)
            self._book.outbox.park_planned(todo.park)
        by_seq = {row.seq: row for row in rows}
        self._full = len(todo.send) == room
        sent = self._hand_over(line, [by_seq[seq] for seq in todo.send])
        if sent < len(todo.send):
            return 1.0
        wait_s = LOOK_EVERY_S if todo.wait_s is None else max(0.05, todo.wait_s)
        return min(wait_s, NOTED_AFTER_S) if self._sent else wait_s

    def _hand_over(self, line: Line, rows: list[Row]) -> int:
        """Publish in order and note the tries; stops at the first that the line does not take. Returns how many are settled."""
        sent: list[Row] = []
        unreadable: list[Row] = []
        for row in rows:
            try:
                payload = self._messages.arrival(row)
            except ContractError as error:
                log.error("row_unreadable", code=error.code, seq=row.seq)
                unreadable.append(row)
                continue
            if not line.publish(self._messages.arrival_topic, payload):
                break
            sent.append(row)
        if sent:
            self._sent.add(sent, self._clock.monotonic())
        for row in unreadable:
            self._book.outbox.park(
                row.key, "row_unreadable", "The stored arrival cannot be read any more; keep the file for support."
            )
        return len(sent) + len(unreadable)

    def _under_way(self, rows: list[Row]) -> int:
        now, boot = self._clock.monotonic(), self._clock.boot()
        return sum(
            row.tried_monotonic is not None
            and row.tried_boot == boot
            and 0 <= now - row.tried_monotonic < self._backoff.delay_s(row.seq, row.tries)
            for row in rows
        )

    def _take_came_up(self) -> bool:
        with self._changed:
            came_up, self._came_up = self._came_up, False
            return came_up

    # --- what is said of it ---------------------------------------------------------------------------------------

    def _judge_hub(self, rows: list[Row]) -> None:
        self._silent = max(self._sent.most_tries - 1, *(row.tries for row in rows), 0) >= SILENT_AFTER_TRIES
        if self._silent:
            self._health.ill(
                "hub", "hub_silent", "Arrivals are not answered: see that the hub runs (shopbell doctor on the hub)."
            )
        elif not rows and not self._sent:
            self._health.well("hub")

    def _report(self, line: Line) -> None:
        problem = line.problem()
        if problem is None:
            self._health.well("broker")
        else:
            self._health.ill("broker", problem.code, problem.hint)
        parked = self._book.outbox.count("parked")
        WAITING.set(self._book.outbox.count())
        PARKED.set(parked)
        if parked:
            hint = f"{parked} arrivals will never be taken as they are: the kiosk's log says why of each, by its code."
            self._health.ill("outbox", "arrivals_parked", hint)
        else:
            self._health.well("outbox")
        self._say_status(line)

    def _say_status(self, line: Line) -> None:
        """Retained, on every connect and whenever a problem comes or goes."""
        report = self._health.report()
        problems = [Problem(part.code, part.hint) for part in report.parts if not part.well]
        if not self._up or problems == self._said:
            return
        if line.publish(self._messages.status_topic, self._messages.status(report, online=True), retain=True):
            self._said = problems
