"""Whatever the rows and however they are cut into files: conservation, and no import twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sales import MADE_UP, Row, assert_balanced, open_memory, run_import, write_csv

ROWS = MADE_UP.read_text().splitlines()[1:]
rows = st.builds(
    Row,
    invoice=st.sampled_from(["1", "2", "3", "C4"]),
    code=st.sampled_from(["A1", "A2", "A3", "POST"]),
    quantity=st.integers(-9, 9),
    price=st.sampled_from(["0", "0.001", "1.15", "2.55", "-3"]),
    customer=st.sampled_from(["", "17850.0", "13047"]),
)
broken = st.sampled_from([row for row in ROWS[22:32] if not row.endswith('"')] + ["", "x", ",,,,,,,"])
texts = st.lists(st.one_of(rows.map(lambda row: row.text), broken), max_size=30)


def split(items: list[str], cuts: list[int]) -> list[list[str]]:
    places = sorted({0, len(items), *(cut % (len(items) + 1) for cut in cuts)})
    return [items[a:b] for a, b in pairwise(places)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, st.lists(st.integers(0, 30), max_size=3), st.randoms(use_true_random=False))
def test_rows_and_money_are_conserved_and_a_second_import_stores_nothing(texts: list[str], cuts: list[int], rng) -> None:  # type: ignore[no-untyped-def] # hypothesis gives a Random
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [write_csv(folder / f"{number}.csv", part) for number, part in enumerate(split(texts, cuts))]
        hub = open_memory(folder / "hub")
        first = run_import(hub, files)
        assert_balanced(first)
        assert first.read.rows == sum(1 for text in texts if text.strip())
        with hub.file.read() as connection:
            stored = connection.execute("SELECT quantity, unit_price, line_kind FROM sale_lines").fetchall()
        kept = [Decimal(row["unit_price"]) * row["quantity"] for row in stored]
        conflicts = first.set_aside_by_reason.get("conflict")
        assert len(kept) == first.stored.rows + first.set_aside.rows - (conflicts.rows if conflicts else 0)
        assert sum(kept) == first.stored.money + first.set_aside.money - (conflicts.money if conflicts else 0)
        rng.shuffle(files)
        renamed = [path.rename(path.with_name(f"z{number}.csv")) for number, path in enumerate(files)]
        second = run_import(hub, renamed, start=20_000_000)
        assert_balanced(second)
        assert second.read == first.read
        assert second.stored.rows == 0 and second.members_made == 0
        with hub.file.read() as connection:
            assert connection.execute("SELECT count(*) FROM sale_lines").fetchone()[0] == len(kept)
        hub.file.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, max_size=25), st.randoms(use_true_random=False))
def test_files_of_whole_invoices_give_the_same_ledger_in_any_order(found: list[Row], rng) -> None:  # type: ignore[no-untyped-def] # a Random
    invoices: dict[str, list[str]] = {}
    for row in found:
        invoices.setdefault(row.invoice, []).append(row.text)
    ledgers = []
    for _ in range(2):
        parts = list(invoices.values())
        rng.shuffle(parts)
        with tempfile.TemporaryDirectory() as name:
            files = [write_csv(Path(name) / f"{number}.csv", part) for number, part in enumerate(parts)]
            hub = open_memory(Path(name) / "hub")
            assert_balanced(run_import(hub, files))
            with hub.file.read() as connection:
                query = "SELECT invoice, ordinal, product_code, quantity, unit_price, line_kind, member IS NULL FROM sale_lines"
                ledgers.append(Counter(tuple(row) for row in connection.execute(query)))
            hub.file.close()
    assert ledgers[0] == ledgers[1]
