"""Keys and signed images, for whoever publishes firmware; and the files of a new board."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from firmware_bridge.errors import MisuseError
from firmware_bridge.update.build import build_image, flash
from firmware_bridge.update.image import Image, open_image
from firmware_bridge.update.minisign import parse_public_key, public_key, sign
from firmware_bridge.wire.board_messages import Version

SIGNATURE = ".minisig"
# An image has at most 262144 bytes; what is larger is something else.
_MOST_FILE = 1_000_000


def make_key(path: Path) -> Path:
    """A new private key at `path` (mode 600), and the public one beside it, whose path is returned. Nothing is overwritten."""
    key = Ed25519PrivateKey.generate()
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    public = path.with_suffix(".pub")
    _write_new(public, public_key(key).text.encode(), 0o644)
    return public


def make_image(board: str, version: Version, floor: Version, key_file: Path, target: Path) -> Image:
    """A signed image at `target`, its signature beside it. Nothing is overwritten."""
    try:
        key = load_pem_private_key(read(key_file), None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise MisuseError(f"reading the private key {key_file}", "Name a file made by shopbell reader key")
    image = build_image(board, version, floor)
    _write_new(target, image.data, 0o644)
    signature = sign(image.data, image.comment, key, public_key(key).key_id)
    _write_new(target.with_name(target.name + SIGNATURE), signature.encode(), 0o644)
    return image


def load_image(path: Path, key_file: Path) -> Image:
    """A signed image, verified. Raises FrameError for anything that does not hold, MisuseError for a file that is not there."""
    signature = path.with_name(path.name + SIGNATURE)
    key = parse_public_key(_text(key_file))
    return open_image(read(path), _text(signature), key)


def make_files(board: str, folder: Path) -> Image:
    """What a new board needs on its flash, into a new folder."""
    image = build_image(board)
    try:
        folder.mkdir()
        flash(folder, image)
    except OSError as error:
        raise _cannot("writing into", folder, error, "Name a new folder in a place you may write to") from error
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


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise _cannot("writing", path, error, "Name a new file in a folder you may write to") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _cannot(doing: str, path: Path, error: OSError, hint: str) -> MisuseError:
    return MisuseError(f"{doing} {path} ({os.strerror(error.errno or 0)})", hint)
