"""The raw wire in a file, and back through a session. One line for each piece of bytes: seconds, direction, hex.

shopbell-recording 1 board
0.000 > 00 02 41 ...
0.004 < 02 01 02 ...
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from firmware_bridge.card_read import ReaderEvent, ReaderState
from firmware_bridge.drivers.line import Line
from firmware_bridge.errors import BridgeError, FrameError, MisuseError
from firmware_bridge.session.board_memory import BoardMemory
from firmware_bridge.session.board_session import BoardSession
from firmware_bridge.session.pn532_session import Out, Pn532Session
from firmware_bridge.tools.talk import Session

Kind = Literal["board", "pn532"]
_FIRST = "shopbell-recording 1 "
_LINE = re.compile(r"(\d{1,9}\.\d{3}) ([<>=])((?: [0-9A-F]{2})*)\n?")
# A day of a busy door is some ten megabytes.
MOST_BYTES = 100_000_000
MOST_LINE = 20_000
# Two times in a recording may each be off by half a millisecond.
_ROUNDED_S = 0.001


class RecordingBad(FrameError):
    """The file is no recording."""

    code = "recording_bad"


class RecordingFull(BridgeError):
    """A recording has reached its largest size."""

    code = "recording_full"


class RecordingUnwritable(BridgeError):
    """The file of a recording takes no more."""

    code = "recording_unwritable"


@dataclass(frozen=True, slots=True)
class Piece:
    """seconds since the beginning; sign: < from the reader, > to it, = the port was opened."""

    seconds: float
    sign: str
    data: bytes


class Recorder:
    """Writes pieces into a file that only its owner can read: they hold card ids.

    failed: why nothing is written any more, or None. What was written before is whole and can be played. pieces: noted so far.
    """

    def __init__(self, path: Path, kind: Kind, clock: Callable[[], float], most_bytes: int = MOST_BYTES) -> None:
        """path: of a file that is not there yet. clock: monotonic seconds."""
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise MisuseError(
                f"writing {path} ({os.strerror(error.errno or 0)})", "Name a new file in a folder you may write to"
            ) from error
        self._path, self._clock, self._begun = path, clock, clock()
        self._size, self._most = 0, most_bytes
        self.failed: BridgeError | None = None
        self.pieces = 0
        self._write(f"{_FIRST}{kind}\n")

    def note(self, sign: str, data: bytes = b"") -> None:
        """One piece, now. Never raises: it is called where trouble means that the reader is gone."""
        self.pieces += 1
        self._write(" ".join([f"{self._clock() - self._begun:.3f}", sign, *(f"{octet:02X}" for octet in data)]) + "\n")

    def close(self) -> None:
        """No more."""
        try:
            os.close(self._descriptor)
        except OSError as error:  # of file systems that write late
            self.failed = self.failed or _unwritable(self._path, error)

    def _write(self, line: str) -> None:
        if self.failed is not None:
            return
        if self._size + len(line) > self._most:
            self.failed = RecordingFull(
                f"recording into {self._path}, which holds {self._size} bytes",
                "What is in it can be played; record less at once with --for",
            )
            return
        try:
            rest = line.encode("ascii")
            while rest:  # a disk takes what still fits, and refuses the rest
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.failed = _unwritable(self._path, error)
            with contextlib.suppress(OSError):  # half a line could not be played
                os.ftruncate(self._descriptor, self._size)
            return
        self._size += len(line)


class RecordedLine:
    """A line whose bytes are noted on their way."""

    def __init__(self, line: Line, recorder: Recorder) -> None:
        self._line, self._recorder = line, recorder
        recorder.note("=")

    @property
    def resettable(self) -> bool:
        """See Line."""
        return self._line.resettable

    def hold_reset(self, hold: bool) -> None:
        """See Line."""
        self._line.hold_reset(hold)

    def read(self, timeout_s: float) -> bytes:
        """See Line."""
        data = self._line.read(timeout_s)
        if data:
            self._recorder.note("<", data)
        return data

    def write(self, data: bytes) -> None:
        """See Line."""
        self._recorder.note(">", data)
        self._line.write(data)

    def close(self) -> None:
        """See Line."""
        self._line.close()


def _unwritable(path: Path, error: OSError) -> RecordingUnwritable:
    return RecordingUnwritable(
        f"recording into {path} ({os.strerror(error.errno or 0)})",
        "What is in it can be played; make room on the disk, or name a file on another",
    )


def load(path: Path) -> tuple[Kind, Iterator[Piece]]:
    """A recording's kind and its pieces. Raises MisuseError or RecordingBad, the latter also while pieces are taken."""
    try:
        file = path.open(encoding="ascii", errors="replace")
    except OSError as error:
        raise MisuseError(
            f"reading {path} ({os.strerror(error.errno or 0)})", "Name a file made by shopbell reader record"
        ) from error
    head = file.readline(MOST_LINE).rstrip("\n")
    kind = head.removeprefix(_FIRST)
    if not head.startswith(_FIRST) or kind not in ("board", "pn532"):
        file.close()
        raise _bad(path, 1)
    return ("board" if kind == "board" else "pn532"), _pieces(path, file)


