"""A hub's file that cannot be trusted is told in a sentence, and left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.hub.store.opening import FILE_NAME, open_hub_store
from edge.process.clock import ManualClock
from edge.process.errors import OperatorError
from edge.process.ids import CountingIds


@pytest.mark.parametrize("content", [b"this is no database, and long enough to be read as a header" * 40, b"\x00" * 8192])
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(OperatorError) as refused:
        open_hub_store(tmp_path, "main-street", ManualClock(), CountingIds())
    assert refused.value.code in ("store_damaged", "store_unavailable")
    assert path.read_bytes() == content


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OperatorError) as refused:
        open_hub_store(tmp_path, "main-street", ManualClock(), CountingIds())
    assert refused.value.code == "store_unavailable"


def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    store = open_hub_store(tmp_path, "main-street", ManualClock(), CountingIds())
    for path in tmp_path.glob(FILE_NAME + "*"):
        if path.suffix != ".reserve":
            assert path.stat().st_mode & 0o077 == 0, path.name
    store.file.close()
