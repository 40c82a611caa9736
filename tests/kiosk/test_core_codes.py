"""What a scanned text becomes: one card under all its spellings, and nothing that is no member's."""

from __future__ import annotations

import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given
from hypothesis import strategies as st

from edge.contracts.card_id import canonical
from edge.contracts.sealed import Evidence
from firmware_bridge.card_read import CardRead, CardTrouble
from kiosk.visit.codes import CodePolicy, NotAMember, member_code, understood
from kiosk.visit.recognise import identify, recognise
from tests.support.kiosk_core import CARD_KEY, entry, read

DEFAULT = CodePolicy()
GSRN = "123456789012345675"  # check digit worked out by hand in the GS1 syntax engine's own example
ROTATING = "sbq1.0123456789abcdef0123.58123456.AbCdEfGh-_123456"


def judged(text: str, symbology: str | None = None, policy: CodePolicy = DEFAULT) -> str:
    try:
        return member_code(text, symbology, policy)
    except NotAMember as error:
        return error.code


def code(text: str, symbology: str | None = None) -> CardRead:
    return CardRead("code", text, "scan-1", 1.0, symbology=symbology)


@pytest.mark.parametrize(
    ("text", "symbology"),
    [
        (f"8018{GSRN}", "]C1"),
        (f"8018{GSRN}8019123", "]C1"),
        (f"8018{GSRN}\x1d8019123", "]d2"),
        (f"801912345\x1d8018{GSRN}", "]Q3"),
        (f"8018{GSRN}", "]e0"),
        (f"8018{GSRN}", None),
        (f"8018{GSRN}", "]C0"),  # printed without the sign that makes it GS1-128
        (f"8018{GSRN}8019123", None),
        (f"(8018){GSRN}", None),
        (f"(8018){GSRN}(8019)123", "]Q1"),
        (f"https://id.example/8018/{GSRN}", "]Q1"),
        (f"https://id.example/8018/{GSRN}/8019/123", None),
        (f"HTTPS://ID.EXAMPLE/8018/{GSRN}", "]Q1"),
        (f"http://id.example/members/8018/{GSRN}?page=2", "]Q1"),
        (GSRN, None),
        (GSRN, "]C0"),
        (f" {GSRN} ", "]C0"),
    ],
)
def test_a_member_number_is_one_card_however_it_is_written(text: str, symbology: str | None) -> None:
    assert judged(text, symbology) == GSRN


@pytest.mark.parametrize(
    ("text", "symbology", "expected"),
    [
        ("2012345678903", "]E0", "2012345678903"),
        ("2012345678903", None, "2012345678903"),
        ("20123451", "]E4", "20123451"),
        ("20123451", None, "20123451"),
        ("2012345678900", "]E0", "code_check_digit"),
        ("2012345678900", None, "2012345678900"),  # no EAN, so a text; scanners check EANs themselves
        ("4006381333931", "]E0", "code_product"),
        ("4006381333931", None, "code_product"),
        ("4006381333931", "]C0", "4006381333931"),  # Code 128 with a number of its own
        ("8018123456781", "]E0", "code_product"),  # an Italian maker's, no 8018
        ("036000291452", "]E0", "code_product"),
        ("0036000291452", "]E0", "code_product"),
        ("96385074", "]E4", "code_product"),
        ("977123456700312", "]E3", "code_product"),  # a magazine with its add-on
        ("04006381333931", "]I1", "code_product"),
        ("0104006381333931", "]C1", "code_product"),
        ("https://id.example/01/04006381333931", "]Q1", "code_product"),
        ("00106141412345678908", "]C1", "code_foreign"),
        ("nothing of GS1", "]C1", "code_foreign"),
        ("8018123456789012345670", "]C1", "code_check_digit"),
        ("https://id.example/8018/123456789012345670", None, "code_check_digit"),
        ("https://id.example/8018/%EF%BC%91%EF%BC%9223456789012345675", None, "code_foreign"),
        (f"8018{GSRN}8018123456789012345682", "]C1", "code_foreign"),
        ("https://example.com/", "]Q1", "code_foreign"),
        ("https://[", "]Q1", "code_foreign"),
        ("WIFI:S:shop;T:WPA;P:secret;;", "]Q1", "code_foreign"),
        ("mailto:somebody@example.com", "]Q1", "code_foreign"),
        ("BEGIN:VCARD", "]Q1", "code_foreign"),
        ("KR-MARIA", "]C0", "KR-MARIA"),
        ("KR-MARIA", None, "KR-MARIA"),
        ("(not GS1 at all)", None, "(not GS1 at all)"),
        ("x" * 255, "]Q1", "x" * 255),
        ("x" * 256, "]Q1", "code_too_long"),
        ("AB\x1dCD", "]C0", "code_foreign"),
        ("", None, "code_foreign"),
        ("   ", None, "code_foreign"),
        ("sbq1.0123456789abcdef0123", "]Q1", "code_foreign"),  # the stable half of a rotating code, copied
    ],
)
def test_codes(text: str, symbology: str | None, expected: str) -> None:
    assert judged(text, symbology) == expected


def test_upc_a_is_the_ean_with_a_zero() -> None:
    ours = CodePolicy(member_prefixes=("04",))
    number = "49876543210"
    upc = number + str(gs1_standard_check_digit(number))
    assert judged(upc, "]E0", ours) == judged(f"0{upc}", "]E0", ours) == judged(upc, None, ours) == f"0{upc}"


