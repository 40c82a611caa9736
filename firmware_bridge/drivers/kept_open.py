"""Opens a device again and again for ever, and says once what is wrong with it. Shared by the drivers of scanners."""

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
    """connect: opens, calls `up` of this object, serves until the device is lost (BridgeError) or `stop` is set."""

    def __init__(
        self, name: str, clock: Callable[[], float], connect: Callable[[KeptOpen, Deliver, threading.Event], None]
    ) -> None:
        self._name, self._clock, self._connect = name, clock, connect
        self._told: str | None = None
        self._pause = FIRST_PAUSE_S

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """Until `stop`. Trouble becomes ReaderState(up=False) with code and hint; only `deliver` can raise."""
        while not stop.is_set():
            try:
                self._connect(self, deliver, stop)
            except BridgeError as error:
                self._down(error, deliver)
            if stop.wait(self._pause):
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def up(self, deliver: Deliver, hint: str) -> None:
        """The device is open."""
        self._told, self._pause = "ok", FIRST_PAUSE_S
        deliver(ReaderState(self._name, self._clock(), True, hint=hint))

    def _down(self, error: BridgeError, deliver: Deliver) -> None:
        if error.code == self._told:
            return
        self._told = error.code
        tried = f"{error.tried[:1].upper()}{error.tried[1:]}"
        deliver(ReaderState(self._name, self._clock(), False, error.code, f"{tried}: {error.hint}"))
