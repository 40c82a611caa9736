"""A member by card: the kiosk's directory among 1,000 to 1,000,000 cards, beside one raw SQL statement."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import msgspec

from edge.contracts.card_id import canonical, card_token
from edge.contracts.directory import DirectoryEntry, DirectoryPage
from edge.contracts.sealed import public_key_of
from edge.process.clock import SystemClock
from kiosk.records.book import Book, open_book
from tests.bench.figures import Curve, Figure, Goal, ratio
from tests.bench.measure import Contender, Series
from tests.bench.station import Bench, Station

CARD_KEY = bytes(range(32))
PAGE = 5_000
FLAT = 1.5  # times; linear growth would be a thousand


def run(bench: Bench) -> list[Figure]:
    sizes = [1_000, 30_000, bench.size(1_000_000, 100_000)]
    measured = [_at(bench, size) for size in sizes]
    largest = measured[-1]
    smallest = msgspec.structs.replace(measured[0]["Shopbell"], name=f"Shopbell among {sizes[0]:,}")
    growth = {name: largest[name].p50 / measured[0][name].p50 for name in ("Shopbell", "raw SQL")}
    curves = [
        Curve(f"{name}: member by card", "cards in the directory", "µs", sizes, [found[name].p50 for found in measured])
        for name in ("Shopbell", "raw SQL")
    ]
    goals = [
        Goal(
            f"member by card among {sizes[-1]:,}, keyed hash included, p50 / raw SQL",
            ratio(largest["Shopbell"], largest["raw SQL"]),
            1.3,
        ),
        Goal(f"member by card among {sizes[-1]:,} / among {sizes[0]:,}, p50", ratio(largest["Shopbell"], smallest), FLAT),
    ]
    beside = ", ".join(
        f"{ratio(found['Shopbell'], found['raw SQL']):.2f} among {size:,}" for size, found in zip(sizes, measured, strict=True)
    )
    notes = [
        "Both hash the card id with the store's key first. Cards are drawn at random, so that all pages of the file are touched.",
        f"Shopbell / raw SQL, p50: {beside}. What Shopbell does beside the statement (which thread's connection, a checked answer"
        " instead of a bare row) takes the same time in a small file, where the statement itself takes less.",
        f"Raw SQL grows {growth['raw SQL']:.2f} times over the same sizes, Shopbell {growth['Shopbell']:.2f} times: {FLAT} times"
        f" for {sizes[-1] // sizes[0]:,} times as many cards counts as flat here.",
    ]
    return [Figure(f"Member by card among {sizes[-1]:,}", list(largest.values()), goals, notes, curves=curves)]


def _at(bench: Bench, size: int) -> dict[str, Series]:
    folder = bench.folder / str(size)
    folder.mkdir()
    with_book = open_book(folder, "main-street", "door-1", SystemClock(), 20_000)
    try:
        for done, page in enumerate(_pages(size), 1):
            with_book.directory.take(page)
            bench.tell("filling the directory")(min(done * PAGE, size), size)
        return _compared(bench, with_book, folder / "kiosk.db", size)
    finally:
        with_book.close()


def _compared(bench: Bench, book: Book, file: Path, size: int) -> dict[str, Series]:
    raw = sqlite3.connect(file, check_same_thread=False)
    sql = "SELECT state, member, language, greeting, not_today FROM directory WHERE store = ? AND kiosk = ? AND token = ?"

    def shopbell(uid: str) -> object:
        return book.directory.find(card_token(CARD_KEY, canonical("nfc", uid)))

    def bare(uid: str) -> object:
        return raw.execute(sql, ("main-street", "door-1", card_token(CARD_KEY, f"nfc:{uid}"))).fetchone()

    random = Random(size)
    try:
        return bench.alternate(
            f"among {size:,}",
            {"Shopbell": _timed(shopbell, size, random), "raw SQL": _timed(bare, size, random)},
            n=bench.size(20_000, 2_000),
            warm_up=bench.size(2_000, 200),
            unit="µs",
            scale=1e6,
        )
    finally:
        raw.close()


def _timed(find: object, size: int, random: Random) -> Contender:
    def take(n: int) -> Sequence[float]:
        taken = []
        for _ in range(n):
            uid = _uid(random.randrange(size))
            began = time.perf_counter()
            found = find(uid)  # type: ignore[operator]  # one of the two functions above
            taken.append(time.perf_counter() - began)
            assert found is not None, "a card that was put in is not found"
        return taken

    return take


def _pages(size: int) -> Iterator[DirectoryPage]:
    public = base64.b64encode(public_key_of(bytes(range(1, 33)))).decode()
    for start in range(0, size, PAGE):
        last = min(start + PAGE, size)
        entries = [
            DirectoryEntry(
                token=card_token(CARD_KEY, f"nfc:{_uid(number)}"), state="active", member=f"m_{number}", greeting="nameless"
            )
            for number in range(start, last)
        ]
        yield DirectoryPage(entries, last, last < size, "key-one", public)


def _uid(number: int) -> str:
    return f"04{number:012X}"


STATION = Station("lookup", "A member by card", run)
