"""The unix socket through which a simulated reader is told what to do. Only its owner can open it (mode 600)."""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import selectors
import socket
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from firmware_bridge.errors import BridgeError, MisuseError, ReaderGone
from firmware_bridge.simulator.request_line import LONGEST_LINE
from firmware_bridge.simulator.requests import RequestError

# One person and one demonstration at a time need two; more must not pile up.
MOST_CONNECTIONS = 8
# sockaddr_un holds 108 bytes with the closing zero.
LONGEST_PATH = 107

Reply = Mapping[str, object]
Answer = Callable[[bytes], Reply]


class ControlInUse(ReaderGone):
    """Another process has the socket."""

    code = "control_in_use"


class ControlRefused(MisuseError):
    """There cannot be a socket at this path."""

    code = "control_path"


def error_reply(error: BridgeError) -> Reply:
    """What goes back for a request that cannot be done."""
    return {"error": {"code": error.code, "tried": error.tried, "hint": error.hint}}


class ControlSocket:
    """A listening socket, driven by a selector's loop; each registered file's data is a function to call when it is ready."""

    def __init__(self, path: Path, selector: selectors.BaseSelector, answer: Answer) -> None:
        """Listen at `path`, in place of a socket nobody listens at. Raises ControlInUse or ControlRefused."""
        self._path, self._selector, self._answer = path, selector, answer
        self._connections: list[_Connection] = []
        self._listener = _listen(path)
        self._identity = _identity(path)
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)
        atexit.register(self.close)

    def close(self) -> None:
        """Stop listening, and remove the socket unless somebody has put another one there."""
        atexit.unregister(self.close)
        for connection in list(self._connections):
            self._drop(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._listener)
        self._listener.close()
        if _identity(self._path) == self._identity:
            self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except OSError:  # the other side has thought better of it, or we are short of descriptors: it will ask again
            return
        peer.setblocking(False)
        if len(self._connections) >= MOST_CONNECTIONS:
            self._drop(self._connections[0])
        connection = _Connection(peer, self._answer)
        self._connections.append(connection)
        self._selector.register(peer, selectors.EVENT_READ, lambda: self._serve(connection))

    def _serve(self, connection: _Connection) -> None:
        if not connection.serve():
            self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._selector.unregister(connection.peer)
            connection.peer.close()


class _Connection:
    """One client: lines in, lines out."""

    def __init__(self, peer: socket.socket, answer: Answer) -> None:
        self.peer, self._answer = peer, answer
        self._buffer = b""

    def serve(self) -> bool:
        """Take what came; False when this client is done with."""
        try:
            data = self.peer.recv(LONGEST_LINE)
            if not data:
                return False
            self._buffer += data
            while b"\n" in self._buffer:
                line, self._buffer = self._buffer.split(b"\n", 1)
                self._reply(self._answer(line))
            if len(self._buffer) > LONGEST_LINE:
                self._reply(error_reply(_too_long()))
                return False
        except BlockingIOError:
            return True  # nothing to read after all
        except OSError:  # the client went away
            return False
        return True

    def _reply(self, reply: Reply) -> None:
        # Replies are some hundred bytes; a client that does not even read those is dropped by the OSError.
        data = json.dumps(reply).encode() + b"\n"
        try:
            whole = self.peer.send(data) == len(data)
        except BlockingIOError:
            whole = False
        if not whole:
            raise ConnectionError("the client does not read its replies")


def _too_long() -> RequestError:
    return RequestError(
        "line_too_long", "reading a line without end", f"Keep a request within {LONGEST_LINE} bytes and end it with a line end"
    )


def _listen(path: Path) -> socket.socket:
    """Bind in a private folder first, so that at no moment anybody else can connect; then move into place."""
    _within_limit(path)
    _make_room(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=".", dir=path.parent))  # mode 700
    except OSError as error:
        raise ControlRefused(
            f"making a socket in {path.parent} ({os.strerror(error.errno or 0)})", "Name a folder you may write to"
        ) from error
    try:
        return _bind(folder, path)
    finally:
        (folder / "s").unlink(missing_ok=True)
        folder.rmdir()


def _bind(folder: Path, path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{handle}/s")  # short, however long the folder's name is
        (folder / "s").chmod(0o600)
        listener.listen(MOST_CONNECTIONS)
        (folder / "s").rename(path)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(handle)
    return listener


def _make_room(path: Path) -> None:
    """Nothing in the way, or a socket nobody listens at any more."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ControlRefused(
            f"looking at {path} ({os.strerror(error.errno or 0)})", "Name a path in a folder of your own"
        ) from error
    if not stat.S_ISSOCK(mode):
        raise ControlRefused(f"making the socket {path}, where something else lies", "Name another path, or move that file away")
    if _somebody_listens(path):
        raise ControlInUse(f"making the socket {path}", "Another simulated reader uses it; end that one or name another path")


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError as error:
            return error.errno not in (errno.ECONNREFUSED, errno.ENOENT)
    return True


def _within_limit(path: Path) -> None:
    size = len(os.fsencode(path))
    if size > LONGEST_PATH:
        raise ControlRefused(f"making a socket with a path of {size} bytes", f"Linux allows {LONGEST_PATH}; name a shorter path")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
