"""What the control socket is asked, one JSON object a line. Pure: a line in, a request or `RequestError` out.

{"present": {"uid": "04A2B3C4D5E6F7"}, "hold_s": 0.6}    a card comes; hold_s null: it stays until it is removed
{"present": {"uids": ["04...", "04..."]}}                 two cards at once
{"present": {"card": "ntag213@04A2B3C4D5E6F7=https://"}}  a card with a memory, or one that signs: see kinds.py
{"present": {"phone": true}}                              a phone, with a made-up id; "wallet": "apple" or "google"
{"remove": {}}  or  {"remove": {"uid": "04..."}}          everything, or one card, is taken away
{"fault": "noise"}  with an optional "seconds"            see bad_line.py; and hangup: the cable is out
{"script": "present 04A2B3C4D5E6F7 0.6; wait 2; noise"}   see script.py
{"timing": {"baud": 115200, "rf": true}}                  take as long as hardware; {} takes no time (as at the start)
{"status": {}}                                            what is going on
"""

from __future__ import annotations

import json
import math
from typing import Any

from firmware_bridge.simulator.cards import VirtualCard
from firmware_bridge.simulator.requests import (
    LONGEST_S,
    MOST_AT_ONCE,
    TAP_S,
    Break,
    Play,
    Present,
    Remove,
    Request,
    RequestError,
    Status,
    Timing,
    parse_card,
    parse_fault,
    parse_pace,
    parse_present,
    parse_uid,
    parse_wallet,
)
from firmware_bridge.simulator.script import parse_script

# Long enough for a script of a hundred steps, short enough to be no burden.
LONGEST_LINE = 4096
VERBS = ("present", "remove", "fault", "script", "timing", "status")


def parse_request(line: bytes) -> Request:
    """One line of the control socket. Raises RequestError."""
    asked = _object(line)
    verbs = [verb for verb in VERBS if verb in asked]
    unknown = [key for key in asked if key not in (*VERBS, "hold_s", "seconds")]
    if len(verbs) != 1 or unknown:
        raise RequestError(
            "unknown_verb", "reading a request", f"Ask for exactly one of {', '.join(VERBS)}; see simulator/request_line.py"
        )
    return _request(verbs[0], asked)


def _request(verb: str, asked: dict[str, Any]) -> Request:
    value = asked[verb]
    if verb == "present":
        return _present(_inner(verb, value), _seconds(asked.get("hold_s", TAP_S), "hold_s"))
    if verb == "remove":
        uid = _inner(verb, value).get("uid")
        return Remove(None if uid is None else parse_uid(uid))
    if verb == "fault":
        return Break(parse_fault(value), _seconds(asked.get("seconds"), "seconds"))
    if verb == "script":
        return Play(parse_script(value))
    if verb == "timing":
        return Timing(parse_pace(value))
    return Status()


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise RequestError("line_too_long", f"reading a line of {len(line)} bytes", f"Keep a request within {LONGEST_LINE} bytes")
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            "bad_json", "reading a request", 'Send one JSON object a line: {"present": {"uid": "04A2B3C4D5E6F7"}}'
        ) from error
    if not isinstance(asked, dict):
        raise RequestError("bad_json", "reading a request that is no object", 'Send {"present": {"uid": "04A2B3C4D5E6F7"}}')
    return asked


def _inner(verb: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RequestError("bad_request", f"reading {verb}", f'Write {{"{verb}": {{"uid": "04A2B3C4D5E6F7"}}}}')
    return value


def _present(value: dict[str, Any], hold_s: float | None) -> Present:
    if value.get("phone") is True and not set(value) - {"phone", "wallet"}:
        return Present((), hold_s, parse_wallet(value.get("wallet")))
    if set(value) == {"card"}:
        return parse_present(value["card"], hold_s)
    return Present(_cards(value), hold_s)


def _cards(value: dict[str, Any]) -> tuple[VirtualCard, ...]:
    uids = value.get("uids", [value.get("uid")])
    if (
        "card" in value
        or not isinstance(uids, list)
        or not 1 <= len(uids) <= MOST_AT_ONCE
        or ("uids" in value) == ("uid" in value)
    ):
        raise RequestError("bad_request", "reading present", f"Give uid, card, uids with 1 to {MOST_AT_ONCE} ids, or phone: true")
    return tuple(parse_card(uid) for uid in uids)


def _seconds(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 < value <= LONGEST_S:
        raise RequestError("bad_seconds", f"reading {name}", f"Give seconds above 0, at most {LONGEST_S:.0f}, or null")
    return float(value)
