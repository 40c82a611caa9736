"""An NTAG 424 DNA that does not exist and computes real SUN messages: each reading of its file is signed and counted. Pure.

Scheme: NXP AN12196. The addresses carry `picc_data` (id and counter, encrypted) or `uid` and `ctr` (plain), `enc` (16 bytes of
the file, encrypted) where there are such, and `cmac`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from firmware_bridge.errors import MisuseError
from firmware_bridge.simulator.iso_dep_card import PLAIN_ATS
from firmware_bridge.simulator.type4_card import Type4Card
from firmware_bridge.wire.ndef_uri import message_with

Mirror = Literal["sun", "sun-plain", "sun-file"]
MIRRORS: tuple[str, ...] = get_args(Mirror)
DEFAULT_ADDRESS = "https://shopbell.example/card"
LAST_COUNT = 0xFFFFFF

_SESSION_MAC, _SESSION_ENC = bytes.fromhex("3CC300010080"), bytes.fromhex("C33C00010080")
_BOTH_MIRRORED = b"\xc7"  # 7 bytes of id, id and counter mirrored
_FILE_DATA = b"x" * 16


@dataclass(slots=True)
class SunCard(Type4Card):
    """mirror: sun (encrypted), sun-plain, or sun-file (encrypted, with file data). counter: of the last reading.

    meta_key, file_key: 16 bytes. padding: five random bytes for each encrypted id.
    """

    mirror: Mirror = field(default="sun", kw_only=True)
    meta_key: bytes = field(default=bytes(16), kw_only=True, repr=False)
    file_key: bytes = field(default=bytes(16), kw_only=True, repr=False)
    address: str = field(default=DEFAULT_ADDRESS, kw_only=True)
    counter: int = field(default=0, kw_only=True, compare=False)
    padding: Callable[[], bytes] = field(default=lambda: bytes(5), kw_only=True, compare=False, repr=False)

    def content(self) -> bytes:
        """The message of the next reading; the counter rises, and a card that is used up says nothing any more."""
        if self.counter >= LAST_COUNT:
            return b""
        self.counter += 1
        return message_with(self._address())

    def _address(self) -> str:
        count = self.counter.to_bytes(3, "little")
        if self.mirror == "sun-plain":
            shown, signed = f"uid={self.uid.hex().upper()}&ctr={count[::-1].hex().upper()}", ""
        else:
            shown, signed = f"picc_data={picc_data(self.meta_key, self.uid, count, self.padding()).hex().upper()}", ""
        if self.mirror == "sun-file":
            enc = file_data(self.file_key, self.uid, count, _FILE_DATA).hex().upper()
            shown, signed = f"{shown}&enc={enc}", f"{enc}&cmac="
        mac = message_mac(self.file_key, self.uid, count, signed.encode())
        joint = "&" if "?" in self.address else "?"
        return f"{self.address}{joint}{shown}&cmac={mac.hex().upper()}"


def picc_data(meta_key: bytes, uid: bytes, count: bytes, padding: bytes) -> bytes:
    """Id and counter, encrypted. count: three bytes, least significant first; padding: five bytes."""
    return _cbc(meta_key, bytes(16), _BOTH_MIRRORED + uid + count + padding)


def message_mac(file_key: bytes, uid: bytes, count: bytes, signed: bytes) -> bytes:
    """Eight bytes: every second of the CMAC over `signed` with this reading's key."""
    return _cmac(_cmac(file_key, _SESSION_MAC + uid + count), signed)[1::2]


def file_data(file_key: bytes, uid: bytes, count: bytes, data: bytes) -> bytes:
    """A multiple of 16 bytes of the file, encrypted with this reading's key."""
    key = _cmac(file_key, _SESSION_ENC + uid + count)
    start = _ecb(key, count + bytes(13))
    return _cbc(key, start, data)


def sun_card(
    mirror: Mirror, uid: bytes, meta_key: bytes, file_key: bytes, *, address: str = DEFAULT_ADDRESS, counter: int = 0
) -> SunCard:
    """Raises MisuseError for an id or keys such a card cannot have."""
    if len(uid) != 7 or len(meta_key) != 16 or len(file_key) != 16 or not 0 <= counter <= LAST_COUNT:
        raise MisuseError(f"making a {mirror} card", "It has an id of 7 bytes, keys of 16 and a counter of three bytes")
    return SunCard(
        uid,
        b"\x03\x44",
        0x20,
        PLAIN_ATS,
        mirror=mirror,
        meta_key=meta_key,
        file_key=file_key,
        address=address,
        counter=counter,
        size=256 if len(address) < 80 else 512,
    )


def _cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def _cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _ecb(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as AN12196 makes the start value
    return encryptor.update(block) + encryptor.finalize()
