"""What can go wrong between a port and a card read. Imports nothing of ours but the words of its codes."""

from __future__ import annotations

from firmware_bridge.remedies import mend


class BridgeError(Exception):
    """Base: code (stable), tried, hint for a technician."""

    code = "bridge"

    def __init__(self, tried: str, hint: str = "", *, here: str = "") -> None:
        """hint: what to do, where that depends on more than the code; else the words of `remedies`, with `here`, what was found
        on this machine, behind them."""
        self.tried = tried
        self.hint = hint or ". ".join([mend(self.code), *([here] if here else [])])
        super().__init__(f"{self.code}: {tried}. {self.hint}")


class FrameError(BridgeError):
    """The device spoke badly. The only exception that can come out of bytes."""

    code = "frame_bad"


class MisuseError(BridgeError):
    """We called badly."""

    code = "misuse"


class ReaderGone(BridgeError):
    """The port vanished, hung up or cannot be opened; try again later."""

    code = "reader_gone"


class NotAReader(BridgeError):
    """The port is there, but what answers (or does not) is no reader we know."""

    code = "not_a_reader"
