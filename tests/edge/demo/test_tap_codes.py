"""What `shopbell tap qr:` and `code:` show to the scanner."""

from __future__ import annotations

import pytest

from edge.demo.tap import scan_of
from edge.process.errors import OperatorError


@pytest.mark.parametrize(
    ("card", "scan"),
    [
        ("qr:KR-MARIA", {"text": "KR-MARIA", "symbology": "]Q1"}),
        (
            "qr:https://id.example/8018/123456789012345675",
            {"text": "https://id.example/8018/123456789012345675", "symbology": "]Q1"},
        ),
        ("code:4006381333931", {"text": "4006381333931", "symbology": "]E0"}),
        ("code:036000291452", {"text": "036000291452", "symbology": "]E0"}),
        ("code:96385074", {"text": "96385074", "symbology": "]E4"}),
        ("code:KR-MARIA", {"text": "KR-MARIA", "symbology": "]C0"}),
        ("code:12345", {"text": "12345", "symbology": "]C0"}),
        ("member:maria", None),
        ("qrcode", None),
    ],
)
def test_what_is_shown(card: str, scan: dict[str, str] | None) -> None:
    assert scan_of(card) == scan


@pytest.mark.parametrize("card", ["qr:", "code:"])
def test_a_code_needs_a_text(card: str) -> None:
    with pytest.raises(OperatorError, match="card_invalid"):
        scan_of(card)
