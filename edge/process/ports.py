"""Whether a port can be listened on, and who has it if not."""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path

from edge.process.errors import OperatorError

_LISTENS = "0A"
_MOST_SHOWN = 60


def check_free(host: str, port: int, what: str) -> None:
    """Raise the error of `cannot_listen` unless host:port can be bound now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError, TypeError) as error:  # the last two: a host no resolver takes
        raise cannot_listen(host, port, what, error) from None


def cannot_listen(host: str, port: int, what: str, error: Exception) -> OperatorError:
    """`port_in_use` naming the taker, or `address_unusable`, for an error met while binding host:port."""
    tried = f"listening on {host}:{port} for {what}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        hint = "Stop that process, or choose another port in the configuration."
        return OperatorError("port_in_use", f"{tried}: taken by {taker(port)}", hint)
    hint = "Choose an address of this machine and a port above 1023."
    return OperatorError("address_unusable", f"{tried} ({getattr(error, 'strerror', None) or 'no such host'})", hint)


def taker(port: int) -> str:
    """`process PID (command)` of whoever listens on the port, as far as this user may see."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        if _holds(process, inodes):
            return f"process {process.name} ({_command(process)})"
    return "another user's process"


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found


def _holds(process: Path, sockets: set[str]) -> bool:
    with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
        return any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir())
    return False


def _command(process: Path) -> str:
    """Program and first arguments; later ones may hold what is nobody's business."""
    with contextlib.suppress(OSError):
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        return " ".join(word for word in words[:3] if word)[:_MOST_SHOWN]
    return "unknown"
