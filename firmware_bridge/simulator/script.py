"""A little play for the simulated reader. Pure: text in, steps with their moment out.

    present 04A2B3C4D5E6F7 0.6; wait 2; present 04A2B3C4D5E6F7+04112233445566; wait 1; noise; phone; hangup 2; remove
    at 0.5; present 04A2B3C4D5E6F7; at 2; noise
    present ntag213@04A2B3C4D5E6F7=https://shop.example/m; wait 1; wallet apple 2

Steps are parted by semicolons or line ends. A number after `present` or `phone` is how long it stays, after a fault how long
that lasts. A kind of card is written as in kinds.py, without blanks and semicolons. Only `wait` takes
time, and `at` waits until so many seconds after the start; `present` does not wait for its card to leave.
"""

from __future__ import annotations

import re

from firmware_bridge.simulator.requests import (
    FAULTS,
    LONGEST_S,
    MOST_AT_ONCE,
    TAP_S,
    Break,
    Present,
    Remove,
    RequestError,
    Step,
    parse_card,
    parse_fault,
    parse_present,
    parse_uid,
    parse_wallet,
)

MOST_STEPS = 200


def parse_script(text: object) -> tuple[tuple[float, Step], ...]:
    """Steps, each with the seconds after the start at which it is done. Raises RequestError."""
    if not isinstance(text, str):
        raise _bad("a script that is no text")
    lines = [line.split() for line in re.split(r"[;\n]", text) if line.strip()]
    if not 1 <= len(lines) <= MOST_STEPS:
        raise _bad(f"a script of {len(lines)} steps (1 to {MOST_STEPS} are allowed)")
    moment, steps = 0.0, []
    for words in lines:
        if words[0] == "wait":
            moment += _number(words[1:], None) or 0.0
        elif words[0] == "at":
            moment = _later(moment, _number(words[1:], None))
        else:
            steps.append((moment, _step(words)))
    if moment > LONGEST_S:
        raise _bad("a script longer than a day")
    return tuple(steps)


def _step(words: list[str]) -> Step:
    verb, rest = words[0], words[1:]
    if verb == "present" and rest and "@" in rest[0]:
        return parse_present(rest[0], _number(rest[1:], TAP_S))
    if verb == "present" and rest:
        uids = rest[0].split("+")
        if len(uids) > MOST_AT_ONCE:
            raise _bad(f"{len(uids)} cards at once")
        return Present(tuple(parse_card(uid) for uid in uids), _number(rest[1:], TAP_S))
    if verb == "phone":
        return Present((), _number(rest, TAP_S))
    if verb == "wallet" and rest:
        return Present((), _number(rest[1:], TAP_S), parse_wallet(rest[0]))
    if verb == "remove" and len(rest) <= 1:
        return Remove(parse_uid(rest[0]) if rest else None)
    if verb in FAULTS:
        return Break(parse_fault(verb), _number(rest, None))
    raise _bad(f"the step {verb[:20]!r}")


def _later(moment: float, wanted: float | None) -> float:
    if wanted is None or wanted < moment:
        raise _bad("a moment that is over before the step in front of it")
    return wanted


def _number(words: list[str], default: float | None) -> float | None:
    if not words:
        return default
    if len(words) > 1 or not re.fullmatch(r"\d{1,5}(\.\d{1,3})?", words[0]) or float(words[0]) <= 0:
        raise _bad("a number of seconds")
    return float(words[0])


def _bad(what: str) -> RequestError:
    return RequestError(
        "bad_script",
        f"reading {what}",
        "Write steps like: present 04A2B3C4D5E6F7 0.6; wait 2; phone; noise; silence 3; hangup 2; remove",
    )
