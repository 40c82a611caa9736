"""Threads that hand small things to each other do not wait out Python's 5 ms."""

from __future__ import annotations

import subprocess
import sys

from tests.support.parts import ROOT


def test_a_process_takes_short_turns() -> None:
    asked = "import sys; from edge.process import turns; turns.take_short_turns(); print(sys.getswitchinterval())"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert 0 < float(said.stdout) <= 0.001
