"""The files that hold keys: whole or not there at all, nobody's work overwritten, usable by the hub whoever made them."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from edge.hub.proof.key_file import KeyFile, write_closed
from tests.edge.hub.proof.ceremony import Ceremony
from tests.support.hub import EVIDENCE_KEY, HubBench
from tests.support.proofs import RING, maria_tag, proof_config, tapped, write_ring


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


SOMEBODY = 65534  # on every Linux, and never the hub's own name


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that its service cannot read")
def test_what_root_makes_the_hub_can_read_and_change() -> None:
    """`shopbell hub keys` without sudo -u: files, lock and a new folder belong to whom the hub's folder does."""
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    try:
        os.chown(folder, SOMEBODY, SOMEBODY)
        file = KeyFile(folder / "hub" / "proof" / "keys.json", EVIDENCE_KEY)
        with file.changing() as write:
            write(RING)
        made = list(folder.rglob("*"))
        assert len(made) == 4 and {path.stat().st_uid for path in made} == {SOMEBODY}
        os.seteuid(SOMEBODY)
        try:
            assert file.read() == RING
            with file.changing() as write:
                write(RING)
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(folder)


def files_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {path.name: (path.stat().st_uid, path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*")}


def test_looking_at_keys_before_the_first_start_makes_no_store(tmp_path: Path) -> None:
    hub = Ceremony(tmp_path / "hub")
    hub.run("make")
    for words in ("list", "retire 1 --report"):
        said = hub.run(words)
        assert said.exit_code == 0 and "no store yet" in said.output, said.output
    assert not (hub.folder / "data").exists()


def test_looking_at_keys_beside_a_running_hub_changes_nothing(tmp_path: Path) -> None:
    hub = Ceremony(tmp_path / "hub")
    write_ring(hub.file, RING)
    bench = HubBench(hub.folder / "data", proof=proof_config(tmp_path))
    bench.put_maria()
    bench.take(tapped(bench, maria_tag().read()))
    before = files_of(hub.folder / "data")
    assert re.search(r"in use +1 ", hub.run("list").output)
    assert "1 cards are known to hold nfc version 1" in hub.run("retire 1 --report").output
    after = files_of(hub.folder / "data")
    assert {name: told for name, told in after.items() if "shm" not in name} == {
        name: told for name, told in before.items() if "shm" not in name
    }
    bench.close()


def test_a_store_of_an_older_version_is_left_alone(tmp_path: Path) -> None:
    hub = Ceremony(tmp_path / "hub")
    hub.run("make")
    HubBench(hub.folder / "data").close()
    with closing(sqlite3.connect(hub.folder / "data" / "hub.db")) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm0007%'")
    said = hub.run("list")
    assert said.exit_code == 2 and "store_older" in said.output and "Start the hub" in said.output
