"""What a kiosk loads before its first tap: each of these costs a Raspberry Pi tenths of a second, or memory it does not have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.kiosk_core import free_port, write_config

ROOT = Path(__file__).resolve().parents[2]
# Each is loaded by what needs it, if anything does: tools for data, a camera, pins, a schema to bring up, a hub to ask, a
# reader that does not exist.
NOT_AT_START = frozenset(
    {"numpy", "pandas", "cv2", "zxingcpp", "duckdb", "sqlalchemy", "alembic", "psycopg", "argon2"}
    | {
        "gpiozero",
        "sqlite_utils",
        "urllib3",
        "segno",
        "biip",
        "ndef",
        "firmware_bridge.simulator.pty",
        "edge.hub",
        "edge.hq",
        "edge.demo",
    }
)
BUILT = """
import sys
from pathlib import Path
import kiosk.__main__
from edge.process.clock import SystemClock
from edge.process.ids import SystemIds
from kiosk import config
from kiosk.wiring import Kiosk
asked = config.load(Path(sys.argv[1]))
whole = Kiosk(asked, config.load_secrets(asked), SystemClock(), SystemIds())
print(*sys.modules)
whole.stop()
"""


def loaded(path: Path) -> set[str]:
    """The modules of a process that has put a whole kiosk together, ready to be started."""
    result = subprocess.run([sys.executable, "-c", BUILT, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr[-2000:]
    return set(result.stdout.split())


def test_a_kiosk_starts_without_what_it_does_not_need_yet(tmp_path: Path) -> None:
    path = write_config(
        tmp_path, reader="/dev/ttyUSB0", broker_port=free_port(), hub_url="http://127.0.0.1:9", screen_port=free_port()
    )
    first = loaded(path)
    assert "sqlite_utils" in first, "the first start makes the file, with the library that is for that"
    assert loaded(path) & NOT_AT_START == set()
