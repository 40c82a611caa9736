"""Opens a device again and again for ever, and says once what is wrong with it. Shared by all drivers."""

from __future__ import annotations

import threading
from collections.abc import Callable

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.errors import BridgeError

# A replugged device is back within some seconds, so the longest pause is five; it never gives up (zigbee2mqtt#17809).
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
# How long a stop may go unnoticed: nothing waits on a file and an Event at once, and four looks a second cost nothing.
LONGEST_READ_S = 0.25

Deliver = Callable[[ReaderEvent], None]


class KeptOpen:
    """connect(deliver, stop): opens, delivers ReaderState(up=True) when the device works, serves until it is lost (BridgeError)
    or `stop` is set."""

    def __init__(self, name: str, clock: Callable[[], float], connect: Callable[[Deliver, threading.Event], None]) -> None:
        """name: of the reader. clock: monotonic seconds that really pass."""
        self._name, self._clock, self._connect = name, clock, connect
        self._told: str | None = None
        self._pause = FIRST_PAUSE_S

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """Until `stop`. Trouble becomes ReaderState(up=False) with code and hint, once; only `deliver` can raise."""

        def tell(event: ReaderEvent) -> None:
            if self._is_news(event):
                deliver(event)

        while not stop.is_set():
            try:
                self._connect(tell, stop)
            except BridgeError as error:
                tell(self._down(error))
            if stop.wait(self._pause):
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _is_news(self, event: ReaderEvent) -> bool:
        """Everything is, but the trouble that was told last."""
        if not isinstance(event, ReaderState):
            return True
        known, self._told = self._told, event.code
        if event.up:
            self._pause = FIRST_PAUSE_S
        return event.up or event.code != known

    def _down(self, error: BridgeError) -> ReaderState:
        tried = f"{error.tried[:1].upper()}{error.tried[1:]}"
        return ReaderState(self._name, self._clock(), False, error.code, f"{tried}: {error.hint}")
