"""How long a thread of this process may keep the interpreter while others wait for it."""

from __future__ import annotations

import sys

# Python's own 5 ms are made for threads that compute. Ours give the interpreter away at every SQLite statement and every socket
# call and want it back at once; where they meet a thread at work they wait the 5 ms. A backlog drained two to three times as
# fast with 0.1 ms on a machine under load.
SWITCH_S = 0.0001


def take_short_turns() -> None:
    """For a process whose threads hand small things to each other; called once from its `__main__`."""
    sys.setswitchinterval(SWITCH_S)