# The rule's four cases, by the last of the six digits: 0 to 2, 3, 4, 5 to 9. Published in a label printer's manual (its examples
# of zero suppression, without check digits), a scanner maker's manual (01234565), and tests of open libraries (the others).
UPC_E = [
    ("04252614", "042100005264"),
    ("01245608", "012000004568"),
    ("02758314", "027100005834"),
    ("04120229", "041200002029"),
    ("01223004", "012000002304"),
    ("01234531", "012300000451"),
    ("01234543", "012340000053"),
    ("04963406", "049000006346"),
    ("01234565", "012345000065"),
    ("06543217", "065100004327"),
    ("16543214", "165100004324"),
]


@pytest.mark.parametrize(("short", "whole"), UPC_E)
def test_upc_e_is_the_upc_a_it_is_short_for(short: str, whole: str) -> None:
    ours = CodePolicy(member_prefixes=("0",))
    assert judged(short, "]E0", ours) == judged(whole, "]E0", ours) == f"0{whole}"
    assert judged(short, "]E0") == "code_product", "as its UPC-A"
    wrong = short[:-1] + str((int(short[-1]) + 1) % 10)
    assert judged(wrong, "]E0") == "code_check_digit"


def test_eight_digits_are_an_ean_8_where_they_can_be_both_and_nothing_says_otherwise() -> None:
    ours = CodePolicy(member_prefixes=("0",))
    assert [judged("01234565", symbol, ours) for symbol in (None, "]E4", "]E0")] == ["01234565", "01234565", "0012345000065"]
    assert [judged("04252614", symbol, ours) for symbol in (None, "]E4", "]E0")] == ["0042100005264"] * 3, "no EAN-8"
    assert judged("04252614", "]C0", ours) == "04252614", "Code 128 with a number of its own"
    assert judged("04252614", None) == "code_product", "no stranger is greeted for a can of lemonade"


def test_a_shop_may_narrow_and_widen() -> None:
    narrow = CodePolicy(member_prefixes=("2099",), text_prefixes=("KR-", "https://kr.example/m/"))
    assert judged("2012345678903", "]E0", narrow) == "code_product"
    assert judged(f"8018{GSRN}", "]C1", narrow) == "code_foreign"
    assert judged("KR-MARIA", "]C0", narrow) == "KR-MARIA"
    assert judged("1Z999AA10123456784", "]C0", narrow) == "code_foreign"


def test_a_camera_takes_other_texts_by_their_prefix_alone() -> None:
    seen = CodePolicy(any_text=False)
    assert judged("KR-MARIA", "]Q1", seen) == "code_foreign"
    assert judged(f"8018{GSRN}", "]C1", seen) == GSRN
    assert judged("2012345678903", "]E0", seen) == "2012345678903"
    assert judged("KR-MARIA", "]Q1", CodePolicy(text_prefixes=("KR-",), any_text=False)) == "KR-MARIA"


def test_a_rotating_code_is_its_pass_and_travels_whole() -> None:
    presented = understood(code(ROTATING, "]Q1"), DEFAULT)
    assert isinstance(presented, CardRead)
    assert (presented.value, presented.evidence) == ("sbq1.0123456789abcdef0123", f"code:{ROTATING}")
    stranger = recognise(presented, identify(presented, CARD_KEY), None)
    assert stranger.kind == "stranger"
    assert stranger.evidence == Evidence("code:sbq1.0123456789abcdef0123", f"code:{ROTATING}")
    known = recognise(presented, identify(presented, CARD_KEY), entry())
    assert (known.kind, known.evidence) == ("member", stranger.evidence)


def test_what_is_no_member_code_is_a_trouble_with_its_reason() -> None:
    trouble = understood(code("4006381333931", "]E0"), DEFAULT)
    assert trouble == CardTrouble("scan-1", 1.0, "unreadable", medium="code", code="code_product")
    assert understood(read(), DEFAULT) == read(), "a card passes as it is"


ascii_text = st.text(st.characters(min_codepoint=0x1D, max_codepoint=0x7E), max_size=300)
symbols = st.sampled_from([None, "]E0", "]E4", "]C0", "]C1", "]Q1", "]Q3", "]d2", "]I1"])
openings = st.sampled_from(["", "8018", "(8018)", "https://a/8018/", "https://", f"8018{GSRN}", "01", "sbq1."])


@given(openings, ascii_text, symbols)
def test_any_text_is_a_card_id_or_refused(opening: str, text: str, symbology: str | None) -> None:
    presented = understood(code(opening + text, symbology), DEFAULT)
    if isinstance(presented, CardTrouble):
        assert presented.code in ("code_product", "code_check_digit", "code_foreign", "code_too_long")
        return
    assert canonical("code", presented.value) == f"code:{presented.value}"
    again = understood(code(presented.value), DEFAULT)
    assert isinstance(again, CardTrouble) or again.value == presented.value, "the canonical form of a canonical form"


@given(st.from_regex(r"[0-9]{17}", fullmatch=True), st.integers(0, 9))
def test_a_gsrn_has_exactly_one_check_digit(payload: str, digit: int) -> None:
    good = digit == gs1_standard_check_digit(payload)
    assert (judged(f"8018{payload}{digit}", "]C1") == f"{payload}{digit}") == good
