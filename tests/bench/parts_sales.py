"""Made-up sales in the shape of the real ones, for a machine without them: the demo's receipts as a till's daily files."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from edge.demo.data.history import History
from edge.demo.data.products import products

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
# The real ones: 167 trading days, 12,795 invoices, 245,903 rows, 3,002 customers, 28 of 100 rows without one.
DAYS, INVOICES_A_DAY, ROWS_AN_INVOICE, CUSTOMERS, NOBODY = 167, 77, 19, 3_002, 0.28
FIRST = date(2026, 1, 5)
CLOSED = 6  # Sunday, as date.weekday counts


@dataclass(frozen=True)
class Sales:
    """A folder of daily files, oldest first. words: whose sales they are, for the page."""

    files: Sequence[Path]
    words: str
    made_up: bool


def real_or_made_up(data: Path | None, folder: Path, days: int = DAYS) -> Sales:
    """data: where online-retail is, or None; then files of so many days are made in `folder`."""
    if data is not None:
        return Sales(sorted((data / "online-retail").glob("*.csv.gz")), "of a real retailer", made_up=False)
    words = "of made-up sales, from the demo's generator in the shape of a real retailer's"
    return Sales(make(folder, days), words, made_up=True)


def rows_in(files: Sequence[Path]) -> int:
    """Sales lines, headers left out."""
    return sum(gzip.decompress(file.read_bytes()).count(b"\n") - 1 for file in files)


def make(folder: Path, days: int = DAYS, seed: int = 7) -> list[Path]:
    """One gzipped CSV file for each trading day; the same seed gives the same files."""
    rng = Random(seed)
    history, names = History(products(), rng), {product.code: product.name for product in products()}
    files, number = [], 500_000
    for day in _trading_days(days):
        lines = [HEADER]
        for _ in range(rng.randint(INVOICES_A_DAY // 2, INVOICES_A_DAY * 3 // 2)):
            number += 1
            lines += _invoice(number, day, history, names, rng)
        files.append(folder / f"{day.isoformat()}.csv.gz")
        files[-1].write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), mtime=0))
    return files


def _trading_days(days: int) -> Iterator[date]:
    day = FIRST
    while days:
        if day.weekday() != CLOSED:
            days -= 1
            yield day
        day += timedelta(days=1)


def _invoice(number: int, day: date, history: History, names: dict[str, str], rng: Random) -> Iterator[str]:
    """As many receipts of the demo as make a wholesaler's invoice."""
    customer = "" if rng.random() < NOBODY else f"{12_000 + rng.randrange(CUSTOMERS)}.0"
    at = datetime.combine(day, time()) + timedelta(minutes=history.minute())
    wanted = rng.randint(1, 2 * ROWS_AN_INVOICE - 1)
    while wanted > 0:
        for code, quantity, price in history.receipt(None).items[:wanted]:
            wanted -= 1
            name = names[code].replace(",", " ").replace('"', " ")
            yield f"{number},{code},{name},{quantity},{at},{price},{customer},United Kingdom"
