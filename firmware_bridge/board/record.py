"""What the board remembers through a power cut, in two small files written in turn: whatever happens, one of them is whole."""

import binascii
import os
import struct

FILES = ("boot.0", "boot.1")
# magic, generation, boot counter, good slot, slot on trial (0: none), starts on trial, floor 3
_LAYOUT = "<4sII2sB3s"
_MAGIC = b"SBR1"
_NONE = 0x2D  # "-"


class Record:
    """boot: counts starts. good: slot that has been healthy, "a" or "b". trial: slot to be tried, or "". tries: starts of it.
    floor: (major, minor, patch); nothing older is taken any more."""

    def __init__(self, boot=0, good="a", trial="", tries=0, floor=(0, 0, 0)):
        self.boot = boot
        self.good = good
        self.trial = trial
        self.tries = tries
        self.floor = floor
        self._generation = 0

    def save(self):
        """Into the older of the two files. After this returns, or after a power cut within it, `load` gives new or old."""
        self._generation += 1
        slots = bytes((ord(self.good), ord(self.trial) if self.trial else _NONE))
        body = struct.pack(_LAYOUT, _MAGIC, self._generation, self.boot & 0xFFFFFFFF, slots, self.tries, bytes(self.floor))
        with open(FILES[self._generation & 1], "wb") as file:
            file.write(body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF))


def load():
    """The newest whole record; a new one on a board that has none."""
    found = [record for record in map(_read, FILES) if record is not None]
    if not found:
        return Record()
    return max(found, key=lambda record: record._generation)


def _read(name):
    try:
        with open(name, "rb") as file:
            data = file.read(64)
    except OSError:
        return None
    body, check = data[:-4], data[-4:]
    if len(body) != struct.calcsize(_LAYOUT) or check != struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF):
        return None
    magic, generation, boot, slots, tries, floor = struct.unpack(_LAYOUT, body)
    if magic != _MAGIC:
        return None
    trial = "" if slots[1] == _NONE else chr(slots[1])
    record = Record(boot, chr(slots[0]), trial, tries, tuple(floor))
    record._generation = generation
    return record


def exists(name):
    """Whether there is such a file or folder."""
    try:
        os.stat(name)
    except OSError:
        return False
    return True
