"""NTAGs and Ultralights that do not exist: memory in pages, as NXP's data sheets lay it out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.cards import CASCADE_TAG, VirtualCard
from firmware_bridge.wire.type2 import FAST_READ, PAGE, READ, READ_BYTES

_GET_VERSION = 0x60


@dataclass(frozen=True, slots=True)
class Kind:
    """pages: of the whole memory. size: third byte of the capability container. version: answer to GET_VERSION, or empty where
    the tag knows neither that nor FAST_READ."""

    pages: int
    size: int
    version: bytes = b""


KINDS: dict[str, Kind] = {
    "ntag213": Kind(45, 0x12, bytes.fromhex("0004040201000F03")),
    "ntag215": Kind(135, 0x3E, bytes.fromhex("0004040201001103")),
    "ntag216": Kind(231, 0x6D, bytes.fromhex("0004040201001303")),
    "ultralight": Kind(16, 0x06),
}


@dataclass(slots=True)
class Type2Card(VirtualCard):
    """A tag with memory."""

    memory: bytes = field(default=b"", kw_only=True)
    version: bytes = field(default=b"", kw_only=True)

    def exchange(self, request: bytes) -> bytes | None:
        """READ (runs over into the first pages at the end), FAST_READ and GET_VERSION; silence for everything else."""
        pages = len(self.memory) // PAGE
        if len(request) == 2 and request[0] == READ and request[1] < pages:
            start = request[1] * PAGE
            return (self.memory + self.memory[:READ_BYTES])[start : start + READ_BYTES]
        if self.version and len(request) == 3 and request[0] == FAST_READ and request[1] <= request[2] < pages:
            return self.memory[request[1] * PAGE : (request[2] + 1) * PAGE]
        if self.version and request == bytes([_GET_VERSION]):
            return self.version
        return None


def type2_card(kind: str, uid: bytes, message: bytes = b"") -> Type2Card:
    """A tag of one of KINDS with an NDEF message (empty: a tag as it is sold). Raises MisuseError."""
    if len(uid) != 7:
        raise MisuseError(f"making an {kind} with an id of {len(uid)} bytes", "Such tags have ids of 7 bytes")
    made = KINDS[kind]
    length = bytes([len(message)]) if len(message) < 0xFF else b"\xff" + len(message).to_bytes(2, "big")
    block = b"\x03" + length + message + b"\xfe"
    if len(block) > made.size * 8:
        raise MisuseError(f"writing {len(message)} bytes into an {kind}", f"It holds {made.size * 8}, framing included")
    head = _id_pages(uid) + bytes([0xE1, 0x10, made.size, 0x00])
    memory = (head + block).ljust(made.pages * PAGE, b"\0")
    return Type2Card(uid, b"\x00\x44", 0x00, memory=memory, version=made.version)


def _id_pages(uid: bytes) -> bytes:
    """Pages 0 to 2: the id with its two check bytes, an internal byte, lock bits."""
    first = CASCADE_TAG ^ uid[0] ^ uid[1] ^ uid[2]
    second = uid[3] ^ uid[4] ^ uid[5] ^ uid[6]
    return uid[:3] + bytes([first]) + uid[3:7] + bytes([second, 0x48, 0, 0])
