"""What happens at the door, one thing after the other: a tap, a ring, a reason, "not today", a greeting that comes late.

Everything is committed before the screen says it. No thread and no queue in here: kiosk.tap_loop calls it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Literal, NamedTuple

from edge.contracts.answer import Greeting
from edge.contracts.outcomes import Reason
from edge.process.clock import Clock
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.ids import Ids
from edge.process.logs import get_logger
from firmware_bridge.card_read import CardHeld, CardRead, CardTrouble
from kiosk.devices.signals import Signals
from kiosk.metrics import VISITS
from kiosk.records.book import Book, OutboxFull
from kiosk.screen.board import Board
from kiosk.screen.phrases import resting
from kiosk.visit.check_in import CheckIn, Door, Tap, check_in, ring, with_not_today, with_reason
from kiosk.visit.codes import CodePolicy, understood
from kiosk.visit.decide import Decision
from kiosk.visit.greeting import (
    armed_words,
    full_words,
    guest_words,
    hint_words,
    words_for,
    words_for_answer,
    words_for_hold,
    words_for_reason,
)
from kiosk.visit.moment import Moment
from kiosk.visit.phrases import spoken
from kiosk.visit.recognise import identify, recognise
from kiosk.visit.words import CodesAt, SceneKind, Words

PRUNE_EVERY_S = 3600.0
DRAWN_WITHIN_S = 0.005  # the screens go first, for this long at most; then hub and log have their turn
MENTION_EVERY_S = 10.0
SAME_READING_S = 0.05  # less than any two readings of one reader are apart
log = get_logger(part="door")


@dataclass(slots=True)
class _Shown:
    """The visit on the screen. The hub's greeting may hold a name: it stays in memory, and no longer than the visit is shown.

    card: as it was read, None for a ring.
    """

    arrival_id: str
    decision: Decision
    words: Words
    card: CardRead | None
    greeting: Greeting | None = None
    reason: Reason | None = None
    held: bool = False


class _Done(NamedTuple):
    """stored: False where there was no room. card: that was read, if one was."""

    result: CheckIn
    stored: bool
    card: CardRead | None = None


class _Batch:
    """Taps that are committed together. armed_at: "not today" was touched; it holds for the first arrival only."""

    def __init__(self, armed_at: float | None) -> None:
        self.armed_at = armed_at
        self.done: list[_Done] = []

    def add(self, done: _Done, monotonic: float) -> None:
        """One more, in its order. monotonic: when it was presented; what was before the touch leaves the wish to the next."""
        self.done.append(done)
        if done.stored and done.result.arrival is not None and self.armed_at is not None and monotonic >= self.armed_at:
            self.armed_at = None


class Reception:
    """door: without hub key (that comes from the directory). wake: a row waits. heard: whether a hub listens.
    codes: which codes are members'. codes_at: the scanner or camera that works just now. others_wait: whether somebody else
    stands at the door already.

    Every method may raise sqlite3.Error, with nothing changed; the caller then says `store_failed`.
    """

    def __init__(
        self,
        *,
        book: Book,
        board: Board,
        signals: Signals,
        door: Door,
        card_key: bytes,
        clock: Clock,
        ids: Ids,
        health: Health,
        wake: Callable[[], None],
        heard: Callable[[], bool],
        codes: CodePolicy | None = None,
        codes_at: Callable[[], CodesAt] = lambda: "",
        others_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        self._book, self._board, self._signals, self._door = book, board, signals, door
        self._card_key, self._clock, self._ids, self._health = card_key, clock, ids, health
        self._wake, self._heard = wake, heard
        self._codes, self._codes_at = codes or CodePolicy(), codes_at
        self._others_wait = others_wait
        self._armed_at: float | None = None
        self._shown: _Shown | None = None
        self._trouble: Literal["store_failed", "outbox_full"] | None = None
        self._pruned_at = self._mentioned_at = float("-inf")

    def open(self) -> None:
        """The first idle screen."""
        self._book.probe()
        self._health.well("records")
        self._rest("idle")

    def tap(self, presented: CardRead | CardTrouble) -> None:
        """A card, or something that was none."""
        self.taps([presented])

    def taps(self, presented: Sequence[CardRead | CardTrouble]) -> None:
        """Whatever has been presented meanwhile, in its order: one durable transaction for all, then the screen."""
        self._take([_understood(one, self._codes) for one in presented])

    def seen(self, presented: CardRead | CardTrouble) -> None:
        """By a camera, which looks at whoever passes: what is no member's code is nobody's tap."""
        one = _understood(presented, with_changes(self._codes, any_text=False))
        if isinstance(one, CardTrouble):
            self._mention(one)
        else:
            self._take([one])

    def held(self, held: CardHeld) -> None:
        """A card still lies there: if it is that of the visit on the screen, somebody wants to know more than a greeting says."""
        if self._shown is not None and _is_read(held, self._shown.card):
            self._shown.held = True
            self._retell(self._shown.words.language)

    def hint(self, hint: str) -> None:
        """A camera sees a code and cannot read it. Nobody's greeting makes room for that."""
        if self._board.view().scene in ("idle", "unreadable"):
            self._board.show(hint_words(hint, self._language()), None)

    def ring_bell(self, language: str | None, rung_at: float | None = None) -> None:
        """A guest rang. rung_at: monotonic seconds, None: just now. Raises OperatorError `kiosk_full` when nothing more can be
        taken."""
        tap = self._tap(None, self._armed_at, rung_at)
        tap = with_changes(tap, chosen=language or tap.chosen)
        result = ring(self._door_now(), tap, heard=self._heard())
        stored = self._store(result, tap)
        self._tell([_Done(result, stored)])
        if not stored:
            raise OperatorError("kiosk_full", "ringing the bell", "Please speak to our staff.")

    def choose_reason(self, arrival_id: str, reason: Reason) -> None:
        """Why they came: the next revision of that arrival. Choosing the same again changes nothing."""
        visit = self._book.visits.find(arrival_id)
        if visit is None:
            raise OperatorError("visit_unknown", "choosing a reason", "Hold the card to the reader once more.")
        newer = with_reason(visit.arrival, reason, self._board.chosen_language())
        if newer is None:
            return
        self._book.revise([(visit, newer)])
        self._wake()
        log.info("revised", arrival_id=arrival_id, rev=newer.rev, reason=reason)
        if self._shown is not None and self._shown.arrival_id == arrival_id:
            self._shown.reason = reason
            self._retell(self._shown.words.language)

    def not_today(self, arrival_id: str | None, touched_at: float | None = None) -> None:
        """Leave them alone: the next tap (None), or the visit that is on the screen. touched_at: monotonic seconds, None: just
        now."""
        if arrival_id is None:
            self._arm(self._clock.monotonic() if touched_at is None else touched_at)
            return
        visit = self._book.visits.find(arrival_id)
        if visit is None:
            raise OperatorError("visit_unknown", "leaving a visit alone", "Hold the card to the reader once more.")
        visits = [visit]
        if visit.arrival.member is not None:  # the tap before this one has called somebody as well
            within_s = self._door.policy.repeat_window_s
            visits += [
                v for v in self._book.visits.of_member(visit.arrival.member, within_s) if v.arrival.arrival_id != arrival_id
            ]
        revisions = [(v, newer) for v in visits if (newer := with_not_today(v.arrival)) is not None]
        self._book.revise(revisions)
        self._forget()
        self._board.show(words_for(Decision("not_today"), self._language()), None)
        self._signals.play("not_today")
        self._wake()
        log.info("not_today", arrival_id=arrival_id, revised=len(revisions))

    def set_language(self, language: str) -> None:
        """Tell the visit that is on the screen again in this language."""
        if self._shown is not None:
            self._retell(spoken(language))

    def greet(self, arrival_id: str, greeting: Greeting) -> None:
        """The hub's answer: completes the words if that visit is still on the screen, else it is forgotten at once."""
        shown = self._shown
        if shown is None or shown.arrival_id != arrival_id:
            return
        shown.greeting = greeting
        self._retell(shown.words.language)

    def tick(self) -> None:
        """About once a second: forget who is not on the screen any more, heal, prune."""
        if self._shown is not None and self._board.view().arrival_id != self._shown.arrival_id:
            self._forget()
        if self._trouble is not None:
            self._heal()
        if self._clock.monotonic() - self._pruned_at >= PRUNE_EVERY_S:
            self._pruned_at = self._clock.monotonic()
            self._book.visits.prune()

    def store_failed(self) -> None:
        """The kiosk's own file does not take anything: say so; `tick` finds out when it works again."""
        self._forget()
        self._trouble = "store_failed"
        self._health.ill("records", "store_failed", "See the free space and the health of the kiosk's disk.")
        self._signals.play("refused")
        self._rest("out_of_order")

    # ---------------------------------------------------------------------------------------------------------------

    def _mention(self, trouble: CardTrouble) -> None:
        """A parcel carried by is nobody's tap: words without a sound, on a screen that nobody uses, and not again and again."""
        now = self._clock.monotonic()
        if now - self._mentioned_at < MENTION_EVERY_S or self._board.view().scene not in ("idle", "unreadable"):
            return
        self._mentioned_at = now
        about = recognise(trouble, None, None).about
        self._board.show(words_for(Decision("unreadable", about=about), self._language()), None)

    def _take(self, presented: Sequence[CardRead | CardTrouble]) -> None:
        batch = _Batch(self._armed_at)
        with self._book.together():
            for one in presented:
                self._check_in(one, batch)
        self._armed_at = batch.armed_at
        self._tell(batch.done)

    def _check_in(self, presented: CardRead | CardTrouble, batch: _Batch) -> None:
        """Decide and store one of a batch; nothing is shown before the batch is committed."""
        identity = identify(presented, self._card_key)
        found = self._book.directory.find(identity.token) if identity else None
        tap = self._tap(found.member if found else None, batch.armed_at, presented.monotonic)
        result = check_in(presented, identity, found, self._door_now(), tap)
        card = presented if isinstance(presented, CardRead) else None
        batch.add(_Done(result, self._store(result, tap), card), tap.moment.monotonic)

    def _store(self, result: CheckIn, tap: Tap) -> bool:
        """False when there is no room for the arrival."""
        try:
            if result.arrival is not None:
                self._book.record(result.arrival, tap.moment.monotonic)
        except OutboxFull:
            return False
        return True

    def _tell(self, done: Sequence[_Done]) -> None:
        """After the commit: screen and lights first, the hub's link next, then what only we look at."""
        for result, stored, card in done:
            if stored:
                self._show(result, card)
            else:
                self._full(result.words.language)
        if not self._others_wait():
            self._board.wait_drawn(DRAWN_WITHIN_S)
        if any(stored and result.arrival is not None for result, stored, _ in done):
            self._wake()
        for result, stored, _ in done:
            if stored:
                VISITS.labels(result.decision.outcome).inc()
                log.info("visit", outcome=result.decision.outcome, arrival_id=_id_of(result))

    def _show(self, result: CheckIn, card: CardRead | None) -> None:
        self._forget()
        outcome, arrival_id = result.decision.outcome, _id_of(result)
        self._board.show(result.words, arrival_id)
        if arrival_id is not None and outcome not in ("not_today", "blocked"):
            self._shown = _Shown(arrival_id, result.decision, result.words, card)
        self._signals.play(outcome)

    def _retell(self, language: str) -> None:
        """The visit on the screen, with all that is known by now."""
        shown = self._shown
        if shown is None:
            return
        words = shown.words if language == shown.words.language else self._first_words(shown, language)
        shown.words = words
        if shown.greeting is not None:
            words = words_for_answer(shown.greeting, shown.decision.outcome, language) or words
        if shown.reason is not None and words.offers_reasons and self._heard():  # thanks promise somebody who knows
            words = words_for_reason(words, shown.reason)
        if shown.held:
            words = words_for_hold(words)
        if not self._board.complete(shown.arrival_id, words):
            self._forget()

    def _first_words(self, shown: _Shown, language: str) -> Words:
        if shown.decision.outcome == "guest":
            return guest_words(language, heard=self._heard())
        return words_for(shown.decision, language)

    def _arm(self, touched_at: float) -> None:
        self._armed_at = touched_at
        self._forget()
        self._board.show(armed_words(self._language(), self._door.policy.not_today_armed_s), None)
        log.info("not_today_armed")

    def _full(self, language: str) -> None:
        self._forget()
        self._trouble = "outbox_full"
        self._health.ill("records", "outbox_full", "The hub has not answered for too long: see broker, hub and network.")
        self._signals.play("refused")
        self._board.show(full_words(language), None)
        log.error("arrival_refused", code="outbox_full")

    def _heal(self) -> None:
        try:
            if self._trouble == "store_failed":
                self._book.probe()
            if self._book.is_full():
                return
        except sqlite3.Error as error:  # still broken, and said so already
            log.info("store_still_failed", exc_info=error)
            return
        self._trouble = None
        self._health.well("records")
        self._rest("idle")

    def _forget(self) -> None:
        self._shown = None

    def _rest(self, scene: SceneKind) -> None:
        self._board.show(resting(scene, self._door.language), None)

    def _language(self) -> str:
        return spoken(self._board.chosen_language(), self._door.language)

    def _door_now(self) -> Door:
        return with_changes(self._door, hub_key=self._book.directory.state().hub_key, codes_at=self._codes_at())

    def _tap(self, member: str | None, armed_at: float | None, presented_at: float | None) -> Tap:
        """presented_at: by the reader's clock, which is ours; a board tells late what happened while its cable was out."""
        now = Moment(self._clock.now(), self._clock.quality(), self._clock.boot(), self._clock.monotonic())
        return Tap(
            arrival_id=self._ids.new(),
            moment=now if presented_at is None else now.back_to(presented_at),
            recent=self._book.visits.recent(member),
            armed_at=armed_at,
            chosen=self._board.chosen_language(),
        )


def _understood(presented: CardRead | CardTrouble, codes: CodePolicy) -> CardRead | CardTrouble:
    if isinstance(presented, CardRead):
        presented = understood(presented, codes)
    if isinstance(presented, CardTrouble) and presented.code:
        log.info("not_a_card", code=presented.code, reader=presented.reader)
    return presented


def _is_read(held: CardHeld, card: CardRead | None) -> bool:
    """Whether what lies there is this card since this reading: a hold names its reader and its beginning, not its card."""
    return card is not None and held.reader == card.reader and abs(held.monotonic - held.held_s - card.monotonic) < SAME_READING_S


def _id_of(result: CheckIn) -> str | None:
    return None if result.arrival is None else result.arrival.arrival_id
