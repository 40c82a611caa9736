"""The one thread of the door: whatever happens there waits in a bounded queue and is done one after the other."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal

from edge.contracts.answer import Greeting
from edge.contracts.outcomes import Reason
from edge.process.clock import Clock
from edge.process.errors import OperatorError
from edge.process.health import Health
from edge.process.logs import get_logger
from firmware_bridge.card_read import ButtonPressed, CardHeld, CardRead, CardTrouble, ReaderEvent, ReaderState
from kiosk.metrics import DROPPED
from kiosk.reception import Reception
from kiosk.screen.board import Board
from kiosk.visit.words import CodesAt, Reads

WAITING_MAX = 64  # more than fingers and cards can do within the longest disk stall we accept
# Answers to a backlog come by the hundred; the rest of the queue is for cards and fingers.
GREETINGS_MAX = WAITING_MAX // 2
TOGETHER_MAX = 16  # taps in one commit: more would keep the first of them waiting
ACT_WITHIN_S = 3.0
TICK_S = 1.0
log = get_logger(part="tap_loop")
Job = Callable[[], None]
Part = Literal["reader", "scanner", "camera"]


class TapLoop:
    """Readers deliver, the screen acts, the hub greets; one thread does. It ends only when it is stopped."""

    def __init__(self, reception: Reception, board: Board, health: Health, clock: Clock) -> None:
        self._reception, self._board, self._health, self._clock = reception, board, health, clock
        self._jobs: queue.Queue[Job | CardRead | CardTrouble] = queue.Queue(WAITING_MAX)
        self._held: Job | None = None  # found behind a run of taps
        self._stopping = threading.Event()
        self._beat = clock.monotonic()
        self._up: set[Part] = set()
        self._cards = True  # until the reader says otherwise
        self.dropped = 0

    def deliver(self, event: ReaderEvent, part: Part = "reader") -> None:
        """From a reader's thread; never waits. A tap that finds no room has not been confirmed to anybody, and is not taken.

        part: which device it came from, by the name health knows it by.
        """
        if isinstance(event, ReaderState):
            self._reader(event, part)
        elif isinstance(event, CardHeld):
            self._put(lambda: self._reception.held(event))  # without room the screen stays as it is
        elif isinstance(event, ButtonPressed):
            self._put(lambda: self._reception.ring_bell(None, event.monotonic))
        elif isinstance(event, CardRead | CardTrouble) and not self._put(self._presented(event, part)):
            self.dropped += 1
            DROPPED.inc()
            log.warning("tap_dropped", code="queue_full", reader=event.reader)

    def hint(self, hint: str) -> None:
        """From the camera; without room nothing is said."""
        self._put(lambda: self._reception.hint(hint))

    def codes_at(self) -> CodesAt:
        """What reads codes just now: the scanner where there are both, for it is the quicker."""
        return "scanner" if "scanner" in self._up else "camera" if "camera" in self._up else ""

    def others_wait(self) -> bool:
        """Whether there is more to do than the job in hand."""
        return self._held is not None or not self._jobs.empty()

    def greet(self, arrival_id: str, greeting: Greeting) -> None:
        """From the hub's link; without room the welcome stays nameless, and a tap always finds more room than a greeting.

        Whoever is not on the screen any more is not greeted at all: a drained backlog brings thousands of them.
        """
        if self._board.view().arrival_id == arrival_id and self._jobs.qsize() < GREETINGS_MAX:
            self._put(lambda: self._reception.greet(arrival_id, greeting))

    def ring_bell(self, language: str | None) -> None:
        """From the screen; returns when the ring is committed. Raises OperatorError."""
        self._act(lambda: self._reception.ring_bell(language))

    def choose_reason(self, arrival_id: str, reason: Reason) -> None:
        """From the screen; returns when the reason is committed. Raises OperatorError."""
        self._act(lambda: self._reception.choose_reason(arrival_id, reason))

    def not_today(self, arrival_id: str | None) -> None:
        """From the screen; returns when the wish is committed, or armed. Raises OperatorError."""
        touched_at = self._clock.monotonic()  # a card that comes while the disk stalls comes after the finger
        self._act(lambda: self._reception.not_today(arrival_id, touched_at))

    def set_language(self, language: str) -> None:
        """From the screen."""
        self._act(lambda: self._reception.set_language(language))

    def run(self) -> None:
        """Do what waits until stopped."""
        self._guarded(self._reception.open)
        ticked = self._clock.monotonic()
        while not self._stopping.is_set():
            try:
                self._guarded(self._next())
            except queue.Empty:
                ticked = float("-inf")
            self._beat = self._clock.monotonic()
            if self._beat - ticked >= TICK_S:
                ticked = self._beat
                self._guarded(self._reception.tick)

    def stop(self) -> None:
        """Let `run` end after the job in hand."""
        self._stopping.set()
        self._put(lambda: None)

    def silent_s(self) -> float:
        """Seconds since the loop last turned, for the watchdog."""
        return self._clock.monotonic() - self._beat

    # ---------------------------------------------------------------------------------------------------------------

    def _reader(self, state: ReaderState, part: Part) -> None:
        """Without its reader the kiosk still has its bell: the screen says so, and stays usable."""
        if state.up:
            self._up.add(part)
            self._health.well(part)
        else:
            self._up.discard(part)
            self._health.ill(part, state.code, state.hint)
        self._cards = state.up if part == "reader" else self._cards
        self._board.reads(Reads(self._cards, bool(self.codes_at())))
        log.info("reader", reader=state.reader, up=state.up, code=state.code)

    def _next(self) -> Job:
        """What waits longest; taps that wait right behind each other are one job, and so one commit. Raises queue.Empty."""
        job = self._held or self._jobs.get(timeout=TICK_S)
        self._held = None
        if not isinstance(job, CardRead | CardTrouble):
            return job
        taps = [job]
        with contextlib.suppress(queue.Empty):
            while len(taps) < TOGETHER_MAX:
                more = self._jobs.get_nowait()
                if not isinstance(more, CardRead | CardTrouble):
                    self._held = more
                    break
                taps.append(more)
        return lambda: self._reception.taps(taps)

    def _presented(self, event: CardRead | CardTrouble, part: Part) -> Job | CardRead | CardTrouble:
        return (lambda: self._reception.seen(event)) if part == "camera" else event

    def _put(self, job: Job | CardRead | CardTrouble) -> bool:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return True

    def _act(self, job: Job) -> None:
        done: Future[None] = Future()
        if not self._put(lambda: _settle(done, job)):
            raise OperatorError("kiosk_busy", "acting on the screen", "Try again in a moment.")
        try:
            done.result(ACT_WITHIN_S)
        except TimeoutError:
            done.cancel()  # whoever was told to try again must not find it done twice
            raise OperatorError("kiosk_busy", "acting on the screen", "Try again in a moment.") from None
        except sqlite3.Error:
            raise OperatorError("store_failed", "acting on the screen", "Please speak to our staff.") from None

    def _guarded(self, job: Job) -> None:
        """Whatever one job raises, the door stays open for the next."""
        try:
            job()
        except sqlite3.Error as error:
            log.error("store_failed", code="store_failed", exc_info=error)
            self._reception.store_failed()
        except OperatorError as error:
            log.warning("act_refused", code=error.code)
        except Exception as error:  # one bad tap must not close the door; type and place are logged
            log.error("job_failed", code="internal", exc_info=error)


def _settle(done: Future[None], job: Job) -> None:
    """Run a job for somebody who waits: they get its error, and so does the loop."""
    if not done.set_running_or_notify_cancel():
        return
    try:
        job()
    except BaseException as error:
        done.set_exception(error)
        raise
    done.set_result(None)
