"""Keys and signed images, for whoever publishes firmware; and the files of a new board."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from firmware_bridge.errors import MisuseError
from firmware_bridge.update.build import build_image, flash
from firmware_bridge.update.image import Image, open_image
from firmware_bridge.update.minisign import parse_public_key, public_key, sign
from firmware_bridge.wire.board_messages import Version

SIGNATURE = ".minisig"
PUBLIC = ".pub"
# An image has at most 262144 bytes; what is larger is something else.
_MOST_FILE = 1_000_000

# Path, contents, mode.
_File = tuple[Path, bytes, int]


def make_key(path: Path) -> Path:
    """A new private key at `path` (mode 600), and the public one beside it, whose path is returned. Nothing is overwritten, and
    there are both or none. Raises MisuseError."""
    public = path.with_suffix(PUBLIC)
    if public == path:
        raise MisuseError(f"making a private key in {path}", f"Files named {PUBLIC} hold public keys; name it without that")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_pair((path, private, 0o600), (public, public_key(key).text.encode(), 0o644))
    return public


def make_image(board: str, version: Version, floor: Version, key_file: Path, target: Path) -> Image:
    """A signed image at `target`, its signature beside it. Nothing is overwritten, and there are both or none. Raises
    MisuseError."""
    try:
        key = load_pem_private_key(read(key_file), None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise MisuseError(f"reading the private key {key_file}", "Name a file made by shopbell reader key")
    image = build_image(board, version, floor)
    signature = sign(image.data, image.comment, key, public_key(key).key_id)
    _write_pair((target, image.data, 0o644), (target.with_name(target.name + SIGNATURE), signature.encode(), 0o644))
    return image


def load_image(path: Path, key_file: Path) -> Image:
    """A signed image, verified. Raises FrameError for anything that does not hold, MisuseError for a file that is not there."""
    signature = path.with_name(path.name + SIGNATURE)
    key = parse_public_key(_text(key_file))
    return open_image(read(path), _text(signature), key)


def make_files(board: str, folder: Path) -> Image:
    """What a new board needs on its flash, into a new folder."""
    image = build_image(board)
    hint = "Name a new folder in a place you may write to"
    try:
        folder.mkdir()
    except OSError as error:
        raise _cannot("making", folder, error, hint) from error
    try:
        flash(folder, image)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _cannot("writing into", folder, error, hint) from error
    return image


def read(path: Path) -> bytes:
    """A file of reasonable size."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_FILE + 1)
    except OSError as error:
        raise _cannot(
            "reading", path, error, "Name the file by its path; image, signature and key come from the release"
        ) from error
    if len(data) > _MOST_FILE:
        raise MisuseError(f"reading {path}", "This file is far too large to be one of ours; name another")
    return data


def _text(path: Path) -> str:
    return read(path).decode("utf-8", "replace")


def _write_pair(first: _File, second: _File) -> None:
    """Both, or none."""
    _write_new(*first)
    try:
        _write_new(*second)
    except MisuseError:
        first[0].unlink()
        raise


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """A whole new file, or none."""
    hint = "Name a new file in a folder you may write to"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise _cannot("writing", path, error, hint) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        path.unlink()
        raise _cannot("writing", path, error, hint) from error


def _cannot(doing: str, path: Path, error: OSError, hint: str) -> MisuseError:
    return MisuseError(f"{doing} {path} ({os.strerror(error.errno or 0)})", hint)
