"""Judges the proof that travels with an arrival, and uses its count up, inside the transaction that files the arrival."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import tzinfo

from edge.associates.moments import Moment
from edge.contracts.arrival import Arrival
from edge.contracts.card_id import canonical
from edge.contracts.envelope import ClockQuality
from edge.contracts.errors import ContractError
from edge.contracts.facts import ProofBody
from edge.contracts.outcomes import Caution
from edge.contracts.rotating import card_value
from edge.contracts.sealed import Evidence
from edge.hub.metrics import HubMetrics
from edge.hub.proof.counters import TWO_DOORS, CloneAlarm, Here, Judged, Taken, is_elsewhere, judge
from edge.hub.proof.errors import ProofError
from edge.hub.proof.ring import KeyRing, ProofMedium
from edge.hub.proof.rotating import spent_mark, verify_code
from edge.hub.proof.sun import verify
from edge.hub.proof.uri import Template
from edge.hub.store import proofs
from edge.hub.store.facts import Facts
from edge.hub.store.proofs import Spent, Tag, Tap
from edge.process.clock import Clock
from edge.process.ids import Ids
from edge.process.logs import get_logger

log = get_logger(part="proof")
URI, CODE = "uri:", "code:"
# It holds and its count is used up; of a doubted one HQ has said that two stores saw it at once, and two_doors says it of doors.
BELIEVED = frozenset({"proven", "proof_doubted", "proof_two_doors"})
# A kiosk's own clock and the age it sends have to tell the same time, or its message waited somewhere and nobody knows how long.
SURE_S = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An arrival as the desk needs it. age_known: whether `came` rests on the kiosk's monotonic age.

    before: the verdict on an earlier revision of this arrival: it was judged once, and is not judged again.
    """

    arrival: Arrival
    kiosk: str
    came: Moment
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """card_id: whose card it is, as proved, else as claimed. verdict: a code of docs/outcomes.md, None where no proof came."""

    card_id: str
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class _Proof:
    """A message that one of our keys made. counter: of the tag, or the half-minute of a code."""

    card_id: str
    tag: str
    counter: int
    version: int
    medium: ProofMedium


