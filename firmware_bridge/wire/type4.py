"""Files of an ISO-DEP card (NFC Forum Type 4: DESFire, NTAG 424 DNA, phones): questions and what the answers mean. Pure.

Commands of ISO 7816-4: class, instruction, P1, P2 [, length, data] [, length wanted]; an answer ends with two status bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.card_read import Wallet

NDEF_APPLICATION = bytes.fromhex("D2760000850101")
CAPABILITY_FILE = 0xE103
CAPABILITY_BYTES = 15
# Both wallets answer to it, and nothing is given away by asking (kormax: apple-vas, google-smart-tap).
WALLET_APPLICATION = b"OSE.VAS.01"
# What one READ BINARY asks for at most: with status and framing it fits a normal frame of the reader.
MOST_AT_ONCE = 0xF0

_DONE = b"\x90\x00"
_FILE_CONTROL, _FILE_CONTROL_BYTES = 0x04, 6
_WALLETS: dict[bytes, Wallet] = {b"ApplePay": "apple", b"AndroidPay": "google"}


@dataclass(frozen=True, slots=True)
class NdefFile:
    """number: to select it by. size: bytes, with the two of the length in front. at_once: bytes the card gives in one answer."""

    number: int
    size: int
    at_once: int


def select_application(name: bytes) -> bytes:
    """SELECT by name, first or only, with its control information."""
    return b"\x00\xa4\x04\x00" + bytes([len(name)]) + name + b"\x00"


def select_file(number: int) -> bytes:
    """SELECT by number, without control information."""
    return b"\x00\xa4\x00\x0c\x02" + number.to_bytes(2, "big")


def read_binary(offset: int, length: int) -> bytes:
    """READ BINARY of the file selected."""
    return b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([length])


def done(answer: bytes) -> bytes | None:
    """The data of an answer that says all is well, else None."""
    return answer[:-2] if answer[-2:] == _DONE else None


def ndef_file(container: bytes) -> NdefFile | None:
    """The capability container's first file, if everybody may read it."""
    if len(container) < CAPABILITY_BYTES or container[7] != _FILE_CONTROL or container[8] != _FILE_CONTROL_BYTES:
        return None
    number, size, readable = int.from_bytes(container[9:11], "big"), int.from_bytes(container[11:13], "big"), container[13] == 0
    at_once = min(int.from_bytes(container[3:5], "big"), MOST_AT_ONCE)
    return NdefFile(number, size, at_once) if readable and size > 2 and at_once >= 2 else None


def wallet_of(information: bytes) -> Wallet:
    """Which wallet answered. information: the answer to selecting WALLET_APPLICATION; its tag 50 holds a label."""
    for label, wallet in _WALLETS.items():
        if b"\x50" + bytes([len(label)]) + label in information:
            return wallet
    return "other"
