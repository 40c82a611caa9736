"""What was handed over a moment ago and is not answered yet: most answers come within milliseconds, so a try is written to the
outbox only where the answer stays away. A restart forgets these, and then everything is due at once anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.outbox.box import Outbox
from edge.outbox.plan import Row

NOTED_AFTER_S = 0.5  # before the first backoff is over


@dataclass(frozen=True, slots=True)
class _Try:
    """at: monotonic seconds. tries: with this one."""

    at: float
    tries: int


class Sent:
    """Tries that do not stand in the outbox yet. For one thread."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._tries: dict[int, _Try] = {}

    def __len__(self) -> int:
        return len(self._tries)

    @property
    def most_tries(self) -> int:
        """Of the row that was sent most often; 0 when nothing is under way."""
        return max((one.tries for one in self._tries.values()), default=0)

    def add(self, rows: Iterable[Row], now: float) -> None:
        """These were handed over now: monotonic seconds."""
        self._tries |= {row.seq: _Try(now, row.tries + 1) for row in rows}

    def forget(self) -> None:
        """The link was lost: nothing is under way any more."""
        self._tries.clear()

    def others(self, most: int, now: float) -> list[Row]:
        """Of the oldest `most` waiting rows those that are not among these; whoever waits long is noted in the outbox first.

        A row that is left out has left: its successor need not wait for it (edge.outbox.plan).
        """
        late = {seq: one.at for seq, one in self._tries.items() if now - one.at >= NOTED_AFTER_S}
        if late:
            self._outbox.note_tries(late)
        sent = {seq: one for seq, one in self._tries.items() if seq not in late}
        waiting = self._outbox.waiting(most)
        # what is not met among the oldest rows is answered: whatever was sent is older than what was not
        self._tries = {seq: sent[seq] for seq in waiting if seq in sent}
        return self._outbox.rows_of([seq for seq in waiting if seq not in sent])