class ProofDesk:
    """keys: the ring of this moment. templates: how cards' URIs are written. hold_s: how long arrivals wait before they leave
    for HQ, and with them what they proved. places: kiosk -> entrance it stands at. walk_s: as in counters.Here.

    zone: the store's; a retired key is refused from midnight there on.
    """

    def __init__(
        self,
        *,
        store: str,
        hold_s: float,
        places: Mapping[str, str],
        walk_s: float,
        keys: Callable[[], KeyRing],
        templates: Sequence[Template],
        facts: Facts,
        metrics: HubMetrics,
        clock: Clock,
        zone: tzinfo,
        ids: Ids,
    ) -> None:
        self._store, self._hold_s, self._keys, self._templates = store, hold_s, keys, tuple(templates)
        self._facts, self._metrics, self._clock, self._ids = facts, metrics, clock, ids
        self._zone, self._places, self._walk_s = zone, dict(places), walk_s

    def look(self, connection: sqlite3.Connection, evidence: Evidence, seen: Seen) -> Found:
        """Judge what came with an arrival. It writes counts, facts and alarms into the caller's transaction."""
        claimed = claimed_card(evidence)
        if evidence.proof is None:
            return Found(claimed)
        try:
            proof = self._verified(evidence.proof, seen)
        except ProofError as error:
            self._count(error.code, seen)
            if error.code != "proof_absent":
                log.info("proof_refused", code=error.code)
            return Found(claimed, error.code)
        judged = seen.before or self._used_by(connection, proof, seen)
        verdict = self._again(connection, proof, seen) if judged else self._first(connection, proof, claimed, seen)
        return Found(claimed if verdict == "proof_copied" else proof.card_id, verdict)

    def forget(self, connection: sqlite3.Connection, arrival_id: str) -> None:
        """Not today: what the arrival used up stays used up, and nothing says any more when, where or by whom. An alarm that it
        rang stays: it is about a card that may be in two hands."""
        self._facts.remove(connection, fact_key(arrival_id))
        for spent in proofs.spent_by(connection, self._store, arrival_id):
            kept_as = self._mark_of(spent) if spent.medium == "code" else spent.counter
            proofs.forget_tap(connection, self._store, spent, kept_as)

    def _mark_of(self, spent: Spent) -> int:
        """Half-minutes are times themselves, so they are hidden; without a key no code holds, and nothing has to be kept."""
        keys = self._keys().of("code")
        return spent_mark(keys[-1], spent.tag, spent.counter) if keys else 0

    def _verified(self, proof: str, seen: Seen) -> _Proof:
        ring, today = self._keys(), self._clock.now().astimezone(self._zone).date()
        if proof.startswith(URI):
            card = verify(proof.removeprefix(URI), self._templates, ring.usable("nfc", today))
            return _Proof(card.card_id, card.tag, card.counter, card.version, "nfc")
        if proof.startswith(CODE):
            if self._clock.quality() == "unset":
                raise ProofError(
                    "proof_clock_unset", "Set the hub's clock: a code that turns with the time cannot be judged without it."
                )
            code = verify_code(proof.removeprefix(CODE), seen.came.at, ring.usable("code", today))
            return _Proof(code.card_id, code.tag, code.code.step, code.version, "code")
        raise ProofError("proof_malformed", "Update the kiosk or this hub: they do not speak of proofs alike.")

    def _again(self, connection: sqlite3.Connection, proof: _Proof, seen: Seen) -> str:
        """A revision of an arrival that was judged: the same verdict, nothing counted and no alarm."""
        if seen.before not in (None, "proven"):
            return str(seen.before)
        if not self._used_by(connection, proof, seen):
            return "proof_replayed"
        return seen.before or self._in_doubt(connection, proof, "proven")

    def _used_by(self, connection: sqlite3.Connection, proof: _Proof, seen: Seen) -> bool:
        """Whether it was this arrival that used the count up."""
        used = proofs.taps(connection, self._store, proof.tag)
        return any((tap.taken.counter, tap.arrival_id) == (proof.counter, seen.arrival.arrival_id) for tap in used)

    def _first(self, connection: sqlite3.Connection, proof: _Proof, claimed: str, seen: Seen) -> str:
        judged = self._judged(connection, proof, seen)
        verdict, alarm = str(judged.verdict), judged.alarm
        if verdict in BELIEVED:
            taken = Taken(proof.counter, seen.came, self._here(seen).place)
            tap = Tap(taken, seen.arrival.arrival_id, seen.kiosk)
            proofs.take(connection, self._store, proof.tag, tap)  # used up, also where another card showed it
        if not _is_same_card(claimed, proof):
            verdict, alarm = "proof_copied", "copied"
        if verdict in BELIEVED:
            verdict = self._in_doubt(connection, proof, verdict)
        tag = Tag(proof.tag, proof.card_id, proof.version, verdict == "tag_retired")
        if verdict in BELIEVED or tag.retired:
            day = seen.came.at.date() if verdict in BELIEVED else None
            proofs.learn(connection, self._store, tag, proof.medium, day)
        self._count(verdict, seen)
        self._tell(connection, proof, verdict, alarm, seen)
        return verdict

    def _in_doubt(self, connection: sqlite3.Connection, proof: _Proof, verdict: str) -> str:
        return "proof_doubted" if proofs.is_doubted(connection, self._store, proof.tag) else verdict

    def _judged(self, connection: sqlite3.Connection, proof: _Proof, seen: Seen) -> Judged:
        known = proofs.find(connection, self._store, proof.tag)
        used = proofs.taps(connection, self._store, proof.tag)
        if proof.medium == "code":
            marks = {spent_mark(key, proof.tag, proof.counter) for key in self._keys().of("code")}
            judged = _judge_code(proof, used, seen, marks)
            elsewhere = is_elsewhere(seen.came, [tap.taken for tap in used], self._here(seen))
            return TWO_DOORS if judged.verdict == "proven" and elsewhere else judged
        retired = known is not None and known.retired
        age_known = seen.arrival.age_s is not None
        taken = [tap.taken for tap in used]
        return judge(proof.counter, seen.came, taken, age_known=age_known, retired=retired, here=self._here(seen))

    def _here(self, seen: Seen) -> Here:
        sure = seen.arrival.age_s is not None and abs((seen.came.at - seen.arrival.at).total_seconds()) <= SURE_S
        return Here(self._places.get(seen.kiosk, seen.kiosk) if sure else None, self._walk_s)

    def _tell(self, connection: sqlite3.Connection, proof: _Proof, verdict: str, alarm: CloneAlarm | None, seen: Seen) -> None:
        """HQ compares what all stores saw. A probe alarms nobody (its fact says that it is one)."""
        if verdict not in BELIEVED and alarm is None:
            return
        body = ProofBody(
            proof_id=self._ids.new(),
            medium=proof.medium,
            tag=proof.tag,
            counter=proof.counter,
            door=seen.kiosk,
            came_at=seen.came.at,
            accepted=verdict in BELIEVED,
            alarm=alarm,
            clock=time_quality(seen.arrival, self._clock.quality()),
        )
        hold_s = self._hold_s if alarm is None else 0  # "not today" takes back what waits; an alarm does not wait
        self._facts.put(connection, body, key=fact_key(seen.arrival.arrival_id, alarm), hold_s=hold_s, test=seen.arrival.test)
        if alarm is not None and not seen.arrival.test:
            self._metrics.clone_alarms.labels(alarm).inc()
            log.warning("clone_alarm", code=f"card_{alarm}", door=seen.kiosk, medium=proof.medium)

    def _count(self, verdict: str, seen: Seen) -> None:
        if not seen.before and not seen.arrival.test:
            self._metrics.proofs.labels(verdict).inc()


