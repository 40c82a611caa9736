"""Files of accounts for the embedded broker: who, the hash of a random token, the rights. Mode 600, written whole or not at all.

A token is 32 random bytes, so one round of SHA-256 is enough: there is nothing to guess (a slow hash on the broker's one
thread would take 0.1 s for each connect).
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from edge.broker.rights import Rights
from edge.process.logs import get_logger

log = get_logger(part="accounts")


class StoredAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """sha256: of the password, hex."""

    sha256: str
    rights: Rights

    def matches(self, password: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.sha256, sha256_of(password))


_DECODER = msgspec.json.Decoder(dict[str, StoredAccount])


def sha256_of(password: str) -> str:
    """SHA-256 of the password's UTF-8, hex; a lone surrogate (from damaged input) is kept apart, never an error."""
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()


def write_accounts(path: Path, accounts: Mapping[str, StoredAccount]) -> None:
    """Replace the file in one step, so that a reader sees the old or the new accounts and a power cut leaves one of them."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, msgspec.json.encode(accounts))


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 600 whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_accounts(path: Path) -> dict[str, StoredAccount]:
    """The accounts in the file; none when it is not there. A damaged file is moved aside: its accounts are put again."""
    try:
        return _DECODER.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        aside = path.with_name(path.name + ".damaged")
        log.error("accounts_damaged", code="accounts_damaged", aside=aside.name)
        path.replace(aside)
        return {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other writers of this file out while it is read, changed and written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class AccountFiles:
    """Several account files read as one, each again whenever it has changed. For one thread."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._seen: list[tuple[int, int, int] | None] = []
        self._accounts: dict[str, StoredAccount] = {}

    def current(self) -> dict[str, StoredAccount]:
        """All accounts as of now; the earlier file wins where two name the same account. Costs one stat per file."""
        seen = [_signature(path) for path in self._paths]
        if seen != self._seen:
            self._accounts = {name: account for path in reversed(self._paths) for name, account in read_accounts(path).items()}
            self._seen = seen
        return self._accounts


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino)
