"""Power cuts at chosen writes of the flash, on the RP2040's own file system under MicroPython: no board is lost."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.update.build import build_image
from tests.support.board import UNIX, new_flash
from tests.support.needs import needs

SCRIPT = Path(__file__).with_name("flash_cuts.py")
SEED = 3


def cuts(folder: Path, numbers: list[int], timeout_s: float, spoil: Callable[[str], str] = str) -> tuple[int, list[list[str]]]:
    """(writes of a whole update, one row for each cut). spoil: changes the board's update code."""
    flash = new_flash(folder / "flash", build_image(UNIX, (1, 0, 0)))
    code = flash / "slot_a" / "update.py"
    code.write_text(spoil(code.read_text()))
    image = folder / "new.img"
    image.write_bytes(build_image(UNIX, (1, 1, 0), (1, 0, 0)).data)
    result = subprocess.run(
        [needs("micropython"), "-X", "heapsize=16m", str(SCRIPT), str(flash), str(image), *map(str, numbers)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert result.returncode == 0, result.stdout[-500:] + result.stderr
    # The rest are complaints of file handles that were open when the power went.
    rows = [row.split() for row in result.stdout.splitlines() if row.startswith(("writes ", "cut "))]
    assert len(rows) == 1 + len(numbers), result.stdout[-500:]
    return int(rows[0][1]), [row[1:] for row in rows[1:]]


def judge(rows: list[list[str]]) -> list[str]:
    """The writes at which a cut lost the board: no whole image ran after it, or in the end not the new one."""
    lost = [cut for cut, after, _, end, boots in rows if after not in ("old", "new") or end != "new" or int(boots) < 2]
    assert any(row[1] == "new" for row in rows), "the last cuts come after the moment of the update"
    assert sum(int(row[2]) > 0 for row in rows) > len(rows) / 3, "most go on from where they were"
    return lost


def test_power_cuts_all_along_an_update(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    writes, _ = cuts(tmp_path / "first", [], 60)
    assert writes > 300
    numbers = sorted({*range(writes - 12, writes + 6), *random.Random(SEED).sample(range(writes), 80)})
    _, rows = cuts(tmp_path, numbers, 100)
    assert judge(rows) == []


def test_mutant_that_writes_over_the_running_slot_is_noticed(tmp_path: Path) -> None:
    """What the test above rests on: without the second slot a cut leaves a mixture."""

    def spoil(code: str) -> str:
        return code.replace('folder = _FOLDERS["b" if self._slot == "a" else "a"]', "folder = _FOLDERS[self._slot]")

    (tmp_path / "first").mkdir()
    writes, _ = cuts(tmp_path / "first", [], 60)
    _, rows = cuts(tmp_path, list(range(writes - 80, writes - 20, 5)), 100, spoil)
    assert "MIXTURE" in {row[1] for row in rows}
