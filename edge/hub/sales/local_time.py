"""Pure. Times of a till without a zone: read, placed in the store's zone, kept as UTC with the store's own day."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Literal
from zoneinfo import ZoneInfo

DateOrder = Literal["iso", "dmy", "mdy"]
Note = Literal["", "time_ambiguous", "time_shifted"]
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?\Z")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z")


class TimeUnread(ValueError):
    """code: date_bad or date_order_unknown; hint: how to mend it."""

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(code)
        self.code, self.hint = code, hint


def read_time(text: str, zone: ZoneInfo, order: DateOrder = "iso") -> tuple[datetime, str, Note]:
    """UTC time, the day by the store's clock, and what was done to it. Raises TimeUnread.

    An hour that occurs twice (clocks set back) is taken as its first time; one that never was (clocks set forward) is moved
    forward by the gap. Both are noted. A time that carries a zone is taken at its word.
    """
    found = _parse(text, order)
    if found.tzinfo is not None:
        utc = found.astimezone(timezone.utc)
        return utc, utc.astimezone(zone).date().isoformat(), ""
    local = found.replace(tzinfo=zone)
    utc = local.astimezone(timezone.utc)
    back = utc.astimezone(zone)
    if back.replace(tzinfo=None) != found:
        return utc, back.date().isoformat(), "time_shifted"
    ambiguous = local.utcoffset() != local.replace(fold=1).utcoffset()
    return utc, back.date().isoformat(), "time_ambiguous" if ambiguous else ""


def _parse(text: str, order: DateOrder) -> datetime:
    try:
        if _ISO.match(text):
            return _plausible(datetime.fromisoformat(_two_digit_hour(text)))
        slashed = _SLASHED.match(text)
        if slashed and order != "iso":
            return _plausible(_slashed(slashed, order))
    except ValueError:
        slashed = None
    if slashed:
        hint = "Day and month could be swapped: say which comes first with --dates dmy or --dates mdy."
        raise TimeUnread("date_order_unknown", hint)
    raise TimeUnread("date_bad", "Write the time as 2011-06-30 17:05:00.")


def _slashed(match: re.Match[str], order: DateOrder) -> datetime:
    first, second, year, hour, minute, second_of = (int(group or 0) for group in match.groups())
    day, month = (first, second) if order == "dmy" else (second, first)
    return datetime(year, month, day, hour, minute, second_of)  # noqa: DTZ001 - the zone is added by read_time


def _plausible(found: datetime) -> datetime:
    if not 1970 <= found.year <= 2199:  # a till that lost its clock
        raise ValueError("year")
    return found


def _two_digit_hour(text: str) -> str:
    return f"{text[:11]}0{text[11:]}" if text[12:13] == ":" else text
