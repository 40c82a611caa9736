"""What the hub's answers do here: only they empty the outbox. Whatever else arrives on that topic changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from edge.contracts.answer import Answer, ArrivalResult, Greeting, read_answer
from edge.contracts.errors import ContractError
from edge.process.clock import Clock
from edge.process.logs import get_logger
from kiosk.metrics import ANSWERED, REFUSED
from kiosk.records.book import Book, key_of

LONG_AGO_S = 60.0  # nobody looks for the log line of one such arrival
log = get_logger(part="answers")
Greet = Callable[[str, Greeting], None]


class Answers:
    """Takes answers for one kiosk. greet(arrival_id, greeting) is told what the screen may add; it must only enqueue.

    late_s: an answer to a tap that comes later than this after it is noted as late.
    """

    def __init__(self, book: Book, store: str, greet: Greet, clock: Clock, late_s: float = 0.3) -> None:
        self._book, self._from, self._greet = book, f"{store}/hub/", greet
        self._clock, self._late_s = clock, late_s
        self.refused = self.late = 0

    def take(self, payload: bytes) -> int:
        """Apply one answer; returns how many revisions it settled. A garbled or foreign one is logged by its code and ignored."""
        try:
            answer = self._checked(payload)
        except ContractError as error:
            self.refused += 1
            REFUSED.inc()
            log.warning("answer_refused", code=error.code, hint=error.hint)
            return 0
        for result in answer.results:  # first, so that the name is not behind the disk
            if result.greeting is not None and result.result != "refused":
                self._greet(result.arrival_id, result.greeting)
        with self._book.together():
            settled = self._settle(answer.results)
        self._measure(answer.results)
        return settled

    def _checked(self, payload: bytes) -> Answer:
        answer = read_answer(payload)
        if not answer.source.startswith(self._from):
            raise ContractError("source_foreign", "an answer", "Only the hub of this store answers; see the broker's rights.")
        return answer

    def _settle(self, results: list[ArrivalResult]) -> int:
        done = [result for result in results if result.result != "refused"]
        settled = self._book.outbox.done([key_of(result.arrival_id, result.rev) for result in done])
        for result in done:
            self._book.visits.answered(result.arrival_id, result.rev, "answered")
        return settled + sum(self._park(result) for result in results if result.result == "refused")

    def _park(self, result: ArrivalResult) -> int:
        """The hub will never take this one: it is set aside with the hub's code, and holds nobody up."""
        code, hint = result.code or "refused", result.hint or "See the hub's log for this arrival."
        parked = self._book.outbox.park(key_of(result.arrival_id, result.rev), code, hint)
        if parked:
            log.warning("arrival_parked", code=code, arrival_id=result.arrival_id, rev=result.rev)
            self._book.visits.answered(result.arrival_id, result.rev, "refused")
        return int(parked)

    def _measure(self, results: list[ArrivalResult]) -> None:
        """How long taps of this boot waited; of a backlog one line says how many."""
        old = 0
        for result in results:
            after_s = self._after_s(result)
            if after_s is None:
                continue
            late = after_s > self._late_s
            self.late += late
            ANSWERED.labels(str(late).lower()).inc()
            if after_s > LONG_AGO_S:
                old += 1
            else:
                log.info("answered", arrival_id=result.arrival_id, result=result.result, after_ms=round(after_s * 1000))
        if old:
            log.info("backlog_answered", arrivals=old)

    def _after_s(self, result: ArrivalResult) -> float | None:
        """Seconds since the tap; None for a later revision and for a tap of another boot."""
        tapped = None if result.rev else self._book.visits.tapped(result.arrival_id)
        if tapped is None or tapped[0] != self._clock.boot():
            return None
        return self._clock.monotonic() - tapped[1]
