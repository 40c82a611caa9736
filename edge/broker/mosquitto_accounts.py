"""Accounts of a running Mosquitto, through the control topic of its dynamic-security plugin.

Mosquitto starts with the device accounts only (edge.broker.mosquitto). So what was put at run time is remembered here and put
again whenever the line to the broker comes back; a change that was not confirmed is tried again every half minute.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

from edge.broker.dynsec import (
    COMMAND_TOPIC,
    RESPONSE_TOPIC,
    Response,
    encode,
    keep_commands,
    put_commands,
    read_responses,
    remove_commands,
)
from edge.broker.errors import AccountsError
from edge.broker.rights import Rights
from edge.process.logs import get_logger
from edge.transport.mqtt import MqttLine

ANSWER_WITHIN_S = 5.0
LOOK_EVERY_S = 30.0
log = get_logger(part="accounts")


class MosquittoAccounts:
    """See edge.broker.accounts.Accounts. Usable from any thread; changes are made one after the other."""

    def __init__(self, *, host: str, port: int, username: str, password: str, client_id: str) -> None:
        self._wanted: dict[str, tuple[str, Rights]] = {}
        self._unwanted: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._one_at_a_time = threading.RLock()
        self._changed = threading.Condition()
        self._answers: dict[str, list[Response]] = {}
        self._numbers = itertools.count(1)
        self._up = False
        self._closing = False
        self._came_back = threading.Event()
        self._line = MqttLine(
            host=host,
            port=port,
            username=username,
            password=password,
            client_id=client_id,
            subscriptions=[RESPONSE_TOPIC],
            will=None,
            deliver=self._deliver,
            link=self._link,
        )
        self._worker = threading.Thread(target=self._restore_for_ever, name="broker-accounts", daemon=True)
        self._worker.start()
        self._line.start()

    def put(self, username: str, password: str, rights: Rights) -> None:
        """Make or replace the account; raises AccountsError when that was not confirmed within 5 s."""
        with self._one_at_a_time:
            self._unwanted.discard(username)
            self._wanted[username] = (password, rights)
            self._unconfirmed.add(username)
            self._ask(put_commands(username, password, rights), "making a broker account")
            self._unconfirmed.discard(username)

    def keep(self, username: str, password: str, rights: Rights) -> None:
        """Make the account where it is missing; raises AccountsError when that was not confirmed within 5 s."""
        with self._one_at_a_time:
            if username in self._unconfirmed or self._wanted.get(username) != (password, rights):
                self.put(username, password, rights)
            else:
                self._ask(keep_commands(username, password, rights), "keeping a broker account")

    def remove(self, username: str) -> None:
        """Remove the account and cut its clients off; raises AccountsError when that was not confirmed within 5 s."""
        with self._one_at_a_time:
            self._wanted.pop(username, None)
            self._unconfirmed.discard(username)
            self._unwanted.add(username)
            self._ask(remove_commands(username), "removing a broker account")
            self._unwanted.discard(username)

    def healthy(self) -> bool:
        """Whether changes can be made now."""
        return self._line.healthy()

    def close(self) -> None:
        """End the line; accounts stay."""
        self._closing = True
        self._came_back.set()
        self._line.stop()
        self._worker.join(timeout=ANSWER_WITHIN_S)

    def _ask(self, commands: list[dict[str, Any]], tried: str) -> None:
        correlation = str(next(self._numbers))
        with self._changed:
            if not self._changed.wait_for(lambda: self._up or self._closing, ANSWER_WITHIN_S) or self._closing:
                raise AccountsError("broker_unreachable", tried, "See that the broker runs and knows the admin account.")
            self._answers[correlation] = []
        try:
            if not self._line.publish(COMMAND_TOPIC, encode(commands, correlation)):
                raise AccountsError("broker_unreachable", tried, "The line to the broker was lost; it is made again.")
            self._await(correlation, len(commands), tried)
        finally:
            with self._changed:
                del self._answers[correlation]

    def _await(self, correlation: str, count: int, tried: str) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._answers[correlation]) >= count, ANSWER_WITHIN_S):
                raise AccountsError("accounts_unanswered", tried, "See that the admin account may use Mosquitto's control topic.")
            failed = [answer for answer in self._answers[correlation] if answer.failed()]
        if failed:
            raise AccountsError("accounts_refused", tried, f"Mosquitto says: {failed[0].command}: {failed[0].error}.")

    # --- the line's thread: only notes and wakes ------------------------------------------------------------------

    def _deliver(self, _topic: str, payload: bytes) -> None:
        with self._changed:
            for answer in read_responses(payload):
                if answer.correlationData in self._answers:
                    self._answers[answer.correlationData].append(answer)
            self._changed.notify_all()

    def _link(self, up: bool) -> None:
        with self._changed:
            self._up = up
            self._changed.notify_all()
        if up:
            self._came_back.set()

    # --- the worker's thread --------------------------------------------------------------------------------------

    def _restore_for_ever(self) -> None:
        while True:
            came_back = self._came_back.wait(LOOK_EVERY_S)
            if self._closing:
                return
            self._came_back.clear()
            if not came_back and not (self._up and (self._unwanted or self._unconfirmed)):
                continue
            try:
                self._restore()
            except AccountsError as error:
                log.warning("accounts_not_restored", code=error.code)
            except Exception as error:  # without this thread, a broker that comes back would know nobody
                log.error("accounts_not_restored", code="internal", exc_info=error)

    def _restore(self) -> None:
        """After a connect, or when something is unconfirmed: remove what could not be removed, and make again what a restarted
        broker has forgotten."""
        with self._one_at_a_time:
            for username in sorted(self._unwanted):
                self._ask(remove_commands(username), "removing a broker account")
                self._unwanted.discard(username)
            for username, (password, rights) in sorted(self._wanted.items()):
                make = put_commands if username in self._unconfirmed else keep_commands
                self._ask(make(username, password, rights), "restoring a broker account")
                self._unconfirmed.discard(username)
