from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One store for all tests of a file: a shop does not close between two customers."""
    folder: Path = tmp_path_factory.mktemp("shop")
    with open_shop(folder) as opened:
        yield opened
