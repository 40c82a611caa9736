"""Times of a till, which has no zone."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hub.sales.local_time import TimeUnread, read_time
from tests.support.sales import LONDON


@pytest.mark.parametrize(
    ("text", "utc", "day", "note"),
    [
        ("2010-12-01 08:26:00", "2010-12-01T08:26:00+00:00", "2010-12-01", ""),
        ("2011-06-30 00:10", "2011-06-29T23:10:00+00:00", "2011-06-30", ""),
        ("2011-06-30T9:05", "2011-06-30T08:05:00+00:00", "2011-06-30", ""),
        ("2011-06-30", "2011-06-29T23:00:00+00:00", "2011-06-30", ""),
        # clocks go back on 31 October 2010: half past one happens twice
        ("2010-10-31 01:30:00", "2010-10-31T00:30:00+00:00", "2010-10-31", "time_ambiguous"),
        # clocks go forward on 27 March 2011: half past one never happens
        ("2011-03-27 01:30:00", "2011-03-27T01:30:00+00:00", "2011-03-27", "time_shifted"),
        ("2011-03-27 02:00:00", "2011-03-27T01:00:00+00:00", "2011-03-27", ""),
        # a time with a zone is taken at its word
        ("2011-03-27T01:30:00+00:00", "2011-03-27T01:30:00+00:00", "2011-03-27", ""),
        ("2011-06-30T23:30:00Z", "2011-06-30T23:30:00+00:00", "2011-07-01", ""),
    ],
)
def test_the_stores_zone(text: str, utc: str, day: str, note: str) -> None:
    found, sold_on, noted = read_time(text, LONDON)
    assert (found.isoformat(), sold_on, noted) == (utc, day, note)


def test_day_and_month_are_never_guessed() -> None:
    assert read_time("01/12/2010 08:26", LONDON, "dmy")[1] == "2010-12-01"
    assert read_time("12/1/2010 8:26", LONDON, "mdy")[1] == "2010-12-01"
    with pytest.raises(TimeUnread) as unread:
        read_time("01/12/2010 08:26", LONDON)
    assert unread.value.code == "date_order_unknown" and "--dates" in unread.value.hint
    with pytest.raises(TimeUnread) as unread:
        read_time("13/13/2010 08:26", LONDON, "dmy")
    assert unread.value.code == "date_bad"


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2150, 1, 1)),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_every_noted_or_unnoted_time_is_an_instant_of_the_zone(local: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    utc, day, note = read_time(local.replace(microsecond=0).isoformat(sep=" "), zone)
    assert utc.tzinfo is timezone.utc
    assert utc.astimezone(zone).date().isoformat() == day
    if note != "time_shifted":
        assert utc.astimezone(zone).replace(tzinfo=None) == local.replace(microsecond=0)
