"""The store's devices as their status messages tell of them."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from edge.contracts.facts import DeviceBody


def find(connection: sqlite3.Connection, store: str, kind: str, name: str) -> DeviceBody | None:
    """What a device last said of itself, or None."""
    query = "SELECT * FROM devices WHERE store = ? AND kind = ? AND name = ?"
    row = connection.execute(query, (store, kind, name)).fetchone()
    return None if row is None else _device(row)


def every(connection: sqlite3.Connection, store: str) -> list[DeviceBody]:
    """All devices, by kind and name."""
    rows = connection.execute("SELECT * FROM devices WHERE store = ? ORDER BY kind, name", (store,))
    return [_device(row) for row in rows]


def save(connection: sqlite3.Connection, store: str, device: DeviceBody, at: datetime) -> None:
    """Make or replace a device's state."""
    connection.execute(
        "INSERT INTO devices (store, kind, name, online, since, version, problems, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (store, kind, name) DO UPDATE SET online = excluded.online, since = excluded.since,"
        " version = excluded.version, problems = excluded.problems, at = excluded.at",
        (
            store,
            device.device_kind,
            device.name,
            int(device.online),
            device.since.isoformat(),
            device.version,
            msgspec.json.encode(device.problems).decode(),
            at.isoformat(),
        ),
    )


def _device(row: sqlite3.Row) -> DeviceBody:
    return DeviceBody(
        device_kind=row["kind"],
        name=row["name"],
        online=bool(row["online"]),
        since=datetime.fromisoformat(row["since"]),
        version=row["version"],
        problems=msgspec.json.decode(row["problems"], type=list[str]),
    )
