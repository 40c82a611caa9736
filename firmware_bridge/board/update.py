"""Takes a new image block by block into the slot that does not run. The host has verified who made it; the board checks that it
is whole (SHA-256), made for this product and board, and newer than what runs. docs/reader_board_protocol.md, "Update".
"""

import hashlib
import os

import board_frame as wire
import image_info
import record as records

IMAGE, KEY = "update.img", "update.key"
# Two images, their unpacked slots and the rest fit into the 1.4 MB a Pico leaves for files.
MOST_BYTES = 262144
_FIRST_LINE = b"shopbell-board-image 1\n"
_FOLDERS = {"a": "slot_a", "b": "slot_b"}


class Updater:
    """slot: the one that runs. feed: the watchdog, for checking and unpacking take seconds."""

    def __init__(self, record, slot, feed):
        self._record, self._slot, self._feed = record, slot, feed
        self._size = 0
        self._digest = b""
        self._vouched = None
        self._have = None

    def begin(self, body):
        """UPDATE_BEGIN -> (status, offset to go on from)."""
        (size, digest, version, floor), rest = wire.take(wire.BEGIN_HEAD, body)
        product, rest = wire.take_text(rest)
        board, _newer = wire.take_text(rest)
        wrong = self._refused(size, tuple(version), product, board)
        if wrong:
            return wrong, b""
        self._size, self._digest, self._vouched = size, digest, (product, board, tuple(version), tuple(floor))
        self._have = _resumed(digest, size)
        return wire.OK, self._have.to_bytes(4, "little")

    def _refused(self, size, version, product, board):
        if self._record.trial:
            return wire.ON_TRIAL
        if product != image_info.PRODUCT:
            return wire.WRONG_PRODUCT
        if board != image_info.BOARD:
            return wire.WRONG_BOARD
        if version <= image_info.VERSION or version < self._record.floor:
            return wire.TOO_OLD
        return wire.TOO_LARGE if not 0 < size <= MOST_BYTES else wire.OK

    def data(self, body):
        """UPDATE_DATA -> (status, next offset). A block that is not the next one changes nothing."""
        if self._have is None:
            return wire.NOT_BEGUN, b""
        (offset,), block = wire.take("<I", body)
        if offset == self._have and 0 < len(block) <= self._size - offset:
            with open(IMAGE, "ab") as file:
                file.write(block)
            self._have += len(block)
        return wire.OK, self._have.to_bytes(4, "little")

    def end(self):
        """UPDATE_END -> status. OK: the new image is whole in its slot and is tried at the next start."""
        if self._have is None or self._have != self._size:
            return wire.NOT_BEGUN
        self._have = None
        if _digest(IMAGE, self._feed) != self._digest:
            _forget()
            return wire.BAD_HASH
        status = self._unpack()
        if status == wire.OK:
            self._record.trial, self._record.tries = "b" if self._slot == "a" else "a", 0
            self._record.save()  # the one moment at which the update takes place
        _forget()
        return status

    def _unpack(self):
        folder = _FOLDERS["b" if self._slot == "a" else "a"]
        with open(IMAGE, "rb") as image:
            head = header(image)
            if head is None or head[:4] != self._vouched:
                return wire.BAD_IMAGE
            _empty(folder)
            for _ in range(head[4]):
                if not _copy_file(image, folder, self._feed):
                    return wire.BAD_IMAGE
        return wire.OK

    def confirm(self):
        """The image that runs is healthy: it stays, and nothing older than its floor is taken any more."""
        self._record.good, self._record.trial = self._slot, ""
        self._record.floor = max(self._record.floor, image_info.FLOOR)
        self._record.save()


def header(image):
    """(product, board, version, floor, number of files) of an open image, or None."""
    if image.readline() != _FIRST_LINE:
        return None
    values = []
    for name in ("product", "board", "version", "floor", "files"):
        words = image.readline().decode().split()
        if len(words) != 2 or words[0] != name:
            return None
        values.append(words[1])
    try:
        return values[0], values[1], _version(values[2]), _version(values[3]), int(values[4])
    except ValueError:
        return None


def _version(text):
    return tuple(int(part) for part in text.split("."))


def _copy_file(image, folder, feed):
    words = image.readline().decode().split()
    if len(words) != 2 or "/" in words[0] or ".." in words[0]:
        return False
    left = int(words[1])
    with open(folder + "/" + words[0], "wb") as file:
        while left > 0:
            piece = image.read(min(left, wire.BLOCK))
            if not piece:
                return False
            file.write(piece)
            left -= len(piece)
            feed()
    return True


def _resumed(digest, size):
    """How much of this very image is there already; what belongs to another is removed."""
    try:
        with open(KEY, "rb") as file:
            same = file.read() == digest
        have = os.stat(IMAGE)[6]
    except OSError:
        same, have = False, 0
    if same and have <= size:
        return have
    _forget()
    with open(IMAGE, "wb"):
        pass
    with open(KEY, "wb") as file:
        file.write(digest)
    return 0


def _digest(name, feed):
    total = hashlib.sha256()
    with open(name, "rb") as file:
        while True:
            piece = file.read(wire.BLOCK)
            if not piece:
                return total.digest()
            total.update(piece)
            feed()


def _forget():
    for name in (KEY, IMAGE):
        if records.exists(name):
            os.remove(name)


def _empty(folder):
    if not records.exists(folder):
        os.mkdir(folder)
    for name in os.listdir(folder):
        if not name.startswith("__"):  # CPython leaves a folder of its own
            os.remove(folder + "/" + name)
