"""An NTAG 424 DNA that exists in the tests only: it counts its reads, and computes its SUN messages from the published recipe
(NXP AN12196) with nothing of the product's.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

ZERO = bytes(16)
V2_UID = bytes.fromhex("04DE5F1EACC040")


def cmac(key: bytes, message: bytes) -> bytes:
    code = CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()


def diversified(master: bytes, uid: bytes, suffix: bytes = b"shopbell") -> bytes:
    """AN10922 where UID and suffix are 15 bytes: one byte short of a block, so the padding fills a second one."""
    sub = cmac_subkeys(master)[1]
    data = (b"\x01" + uid + suffix + b"\x80").ljust(32, b"\0")
    last = bytes(a ^ b for a, b in zip(data[16:], sub, strict=True))
    encryptor = Cipher(algorithms.AES(master), modes.CBC(ZERO)).encryptor()
    return (encryptor.update(data[:16] + last) + encryptor.finalize())[16:]


def cmac_subkeys(key: bytes) -> tuple[bytes, bytes]:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    first = _twice(int.from_bytes(encryptor.update(ZERO), "big"))
    return first.to_bytes(16, "big"), _twice(first).to_bytes(16, "big")


def _twice(number: int) -> int:
    number <<= 1
    return number ^ (1 << 128) ^ 0x87 if number >> 128 else number


@dataclass
class SunTag:
    """card_key, meta_key: as they were written into the tag. counter: reads so far."""

    uid: bytes = V2_UID
    card_key: bytes = ZERO
    meta_key: bytes = ZERO
    counter: int = 0
    base: str = "https://choose.url.com/ntag424"

    @property
    def card_id(self) -> str:
        return f"nfc:{self.uid.hex().upper()}"

    def read(self) -> str:
        """Somebody reads the tag: the counter rises, and this is the address it gives."""
        self.counter += 1
        return self.uri()

    def uri(self, counter: int | None = None) -> str:
        """The address at a count, without reading."""
        count = (self.counter if counter is None else counter).to_bytes(3, "little")
        plain = b"\xc7" + self.uid + count + b"\xda\x5c\xf6\x09\x41"
        encryptor = Cipher(algorithms.AES(self.meta_key), modes.CBC(ZERO)).encryptor()
        picc = encryptor.update(plain).hex().upper()
        return f"{self.base}?e={picc}&c={self.mac(count)}"

    def plain_uri(self, counter: int | None = None) -> str:
        """The same with id and count mirrored in plain."""
        number = self.counter if counter is None else counter
        mac = self.mac(number.to_bytes(3, "little"))
        return f"{self.base}?uid={self.uid.hex().upper()}&ctr={number:06X}&cmac={mac}"

    def mac(self, count: bytes, covered: bytes = b"") -> str:
        session = cmac(self.card_key, bytes.fromhex("3CC300010080") + self.uid + count)
        return cmac(session, covered)[1::2].hex().upper()
