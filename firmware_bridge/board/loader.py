"""Chooses which of the two images runs. New firmware is on trial until it reports healthy; after three starts without that the
old one runs again. This file is never changed over the wire, so it does as little as can be."""

import sys

import record as records

# One start may be lost to a power cut at a bad moment; a third is for a second one.
TRIES = 3
FOLDERS = {"a": "slot_a", "b": "slot_b"}
# The longest an RP2040 allows is 8388. An image feeds it itself, once it has begun.
WATCHDOG_MS = 8300
# GPIO of the button, as in pins_rp2040.py.
BUTTON = 20


def choose(record):
    """The slot to start, "a" or "b"; counts a start on trial, and ends a trial that has had its starts."""
    if record.trial and record.tries < TRIES:
        record.tries += 1
        return record.trial
    record.trial = ""
    return record.good


def run():
    """Start the image; when it ends or fails, start the board anew. With the button held down nothing is started, so that
    files can be copied onto the board: a running image takes every byte for its host's."""
    machine = _machine()
    if machine and machine.Pin(BUTTON, machine.Pin.IN, machine.Pin.PULL_UP).value() == 0:
        return
    record = records.load()
    slot = choose(record)
    record.boot += 1
    record.save()
    if machine and record.trial:  # new firmware may hang before it begins
        machine.WDT(timeout=WATCHDOG_MS)
    sys.path.insert(0, FOLDERS[slot])
    try:
        import app

        app.run(record, slot)
    except Exception as error:  # noqa: BLE001 - whatever the image raises, the board must come back
        if record.trial:  # once in a trial, never in an endless loop: flash wears out
            note(repr(error))
    restart()


def note(text):
    """Keep why new firmware failed, for support."""
    with open("fault.txt", "w") as file:
        file.write(text[:200])


def restart():
    """As after a power cut. Under the unix port the process ends and whoever started it starts it again."""
    machine = _machine()
    if machine is None:
        sys.exit(3)
    machine.reset()


def _machine():
    """The board's own module, or None where there is no board."""
    try:
        import machine
    except ImportError:
        return None
    return machine if hasattr(machine, "WDT") else None
