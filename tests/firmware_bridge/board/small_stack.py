"""Starts the firmware in a thread with a stack as small as the board's: `micropython small_stack.py main.py WIRE CHIP`.

An RP2040 has 8 KB for both cores' stacks; an object of this 64-bit port takes twice as much there. The modules are loaded first:
compiling them is what the board does before, with images of their own.
"""

import _thread
import sys
import time

STACK = 16 * 1024

sys.argv[:] = sys.argv[1:]
sys.path[:0] = [".", "slot_a"]
import app  # noqa: E402, F401 - see above
import loader  # noqa: E402

ended = []


def work():
    try:
        loader.run()
    finally:
        ended.append(True)


_thread.stack_size(STACK)
_thread.start_new_thread(work, ())
while not ended:
    time.sleep(0.05)
sys.exit(3)