def _pieces(path: Path, file: IO[str]) -> Iterator[Piece]:
    last, number = 0.0, 1
    with file:
        while line := file.readline(MOST_LINE):
            number += 1
            found = _LINE.fullmatch(line)
            if found is None and not line.endswith("\n"):
                raise RecordingBad(
                    f"reading line {number} of {path}, where it breaks off",
                    "What stands before that was played; the rest is lost",
                )
            if found is None or float(found[1]) < last:
                raise _bad(path, number)
            last = float(found[1])
            yield Piece(last, found[2], bytes.fromhex(found[3]))


def _bad(path: Path, line: int) -> RecordingBad:
    return RecordingBad(f"reading line {line} of {path}", "Name a file made by shopbell reader record, unchanged")


def replay(kind: Kind, pieces: Iterator[Piece], reader: str = "nfc-1") -> Iterator[tuple[float, ReaderEvent]]:
    """What the session makes of it, with the seconds at which it did; as fast as it can."""
    player = _Player(kind, reader)
    for piece in pieces:
        yield from player.take(piece)


class _Player:
    """Sessions one after the other, as the port was opened again."""

    def __init__(self, kind: Kind, reader: str) -> None:
        self._kind, self._reader = kind, reader
        self._memory = BoardMemory(reader)
        self._session: Session | None = None

    def take(self, piece: Piece) -> Iterator[tuple[float, ReaderEvent]]:
        if piece.sign == "=":
            self._session = self._new()
            yield from self._told(self._session.begin(piece.seconds), piece.seconds)
            return
        if piece.sign == ">":  # what it said, it said in time: a machine under load only listened late
            yield from self._waited(piece.seconds + _ROUNDED_S)
            return
        if self._session is not None:
            yield from self._told(self._session.received(piece.data, piece.seconds), piece.seconds)
        if self._session is not None:
            yield from self._told(self._session.tick(piece.seconds), piece.seconds)

    def _new(self) -> Session:
        return BoardSession(self._memory) if self._kind == "board" else Pn532Session(self._reader)

    def _waited(self, until: float) -> Iterator[tuple[float, ReaderEvent]]:
        """What the session does by itself before `until`."""
        while self._session is not None and self._session.wake_at <= until:
            moment = self._session.wake_at
            yield from self._told(self._session.tick(moment), moment)

    def _told(self, out: Out, now: float) -> Iterator[tuple[float, ReaderEvent]]:
        yield from ((now, event) for event in out.events)
        if out.failed is not None:
            self._session = None
            yield now, ReaderState(self._reader, now, False, out.failed.code, out.failed.hint)
