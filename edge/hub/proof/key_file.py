"""The hub's key file: mode 600, every key sealed with a key made from the hub's evidence key. Neither lies in a database or a
log.

What a person may see (version, scheme, dates, fingerprint) stands in the open beside each sealed key, and is sealed to it: it
cannot be changed without the evidence key.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from edge.hub.proof.diversify import Scheme
from edge.hub.proof.ring import KeyRing, ProofKey, ProofMedium, what_is_wrong
from edge.process.errors import OperatorError

_FORMAT = "shopbell-proof-keys-1"
_NONCE_BYTES = 12
_MOST_BYTES = 256 * 1024


class _Told(Struct, frozen=True):
    """What stands in the open."""

    version: int
    medium: ProofMedium
    scheme: Scheme
    suffix: str
    made_on: date | None
    origin: Literal["made", "imported"]
    retires_on: date | None
    fingerprint: str


class _Entry(Struct, frozen=True):
    told: _Told
    sealed: str


class _File(Struct, frozen=True):
    format: str
    keys: list[_Entry]


class _Secret(Struct, frozen=True):
    master: str
    meta: str

    def __repr__(self) -> str:
        return "_Secret(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class KeyFile:
    """path: need not exist yet. evidence_key: the hub's, 32 bytes. test_keys: keys of zeros are let in. random: n -> n random
    bytes."""

    def __init__(
        self, path: Path, evidence_key: bytes, *, test_keys: bool = False, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self.path, self._test_keys, self._random = path, test_keys, random
        self._box = AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=b"shopbell proof key file 1").derive(evidence_key))

    def read(self) -> KeyRing:
        """Every key, or OperatorError `proof_keys_*`; no file yet is an empty ring."""
        tried = f"reading the key file {self.path}"
        try:
            if self.path.stat().st_mode & 0o077:
                raise OperatorError("proof_keys_too_open", tried, f"Close it to others: chmod 600 {self.path}")
            data = self.path.read_bytes()
        except FileNotFoundError:
            return KeyRing()
        except OSError as error:
            raise OperatorError(
                "proof_keys_unreadable", tried, f"Make it readable for the hub ({type(error).__name__})."
            ) from None
        return KeyRing(tuple(self._opened(entry, tried) for entry in _parsed(data, tried)))

    @contextmanager
    def changing(self) -> Iterator[Callable[[KeyRing], None]]:
        """Holds others off and gives the function that writes: two people who change keys at once do not undo each other's
        work."""
        tried = f"writing the key file {self.path}"
        try:
            _make_folder(self.path.parent)
            lock = self.path.with_name(self.path.name + ".lock")
            lock.touch(mode=0o600)
            with lock.open("ab") as mark:
                _give_to_owner_of(self.path.parent, mark.fileno())
                fcntl.flock(mark, fcntl.LOCK_EX)
                yield self._write
        except OSError as error:
            hint = f"See that the folder belongs to this user and its disk has room ({type(error).__name__})."
            raise OperatorError("proof_keys_unwritable", tried, hint) from None

    def _write(self, ring: KeyRing) -> None:
        entries = [self._sealed(key) for key in ring.keys]
        write_closed(self.path, msgspec.json.format(msgspec.json.encode(_File(_FORMAT, entries)), indent=1) + b"\n")

    def _sealed(self, key: ProofKey) -> _Entry:
        told = _told(key)
        secret = msgspec.json.encode(_Secret(key.master.hex(), key.meta.hex()))
        nonce = self._random(_NONCE_BYTES)
        return _Entry(told, base64.b64encode(nonce + self._box.encrypt(nonce, secret, msgspec.json.encode(told))).decode())

    def _opened(self, entry: _Entry, tried: str) -> ProofKey:
        told = entry.told
        try:
            box = base64.b64decode(entry.sealed, validate=True)
            plain = self._box.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], msgspec.json.encode(told))
            secret = msgspec.json.decode(plain, type=_Secret)
            key = ProofKey(
                version=told.version,
                medium=told.medium,
                scheme=told.scheme,
                master=bytes.fromhex(secret.master),
                meta=bytes.fromhex(secret.meta),
                suffix=bytes.fromhex(told.suffix),
                made_on=told.made_on,
                origin=told.origin,
                retires_on=told.retires_on,
            )
        except (InvalidTag, ValueError, binascii.Error, msgspec.DecodeError):
            hint = "Another evidence key sealed it, or it was changed by hand: restore both files together, or import anew."
            raise OperatorError("proof_keys_unopened", tried, hint) from None
        wrong = what_is_wrong(key, test_keys=self._test_keys)
        if wrong is not None:
            raise OperatorError("proof_key_unfit", f"{tried}, {told.medium} version {told.version}", wrong)
        return key


class CurrentKeys:
    """The ring as the file holds it now: read again when the file has changed, so that new keys need no restart.

    A file that is gone, empty or cannot be read any more leaves the keys as they were and is told to `trouble` (None: all is
    well again). A first file that cannot be read raises; one that is not there, or holds no key, is told.
    """

    def __init__(self, file: KeyFile, trouble: Callable[[OperatorError | None], None]) -> None:
        self._file, self._trouble = file, trouble
        self._seen = self._mark()
        self._ring = file.read()
        if not self._ring.keys:
            trouble(self._none())

    def __call__(self) -> KeyRing:
        """The keys of this moment."""
        mark = self._mark()
        if mark != self._seen:
            self._seen = mark
            self._look()
        return self._ring

    def _look(self) -> None:
        try:
            ring = self._file.read()
        except OperatorError as error:
            self._trouble(error)
            return
        if ring.keys:
            self._ring = ring
        self._trouble(None if ring.keys else self._none())

    def _none(self) -> OperatorError:
        until = " Until it ends the hub goes on with what it held." if self._ring.keys else ""
        hint = f"Bring it back from a backup with its evidence key, or make or import a key with 'shopbell hub keys'.{until}"
        return OperatorError("proof_keys_missing", f"looking for keys in {self._file.path}", hint)

    def _mark(self) -> tuple[int, ...] | None:
        try:
            found = self._file.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def write_closed(path: Path, data: bytes, *, only_new: bool = False) -> None:
    """Write a file of mode 600 that is there whole or not at all, also after a power cut. Made by root, it belongs to whom the
    folder belongs. only_new: FileExistsError where there is one already."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        _give_to_owner_of(path.parent, file.fileno())
        os.fsync(file.fileno())
    if only_new:
        try:
            os.link(beside, path)  # refuses what is there, where a look before a rename would leave a gap
        finally:
            beside.unlink()
    else:
        beside.replace(path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _give_to_owner_of(folder.parent, held)
        finally:
            os.close(held)


def _give_to_owner_of(folder: Path, handle: int) -> None:
    """Root works here for the hub, which runs under its own name and has to read what root has made."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _parsed(data: bytes, tried: str) -> list[_Entry]:
    hint = "It is no key file of this version: restore it from a backup, or import the keys anew."
    try:
        file = msgspec.json.decode(data, type=_File) if len(data) <= _MOST_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        file = None
    if file is None or file.format != _FORMAT:
        raise OperatorError("proof_keys_malformed", tried, hint)
    return file.keys


def _told(key: ProofKey) -> _Told:
    return _Told(
        version=key.version,
        medium=key.medium,
        scheme=key.scheme,
        suffix=key.suffix.hex(),
        made_on=key.made_on,
        origin=key.origin,
        retires_on=key.retires_on,
        fingerprint=key.fingerprint,
    )
