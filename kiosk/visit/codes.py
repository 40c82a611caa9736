"""Pure. What a scanner or camera read becomes a member's code, or why it is none.

One card keeps one id however it is written: a member number of GS1 (GSRN, application identifier 8018, GS1 General Specifications
3.9.13) is its 18 digits whether it came as an element string, a Digital Link, in brackets or bare; a UPC-A is the EAN-13 with a
leading zero; a UPC-E is the UPC-A it is short for. GS1 data is taken apart by biip; the check digit of a GSRN, which biip leaves
alone, is judged here.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.contracts.rotating import PREFIX as ROTATING_PREFIX
from edge.contracts.rotating import read_rotating
from firmware_bridge.card_read import CardRead, CardTrouble

if TYPE_CHECKING:
    from biip.gs1_element_strings import GS1ElementString

# Prefixes 20 to 29 are for use within a company (GS1 General Specifications 1.4.2); all others name products and their makers.
STORE_INTERNAL: Final = tuple(str(prefix) for prefix in range(20, 30))
GSRN: Final = "(8018)"
LONGEST_CODE: Final = 255  # characters, edge.contracts.card_id
# Symbols that carry GS1 data: GS1-128, DataBar, DataMatrix, QR code, DotCode (GS1 General Specifications 5.1.3).
_GS1_SYMBOLS = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
_EAN_SYMBOLS = "]E"
_EAN_OR_UPC = "]E0"  # all of them but EAN-8
# ITF-14 on cartons: a product's number as well.
_CARTON_SYMBOL = "]I1"
_EAN = re.compile(r"(?:[0-9]{8}|[0-9]{12}|[0-9]{13})\Z")
_GSRN = re.compile(r"[0-9]{18}\Z")
_BARE_GSRN = re.compile(r"8018[0-9]{18}(?:\x1d|80[0-9]{2}|\Z)")
_GTINS = frozenset({"01", "02", "03"})
_PLAIN = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}\Z")
_LINK = re.compile(r"https?://", re.IGNORECASE)
# wifi:..., mailto:..., BEGIN:VCARD, other://... : codes that tell a phone to do something.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class CodePolicy:
    """Which codes can be a member's.

    member_prefixes: beginnings of EAN-13 (UPC-A with its zero before it) and EAN-8 codes, and `(8018)` for GSRNs.
    text_prefixes: beginnings of other texts; where there is none, every text that is no link and no command for a phone.
    any_text: False where nobody has to hold a code to anything (a camera): other texts count by their prefix alone.
    """

    member_prefixes: tuple[str, ...] = (*STORE_INTERNAL, GSRN)
    text_prefixes: tuple[str, ...] = ()
    any_text: bool = True


class NotAMember(ValueError):
    """A code that is no member's. code: stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def prepare() -> None:
    """Load what takes codes apart, a tenth of a second's work: where codes are read, so that the first does not wait for it."""
    importlib.import_module("biip")


def understood(read: CardRead, policy: CodePolicy) -> CardRead | CardTrouble:
    """A code read with its canonical value, or a trouble with why it is none. Other media pass as they are."""
    if read.medium != "code":
        return read
    rotating = read_rotating(read.value)
    if rotating is not None:  # looked up by what stays; the hub alone can judge the rest
        return replace(read, value=rotating.card_value, evidence=f"code:{read.value}")
    try:
        return replace(read, value=member_code(read.value, read.symbology, policy))
    except NotAMember as error:
        return CardTrouble(read.reader, read.monotonic, "unreadable", medium="code", code=error.code)


def member_code(text: str, symbology: str | None, policy: CodePolicy) -> str:
    """The canonical value of a member's code. symbology: AIM identifier, or None where the scanner names none.

    Raises NotAMember `code_product` (a product's number), `code_check_digit` (misread or mistyped), `code_foreign` (something
    else: a link, a WLAN, a parcel) or `code_too_long`.
    """
    text = text.strip(" ")
    elements = _gs1(text, symbology)
    if elements is not None:
        return _member_of(elements, policy)
    named = symbology or ""
    if named.startswith(_EAN_SYMBOLS) or (not named and _EAN.match(text) and _whole(text, named)):
        return _ean(text, named, policy)
    if named == _CARTON_SYMBOL:
        raise NotAMember("code_product")
    return _plain(text, policy)


