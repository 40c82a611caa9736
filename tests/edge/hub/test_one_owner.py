"""One process owns a store file and alone checkpoints it; a command beside it writes and leaves the checkpoint alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.process.errors import OperatorError
from edge.process.sqlite_file import SqliteFile

BESIDE = """
import sys
from pathlib import Path
from edge.process.errors import OperatorError
from edge.process.sqlite_file import SqliteFile
file = SqliteFile(Path(sys.argv[1]))
print(file.writer.execute("PRAGMA wal_autocheckpoint").fetchone()[0])
with file.write() as connection:
    connection.execute("INSERT INTO rows VALUES ('beside')")
try:
    file.require_owner()
except OperatorError as error:
    print(error.code)
file.close()
"""


def beside(path: Path) -> list[str]:
    return subprocess.run([sys.executable, "-c", BESIDE, str(path)], capture_output=True, text=True, check=True).stdout.split()


def test_the_second_process_writes_but_neither_owns_nor_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    owner = SqliteFile(path)
    owner.require_owner()
    with owner.write() as connection:
        connection.execute("CREATE TABLE rows (who TEXT) STRICT")
    wal = path.with_name("store.db-wal")
    before = wal.stat().st_size
    assert beside(path) == ["0", "store_in_use"]
    assert wal.stat().st_size >= before > 0, "the goodbye of the second one left the WAL to its owner"
    with owner.read() as connection:
        assert [row[0] for row in connection.execute("SELECT who FROM rows")] == ["beside"]
    owner.close()


def test_whoever_comes_first_owns_and_lets_go_with_the_goodbye(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    first = SqliteFile(path)
    second = SqliteFile(path)
    with pytest.raises(OperatorError) as refused:
        second.require_owner()
    assert refused.value.code == "store_in_use"
    first.close()
    third = SqliteFile(path)
    third.require_owner()
    for file in (second, third):
        file.close()
