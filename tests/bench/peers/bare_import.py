"""Sales files into the hub's own tables the short way: csv.reader, executemany, one durable commit a file.

It believes every row: nothing is judged, refused, matched against what is stored, or accounted for, and a second run fails on the
first row. The rows are those that Shopbell writes, into a file with the hub's tables and indexes.
"""

from __future__ import annotations

import csv
import gzip
import secrets
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import uuid_utils

_ZONE = ZoneInfo("Europe/London")
_LINE = (
    "INSERT INTO sale_lines (store, source, invoice, ordinal, sold_at, sold_on, product_code, description, quantity, unit_price,"
    " amount_minor, currency, member, country, line_kind) VALUES (?, 'sales', ?, ?, ?, ?, ?, ?, ?, ?, ?, 'GBP', ?, ?, 'sale')"
)
_FACT = "INSERT INTO outbox (store, key, payload, made_at, made_boot, made_monotonic) VALUES (?, ?, ?, ?, 'boot', 0)"


def bare_import(database: Path, store: str, files: Sequence[Path], *, facts: bool) -> int:
    """Rows written. facts: also the record for HQ that every line brings with it, as the hub files it in the same commit."""
    members: defaultdict[str, str] = defaultdict(lambda: secrets.token_hex(16))
    written = 0
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        for file in files:
            lines = [_line(row, store, members) for row in _numbered(file)]
            connection.executemany(_LINE, lines)
            if facts:
                connection.executemany(_FACT, (_fact(line, store) for line in lines))
            connection.commit()
            written += len(lines)
    return written


def _numbered(file: Path) -> Iterable[tuple[int, list[str]]]:
    """The file's rows with their place in the invoice, from 1."""
    places: Counter[str] = Counter()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        next(rows)
        for row in rows:
            places[row[0]] += 1
            yield places[row[0]], row


def _line(numbered: tuple[int, list[str]], store: str, members: defaultdict[str, str]) -> tuple[object, ...]:
    ordinal, (invoice, code, name, quantity, time, price, customer, country) = numbered
    local = datetime.fromisoformat(time)
    at = local.replace(tzinfo=_ZONE).astimezone(timezone.utc).isoformat()
    minor = round(Decimal(price) * int(quantity) * 100)
    member = members[customer] if customer else None
    day = local.date().isoformat()
    return store, invoice, ordinal, at, day, code, name, int(quantity), price, minor, member, country if member else None


def _fact(line: tuple[object, ...], store: str) -> tuple[object, ...]:
    _, invoice, ordinal, at, _, code, name, quantity, price, minor, member, _ = line
    its_id, now = str(uuid_utils.uuid7()), datetime.now(timezone.utc).isoformat()
    amount = {"minor": minor, "currency": "GBP"}
    body = {"kind": "sale", "source": "sales", "invoice": invoice, "ordinal": ordinal, "sold_at": at, "product_code": code}
    body |= {"description": name, "quantity": quantity, "unit_price": price, "amount": amount}
    body |= {"member": member} if member else {}
    return store, its_id, msgspec.json.encode({"v": "1.0", "id": its_id, "store": store, "at": now, "body": body}), now
