"""A little play for the simulated reader. Pure: text in, steps with their moment out.

    at 0.5 s card 04A2B3C4D5E6F7, at 2 s noise
    card 04A2B3C4D5E6F7 for 2 s, wait 1 s, card 04A2B3C4D5E6F7 and 04112233445566, at 8 s silence 3 s
    present 04A2B3C4D5E6F7 0.6; wait 2; present 04A2B3C4D5E6F7+04112233445566; wait 1; noise; phone; hangup 2; remove
    present ntag213@04A2B3C4D5E6F7=https://shop.example/m; wait 1; wallet apple 2

Steps are parted by semicolons, line ends, or commas with a blank behind them. `card` and `present` are the same. A number after
`card` or `phone` is how long it stays, after a fault how long that lasts; `for` and `s` around it may be left out. A kind of card
is written as in kinds.py, without blanks and semicolons. Only `wait` takes time, and `at` waits until so many seconds after the
start, alone or with its step behind it; `card` does not wait for its card to leave.
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
CARD = ("card", "present")
_PARTED = re.compile(r"[;\n]|,(?=\s|$)")
_NUMBER = re.compile(r"(for )?(?P<seconds>\d{1,5}(\.\d{1,3})?)( ?s)?")


def parse_script(text: object) -> tuple[tuple[float, Step], ...]:
    """Steps, each with the seconds after the start at which it is done. Raises RequestError."""
    if not isinstance(text, str):
        raise _bad("a script that is no text")
    lines = [line.split() for line in _PARTED.split(text) if line.strip()]
    if not 1 <= len(lines) <= MOST_STEPS:
        raise _bad(f"a script of {len(lines)} steps (1 to {MOST_STEPS} are allowed)")
    moment, steps = 0.0, []
    for verb, *rest in lines:
        if verb == "wait":
            moment += _seconds(rest, None) or 0.0
            continue
        wanted, step = _moment(rest) if verb == "at" else (moment, [verb, *rest])
        moment = _later(moment, wanted)
        if step:
            steps.append((moment, _step(step)))
    if moment > LONGEST_S:
        raise _bad("a script longer than a day")
    return tuple(steps)


def _step(words: list[str]) -> Step:
    verb, rest = words[0], words[1:]
    if verb in CARD and rest:
        return _card(*_named(rest))
    if verb == "phone":
        return Present((), _seconds(rest, TAP_S))
    if verb == "wallet" and rest:
        return Present((), _seconds(rest[1:], TAP_S), parse_wallet(rest[0]))
    if verb == "remove" and len(rest) <= 1:
        return Remove(parse_uid(rest[0]) if rest else None)
    if verb in FAULTS:
        return Break(parse_fault(verb), _seconds(rest, None))
    raise _bad(f"the step {verb[:20]!r}")


def _named(words: list[str]) -> tuple[str, list[str]]:
    """The cards, joined by `+`, and what stands behind them."""
    cards = words.pop(0)
    while len(words) > 1 and words[0] == "and":
        cards, words = f"{cards}+{words[1]}", words[2:]
    return cards, words


def _card(cards: str, rest: list[str]) -> Present:
    hold_s = _seconds(rest, TAP_S)
    if "@" in cards:
        return parse_present(cards, hold_s)
    uids = cards.split("+")
    if len(uids) > MOST_AT_ONCE:
        raise _bad(f"{len(uids)} cards at once")
    return Present(tuple(parse_card(uid) for uid in uids), hold_s)


def _moment(words: list[str]) -> tuple[float | None, list[str]]:
    """The number behind `at`, and the step behind that."""
    size = 2 if words[1:2] == ["s"] else 1
    return _seconds(words[:size], None), words[size:]


def _later(moment: float, wanted: float | None) -> float:
    if wanted is None or wanted < moment:
        raise _bad("a moment that is over before the step in front of it")
    return wanted


def _seconds(words: list[str], default: float | None) -> float | None:
    if not words:
        return default
    found = _NUMBER.fullmatch(" ".join(words))
    if found is None or float(found["seconds"]) <= 0:
        raise _bad("a number of seconds")
    return float(found["seconds"])


def _bad(what: str) -> RequestError:
    return RequestError(
        "bad_script",
        f"reading {what}",
        "Write steps like: at 0.5 s card 04A2B3C4D5E6F7, at 2 s noise; wait 2; phone; silence 3; hangup 2; remove",
    )
