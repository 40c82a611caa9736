"""What the long campaigns are given."""

from __future__ import annotations

import pytest

from tests.readers import page
from tests.readers.results import Measured, kept


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Takes what the campaign measured; `--write` keeps it."""
    return Measured(request.node.nodeid, write=bool(request.config.getoption("--write")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The page is written once, from what was kept."""
    if session.config.getoption("--write"):
        page.write(kept())
        print(f"\nwritten: docs/{page.PAGE.name}")
