"""The address in a card's memory, which the hub needs to judge a proof. Pure.

`of_type2` and `of_iso_dep` are dialogues: they yield a question to the card, are sent its answer (None: it gave none), and end
with the evidence, b"" for none or None when the card broke off. Layouts: NFC Forum, Type 2 Tag, Type 4 Tag, NDEF, URI record.
"""

# What the host takes (wire/board_messages.py), `uri:` included.
MOST = 500
_MOST_MESSAGE = 600
_PAGES = 16  # bytes of one READ
_APPLICATION = b"\x00\xa4\x04\x00\x07\xd2\x76\x00\x00\x85\x01\x01\x00"
_CAPABILITY = 0xE103
# Both wallets answer to it, and nothing is given away by asking.
_WALLETS = b"\x00\xa4\x04\x00\x0aOSE.VAS.01\x00"
_PART = 112  # with framing it fits a normal frame of the chip
# Identifier codes 0 to 35 of the URI record.
_PREFIXES = (
    "",
    "http://www.",
    "https://www.",
    "http://",
    "https://",
    "tel:",
    "mailto:",
    "ftp://anonymous:anonymous@",
    "ftp://ftp.",
    "ftps://",
    "sftp://",
    "smb://",
    "nfs://",
    "ftp://",
    "dav://",
    "news:",
    "telnet://",
    "imap:",
    "rtsp://",
    "urn:",
    "pop:",
    "sip:",
    "sips:",
    "tftp:",
    "btspp://",
    "btl2cap://",
    "btgoep://",
    "tcpobex://",
    "irdaobex://",
    "file://",
    "urn:epc:id:",
    "urn:epc:tag:",
    "urn:epc:pat:",
    "urn:epc:raw:",
    "urn:epc:",
    "urn:nfc:",
)


def of_type2():
    """Memory of an NTAG or Ultralight: the capability container with twelve bytes, then as much as the message needs."""
    head = yield b"\x30\x03"
    if head is None or len(head) != _PAGES:
        return None
    if head[0] != 0xE1 or head[1] >> 4 not in (1, 2) or head[3] >> 4:
        return b""
    memory, size = head[4:], min(head[2] * 8, _MOST_MESSAGE)
    while True:
        place = _message_place(memory)
        if place is not None and place[1] <= len(memory):
            return _evidence(memory[place[0] : place[1]])
        if len(memory) >= size or (place is not None and place[1] > size) or place == (0, 0):
            return b""
        page = 4 + len(memory) // 4
        more = yield bytes((0x30, page))
        if more is None or len(more) != _PAGES:
            return None
        memory += more


def _message_place(memory):
    """(start, end) of the first NDEF message; None: it does not show yet; (0, 0): there is none."""
    at = 0
    while at < len(memory):
        kind = memory[at]
        if kind == 0xFE:
            return (0, 0)
        at += 1
        if kind == 0:
            continue
        if at >= len(memory) or (memory[at] == 0xFF and at + 2 >= len(memory)):
            return None
        long = memory[at] == 0xFF
        size = memory[at + 1] << 8 | memory[at + 2] if long else memory[at]
        at += 3 if long else 1
        if kind == 3:
            return (at, at + size)
        at += size
    return None


def of_iso_dep(phone):
    """The NDEF file of a Type 4 card (DESFire, NTAG 424 DNA); a phone that has none is asked for a wallet."""
    answer = yield _APPLICATION
    if answer is None:
        return None
    if answer[-2:] != b"\x90\x00":
        return (yield from _wallet()) if phone else b""
    container = yield from _read(_CAPABILITY, 15)
    if container is None:
        return None
    if len(container) < 15 or container[7] != 4 or container[13]:
        return b""
    file, size = container[9] << 8 | container[10], container[11] << 8 | container[12]
    length = yield from _read(file, 2)
    if length is None or len(length) != 2:
        return None
    end = 2 + (length[0] << 8 | length[1])
    if end > min(size, 2 + _MOST_MESSAGE):
        return b""
    message, part = b"", min(_PART, container[3] << 8 | container[4])
    while 2 + len(message) < end:
        piece = yield from _binary(2 + len(message), min(part, end - 2 - len(message)))
        if not piece:
            return None
        message += piece
    return _evidence(message)


def _wallet():
    answer = yield _WALLETS
    if answer is None or answer[-2:] != b"\x90\x00":
        return None if answer is None else b""
    if b"ApplePay" in answer:
        return b"wallet:apple"
    return b"wallet:google" if b"AndroidPay" in answer else b"wallet:other"


def _read(file, length):
    """Select a file and read its beginning; b"" where the card refuses."""
    answer = yield b"\x00\xa4\x00\x0c\x02" + bytes((file >> 8, file & 255))
    if answer is None or answer[-2:] != b"\x90\x00":
        return None if answer is None else b""
    return (yield from _binary(0, length))


def _binary(offset, length):
    answer = yield b"\x00\xb0" + bytes((offset >> 8, offset & 255, length))
    if answer is None:
        return None
    return answer[:-2] if answer[-2:] == b"\x90\x00" else b""


def _evidence(message):
    address = uri_of(message)
    if address is None or len(address) + 4 > MOST or not all(0x20 < octet < 0x7F for octet in address):
        return b""
    return b"uri:" + address


def uri_of(message, in_poster=False):
    """The first address in an NDEF message, as bytes; None without one. A smart poster within a smart poster has none: anybody
    can write a card of a hundred of them, and the board's stack has 8 KB."""
    at = 0
    while at + 3 <= len(message):
        flags, kinds = message[at], message[at + 1]
        short = flags & 0x10
        after = at + (3 if short else 6)
        size = message[at + 2] if short else int.from_bytes(message[at + 2 : at + 6], "big")
        named = flags & 8
        if named and after >= len(message):
            return None
        ids = message[after] if named else 0
        start = after + (1 if named else 0) + kinds + ids
        kind = message[start - kinds - ids : start - ids]
        if start + size > len(message) or flags & 0x20:
            return None
        found = _of_record(flags & 7, kind, message[start : start + size], in_poster)
        if found is not None or flags & 0x40:
            return found
        at = start + size
    return None


def _of_record(name_format, kind, payload, in_poster):
    if name_format == 1 and kind == b"U" and payload and payload[0] < len(_PREFIXES):
        return _PREFIXES[payload[0]].encode() + payload[1:]
    if name_format == 1 and kind == b"Sp" and not in_poster:
        return uri_of(payload, True)
    return None
