"""Makes the files of a board out of the firmware's sources: an image for an update, and the flash of a new board."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from firmware_bridge.errors import MisuseError
from firmware_bridge.update.image import PRODUCT, Image, pack
from firmware_bridge.wire.board_messages import Version

# The firmware of this release. floor: the oldest version that may follow it.
VERSION: Version = (1, 0, 0)
FLOOR: Version = (1, 0, 0)
# board -> what becomes its pins.py
BOARDS = {"rp2040-pn532": "pins_rp2040.py", "unix-pn532": "pins_unix.py"}
PARTS = ("app.py", "chip.py", "evidence.py", "lights.py", "link.py", "presence.py", "update.py")
# On the board for ever, beside the slots.
ROOTED = ("main.py", "loader.py", "record.py")


def build_image(board: str, version: Version = VERSION, floor: Version = FLOOR) -> Image:
    """The image for one kind of board. Raises MisuseError for a board nobody knows."""
    if board not in BOARDS:
        raise MisuseError(f"building firmware for {board!r}", f"Boards are {', '.join(BOARDS)}")
    firmware, wire = resources.files("firmware_bridge.board"), resources.files("firmware_bridge.wire")
    files = {name: (firmware / name).read_bytes() for name in PARTS}
    files["pins.py"] = (firmware / BOARDS[board]).read_bytes()
    files["board_frame.py"] = (wire / "board_frame.py").read_bytes()
    files["image_info.py"] = _info(board, version, floor)
    return pack(PRODUCT, board, version, floor, files)


def _info(board: str, version: Version, floor: Version) -> bytes:
    values = {"PRODUCT": PRODUCT, "BOARD": board, "VERSION": version, "FLOOR": floor}
    lines = [
        '"""Which image this is; written when it was built."""',
        "",
        *(f"{name} = {value!r}" for name, value in values.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def flash(folder: Path, image: Image) -> None:
    """Write what a new board has on its flash into `folder`: the loader, and the image in slot a."""
    firmware = resources.files("firmware_bridge.board")
    for name in ROOTED:
        (folder / name).write_bytes((firmware / name).read_bytes())
    slot = folder / "slot_a"
    slot.mkdir()
    for name, content in image.files.items():
        (slot / name).write_bytes(content)
