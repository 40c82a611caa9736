"""An image of firmware: a few lines of text, then files. Pure.

shopbell-board-image 1
product shopbell-reader
board rp2040-pn532
version 1.2.0
floor 1.0.0
files 9
app.py 4210
...4210 bytes...
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from firmware_bridge.errors import FrameError, MisuseError
from firmware_bridge.update.minisign import PublicKey, verify
from firmware_bridge.wire.board_messages import Version

PRODUCT = "shopbell-reader"
# The board refuses more (board/update.py, MOST_BYTES).
MOST_BYTES = 262_144
MOST_FILES = 64
_FIRST = b"shopbell-board-image 1"
_HEADER = ("product", "board", "version", "floor", "files")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\.(py|mpy)")
_VERSION = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})")
_WORD = re.compile(r"[a-z0-9-]{1,32}")


class ImageBad(FrameError):
    """The file is no image, or its signature is for another one. code: image_format or image_comment."""

    def __init__(self, code: str, tried: str) -> None:
        self.code = code
        super().__init__(tried, "Fetch image and signature again, from where the release was published")


@dataclass(frozen=True, slots=True)
class Image:
    """data: the whole file, as it is sent. The rest: as in its head."""

    data: bytes
    product: str
    board: str
    version: Version
    floor: Version
    files: Mapping[str, bytes]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the whole file: what the kiosk vouches for and the board checks."""
        return hashlib.sha256(self.data).digest()

    @property
    def comment(self) -> str:
        """The trusted comment of its signature."""
        return f"product={self.product} board={self.board} version={written(self.version)} floor={written(self.floor)}"


def written(version: Version) -> str:
    """1.2.0"""
    return ".".join(map(str, version))


def parse_version(text: str) -> Version:
    """Three numbers of 0 to 255. Raises MisuseError."""
    parts = tuple(int(part) for part in text.split(".")) if _VERSION.fullmatch(text) else ()
    if len(parts) != 3 or max(parts) > 255:
        raise MisuseError(f"reading the version {text[:20]!r}", "Write three numbers up to 255, such as 1.2.0")
    return parts[0], parts[1], parts[2]


def pack(product: str, board: str, version: Version, floor: Version, files: Mapping[str, bytes]) -> Image:
    """Put an image together. Raises MisuseError for what could not be read back."""
    values = (product, board, written(version), written(floor), str(len(files)))
    lines = [_FIRST, *(f"{name} {value}".encode() for name, value in zip(_HEADER, values, strict=True))]
    data = b"\n".join(lines) + b"\n"
    for name, content in files.items():
        data += f"{name} {len(content)}\n".encode() + content
    try:
        return parse_image(data)
    except ImageBad as error:
        raise MisuseError(f"making an image: {error.tried}", "Mend names, versions or size") from error


def parse_image(data: bytes) -> Image:
    """What is in an image. Raises ImageBad for anything that is not exactly one."""
    if len(data) > MOST_BYTES:
        raise _no_image(f"{len(data)} bytes, a board takes {MOST_BYTES}")
    values, rest = _head(data)
    if not (_WORD.fullmatch(values["product"]) and _WORD.fullmatch(values["board"])):
        raise _no_image("the name of its product or board")
    version, floor = _version(values["version"]), _version(values["floor"])
    if floor > version:
        raise _no_image("it would not take itself: its floor is above its version")
    files = _files(rest, _number(values["files"], MOST_FILES))
    return Image(data, values["product"], values["board"], version, floor, files)


def open_image(data: bytes, signature: str, key: PublicKey) -> Image:
    """An image whose signature holds and says the same as the image. Raises SignatureBad or ImageBad."""
    comment = verify(data, signature, key)
    image = parse_image(data)
    if comment != image.comment:
        raise ImageBad("image_comment", "comparing the image with the comment that was signed with it")
    return image


def _head(data: bytes) -> tuple[dict[str, str], bytes]:
    *lines, rest = [*data.split(b"\n", 1 + len(_HEADER)), b""][: 2 + len(_HEADER)]
    if len(lines) != 1 + len(_HEADER) or lines[0] != _FIRST:
        raise _no_image("its first lines")
    values = {}
    for name, line in zip(_HEADER, lines[1:], strict=True):
        word, _, value = line.decode("ascii", "replace").partition(" ")
        if word != name:
            raise _no_image(f"the line of its {name}")
        values[name] = value
    return values, rest


def _files(data: bytes, count: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for _ in range(count):
        line, _, data = data.partition(b"\n")
        name, _, size = line.decode("ascii", "replace").partition(" ")
        length = _number(size, MOST_BYTES)
        if not _NAME.fullmatch(name) or name in files or len(data) < length:
            raise _no_image("one of its files")
        files[name], data = data[:length], data[length:]
    if data:
        raise _no_image("bytes after its last file")
    return files


def _number(text: str, most: int) -> int:
    if not re.fullmatch(r"0|[1-9]\d{0,6}", text) or int(text) > most:
        raise _no_image("a number in it")
    return int(text)


def _version(text: str) -> Version:
    try:
        return parse_version(text)
    except MisuseError:
        raise _no_image("its version or floor") from None


def _no_image(what: str) -> ImageBad:
    return ImageBad("image_format", f"reading a firmware image: {what}")
