"""What the kiosk counts for `/metrics`: codes and numbers, nothing of a person."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

VISITS: Final = Counter("shopbell_kiosk_visits", "What happened at the door, by outcome", ["outcome"])
DROPPED: Final = Counter("shopbell_kiosk_taps_dropped", "Taps that found no room in the queue and were not confirmed")
WAITING: Final = Gauge("shopbell_kiosk_arrivals_waiting", "Arrivals that the hub has not answered yet")
PARKED: Final = Gauge("shopbell_kiosk_arrivals_parked", "Arrivals that the hub refused")
ANSWERED: Final = Counter("shopbell_kiosk_answers", "Answers to a tap, by whether they came within answer_wait_ms", ["late"])
REFUSED: Final = Counter("shopbell_kiosk_answers_refused", "Answers that were garbled or not from this store's hub")
