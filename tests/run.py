"""What `./shopbell test [NAME]`, `./shopbell screens` and `./shopbell bench` run once everything is installed."""

from __future__ import annotations

import os
import subprocess
import sys

# Long campaigns, each behind a name of its own.
CAMPAIGNS = {"faults": ["-m", "faults", "tests/faults"], "readers-long": ["-m", "readers_long", "-s", "tests"]}
EVERY_DAY = ["-m", "not faults and not hardware and not readers_long", "-n", "2", "--dist", "loadfile", "-rs", "tests"]


def main(arguments: list[str]) -> int:
    """arguments: the command and what follows it; returns the exit status."""
    command, *rest = arguments
    if command == "screens":
        return subprocess.call([sys.executable, "-m", "tests.support.screens", *rest])
    if command == "bench":
        # sqlite-utils loads what it finds of the user's own packages, which would be measured too.
        return subprocess.call([sys.executable, "-m", "tests.bench", *rest], env=dict(os.environ, PYTHONNOUSERSITE="1"))
    if rest and not rest[0].startswith(("-", "tests/")):
        return campaign(rest[0], rest[1:])
    if rest and rest[0].startswith("tests/"):
        return pytest(["-rs", *rest])
    return pytest([*EVERY_DAY, *rest])


def campaign(name: str, rest: list[str]) -> int:
    if name not in CAMPAIGNS:
        print(f"shopbell: no campaign is called {name!r}; there are: {', '.join(CAMPAIGNS)}", file=sys.stderr)
        return 2
    return pytest([*CAMPAIGNS[name], *rest])


def pytest(arguments: list[str]) -> int:
    # sqlite-utils and others look for optional packages of the user; the tests see only the lock.
    environment = dict(os.environ, PYTHONNOUSERSITE="1")
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
