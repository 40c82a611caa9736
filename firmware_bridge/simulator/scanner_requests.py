"""What a simulated scanner is asked through its control socket, one JSON object a line. Pure.

{"scan": {"text": "KR-MARIA"}}                          a code is held to it; with an optional "symbology" such as "]Q1"
{"scan": {"text": "...", "fault": "split"}}             the line misbehaves for this one: split, cut, twice, noise
{"hangup": {"seconds": 2}}                              the cable is out
{"status": {}}                                          what is going on
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from firmware_bridge.simulator.requests import RequestError

ScanFault = Literal["clean", "split", "cut", "twice", "noise"]
SCAN_FAULTS: Final[tuple[str, ...]] = get_args(ScanFault)
LONGEST_SCAN: Final = 1000
LONGEST_HANGUP_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class ShowCode:
    """Hold a code to the scanner."""

    text: str
    symbology: str = ""
    fault: ScanFault = "clean"


@dataclass(frozen=True, slots=True)
class PullCable:
    """Take the cable out for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Tell what is going on."""


ScannerRequest = ShowCode | PullCable | AskStatus


def parse_scanner_request(line: bytes) -> ScannerRequest:
    """One line of the control socket. Raises RequestError."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or len(asked) != 1 or not isinstance(next(iter(asked.values())), dict):
        raise RequestError("bad_scan_request", "reading a request", 'Send {"scan": {"text": "KR-MARIA"}}, one object a line')
    verb, value = next(iter(asked.items()))
    if verb == "scan":
        return _show(value)
    if verb == "hangup":
        return PullCable(_seconds(value.get("seconds", 1.0)))
    if verb == "status":
        return AskStatus()
    raise RequestError("unknown_verb", "reading a request", "Ask a scanner for one of scan, hangup, status")


def _show(value: dict[str, Any]) -> ShowCode:
    text, symbology, fault = value.get("text"), value.get("symbology", ""), value.get("fault", "clean")
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_SCAN:
        raise RequestError("bad_scan_text", "reading a code to scan", f"Give a text of 1 to {LONGEST_SCAN} characters")
    if not isinstance(symbology, str) or not re.fullmatch(r"(\][A-Za-z][0-9A-Za-z])?", symbology):
        raise RequestError("bad_symbology", "reading a code's symbology", "Give an AIM identifier such as ]Q1, ]E0 or ]C0")
    if fault not in SCAN_FAULTS:
        raise RequestError("unknown_fault", "reading a scan's fault", f"Use one of {', '.join(SCAN_FAULTS)}")
    return ShowCode(text, symbology, cast(ScanFault, fault))


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        value = 0
    if not 0 < value <= LONGEST_HANGUP_S:
        raise RequestError("bad_seconds", "reading seconds", f"Give seconds above 0, at most {LONGEST_HANGUP_S:.0f}, or null")
    return float(value)
