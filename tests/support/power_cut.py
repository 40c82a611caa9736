"""A power cut, modelled: SQLite runs on a file system that writes down every write, truncate, sync and delete; a cut at any
point of that list leaves what was synced, and of the rest whichever 512-byte sectors chance kept, whole, torn or not at all.

Kept apart from the product: the statements are the product's own (see `Tape`), the engine that runs them is APSW's, and what
is left is opened by Python's sqlite3, as the product does. Outside the model, as outside the promise: a disk that says it has
synced and has not.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

SECTOR = 512
VFS_NAME = "power-cut"
Kind = Literal["write", "truncate", "sync", "delete", "mark"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something the product said: what = `acked` (a promise was made) or `released` (somebody else has it now)."""

    what: str
    key: str


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that was asked of the file system. name: of the file, without its folder."""

    kind: Kind
    name: str = ""
    offset: int = 0
    data: bytes = b""
    mark: Mark | None = None


@dataclass(slots=True)
class Tape:
    """What a product's writing connection ran, in order, and what the product said in between."""

    lines: list[str | Mark] = field(default_factory=list)

    @contextmanager
    def recording(self, writer: sqlite3.Connection) -> Iterator[Tape]:
        """Record every statement with its values, transaction borders included, while the block runs."""
        writer.set_trace_callback(self.lines.append)
        try:
            yield self
        finally:
            writer.set_trace_callback(None)

    def mark(self, what: str, key: str) -> None:
        """The product said something just now."""
        self.lines.append(Mark(what, key))

    @property
    def statements(self) -> list[str]:
        return [line for line in self.lines if isinstance(line, str)]


class _Recorder(apsw.VFS):
    """The machine's file system, with everything that changes a file written down in `log`."""

    def __init__(self, log: list[Op]) -> None:
        self.log = log
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        # Without a name it is a file of the engine's own scratch, which nobody looks for after a cut.
        return _RecordedFile(self.log, name, flags) if name else apsw.VFSFile("", name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        super().xDelete(name, syncdir)
        self.log.append(Op("delete", Path(name).name))


class _RecordedFile(apsw.VFSFile):
    def __init__(self, log: list[Op], name: Any, flags: list[int]) -> None:
        self._log = log
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._log.append(Op("write", self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self._log.append(Op("truncate", self._name, size))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._log.append(Op("sync", self._name))


def replay(folder: Path, image: bytes, lines: Sequence[str | Mark], pragmas: Iterable[str]) -> list[Op]:
    """Run the tape on a database that begins as `image`, and return what the file system was asked, with the marks among it."""
    path = folder / "model.db"
    path.write_bytes(image)
    log: list[Op] = []
    recorder = _Recorder(log)
    connection = apsw.Connection(str(path), vfs=VFS_NAME)
    try:
        for pragma in pragmas:
            connection.execute(pragma).fetchall()
        for line in lines:
            if isinstance(line, Mark):
                log.append(Op("mark", mark=line))
            else:
                connection.execute(line).fetchall()
        made = len(log)
    finally:
        connection.close()
        recorder.unregister()
    return log[:made]  # a power cut comes before the goodbye


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)
    exists: bool = True

    def sync(self) -> None:
        for op in self.pending:
            self._whole(op)
        self.pending.clear()
        self.exists = True

    def after_cut(self, rng: random.Random, kept: float) -> bytes | None:
        """What is found after the power comes back; None when not even the file's name was safe."""
        if not self.exists and rng.random() > kept:
            return None
        left = _File(bytearray(self.durable))
        for op in self.pending:
            if op.kind == "truncate":
                if rng.random() < kept:
                    left._whole(op)
                continue
            for start, piece in _sectors(op):
                fate = rng.random()
                if fate < kept:
                    torn = rng.randrange(1, len(piece) + 1) if rng.random() < 0.1 else len(piece)
                    left._put(start, piece[:torn])
        return bytes(left.durable)

    def _whole(self, op: Op) -> None:
        if op.kind == "truncate":
            del self.durable[op.offset :]
        else:
            self._put(op.offset, op.data)

    def _put(self, offset: int, data: bytes) -> None:
        if len(self.durable) < offset:
            self.durable.extend(bytes(offset - len(self.durable)))
        self.durable[offset : offset + len(data)] = data


def _sectors(op: Op) -> Iterator[tuple[int, bytes]]:
    """The write cut at the borders of sectors."""
    at, end = op.offset, op.offset + len(op.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        yield at, op.data[at - op.offset : stop - op.offset]
        at = stop


@dataclass(frozen=True, slots=True)
class Found:
    """What is left after one cut. files: name -> content. acked, released: what the product had said by then."""

    files: dict[str, bytes]
    acked: frozenset[str]
    released: frozenset[str]


def cuts(image: bytes, log: Sequence[Op], count: int, rng: random.Random) -> Iterator[Found]:
    """`count` cuts, earliest first; how much of the unsynced survives differs from cut to cut.

    Half of them come between any two things the file system is asked, half right after the product has said something: that
    is where it stands still and waits for the next shopper.
    """
    said = [place + 1 for place, op in enumerate(log) if op.mark is not None]
    points = sorted(rng.choice(said) if rng.random() < 0.5 else rng.randrange(len(log) + 1) for _ in range(count))
    files = {"model.db": _File(bytearray(image))}
    acked: set[str] = set()
    released: set[str] = set()
    done = 0
    for point in points:
        for op in log[done:point]:
            _take(op, files, acked, released)
        done = point
        kept = rng.choice((0.0, 0.1, 0.5, 0.9))
        left = {name: file.after_cut(rng, kept) for name, file in files.items()}
        found = {name: content for name, content in left.items() if content is not None}
        yield Found(found, frozenset(acked), frozenset(released))


def _take(op: Op, files: dict[str, _File], acked: set[str], released: set[str]) -> None:
    if op.mark is not None:
        (acked if op.mark.what == "acked" else released).add(op.mark.key)
    elif op.kind == "delete":
        files.pop(op.name, None)  # as if it were durable at once; only the goodbye deletes, and the log ends before it
    elif op.kind == "sync":
        files.setdefault(op.name, _File(exists=False)).sync()
    else:
        files.setdefault(op.name, _File(exists=False)).pending.append(op)


def reopened(folder: Path, found: Found) -> sqlite3.Connection:
    """The files as they were found, opened by Python's own SQLite."""
    for old in folder.glob("model.db*"):
        old.unlink()
    for name, content in found.files.items():
        (folder / name).write_bytes(content)
    return sqlite3.connect(folder / "model.db")
