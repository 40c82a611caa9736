"""Half a year of a real retailer: every row accounted for against sums made here with nothing but csv and Decimal."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edge.hub.sales.report import Report
from edge.hub.store.opening import HubStore
from tests.support.needs import needs
from tests.support.sales import assert_balanced, open_memory, run_import

pytestmark = [pytest.mark.data, pytest.mark.timeout(600)]
TODAY = date(2011, 7, 1)


@dataclass
class Plain:
    """The same files, counted the plain way."""

    rows: int = 0
    money: Decimal = Decimal(0)
    free: int = 0
    no_customer: int = 0
    credited: Decimal = Decimal(0)
    customers: set[str] = field(default_factory=set)
    bought_17850: Counter[str] = field(default_factory=Counter)
    receipts_17850: set[str] = field(default_factory=set)
    total_17850: Decimal = Decimal(0)


def count_plainly(folder: Path) -> Plain:
    plain = Plain()
    for path in folder.iterdir():
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                _count(plain, row)
    return plain


def _count(plain: Plain, row: dict[str, str]) -> None:
    money, quantity = Decimal(row["UnitPrice"]) * int(row["Quantity"]), int(row["Quantity"])
    customer = row["CustomerID"].removesuffix(".0")
    plain.rows += 1
    plain.money += money
    plain.free += Decimal(row["UnitPrice"]) == 0
    plain.no_customer += not customer
    plain.customers |= {customer} - {""}
    if row["InvoiceNo"].startswith("C"):
        plain.credited += money
    if customer == "17850":
        plain.bought_17850[row["StockCode"]] += quantity
        plain.receipts_17850.add(row["InvoiceNo"])
        plain.total_17850 += money


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(needs("data")) / "online-retail"


@pytest.fixture(scope="module")
def imported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[HubStore, Report, Plain]:
    hub = open_memory(tmp_path_factory.mktemp("hub"))
    return hub, run_import(hub, [folder]), count_plainly(folder)


def test_every_row_and_penny_is_accounted_for(imported: tuple[HubStore, Report, Plain]) -> None:
    hub, report, plain = imported
    assert_balanced(report)
    assert (len(report.files), report.troubles, report.refused.rows) == (167, [], 0)
    assert (report.read.rows, report.read.money) == (plain.rows, plain.money) == (245_903, Decimal("4397950.761"))
    assert report.set_aside_by_reason["price_zero"].rows == plain.free
    assert report.without_customer == plain.no_customer
    assert report.members_made == len(plain.customers)
    with hub.file.read() as connection:
        rows, minor = connection.execute("SELECT count(*), sum(amount_minor) FROM sale_lines").fetchone()
        credited = connection.execute("SELECT sum(amount_minor) FROM sale_lines WHERE invoice LIKE 'C%'").fetchone()[0]
    assert (rows, Decimal(minor) / 100) == (plain.rows, plain.money + report.rounding)
    assert Decimal(credited) / 100 == plain.credited


def test_what_customer_17850_has_and_is_shown(imported: tuple[HubStore, Report, Plain]) -> None:
    hub, _, plain = imported
    with hub.file.read() as connection:
        member = connection.execute("SELECT member FROM cards WHERE card_id = 'code:17850'").fetchone()[0]
    material = hub.memory.material(member)
    assert material is not None and material.since == date(2010, 12, 1)
    held = {code: holding.quantity for code, holding in material.held().items()}
    assert held == {code: net for code, net in plain.bought_17850.items() if net > 0}
    assert Decimal(sum(line.amount.minor for line in material.lines)) / 100 == plain.total_17850
    card = hub.memory.client_card(member, visit_id="v1", who=None, reason=None, assurance="plain", today=TODAY)
    assert card.who is None and {purchase.receipt for purchase in card.purchases} <= plain.receipts_17850
    assert card.purchases[0].receipt.startswith("C") and card.purchases[0].total.startswith("-£")
    assert card.ask and card.offer and all(item.product_code not in held for item in card.offer)
    headline = hub.memory.headline(member, None, TODAY)
    assert headline is not None and headline.startswith("Last bought 2 December: ") and len(headline) <= 160


def test_cards_of_many_customers_are_short_and_tactful(imported: tuple[HubStore, Report, Plain]) -> None:
    hub, _, _ = imported
    with hub.file.read() as connection:
        members = [row[0] for row in connection.execute("SELECT member FROM members ORDER BY origin LIMIT 60")]
    for member in members:
        card = hub.memory.client_card(member, visit_id="v1", who=None, reason=None, assurance="plain", today=TODAY)
        spoken = [line.text for line in (*card.ask, *card.open_issues)] + [item.name for item in card.offer]
        spoken.append(hub.memory.headline(member, None, TODAY) or "")
        assert all(len(text) <= 160 for text in spoken)
        assert not [text for text in spoken if "gift" in text.lower() or "birthday" in text.lower() or "plasters" in text.lower()]


def test_a_second_import_stores_nothing(imported: tuple[HubStore, Report, Plain], folder: Path) -> None:
    hub, first, _ = imported
    files = sorted(folder.iterdir(), reverse=True)
    second = run_import(hub, files, start=50_000_000)
    assert_balanced(second)
    assert (second.read.rows, second.read.money) == (first.read.rows, first.read.money)
    assert (second.stored.rows, second.set_aside.rows, second.refused.rows, second.members_made) == (0, 0, 0, 0)
