"""What HQ counts for Prometheus. Labels are stores and codes, never people."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from edge.contracts.facts import FactAnswer


class Metrics:
    """One registry per process, so that two in one test do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._facts = Counter("shopbell_hq_facts", "Facts answered.", ["store", "result"], registry=self.registry)
        self._refused = Counter("shopbell_hq_refused", "Facts refused, by code.", ["store", "code"], registry=self.registry)
        self.batch_seconds = Histogram(
            "shopbell_hq_batch_seconds",
            "Time to file one batch of facts.",
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=self.registry,
        )
        self.feed_end = Gauge("shopbell_hq_feed_end", "Highest number of the feed.", registry=self.registry)
        self.parked = Gauge("shopbell_hq_parked", "Refused facts that wait for a person.", registry=self.registry)
        self.card_alarms = Gauge("shopbell_hq_card_alarms", "Card alarms nobody has looked after.", registry=self.registry)
        self.sign_ins = Counter("shopbell_hq_sign_ins", "Tries to sign in to the console.", ["result"], registry=self.registry)

    def answered(self, store: str, results: Iterable[FactAnswer]) -> None:
        """Count the answers to one batch."""
        answers = list(results)
        for result, number in Tally(answer.result for answer in answers).items():
            self._facts.labels(store, result).inc(number)
        for code, number in Tally(answer.code for answer in answers if answer.result == "refused").items():
            self._refused.labels(store, code or "").inc(number)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
