"""What can go wrong between a port and a card read. Imports nothing of ours."""

from __future__ import annotations


class BridgeError(Exception):
    """Base: code (stable), tried, hint for a technician."""

    code = "bridge"

    def __init__(self, tried: str, hint: str) -> None:
        super().__init__(f"{self.code}: {tried}. {hint}")
        self.tried = tried
        self.hint = hint


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
