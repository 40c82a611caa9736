"""Pure. The text of a card's URI -> the parts of its SUN message (NXP AN12196: SDM mirrors of an NTAG 424 DNA).

The MAC covers the text as the card wrote it, so values are never decoded, folded or put in order: offsets in the raw text
count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.hub.proof.errors import ProofError

URI_MOST = 500  # characters of evidence (edge.contracts.sealed)
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_PICC, _PICC_LRP, _MAC, _UID, _COUNTER, _BLOCK = 32, 48, 16, 14, 6, 32  # hex digits
_NO_PICC = bytes(16)

Parameter = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")]
Names = Annotated[tuple[Parameter, ...], Meta(max_length=8)]


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which query parameters of a URI hold what. Of several names for one thing the URI may use one.

    starts_with: only URIs that begin so; "" for all. picc: encrypted id and counter, 32 hex digits. enc: encrypted file data.
    mac: 16 hex digits. uid, counter: mirrored in plain. mac_from: where the text that the MAC covers begins (it ends at the
    MAC): `mac` covers nothing; `auto` is `enc` where there is encrypted file data, else `mac`. A picc value that is followed
    by file data and MAC without parameters of their own is understood too.
    """

    starts_with: Annotated[str, Meta(max_length=200)] = ""
    picc: Names = ("picc_data", "e", "p")
    enc: Names = ("enc",)
    mac: Names = ("cmac", "m", "c")
    uid: Names = ("uid",)
    counter: Names = ("ctr",)
    mac_from: Literal["auto", "picc", "uid", "counter", "enc", "mac"] = "auto"


@dataclass(frozen=True, slots=True)
class SunMessage:
    """picc: 16 bytes, encrypted; uid, counter: where mirrored in plain instead. enc: encrypted file data, whole blocks or empty.

    mac: 8 bytes. covered: the ASCII text that the MAC covers.
    """

    mac: bytes
    covered: bytes = b""
    picc: bytes = _NO_PICC
    uid: bytes | None = None
    counter: int | None = None
    enc: bytes = b""


# What is worked through in place of a message that cannot be read, so that reading and judging take the same work.
DUMMY = SunMessage(mac=bytes(8))


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    at: int


def read_uri(text: str, templates: Sequence[Template]) -> SunMessage:
    """The message in a URI, or ProofError: `proof_absent` for a URI that has none, `proof_malformed`, `proof_lrp`."""
    if len(text) > URI_MOST or not text.isascii():
        raise _malformed()
    template = next((one for one in templates if text.startswith(one.starts_with)), None)
    values = {} if template is None else _values(text, template)
    if template is None or not values.keys() & {"picc", "uid", "mac"}:
        raise ProofError("proof_absent", "The tag holds an address without a proof; have it written as a card of this shop.")
    if "picc" in values and "mac" not in values:
        values = _unpacked(values)
    return _message(text, values, template)


def _values(text: str, template: Template) -> dict[str, _Value]:
    """Role -> value and its offset. A role that is given twice could be read in two ways, so it is refused."""
    roles = {name: role for role in ("picc", "enc", "mac", "uid", "counter") for name in getattr(template, role)}
    found: dict[str, _Value] = {}
    query, end = text.find("?") + 1, text.find("#")
    at = query
    for part in text[query : end if end >= 0 else None].split("&") if query else ():
        name, equals, value = part.partition("=")
        role = roles.get(name)
        if role is not None:
            if role in found or not _HEX.match(value):
                raise _malformed()
            found[role] = _Value(value, at + len(name) + len(equals))
        at += len(part) + 1
    return found


def _unpacked(values: dict[str, _Value]) -> dict[str, _Value]:
    """One value that holds id, file data and MAC in a row. LRP's id is eight bytes longer, which shows in the length."""
    whole = values["picc"]
    rest = len(whole.text) - _PICC - _MAC
    if rest < 0 or rest % (_BLOCK // 2):
        raise _malformed()
    if rest % _BLOCK:
        raise _lrp()
    cut = len(whole.text) - _MAC
    values = {"picc": _Value(whole.text[:_PICC], whole.at), "mac": _Value(whole.text[cut:], whole.at + cut)}
    if rest:
        values["enc"] = _Value(whole.text[_PICC:cut], whole.at + _PICC)
    return values


def _message(text: str, values: dict[str, _Value], template: Template) -> SunMessage:
    picc, uid, counter = values.get("picc"), values.get("uid"), values.get("counter")
    if picc is not None and len(picc.text) == _PICC_LRP:
        raise _lrp()
    mac, enc = values.get("mac"), values.get("enc")
    plain = uid is not None and counter is not None and len(uid.text) == _UID and len(counter.text) == _COUNTER
    sealed = picc is not None and len(picc.text) == _PICC
    if mac is None or len(mac.text) != _MAC or plain == sealed or (enc is not None and len(enc.text) % _BLOCK):
        raise _malformed()
    return SunMessage(
        mac=bytes.fromhex(mac.text),
        covered=_covered(text, values, template),
        picc=bytes.fromhex(picc.text) if picc is not None and sealed else _NO_PICC,
        uid=bytes.fromhex(uid.text) if uid is not None and plain else None,
        counter=int(counter.text, 16) if counter is not None and plain else None,
        enc=bytes.fromhex(enc.text) if enc is not None else b"",
    )


def _covered(text: str, values: dict[str, _Value], template: Template) -> bytes:
    begin = template.mac_from if template.mac_from != "auto" else "enc" if "enc" in values else "mac"
    if begin not in values or values[begin].at > values["mac"].at:
        raise _malformed()
    return text[values[begin].at : values["mac"].at].encode("ascii")


def _malformed() -> ProofError:
    return ProofError(
        "proof_malformed", "Read the card once more; if it stays, its address is not written as the hub's templates say."
    )


def _lrp() -> ProofError:
    return ProofError("proof_lrp", "This card answers in LRP mode, which is not supported: have it written again in AES mode.")
