"""Stamps on the way of an arrival, put around the real methods of a kiosk's and a hub's process; nothing they do is changed.

One clock for every process of the machine: time.perf_counter, on Linux CLOCK_MONOTONIC.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

MOST = 200_000  # of a run that nobody asks about; memory must not grow with it
now = time.perf_counter


class Stamp(msgspec.Struct, array_like=True, frozen=True):
    """hop: what began, or ended, at this moment (seconds of the clock above)."""

    hop: str
    at: float


class Trail:
    """What happened since it was last taken. Any thread stamps."""

    def __init__(self) -> None:
        self._stamps: deque[Stamp] = deque(maxlen=MOST)

    def put(self, hop: str) -> None:
        """Now."""
        self._stamps.append(Stamp(hop, now()))

    def take(self) -> list[Stamp]:
        """All so far, in the order they were put; they are gone then."""
        return [self._stamps.popleft() for _ in range(len(self._stamps))]

    def around(
        self, owner: Any, name: str, *, begins: str = "", ends: str = "", when: Callable[..., bool] = lambda *_, **__: True
    ) -> None:
        """From now on each call of owner.name is stamped as it begins and as it ends well. when: told the call's arguments.

        Raises AttributeError where there is no such method any more: then this way of an arrival has to be written anew.
        """
        real = getattr(owner, name)

        @functools.wraps(real)
        def stamped(*arguments: Any, **named: Any) -> Any:
            wanted = when(*arguments, **named)
            if wanted and begins:
                self.put(begins)
            given = real(*arguments, **named)
            if wanted and ends:
                self.put(ends)
            return given

        setattr(owner, name, stamped)


def on_thread(name: str) -> Callable[..., bool]:
    """For `when`: only on the thread of that name."""
    return lambda *_, **__: threading.current_thread().name == name


def topic_ends(suffix: str) -> Callable[..., bool]:
    """For `when`: only for messages of this kind. The method's first argument is the topic."""
    return lambda _self, topic, *_, **__: str(topic).endswith(suffix)