def fact_key(arrival_id: str, alarm: CloneAlarm | None = None) -> str:
    """Under which the fact about an arrival's proof waits for HQ."""
    return f"proof-{arrival_id}" if alarm is None else f"alarm-{arrival_id}"


def claimed_card(evidence: Evidence) -> str:
    """The canonical id of the card that was presented; of a rotating code, the part that stays."""
    medium, _, value = evidence.card_id.partition(":")
    if medium != "code":
        return evidence.card_id
    try:
        return canonical("code", card_value(value))
    except ContractError:
        return evidence.card_id


def time_quality(arrival: Arrival, hub: ClockQuality) -> ClockQuality:
    """How good the time of an arrival is: as the hub's clock, or, where no age is known, as the worse of the two clocks."""
    worst: tuple[ClockQuality, ...] = ("unset", "free", "synchronised")
    told = (hub,) if arrival.age_s is not None else (hub, arrival.clock)
    return min(told, key=worst.index)


def _judge_code(proof: _Proof, used: Sequence[Tap], seen: Seen, marks: Set[int]) -> Judged:
    """A code counts once. Shown again at the same door it is a shopper who tries twice; elsewhere it is a photograph.

    marks: what the code was used up under if its door is forgotten; then it proves nothing and accuses nobody.
    """
    if any(tap.taken.counter in marks for tap in used):
        return Judged("proof_repeated")
    before = next((tap for tap in used if tap.taken.counter == proof.counter), None)
    if before is None:
        return Judged("proven")
    return Judged("proof_repeated") if before.kiosk == seen.kiosk else Judged("proof_replayed", "replayed")


def _is_same_card(claimed: str, proof: _Proof) -> bool:
    """A card with a made-up id (four bytes, the first 08) says who it is in its proof alone."""
    return claimed == proof.card_id or (proof.medium == "nfc" and _is_random(claimed))


def _is_random(card_id: str) -> bool:
    return len(card_id) == len("nfc:") + 8 and card_id.startswith("nfc:08")


CLONES = frozenset({"proof_replayed", "proof_rolled_back", "proof_copied", "proof_doubted"})


def caution_of(verdict: str | None, provable: bool) -> Caution | None:
    """What the associate has to know: `clone` for what may be a copy, `two_doors` for one of two that cannot both be the member,
    `unproven` for a card that could have proved itself."""
    if verdict in CLONES:
        return "clone"
    if verdict == "proof_two_doors":
        return "two_doors"
    return "unproven" if provable and verdict not in ("proven", "proof_repeated") else None
