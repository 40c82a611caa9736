"""The files that hold keys: whole or not there at all, nobody's work overwritten, usable by the hub whoever made them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.hub.proof.key_file import write_closed


def test_a_written_file_is_on_the_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut the hand-over may be with the maker of the cards: the hub's own file must be there too."""
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        steps.append("sync " + Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        sync(handle)

    def replaced(path: Path, target: Path) -> Path:
        steps.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write_closed(tmp_path / "keys.json", b"x")
    assert steps == ["sync keys.json.new", "name", f"sync {tmp_path.name}"]


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's file comes in between, whenever that is: here, in the last moment there is."""
    paper, link = tmp_path / "paper.toml", os.link

    def late(source: Path, target: Path) -> None:
        paper.write_text("somebody else's")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(FileExistsError):
        write_closed(paper, b"ours", only_new=True)
    assert paper.read_text() == "somebody else's"
    assert [path.name for path in tmp_path.iterdir()] == ["paper.toml"], "nor does a key lie about beside it"


def test_a_new_file_is_closed_to_others(tmp_path: Path) -> None:
    write_closed(tmp_path / "paper.toml", b"ours", only_new=True)
    assert (tmp_path / "paper.toml").read_bytes() == b"ours"
    assert (tmp_path / "paper.toml").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["paper.toml"]
