"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# Nothing is timed against the wall: a busy machine makes no test fail.
settings.register_profile("shopbell", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shopbell")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write",
        action="store_true",
        help="keep what the readers' long campaigns measure in docs/readers.json and docs/readers.md",
    )
