"""Holds a card to a simulated reader, through its control socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from firmware_bridge.errors import BridgeError, MisuseError, ReaderGone

_WITHIN_S = 5.0


class NotSimulated(ReaderGone):
    """Nobody listens at the socket."""

    code = "simulated_missing"


class Refused(BridgeError):
    """The simulated reader does not do it; its own code and hint."""

    def __init__(self, code: str, tried: str, hint: str) -> None:
        self.code = code
        super().__init__(tried, hint)


def present(control: Path, uid: str, hold_s: float) -> None:
    """Put a card with this id (hex) on the reader for hold_s seconds. Raises BridgeError."""
    answer = _ask(control, {"present": {"uid": uid}, "hold_s": hold_s})
    error = answer.get("error")
    if isinstance(error, dict):
        raise Refused(str(error.get("code")), str(error.get("tried")), str(error.get("hint")))


def simulated_status(control: Path) -> dict[str, object]:
    """What a simulated reader or scanner says of itself. Raises BridgeError."""
    return _ask(control, {"status": {}})


def _ask(control: Path, request: object) -> dict[str, object]:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(_WITHIN_S)
            channel.connect(str(control))
            channel.sendall(json.dumps(request).encode() + b"\n")
            with channel.makefile("rb") as replies:
                answer = json.loads(replies.readline(65536) or b"{}")
    except OSError as error:
        raise NotSimulated(f"reaching a simulated device at {control} ({type(error).__name__})") from error
    except ValueError as error:
        raise MisuseError(
            f"asking {control}", "This socket is not that of a simulated reader; name the one it printed"
        ) from error
    return answer if isinstance(answer, dict) else {}
