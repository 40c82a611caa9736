"""Pure. What the outbox does now: send, wait, park. The sender calls `plan` again and again; it remembers nothing.

Rules, each with its reason:
- Rows of one thing leave in the order they were made (the part of the key before ':' names the thing, so revisions of one
  arrival never overtake each other). A row that was tried has left: its successor need not wait for its backoff.
- A held row waits `hold_s` from its making, on the boot that made it. After a restart nobody can tell how long that was,
  and holding longer is worse than letting go: it is released.
- A row never tried, or tried on an earlier boot, is due at once.
- A row that cannot ever be carried (too large for the broker, which would cut the link and so hold up everybody behind it)
  is parked with a code. A parked row holds nobody up.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

_MOST_DOUBLINGS = 32  # 2**32 s is longer than any machine runs; keeps the arithmetic finite for any number of tries
_MOST_AHEAD_S = 10.0
State = Literal["waiting", "parked"]


class Row(Struct, frozen=True):
    """One message that waits for its application-level answer.

    seq: rising in the order of making. key: unique within the store, `thing` or `thing:revision`.
    made_at: RFC 3339, wall clock of the maker. made_boot, made_monotonic (s): when, by the clock that never jumps.
    hold_s: seconds not to send after making. tries, tried_boot, tried_monotonic (s): the sends so far and the last of them.
    code, hint: why it is parked, else None.
    """

    seq: int
    store: str
    key: str
    payload: bytes
    made_at: str
    made_boot: str
    made_monotonic: float
    hold_s: float = 0.0
    tries: int = 0
    tried_boot: str | None = None
    tried_monotonic: float | None = None
    state: State = "waiting"
    code: str | None = None
    hint: str | None = None

    def age_s(self, now: float, boot: str) -> float | None:
        """Seconds since it was made; None when the machine has been restarted since (nobody knows)."""
        return max(0.0, now - self.made_monotonic) if self.made_boot == boot else None


def steady_jitter(salt: str) -> Callable[[int, int], float]:
    """A jitter in [0, 1) that is the same each time it is asked for one (seq, tries), so that a wait never moves while it
    runs; `salt` (the device's name) keeps devices apart that restart together."""

    def jitter(seq: int, tries: int) -> float:
        return zlib.crc32(f"{salt}:{seq}:{tries}".encode()) / 2**32

    return jitter


def no_jitter(_seq: int, _tries: int) -> float:
    """The middle of the range: delays are exactly first_s, 2 x first_s, ..."""
    return 0.5


class Backoff(Struct, frozen=True):
    """Seconds from a try to the next: first_s, doubling, at most most_s, each within +-20 % by `jitter(seq, tries)` in [0, 1).

    give_up_after: tries after which a row is parked with `tries_exhausted`; None (arrivals, facts) = never.
    """

    first_s: float = 1.0
    most_s: float = 60.0
    jitter: Callable[[int, int], float] = no_jitter
    give_up_after: int | None = None

    def delay_s(self, seq: int, tries: int) -> float:
        """Seconds to wait after try number `tries` (from 1)."""
        plain = min(self.most_s, self.first_s * 2.0 ** min(max(tries - 1, 0), _MOST_DOUBLINGS))
        return plain * (0.8 + 0.4 * self.jitter(seq, tries))


class Plan(Struct, frozen=True):
    """send: seqs in the order to send them, at most `batch`. park: (seq, code). wait_s: seconds until a row that is neither
    sent nor parked is due (0 when the batch was too small for all); None when there is no such row."""

    send: list[int]
    wait_s: float | None
    park: list[tuple[int, str]]


def plan(rows: Sequence[Row], *, now: float, boot: str, batch: int, backoff: Backoff, max_bytes: int | None = None) -> Plan:
    """Decide for the rows given (any order; parked ones are ignored). now: monotonic s of this `boot`."""
    send: list[int] = []
    park: list[tuple[int, str]] = []
    waits: list[float] = []
    held: dict[str, float] = {}
    for row in sorted((row for row in rows if row.state == "waiting"), key=lambda row: row.seq):
        code = _unsendable(row, backoff, max_bytes)
        if code is not None:
            park.append((row.seq, code))
            continue
        thing = row.key.partition(":")[0]
        wait = max(_wait_s(row, now, boot, backoff), held.get(thing, 0.0))
        if wait <= 0 and len(send) < batch:
            send.append(row.seq)
            continue
        waits.append(wait)
        if row.tried_boot != boot:  # it has not left yet on this boot: nothing of the same thing may leave before it
            held[thing] = wait
    return Plan(send, min(waits) if waits else None, park)


def _unsendable(row: Row, backoff: Backoff, max_bytes: int | None) -> str | None:
    if max_bytes is not None and len(row.payload) > max_bytes:
        return "too_large"
    if backoff.give_up_after is not None and row.tries >= backoff.give_up_after:
        return "tries_exhausted"
    return None


def _wait_s(row: Row, now: float, boot: str, backoff: Backoff) -> float:
    return max(_left_s(row.hold_s, row.made_boot, row.made_monotonic, now, boot), _backoff_left_s(row, now, boot, backoff))


def _backoff_left_s(row: Row, now: float, boot: str, backoff: Backoff) -> float:
    if row.tries <= 0 or row.tried_monotonic is None:
        return 0.0
    return _left_s(backoff.delay_s(row.seq, row.tries), row.tried_boot, row.tried_monotonic, now, boot)


def _left_s(span: float, since_boot: str | None, since: float, now: float, boot: str) -> float:
    """What is left of `span`; nothing after a restart, nor when the file holds a time that has not come yet.

    A little ahead is no nonsense: a row put by another thread after `now` was read.
    """
    if since_boot != boot or since > now + _MOST_AHEAD_S:
        return 0.0
    return max(0.0, since + span - now)
