"""The stations, in the order of a tap."""

from __future__ import annotations

from tests.bench.station import Station
from tests.bench.stations import (
    browser,
    demo,
    drain,
    growth,
    hq,
    limits,
    lookup,
    reader,
    sales_import,
    screens,
    start,
    tap_bytes,
    throughput,
    welcome,
)

STATIONS: tuple[Station, ...] = (
    limits.STATION,
    start.STATION,
    reader.STATION,
    lookup.STATION,
    welcome.STATION,
    tap_bytes.STATION,
    browser.STATION,
    screens.STATION,
    throughput.STATION,
    drain.STATION,
    growth.STATION,
    hq.STATION,
    sales_import.STATION,
    demo.STATION,
)
