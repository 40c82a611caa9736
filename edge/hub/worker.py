"""Takes arrivals and statuses off a bounded queue, stores a group in one commit, and answers only afterwards."""

from __future__ import annotations

import queue
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated

import msgspec

from edge.contracts import topics
from edge.contracts.answer import ANSWER_MAX_RESULTS, Answer, ArrivalResult
from edge.contracts.arrival import Arrival, read_arrival
from edge.contracts.envelope import Id, encode
from edge.contracts.errors import ContractError
from edge.contracts.topics import TopicName
from edge.hub import ingest
from edge.hub.device_desk import DeviceDesk
from edge.hub.filing import Filing
from edge.hub.letterhead import Letterhead
from edge.hub.metrics import HubMetrics
from edge.hub.store.times import now_of
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.logs import get_logger
from edge.process.sqlite_file import SqliteFile

log = get_logger(part="ingest")

QUEUE_MOST = 5000
GROUP_MOST = 50
# Below the broker's limit on packets with room for the topic; fifty long results may need two messages.
ANSWER_BYTES = 15_000


@dataclass(frozen=True, slots=True)
class _Post:
    """One message that came to a known kind of topic. arrival: None when it was refused before it could be read."""

    topic: TopicName
    arrival: Arrival | None
    result: ArrivalResult | None


class _Identity(msgspec.Struct):
    arrival_id: Id
    rev: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0


