"""Who has a TCP port: a free one is not a fact for long, but a taken one has a name worth telling."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from edge.process.errors import OperatorError

_LISTENING = "0A"


def require_free(host: str, port: int, what: str) -> None:
    """Raise OperatorError `port_in_use`, naming the taker, unless `what` could listen on host:port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise OperatorError(
                "port_in_use",
                f"opening port {port} for the {what}: taken by {taker(port)}",
                "Stop that program, or choose other ports.",
            ) from None


def taker(port: int) -> str:
    """`process 4711 (mosquitto)`, or `another program` where it belongs to somebody else."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or is not ours to look at
            if any(_inode_of(handle) in inodes for handle in (process / "fd").iterdir()):
                return f"process {process.name} ({_command(process)})"
    return "another program"


def _command(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    name = Path(words[0]).name
    if "-m" in words[:-1]:
        name += f" -m {words[words.index('-m') + 1]}"
    return name


def _inode_of(handle: Path) -> str:
    with contextlib.suppress(OSError):
        target = str(handle.readlink())
        if target.startswith("socket:["):
            return target[8:-1]
    return ""


def _listening_inodes(port: int) -> frozenset[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return frozenset(found)
