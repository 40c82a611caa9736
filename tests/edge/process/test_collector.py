"""The collector of cycles rests while a process is put together, and works again whatever happened."""

from __future__ import annotations

import gc

import pytest

from edge.process import collector


def test_it_rests_and_what_was_made_is_set_apart() -> None:
    before = gc.get_freeze_count()
    try:
        with collector.resting():
            assert not gc.isenabled()
            kept = [[number] for number in range(1000)]
        assert gc.isenabled() and gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()


def test_it_works_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="config"), collector.resting():
        raise ValueError("config")
    gc.unfreeze()
    assert gc.isenabled()
