"""Parts a test needs beside Python. A missing part is a skip that names its command, and a failure where
SHOPBELL_REQUIRE names the part: in CI nothing may be skipped quietly.
"""

from __future__ import annotations

import os

import pytest

from tests.support.parts import ENABLE, FINDERS


def required() -> frozenset[str]:
    """Parts named by SHOPBELL_REQUIRE, comma-separated."""
    return frozenset(part.strip() for part in os.environ.get("SHOPBELL_REQUIRE", "").split(",") if part.strip())


def needs(part: str) -> str:
    """The part's path as text; skips, or fails where the part is required, when it is missing."""
    found = FINDERS[part]()
    if found is not None:
        return str(found)
    reason = f"{part} is missing; enable with: {ENABLE[part]}"
    if part in required():
        pytest.fail(f"SHOPBELL_REQUIRE names {part}: {reason}", pytrace=False)
    pytest.skip(reason)
