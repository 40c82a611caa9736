"""The installed command `shopbell`: a table of names, each run as a process of its own. It imports none of them."""

from __future__ import annotations

import os
import sys

# name -> (module, what it is for)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("edge.demo", "a whole store on this machine: kiosk, hub, associates' app, HQ"),
    "tap": ("edge.demo.tap", "present a card to the simulated reader of a running demo"),
    "reader": ("kiosk.reader_command", "the card reader: list, monitor, record, replay, simulate, update, doctor"),
    "kiosk": ("kiosk", "the check-in kiosk at the door"),
    "hub": ("edge.hub", "the store hub: arrivals, alerts, customer memory, import of sales"),
    "hq": ("edge.hq", "HQ: facts from the stores, feed to them, console"),
    "broker": ("edge.broker", "the store's MQTT broker, configured"),
    "doctor": ("edge.process.doctor", "what is wrong on this machine, and what to do"),
}


def usage() -> str:
    """The table, for a person."""
    lines = [f"  {name:<8} {purpose}" for name, (_module, purpose) in COMMANDS.items()]
    return "\n".join(["usage: shopbell COMMAND [ARGUMENT ...]", "", *lines, "", "'shopbell COMMAND --help' explains one."])


def main() -> None:
    """Become `python -m MODULE ARGUMENTS`."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())  # noqa: T201 - this is what the person asked for
        sys.exit(0)
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"shopbell: there is no command {name!r}.\n\n{usage()}", file=sys.stderr)  # noqa: T201 - told to the person
        sys.exit(2)
    module, _purpose = COMMANDS[name]
    os.execv(sys.executable, [sys.executable, "-m", module, *rest])  # noqa: S606 - no shell: becomes the process asked for


if __name__ == "__main__":
    main()
