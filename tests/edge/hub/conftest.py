from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import HubBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HubBench]:
    made = HubBench(tmp_path / "hub")
    yield made
    made.close()
