"""Whatever a stranger could guess byte by byte is compared in constant time: `==` would stop at the first byte that differs.

The values compared here know when they are asked whether they equal something; hmac.compare_digest does not ask them.
"""

from __future__ import annotations

import hmac
import operator
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from edge.contracts.rotating import RotatingCode
from edge.hub import recognition
from edge.hub.proof import rotating, sun
from edge.hub.proof.errors import ProofError
from edge.process.clock import ManualClock
from tests.edge.hub.proof.test_vectors import TEMPLATES, V2, V3, ZERO_KEY
from tests.support.hub import HubBench
from tests.support.proofs import CODE_KEY, HANDLE

ASKED: list[str] = []


class Bytes(bytes):
    """Writes down every `==` and `!=`."""

    def __eq__(self, other: object) -> bool:
        ASKED.append("bytes")
        return bytes(self) == other

    __hash__ = bytes.__hash__


class Text(str):
    """The same for text."""

    def __eq__(self, other: object) -> bool:
        ASKED.append("text")
        return str(self) == str(other)

    __hash__ = str.__hash__


def a_card(folder: Path, patched: pytest.MonkeyPatch) -> None:
    real = sun.mac_of
    patched.setattr(sun, "mac_of", lambda key, covered: Bytes(real(key, covered)))
    assert sun.verify(V2, TEMPLATES, [ZERO_KEY]).counter == 61 and sun.verify(V3, TEMPLATES, [ZERO_KEY]).counter == 8
    with pytest.raises(ProofError, match="proof_wrong"):
        sun.verify(V2[:-1] + "7", TEMPLATES, [ZERO_KEY])


def a_code(folder: Path, patched: pytest.MonkeyPatch) -> None:
    real, at = rotating.code_for, ManualClock().now()
    good = real(CODE_KEY, HANDLE, rotating.step_of(at))
    patched.setattr(rotating, "code_for", lambda *given: _with_text(real(*given)))
    assert rotating.verify_code(good.text, at, [CODE_KEY]).code.step == good.step
    with pytest.raises(ProofError, match="proof_wrong"):
        rotating.verify_code(RotatingCode(HANDLE, good.step, good.code[::-1]).text, at, [CODE_KEY])


def _with_text(code: RotatingCode) -> RotatingCode:
    return RotatingCode(code.handle, code.step, Text(code.code))


def a_card_token(folder: Path, patched: pytest.MonkeyPatch) -> None:
    bench, real = HubBench(folder / "hub"), recognition.card_token
    bench.put_maria()
    patched.setattr(recognition, "card_token", lambda *given: Text(real(*given)))
    for token in (None, "0" * 32):
        [result] = bench.take(bench.arrival(**({} if token is None else {"card_token": token})))
        assert result.greeting is not None and (result.greeting.member is None) is (token is not None)
    bench.close()


WAYS: dict[str, tuple[Callable[[Path, pytest.MonkeyPatch], None], ModuleType]] = {
    "the MAC of a card": (a_card, sun),
    "a member's code": (a_code, rotating),
    "the hash of a card": (a_card_token, recognition),
}


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()


@pytest.mark.parametrize("name", WAYS)
def test_nothing_is_compared_byte_by_byte(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WAYS[name][0](tmp_path, monkeypatch)
    assert ASKED == []


@pytest.mark.parametrize("name", WAYS)
def test_mutant_that_compares_with_two_equal_signs_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way, module = WAYS[name]
    plain: Any = SimpleNamespace(**{**vars(hmac), "compare_digest": operator.eq})
    monkeypatch.setattr(module, "hmac", plain)
    way(tmp_path, monkeypatch)
    assert ASKED, "the check above would have seen it"
