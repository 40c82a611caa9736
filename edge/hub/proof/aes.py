"""Pure. The three ways in which a proof uses AES-128, over the `cryptography` package."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK = 16


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493), 16 bytes. key: 16 bytes."""
    code = CMAC(algorithms.AES128(key))
    code.update(message)
    return code.finalize()


def cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC without padding. data: whole blocks of 16 bytes."""
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The way back of `cbc_decrypt`."""
    encryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def block(key: bytes, data: bytes) -> bytes:
    """One block of 16 bytes under AES, as AES-ECB does it."""
    return cbc_encrypt(key, bytes(BLOCK), data)
