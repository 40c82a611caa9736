"""Facts to HQ and the feed from HQ, over and over, with backoff. Answers are taken one by one: one bad item blocks nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from edge.contracts.errors import ContractError
from edge.contracts.facts import FACTS_MAX_BATCH
from edge.contracts.feed import FEED_MAX_PAGE, FeedItem
from edge.outbox.box import Outbox
from edge.outbox.plan import Backoff, Row, plan
from edge.process.clock import Clock
from edge.process.health import Health
from edge.process.logs import get_logger
from edge.sync.answers import encode_batch, sort_answers
from edge.transport.http import HttpReply, Unreachable

log = get_logger(part="sync")
# HQ's body limit has to hold a batch; large facts (notes) travel in smaller ones.
BATCH_BYTES = 1_000_000
# Of hundreds of thousands that an import leaves, a batch needs five hundred; wide enough that held arrivals (some hundred at
# most) never hide what may already leave.
WINDOW_ROWS = 4000


class Hq(Protocol):
    """HQ over HTTP: edge.transport.http.HttpClient."""

    def get(self, path: str, params: dict[str, str | int]) -> HttpReply: ...
    def post(self, path: str, body: bytes) -> HttpReply: ...


class FeedSink(Protocol):
    """Where changes go. apply: all of them and the cursor in one transaction; None in place of an item that could not be read."""

    def cursor(self) -> int: ...
    def apply(self, items: list[FeedItem], following: int) -> None: ...


class _RawPage(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw]
    next: int
    more: bool


class Exchange:
    """One store's exchange with HQ. look_s, poll_s: seconds between looks at the outbox and at the feed while all is quiet."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        hq: Hq,
        sink: FeedSink,
        clock: Clock,
        health: Health,
        backoff: Backoff,
        look_s: float = 1.0,
        poll_s: float = 5.0,
    ) -> None:
        self._outbox, self._hq, self._sink = outbox, hq, sink
        self._clock, self._health, self._backoff, self._look_s, self._poll_s = clock, health, backoff, look_s, poll_s
        self._wake = threading.Event()
        self._pulled: float | None = None
        self._failures = 0

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def run(self, stop: Callable[[], bool]) -> None:
        """Until `stop()`; whatever goes wrong, it goes on. Call `wake()` to make it look at once."""
        while not stop():
            self._wake.clear()
            try:
                wait_s = self.turn()
            except Exception as error:  # a fault in one turn must not end the exchange
                log.error("exchange_failed", code="exchange_failed", exc_info=error)
                self._health.ill("hq", "exchange_failed", "Look at the hub's log; the exchange goes on.")
                wait_s = self._poll_s
            self._wake.wait(wait_s)

    def turn(self) -> float:
        """Send one batch and look at the feed if it is time; returns seconds until there is something to do."""
        try:
            more = self.send()
            self._pull_if_due()
        except (Unreachable, ContractError) as error:
            return self._failed(error.code, error.hint)
        if self._failures:
            self._outbox.due_now()  # the way is open again: what was tried in vain need not wait out its backoff
        self._failures = 0
        self._health.well("hq")
        return more

    def send(self) -> float:
        """One batch of facts. Returns seconds until the next is due. Raises Unreachable, ContractError."""
        rows = self._outbox.rows(WINDOW_ROWS)
        planned = plan(
            rows,
            now=self._clock.monotonic(),
            boot=self._clock.boot(),
            batch=FACTS_MAX_BATCH,
            backoff=self._backoff,
        )
        self._outbox.park_planned(planned.park)
        chosen = set(planned.send)
        batch = _fitting([row for row in rows if row.seq in chosen])
        if not batch:
            return self._look_s if planned.wait_s is None else min(self._look_s, max(planned.wait_s, 0.05))
        self._send(batch)
        return 0.0

    def pull(self) -> int:
        """The feed until there is no more; returns how many changes came. Raises Unreachable, ContractError."""
        count, more = 0, True
        while more:
            page = self._page()
            items = [item for raw in page.items if (item := _read_item(bytes(raw))) is not None]
            self._sink.apply(items, page.next)
            count += len(page.items)
            more = page.more
        return count

    def _send(self, batch: list[Row]) -> None:
        try:
            reply = self._hq.post("/api/v1/facts", encode_batch(batch))
            _must_be_ok(reply)
            result = sort_answers(batch, reply.body)
        except (Unreachable, ContractError):
            self._outbox.mark_tried([row.seq for row in batch])
            raise
        for key, code, hint in result.park:
            log.warning("fact_parked", code=code)
            self._outbox.park(key, code, hint)
        self._outbox.done(result.done)

    def _pull_if_due(self) -> None:
        now = self._clock.monotonic()
        if self._pulled is None or now - self._pulled >= self._poll_s:
            self.pull()
            self._pulled = now

    def _page(self) -> _RawPage:
        after = self._sink.cursor()
        reply = self._hq.get("/api/v1/feed", {"after": after, "limit": FEED_MAX_PAGE})
        _must_be_ok(reply)
        tried = "a page of HQ's feed"
        try:
            page = msgspec.json.decode(reply.body, type=_RawPage)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ContractError("feed_malformed", tried, "See what answers at HQ's address.") from None
        if page.more and page.next <= after:
            raise ContractError("feed_backwards", tried, "HQ says there is more, but its cursor does not rise; see HQ's log.")
        if page.next < after:
            log.warning("feed_restored", code="feed_restored", after=after, end=page.next)
        return page

    def _failed(self, code: str, hint: str) -> float:
        self._failures += 1
        self._health.ill("hq", code, hint)
        wait_s = self._backoff.delay_s(0, self._failures)
        log.warning("hq_unreachable", code=code, failures=self._failures, wait_s=round(wait_s, 1))
        return wait_s


def _must_be_ok(reply: HttpReply) -> None:
    if reply.status == 401 or reply.status == 403:
        raise ContractError("hq_refused_token", "the exchange with HQ", "Give this hub the token HQ knows for its store.")
    if reply.status != 200:
        raise ContractError("hq_answered_badly", f"the exchange with HQ (status {reply.status})", "Look at HQ's health page.")


def _fitting(rows: list[Row]) -> list[Row]:
    """As many of the rows, from the first, as one request may carry; always at least one."""
    size = 0
    chosen: list[Row] = []
    for row in rows:
        size += len(row.payload) + 1
        if chosen and size > BATCH_BYTES:
            break
        chosen.append(row)
    return chosen


def _read_item(raw: bytes) -> FeedItem | None:
    try:
        return msgspec.json.decode(raw, type=FeedItem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # a newer HQ may know kinds this hub does not: the rest of the feed must not wait for an update
        log.warning("feed_item_unknown", code="feed_item_unknown")
        return None
