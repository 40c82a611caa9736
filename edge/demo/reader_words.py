"""What else `shopbell tap` can do to the simulated reader than hold one card to it. Pure: words in, a request out."""

from __future__ import annotations

import re
from collections.abc import Callable

from edge.process.errors import OperatorError

# Names are judged by the simulated reader, which knows its faults (docs/reader.md).
_FAULT = re.compile(r"[a-z]+")
_CARD_IN_A_SCRIPT = re.compile(r"(?<![^\s+])(?:member|uid):[^\s+,;]+")

Request = dict[str, object]


def request_of(card: str, hold_s: float | None, uid_of: Callable[[str], str]) -> tuple[Request, str] | None:
    """What to ask the reader, and what to tell the person; None: it is one card.

    hold_s: how long, or None where nobody said. uid_of: a card by its name or id -> its id in hex; raises OperatorError.
    """
    kind, _, text = card.partition(":")
    if card == "remove":
        return {"remove": {}}, "The reader is empty."
    if card == "phone":
        return {"present": {"phone": True}} | _hold(hold_s), "A phone is on the reader."
    if kind == "fault":
        return _fault(text, hold_s)
    if kind == "script":
        return _script(text, uid_of)
    if "+" in card and "@" not in card:
        uids = [uid_of(one.strip()) for one in card.split("+")]
        return {"present": {"uids": uids}} | _hold(hold_s), f"{len(uids)} cards are on the reader at once."
    return None


def _fault(name: str, seconds: float | None) -> tuple[Request, str]:
    if not _FAULT.fullmatch(name):
        raise OperatorError("fault_invalid", "playing a fault", "Say its name, such as fault:noise; docs/reader.md lists them.")
    lasting: Request = {} if seconds is None else {"seconds": seconds}
    return {"fault": name, **lasting}, _told_of(name, seconds)


def _told_of(fault: str, seconds: float | None) -> str:
    if fault == "clean":
        return "The reader's line is clean."
    if fault == "frozen":
        return "The chip hangs, until its cable is out: fault:hangup --hold 1."
    return (
        f"The reader plays {fault}; end it with fault:clean."
        if seconds is None
        else f"The reader plays {fault} for {seconds:g} s."
    )


def _script(text: str, uid_of: Callable[[str], str]) -> tuple[Request, str]:
    if not text.strip():
        raise OperatorError("script_invalid", "playing a script", "Say what: script:'at 0.5 s card member:maria, at 2 s noise'.")
    return {"script": _CARD_IN_A_SCRIPT.sub(lambda found: uid_of(found[0]), text)}, "The reader plays it."


def _hold(hold_s: float | None) -> Request:
    return {} if hold_s is None else {"hold_s": hold_s}
