"""The stations, in the order of a tap."""

from __future__ import annotations

from tests.bench.station import Station
from tests.bench.stations import lookup

STATIONS: tuple[Station, ...] = (lookup.STATION,)
