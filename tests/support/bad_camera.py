"""A camera's process that misbehaves by the name of its device: `python -m tests.support.bad_camera DEVICE ...`."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    name = Path(sys.argv[1]).name
    if name == "garbled":
        print("what no version of it says", flush=True)
    if name != "died":
        sys.stdin.read()  # until the kiosk ends it
