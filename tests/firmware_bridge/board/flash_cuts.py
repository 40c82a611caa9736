"""Runs under MicroPython: the board's own update code on a real LittleFS, whose block device loses power at a chosen write.

Arguments: folder of the old firmware (its record.py, loader.py, update.py, image_info.py, board_frame.py), the new image, and the
cuts, each the number of the write at which the power goes. Prints one line for each cut, and the writes of an update without cut.
"""

import hashlib
import os
import struct
import sys

FOLDER, IMAGE = sys.argv[1], sys.argv[2]
BLOCKS, SIZE = 96, 4096
sys.path[:0] = [FOLDER, FOLDER + "/slot_a"]


class PowerCut(Exception):
    pass


class Flash:
    """Block device in memory. A write at the cut is torn: its first half arrives."""

    def __init__(self, data, cut=None):
        self.data, self.left, self.writes = data, cut, 0

    def readblocks(self, number, buffer, offset=0):
        start = number * SIZE + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, number, buffer, offset=None):
        if offset is None:
            offset = 0
            self._spend(number * SIZE, b"\xff" * SIZE)
        self._spend(number * SIZE + offset, buffer)

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return SIZE
        if operation == 6:
            self._spend(argument * SIZE, b"\xff" * SIZE)
        return 0

    def _spend(self, start, new):
        self.writes += 1
        if self.left is not None:
            if self.left <= 0:
                if self.left == 0:
                    half = len(new) // 2
                    self.data[start : start + half] = new[:half]
                self.left = -1
                raise PowerCut()
            self.left -= 1
        self.data[start : start + len(new)] = new


def read(name):
    with open(name, "rb") as file:
        return file.read()


def read_image(data):
    """The files of an image, told apart independently of the board's code."""
    lines = data.split(b"\n", 6)
    rest, files = lines[6], {}
    for _ in range(int(lines[5].split()[1])):
        line, rest = rest.split(b"\n", 1)
        name, size = line.split()
        files[name.decode()] = rest[: int(size)]
        rest = rest[int(size) :]
    return files


NEW_IMAGE = read(IMAGE)
NEW = read_image(NEW_IMAGE)
OLD = {name: read(FOLDER + "/slot_a/" + name) for name in os.listdir(FOLDER + "/slot_a") if name.endswith(".py")}

import board_frame as wire  # noqa: E402 - these four lie in FOLDER
import loader  # noqa: E402
import record as records  # noqa: E402
import update  # noqa: E402

DIGEST = hashlib.sha256(NEW_IMAGE).digest()
BEGIN = struct.pack(wire.BEGIN_HEAD, len(NEW_IMAGE), DIGEST, bytes((1, 1, 0)), bytes((1, 0, 0)))
BEGIN += wire.text_bytes("shopbell-reader") + wire.text_bytes("unix-pn532")


def mount(flash):
    os.mount(os.VfsLfs2(flash, progsize=256, readsize=256, lookahead=32), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    os.umount("/flash")


def boot():
    """As loader.run does, without starting the image."""
    record = records.load()
    slot = loader.choose(record)
    record.boot += 1
    record.save()
    return record, slot


def running(slot):
    folder = loader.FOLDERS[slot]
    files = {name: read(folder + "/" + name) for name in os.listdir(folder)}
    return "old" if files == OLD else "new" if files == NEW else "MIXTURE"


def bring(record, slot):
    """The whole image, as the host sends it. Gives the offset it began at."""
    updater = update.Updater(record, slot, lambda: None)
    status, have = updater.begin(BEGIN)
    assert status == wire.OK, status
    first = have = int.from_bytes(have, "little")
    while have < len(NEW_IMAGE):
        status, answer = updater.data(struct.pack("<I", have) + NEW_IMAGE[have : have + wire.BLOCK])
        have = int.from_bytes(answer, "little")
    status = updater.end()
    if status == wire.BAD_HASH and first:  # the host begins anew, once
        return bring(record, slot)
    assert status == wire.OK, status
    return first


def new_board():
    data = bytearray(BLOCKS * SIZE)
    flash = Flash(data)
    os.VfsLfs2.mkfs(flash, progsize=256, readsize=256, lookahead=32)
    mount(flash)
    os.mkdir("slot_a")
    for name in OLD:
        with open("slot_a/" + name, "wb") as file:
            file.write(OLD[name])
    boot()
    unmount()
    return data


def cut_at(data, cut):
    """(what ran after the cut, offset the rest was sent from, what ran in the end)."""
    flash = Flash(bytearray(data), cut)
    mount(flash)
    try:
        bring(*boot())
        boot()
    except PowerCut:
        pass
    unmount()
    mount(Flash(flash.data))
    record, slot = boot()
    after = running(slot)
    resumed = 0
    if after == "old":
        resumed = bring(record, slot)
        record, slot = boot()
    end = running(slot)
    boots = record.boot
    unmount()
    return after, resumed, end, boots


board = new_board()
whole = Flash(bytearray(board))
mount(whole)
bring(*boot())
unmount()
print("writes", whole.writes)
for word in sys.argv[3:]:
    print("cut", word, *cut_at(board, int(word)))
