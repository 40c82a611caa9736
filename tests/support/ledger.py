"""The checker: what was tried and confirmed at the door against what stands where it should end up. Pure.

The counters are those of Jepsen's `total-queue` checker. A thing is what the tester can know beforehand (whose card was
presented); an arrival id is made by the kiosk, and learnt from its screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counters:
    """attempted: things tried. confirmed: ids the screen showed. lost: confirmed, yet not recorded. unexpected: recorded more
    often than tried, or never tried. duplicated: recordings beyond the first of an id. recovered: recorded without having
    been seen confirmed (the kill came between commit and screen), which is allowed."""

    attempted: int
    confirmed: int
    lost: int
    unexpected: int
    duplicated: int
    recovered: int

    @property
    def sound(self) -> bool:
        """Whether the promise held: nothing lost, nothing twice, nothing out of thin air."""
        return self.lost == self.unexpected == self.duplicated == 0

    def __str__(self) -> str:
        names = ("attempted", "confirmed", "lost", "unexpected", "duplicated", "recovered")
        return ", ".join(f"{name} {getattr(self, name)}" for name in names)


@dataclass(slots=True)
class Ledger:
    """Written by the test while it runs. Every method may be called from any one thread at a time."""

    attempts: Counter[str] = field(default_factory=Counter)
    confirmations: set[str] = field(default_factory=set)

    def attempted(self, thing: str) -> None:
        """`thing` was tried once more; whether it worked is not known yet."""
        self.attempts[thing] += 1

    def confirmed(self, arrival_id: str) -> None:
        """The shopper was told that this arrival counts."""
        self.confirmations.add(arrival_id)

    def check(self, recorded: Iterable[tuple[str, str]]) -> Counters:
        """recorded: every (arrival_id, thing) found at the far end, repeated as often as it stands there."""
        times = Counter(recorded)
        ids = Counter(arrival_id for arrival_id, _ in times.elements())
        things = Counter(thing for _, thing in times)
        return Counters(
            attempted=self.attempts.total(),
            confirmed=len(self.confirmations),
            lost=len(self.confirmations - set(ids)),
            unexpected=sum(max(0, count - self.attempts[thing]) for thing, count in things.items()),
            duplicated=sum(count - 1 for count in ids.values()),
            recovered=len(set(ids) - self.confirmations),
        )


@dataclass(slots=True)
class Announced:
    """What one phone with intact storage was told, by the app's rule (static/alerts_state.js): the highest revision of an
    alert is true, an end is final, and only an open alert it has never seen is announced as new."""

    revisions: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    visits: Counter[str] = field(default_factory=Counter)
    repeated: int = 0

    def hear(self, alert: Mapping[str, object]) -> None:
        """One message as it came over the wire."""
        alert_id, rev, state = str(alert["alert_id"]), int(str(alert["rev"])), alert["state"]
        if alert_id in self.ended or rev <= self.revisions.get(alert_id, -1):
            self.repeated += 1
            return
        if state == "open" and alert_id not in self.revisions:
            self.visits[str(alert["visit_id"])] += 1
        self.revisions[alert_id] = rev
        if state in ("served", "withdrawn", "expired"):
            self.ended.add(alert_id)

    @property
    def twice(self) -> list[str]:
        """Visits announced as new more than once."""
        return [visit for visit, times in self.visits.items() if times > 1]
