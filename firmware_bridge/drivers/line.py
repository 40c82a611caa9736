"""The opened port a session speaks through, and what becomes of what it says."""

from __future__ import annotations

from typing import Protocol

from firmware_bridge.drivers.kept_open import Deliver
from firmware_bridge.session.pn532_session import Out


class Line(Protocol):
    """An opened port: read gives bytes or nothing after the limit; read and write raise BridgeError when it is gone.

    resettable: whether `hold_reset` does anything; it holds the chip in reset or lets go.
    """

    @property
    def resettable(self) -> bool: ...
    def hold_reset(self, hold: bool) -> None: ...
    def read(self, timeout_s: float) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


def carry_out(out: Out, line: Line, deliver: Deliver) -> None:
    """Do what a session asks for. Raises BridgeError when it has failed or the port is gone."""
    for event in out.events:  # first, so that a port lost at this moment costs no read
        deliver(event)
    if out.send:
        line.write(out.send)
    if out.failed is not None:
        raise out.failed
