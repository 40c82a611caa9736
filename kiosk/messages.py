"""The kiosk's outgoing messages, stamped at every send: what was true when they were made is not true any more."""

from __future__ import annotations

from msgspec.structs import replace

from edge.contracts import topics
from edge.contracts.arrival import read_arrival
from edge.contracts.envelope import VERSION, encode
from edge.contracts.status import Problem, Status
from edge.outbox.plan import Row
from edge.process.clock import Clock
from edge.process.health import HealthReport
from edge.process.ids import Ids
from kiosk.records.numbers import Numbers


class Messages:
    """Makes and stamps messages of one kiosk. Safe from any thread."""

    def __init__(self, store: str, kiosk: str, clock: Clock, ids: Ids, numbers: Numbers) -> None:
        self._clock, self._ids, self._numbers = clock, ids, numbers
        self._source = f"{store}/kiosk/{kiosk}"
        self._since = clock.now()
        self.arrival_topic = topics.arrival(store, kiosk)
        self.answer_topic = topics.answer(store, kiosk)
        self.news_topic = topics.news(store, kiosk)
        self.status_topic = topics.status(store, "kiosk", kiosk)

    def arrival(self, row: Row) -> bytes:
        """A waiting row with a fresh `id`, `seq` and `age_s`. Raises ContractError when the row cannot be read any more.

        The stored `age_s` is what had passed between the tap and the storing of this revision.
        """
        stored = read_arrival(row.payload)
        since_stored = row.age_s(self._clock.monotonic(), self._clock.boot())
        age = None if stored.age_s is None or since_stored is None else round(stored.age_s + since_stored, 3)
        return encode(
            replace(stored, id=self._ids.new(), boot=self._clock.boot(), seq=self._numbers.next(), age_s=age),
        )

    def status(self, report: HealthReport, *, online: bool) -> bytes:
        """Alive, since when, version, what is wrong. No personal data."""
        return encode(
            Status(
                v=VERSION,
                id=self._ids.new(),
                source=self._source,
                at=self._clock.now(),
                clock=self._clock.quality(),
                boot=self._clock.boot(),
                seq=self._numbers.next(),
                age_s=0.0,
                online=online,
                since=self._since,
                version=report.version,
                problems=[Problem(part.code, part.hint) for part in report.parts if not part.well],
            )
        )