class IngestWorker:
    """kiosks: names that are configured. publish(topic, payload) hands over to the broker. committed: called after a commit."""

    def __init__(
        self,
        *,
        file: SqliteFile,
        store: str,
        kiosks: Collection[str],
        filing: Filing,
        devices: DeviceDesk,
        letterhead: Letterhead,
        publish: Callable[[str, bytes], bool],
        committed: Callable[[], None],
        metrics: HubMetrics,
        health: Health,
        clock: Clock,
    ) -> None:
        self._file, self._store, self._kiosks = file, store, frozenset(kiosks)
        self._filing, self._devices, self._letterhead = filing, devices, letterhead
        self._publish, self._committed = publish, committed
        self._metrics, self._health, self._clock = metrics, health, clock
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue(QUEUE_MOST)

    def deliver(self, topic: str, payload: bytes) -> None:
        """Called on the broker line's thread: enqueue, or drop and count (the kiosk sends again)."""
        try:
            self._queue.put_nowait((topic, payload))
        except queue.Full:
            self._metrics.arrivals_dropped.inc()

    def stop(self) -> None:
        """End `run` after what is queued now."""
        self._queue.put(None)

    def run(self) -> None:
        """Until `stop`; nothing that comes over the wire ends it."""
        self._health.well("ingest")
        while True:
            group, last = self._collect()
            if group:
                self._take_safely(group)
            if last:
                return

    def take(self, group: list[tuple[str, bytes]]) -> None:
        """Store one group in one commit, then answer. Raises what the database raises; then nobody is answered."""
        posts = [post for topic, payload in group if (post := self._read(topic, payload)) is not None]
        filed: list[tuple[str, ArrivalResult]] = []
        with self._metrics.commit_seconds.time(), self._file.write() as connection:
            for post in posts:
                result = post.result or self._file_one(connection, post)
                if result is not None:
                    filed.append((post.topic.name, result))
        self._answer(filed)  # somebody stands before a screen; what is counted and told can follow
        self._count(posts, filed)
        if filed:
            self._committed()

    def _collect(self) -> tuple[list[tuple[str, bytes]], bool]:
        first = self._queue.get()
        group: list[tuple[str, bytes]] = []
        while first is not None:
            group.append(first)
            if len(group) >= GROUP_MOST:
                return group, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _take_safely(self, group: list[tuple[str, bytes]]) -> None:
        try:
            self.take(group)
        except sqlite3.Error as error:
            self._metrics.arrivals_failed.labels("store").inc(len(group))
            self._health.ill("store", "store_not_written", "See the disk's free space and health; kiosks keep what they send.")
            log.error("group_not_stored", code="store_not_written", size=len(group), exc_info=error)
        except Exception as error:  # a fault in one group must not end ingest
            self._metrics.arrivals_failed.labels("fault").inc(len(group))
            log.error("group_failed", code="ingest_fault", size=len(group), exc_info=error)
        else:
            self._health.well("store")

    def _read(self, topic: str, payload: bytes) -> _Post | None:
        """A message to file or to refuse; None where nobody can be answered (counted all the same)."""
        try:
            name = topics.parse(topic)
        except ContractError as error:
            self._lost(error.code, error.hint)
            return None
        if name.channel == "status":
            self._devices.take(name, payload)
            return None
        if name.channel != "arrival" or name.kind != "kiosk":
            self._lost("topic_unknown", "Arrivals come under .../kiosk/NAME/arrival; see the broker's rights.")
            return None
        if name.store != self._store:
            # our kiosk of that name did not send this, so nothing is said to it
            self._lost("store_wrong", "This broker carries another store's messages; see its rights.")
            return None
        return self._judge(name, payload)

    def _judge(self, name: TopicName, payload: bytes) -> _Post | None:
        try:
            arrival = read_arrival(payload)
        except ContractError as error:
            unread = _refused_unread(payload, error)
            if unread is None:
                self._lost(error.code, error.hint)
                return None
            return _Post(name, None, unread)
        refusal = ingest.check(arrival, name, self._store, self._kiosks)
        if refusal is None:
            return _Post(name, arrival, None)
        result = ArrivalResult(arrival.arrival_id, arrival.rev, "refused", refusal.code, refusal.hint)
        return _Post(name, arrival, result)

    def _lost(self, code: str, hint: str) -> None:
        self._metrics.arrivals.labels("refused", code).inc()
        log.warning("message_refused", code=code, hint=hint)

    def _file_one(self, connection: sqlite3.Connection, post: _Post) -> ArrivalResult | None:
        """One arrival within the group's transaction: its fault takes back itself alone, and leaves it unanswered."""
        if post.arrival is None:
            return None
        connection.execute("SAVEPOINT arrival")
        try:
            result = self._filing.file(connection, post.arrival, post.topic.name, now_of(self._clock))
        except sqlite3.OperationalError:
            raise  # disk or lock: the whole group has to come again
        except Exception as error:  # one arrival's fault must not hold up its neighbours
            connection.execute("ROLLBACK TO arrival")
            self._metrics.arrivals_failed.labels("fault").inc()
            log.error("arrival_not_filed", code="ingest_fault", exc_info=error)
            result = None
        connection.execute("RELEASE arrival")
        return result

    def _count(self, posts: list[_Post], filed: list[tuple[str, ArrivalResult]]) -> None:
        for _, result in filed:
            self._metrics.arrivals.labels(result.result, result.code or "ok").inc()
        for post in posts:
            if post.arrival is not None and post.result is None and post.arrival.age_s is not None:
                self._metrics.arrival_age.observe(post.arrival.age_s)

    def _answer(self, filed: list[tuple[str, ArrivalResult]]) -> None:
        by_kiosk: dict[str, list[ArrivalResult]] = defaultdict(list)
        for kiosk, result in filed:
            by_kiosk[kiosk].append(result)
        for kiosk, results in by_kiosk.items():
            self._send(topics.answer(self._store, kiosk), results)

    def _send(self, topic: str, results: list[ArrivalResult]) -> None:
        payload = b""
        if len(results) <= ANSWER_MAX_RESULTS:
            payload = encode(Answer(**self._letterhead.head(), results=results))
        if payload and (len(payload) <= ANSWER_BYTES or len(results) == 1):
            self._publish(topic, payload)  # lost on the way: the kiosk asks again and gets the same results
            return
        middle = len(results) // 2
        self._send(topic, results[:middle])
        self._send(topic, results[middle:])


def _refused_unread(payload: bytes, error: ContractError) -> ArrivalResult | None:
    """What to answer to bytes that are no arrival, if they at least say which arrival they mean to be."""
    try:
        identity = msgspec.json.decode(payload, type=_Identity)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ArrivalResult(identity.arrival_id, identity.rev, "refused", error.code, error.hint)
