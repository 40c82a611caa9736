"""What the hub counts. Labels are codes and parts, never a person, a card or a device of a person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class HubMetrics:
    """All instruments in one registry of their own, so that two hubs can live in one test."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.arrivals = Counter("shopbell_arrivals", "Arrivals by result", ["result", "code"], registry=self.registry)
        self.arrivals_dropped = Counter(
            "shopbell_arrivals_dropped", "Arrivals not taken because the queue was full; kiosks resend", registry=self.registry
        )
        self.arrivals_failed = Counter(
            "shopbell_arrivals_failed", "Arrivals not stored because of a fault; kiosks resend", ["fault"], registry=self.registry
        )
        self.arrival_age = Histogram(
            "shopbell_arrival_age_seconds",
            "Age of arrivals when the hub answered",
            buckets=(0.1, 0.3, 1, 3, 10, 60, 300, 3600, 86_400),
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "shopbell_ingest_commit_seconds",
            "One group of arrivals, from the first look-up to the commit",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
            registry=self.registry,
        )
        self.alerts = Counter("shopbell_alerts", "Alerts by what happened", ["what"], registry=self.registry)
        self.proofs = Counter("shopbell_card_proofs", "Proofs of cards by verdict", ["verdict"], registry=self.registry)
        self.clone_alarms = Counter("shopbell_clone_alarms", "Clone alarms by what rang them", ["alarm"], registry=self.registry)
        self.live_alerts = Gauge("shopbell_alerts_live", "Alerts without an end", ["state"], registry=self.registry)
        self.sessions = Gauge("shopbell_sessions", "Associates signed in", registry=self.registry)
        self.facts_waiting = Gauge("shopbell_facts_waiting", "Facts that HQ has not answered", registry=self.registry)
        self.facts_parked = Gauge("shopbell_facts_parked", "Facts HQ refused", registry=self.registry)
        self.requests = Counter("shopbell_http_requests", "HTTP requests", ["route", "status"], registry=self.registry)
        self.directory = Gauge("shopbell_directory_cursor", "Newest change of the directory", registry=self.registry)
