"""One SQLite file, kept safe: WAL with synchronous FULL (asserted), one connection that writes and checkpoints, readers
apart, a reserve file for the full disk, a check at start (reliability.md: findings 3, 6, 7; guarantees G1, G7, G8).
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from edge.process.errors import OperatorError

# 256 pages = 1 MiB: a tap writes some 16, so that one in sixteen pays for a checkpoint and not one in four. The WAL must stay
# smaller than half the reserve, or a full disk cannot be left again.
WAL_PAGES = 256
RESERVE_BYTES = 3 * 1024 * 1024


def pragmas(*, writes: bool, synchronous: str = "FULL", checkpoints: bool = True) -> tuple[str, ...]:
    """Pure: what every connection is told before anything else. The power-cut model is told the same, so that it cannot drift."""
    settings = (
        "PRAGMA journal_mode=WAL",
        f"PRAGMA synchronous={synchronous}",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA wal_autocheckpoint={WAL_PAGES if writes and checkpoints else 0}",
    )
    return settings if writes else (*settings, "PRAGMA query_only=ON")


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """What goes wrong with the file inside (opening, migrating) becomes OperatorError `store_unavailable` or `store_damaged`."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        hint = "See that the folder exists, belongs to this process, and that its disk has room."
        raise OperatorError("store_unavailable", f"opening {path} ({type(error).__name__})", hint) from None
    except sqlite3.DatabaseError:  # no database any more
        raise _damaged(path) from None


def _damaged(path: Path) -> OperatorError:
    return OperatorError("store_damaged", f"checking {path}", f"Move it aside and salvage it with 'sqlite3 {path} .recover'.")


def _own(path: Path) -> IO[bytes] | None:
    """The file's owner mark, or None where another process holds it. It goes with the process, however that ends."""
    name = path.with_name(path.name + ".owner")
    name.touch(mode=0o600)
    mark = name.open("ab")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        mark.close()
        return None
    return mark


class SqliteFile:
    """A file with exactly one writing connection, used under a lock, and one reading connection per thread.

    The first process to open it owns it and alone checkpoints; a command beside it (an import, a resend) writes, but leaves the
    checkpoint to the owner, so that the WAL-reset race of SQLite before 3.51.3 cannot happen.

    path: the database file; its folder is created with mode 700. synchronous: FULL in every product; a test's mutant passes
    NORMAL with `assert_durable=False` to show what that would lose. Open it inside `opening(path)`.
    """

    def __init__(self, path: Path, *, synchronous: str = "FULL", assert_durable: bool = True) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # WAL and index take over the mode of the file
        self._reserve = path.with_name(path.name + ".reserve")
        self._owner = _own(path)
        self._lock = threading.RLock()
        self._writing: int | None = None  # the thread whose transaction is open
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._writer = self._connect(writes=True, synchronous=synchronous)
        if assert_durable:
            self._assert_durable()
        self._check()
        self._keep_reserve()

    @property
    def writer(self) -> sqlite3.Connection:
        """The writing connection, for migrations at start; afterwards use `write()`."""
        return self._writer

    def require_owner(self) -> None:
        """A process that serves from this file must own it. Raises OperatorError `store_in_use` where another one does."""
        if self._owner is None:
            hint = "Another process serves from it or imports into it: end that one, or wait until it is done."
            raise OperatorError("store_in_use", f"taking {self.path}", hint)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction: committed when the block ends, rolled back when it raises."""
        with self._lock:
            if self._writer.in_transaction:  # nested: joins the outer transaction
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._writing = threading.get_ident()
            try:
                yield self._writer
            except BaseException:
                self._writer.rollback()
                raise
            finally:
                self._writing = None
            self._commit()

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that can only read, own to this thread; inside a `write` of this thread the writer, which sees what has
        been written so far and has its pages in memory, where a reader must fetch them anew after every commit."""
        if self._writing == threading.get_ident():
            yield self._writer
            return
        reader: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = self._connect(writes=False, synchronous="FULL")
            self._readers.connection = reader
            with self._lock:
                self._open_readers.append(reader)
        yield reader

    def close(self) -> None:
        """Close every connection; the WAL is folded into the file."""
        with self._lock:
            for reader in self._open_readers:
                with contextlib.suppress(sqlite3.ProgrammingError):
                    reader.close()
            self._writer.close()
            if self._owner is not None:
                self._owner.close()
                self._owner = None

    def _connect(self, *, writes: bool, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in pragmas(writes=writes, synchronous=synchronous, checkpoints=self._owner is not None):
            connection.execute(pragma)
        return connection

    def _commit(self) -> None:
        try:
            self._writer.commit()
        except sqlite3.OperationalError as error:
            self._writer.rollback()
            if "full" in str(error):
                self._reserve.unlink(missing_ok=True)  # room for the checkpoint; made again at the next start
            raise

    def _assert_durable(self) -> None:
        journal = self._writer.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = self._writer.execute("PRAGMA synchronous").fetchone()[0]
        if (journal, synchronous) != ("wal", 2):
            raise OperatorError(
                "store_not_durable",
                f"opening {self.path} (journal {journal}, synchronous {synchronous})",
                "Put the file on a local disk: WAL with synchronous FULL is needed so that a power cut loses nothing.",
            )

    def _check(self) -> None:
        try:
            result = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            result = str(error)
        if result != "ok":
            raise _damaged(self.path)

    def _keep_reserve(self) -> None:
        if not self._reserve.exists() or self._reserve.stat().st_size < RESERVE_BYTES:
            with contextlib.suppress(OSError):  # a full disk already: nothing to reserve
                self._reserve.write_bytes(b"\0" * RESERVE_BYTES)