def _gs1(text: str, symbology: str | None) -> Sequence[GS1ElementString] | None:
    """The elements of GS1 data; None where the text is none. Empty where symbol or link promises some and holds other things."""
    from biip import ParseError  # see `prepare`
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI
    from biip.gs1_messages import GS1Message

    promised = symbology in _GS1_SYMBOLS
    try:
        if _LINK.match(text):
            return GS1DigitalLinkURI.parse(text).element_strings
        if text.startswith("("):
            return GS1Message.parse_hri(text).element_strings
        if promised or _BARE_GSRN.match(text):
            return GS1Message.parse(text).element_strings
    except (ParseError, ValueError):  # ValueError: urllib on a malformed host
        return () if promised or _LINK.match(text) else None
    return None


def _member_of(elements: Sequence[GS1ElementString], policy: CodePolicy) -> str:
    """The GSRN among GS1 elements. A visit number (8019) beside it says nothing of who it is."""
    found = {element.value for element in elements if element.ai.ai == "8018"}
    if not found:
        raise NotAMember("code_product" if any(element.ai.ai in _GTINS for element in elements) else "code_foreign")
    if len(found) > 1 or GSRN not in policy.member_prefixes:
        raise NotAMember("code_foreign")
    gsrn = found.pop()
    if not _GSRN.match(gsrn) or not _checks(gsrn):
        raise NotAMember("code_check_digit")
    return gsrn


def _ean(text: str, symbology: str, policy: CodePolicy) -> str:
    if not _EAN.match(text):  # with an add-on, as on magazines
        raise NotAMember("code_product")
    number = _whole(text, symbology)
    if number is None:
        raise NotAMember("code_check_digit")
    if not number.startswith(_digits(policy.member_prefixes)):
        raise NotAMember("code_product")
    return number


def _whole(text: str, symbology: str) -> str | None:
    """The 13 digits of an EAN-13, UPC-A or UPC-E, the 8 of an EAN-8; None where no check digit holds.

    Eight digits that can be both are an EAN-8, unless the scanner says otherwise: it has an identifier of its own, `]E4`.
    """
    ways = [_upc_e(text), text if _checks(text) else None]
    number = next((way for way in (ways if symbology == _EAN_OR_UPC else reversed(ways)) if way is not None), None)
    return f"0{number}" if number is not None and len(number) == 12 else number


def _upc_e(text: str) -> str | None:
    """The UPC-A that eight digits are short for (GS1 General Specifications 5.2.2.4), or None where they are no UPC-E."""
    from biip import ParseError  # see `prepare`
    from biip.upc import Upc, UpcFormat

    if len(text) != 8:
        return None
    try:
        number = Upc.parse(text)
    except ParseError:
        return None
    return number.as_upc_a() if number.format == UpcFormat.UPC_E else None


def _plain(text: str, policy: CodePolicy) -> str:
    if len(text) > LONGEST_CODE:
        raise NotAMember("code_too_long")
    wanted = text.startswith(policy.text_prefixes) if policy.text_prefixes else policy.any_text and not _SCHEME.match(text)
    if not wanted or text.startswith(ROTATING_PREFIX) or not _PLAIN.match(text):
        raise NotAMember("code_foreign")
    return text


def _digits(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prefix for prefix in prefixes if prefix.isdigit())


def _checks(number: str) -> bool:
    """Whether the last digit is the check digit of those before it (GS1 General Specifications 7.9.1, for all lengths)."""
    from biip.checksums import gs1_standard_check_digit  # see `prepare`

    return gs1_standard_check_digit(number[:-1]) == int(number[-1])
