"""Imports into a real database: every row accounted for, nothing doubled, nothing lost."""

from __future__ import annotations

import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from edge.contracts.facts import SaleBody, read_fact
from edge.crm.demo_card import demo_uid
from edge.hub.sales import importer
from edge.hub.store.members import cards_of, find_card
from edge.hub.store.opening import HubStore
from tests.support.sales import MADE_UP, STORE, Row, assert_balanced, open_memory, run_import, write_csv

TODAY = date(2011, 7, 1)


@pytest.fixture
def hub(tmp_path: Path) -> HubStore:
    return open_memory(tmp_path / "hub")


def count(hub: HubStore, table: str = "sale_lines") -> int:
    with hub.file.read() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def member_of(hub: HubStore, origin: str) -> str:
    with hub.file.read() as connection:
        return str(connection.execute("SELECT member FROM members WHERE origin = ?", (origin,)).fetchone()[0])


def test_the_made_up_file(hub: HubStore, tmp_path: Path) -> None:
    report = run_import(hub, [MADE_UP], rejects=tmp_path / "rejects.csv")
    assert_balanced(report)
    assert (report.read.rows, report.stored.rows, report.set_aside.rows, report.refused.rows) == (33, 18, 6, 9)
    assert {kind: tally.rows for kind, tally in report.stored_by_kind.items()} == {"sale": 9, "credit": 1, "non_product": 8}
    assert {why: tally.rows for why, tally in report.set_aside_by_reason.items()} == {
        "bad_debt": 2,
        "price_zero": 2,
        "return_without_credit_note": 1,
        "credit_not_negative": 1,
    }
    assert report.stored_by_kind["credit"].money == Decimal("-13.56")
    assert report.notes == {"equal_line": 1, "time_shifted": 1, "time_ambiguous": 1}
    assert (report.money_unread, report.rounding, report.members_made) == (4, Decimal("-0.001"), 3)
    assert [(row.line, row.code) for row in report.listed] == [(row.line, row.code) for row in report.listed if row.hint]
    lines = (tmp_path / "rejects.csv").read_text().splitlines()
    assert len(lines) == 1 + report.refused.rows and (tmp_path / "rejects.csv").stat().st_mode & 0o077 == 0


def test_every_stored_line_is_a_fact_for_hq(hub: HubStore) -> None:
    run_import(hub, [MADE_UP])
    facts = [read_fact(row.payload).body for row in hub.outbox.rows()]
    sales = [body for body in facts if isinstance(body, SaleBody)]
    assert len(sales) == count(hub) == 24
    assert sum(body.amount.minor for body in sales if body.line_kind != "set_aside") == sum(
        _column(hub, "SELECT amount_minor FROM sale_lines WHERE line_kind <> 'set_aside'")
    )
    assert len({(body.source, body.invoice, body.ordinal) for body in sales}) == 24


def _column(hub: HubStore, query: str) -> list[int]:
    with hub.file.read() as connection:
        return [row[0] for row in connection.execute(query)]


def test_again_renamed_gzipped_and_in_another_order(hub: HubStore, tmp_path: Path) -> None:
    rows = MADE_UP.read_text().splitlines()[1:]
    first = run_import(hub, [MADE_UP])
    facts = hub.outbox.count()
    other = write_csv(tmp_path / "renamed.csv.gz", [*rows[20:], *rows[:20]])
    again = run_import(hub, [other, MADE_UP], start=20_000_000)
    assert_balanced(again)
    assert (again.stored.rows, again.set_aside.rows, again.members_made) == (0, 0, 0)
    assert again.already_there.rows == 2 * (first.stored.rows + first.set_aside.rows)
    assert hub.outbox.count() == facts


def test_genuine_equal_lines_are_kept_and_other_sources_do_not_meet(hub: HubStore, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [Row("1", "A", 2, "1.10").text] * 3)
    assert run_import(hub, [path]).stored.rows == 3
    assert run_import(hub, [path], source="till-2", start=20_000_000).stored.rows == 3
    assert run_import(hub, [path], start=30_000_000).stored.rows == 0
    assert count(hub) == 6


def test_an_invoice_that_spans_files(hub: HubStore, tmp_path: Path) -> None:
    one = write_csv(tmp_path / "1.csv", [Row("7", "A", 1, "1").text, Row("7", "X", 1, "1").text])
    two = write_csv(tmp_path / "2.csv", [Row("7", "C", 1, "1").text])
    assert run_import(hub, [one, two]).stored.rows == 3
    assert run_import(hub, [two, one], start=20_000_000).already_there.rows == 3
    assert sorted(_column(hub, "SELECT ordinal FROM sale_lines")) == [1, 2, 3]


def test_a_corrected_file_is_a_conflict_told_once_and_kept_aside(hub: HubStore, tmp_path: Path) -> None:
    old = write_csv(tmp_path / "a.csv", [Row("7", "A", 1, "1").text, Row("7", "X", 1, "2").text])
    new = write_csv(tmp_path / "b.csv", [Row("7", "A", 1, "1").text, Row("7", "X", 9, "2").text])
    run_import(hub, [old])
    for start in (20_000_000, 30_000_000):
        report = run_import(hub, [new], start=start, rejects=tmp_path / "rejects.csv")
        assert_balanced(report)
        assert (report.already_there.rows, report.set_aside_by_reason["conflict"].rows, report.clean) == (1, 1, False)
        assert [(row.file, row.line, row.code) for row in report.listed] == [(str(new), 3, "conflict")]
        assert count(hub, "sales_conflicts") == 1
    assert _column(hub, "SELECT quantity FROM sale_lines WHERE product_code = 'X'") == [1], "what was accepted stays"
    assert "7,X" in (tmp_path / "rejects.csv").read_text()


def test_credit_notes_lower_what_they_credit(hub: HubStore, tmp_path: Path) -> None:
    rows = [
        Row("1", "A", 10, "1.50", name="LANTERN").text,
        Row("1", "X", 2, "4", name="CRATE").text,
        Row("C2", "A", -4, "1.50", time="2011-03-05 10:00:00", name="LANTERN").text,
        Row("C3", "X", -2, "4", time="2011-03-06 10:00:00", name="CRATE").text,
    ]
    run_import(hub, [write_csv(tmp_path / "a.csv", rows)])
    material = hub.memory.material(member_of(hub, "sales:17850"))
    assert material is not None
    held = material.held()
    assert {code: (holding.quantity, holding.amount.minor) for code, holding in held.items()} == {"A": (6, 900)}
    card = hub.memory.client_card(material.member, visit_id="v", who=None, reason=None, assurance="plain", today=TODAY)
    assert [(purchase.receipt, purchase.total) for purchase in card.purchases] == [
        ("C3", "-£8.00"),
        ("C2", "-£6.00"),
        ("1", "£23.00"),
    ]
    assert card.purchases[0].lines == ["returned: 2 × crate"]


def test_customers_become_nameless_members_with_cards(hub: HubStore, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [Row("1", "A", 1, "1").text, Row("2", "A", 1, "1", customer="17850").text])
    report = run_import(hub, [path], demo_cards=True)
    assert report.members_made == 1
    member = member_of(hub, "sales:17850")
    with hub.file.read() as connection:
        cards = {card.card_id: card.state for card in cards_of(connection, STORE, member)}
        row = connection.execute("SELECT name, greeting, since FROM members WHERE member = ?", (member,)).fetchone()
    assert cards == dict.fromkeys(("code:17850", "typed:17850", f"nfc:{demo_uid('17850')}"), "active")
    assert tuple(row) == (None, "nameless", "2011-03-01")
    assert "17850" not in member
    assert len(demo_uid("17850")) == 14 and demo_uid("17850").startswith("04") and demo_uid("17850") == demo_uid("17850")


def test_demo_cards_only_where_asked_for_and_no_card_is_taken_from_anybody(hub: HubStore, tmp_path: Path) -> None:
    with hub.file.write() as connection:
        hub.members.put_member(connection, "someone", name="Some One")
        hub.members.put_card(connection, "code:17850", "someone")
    run_import(hub, [write_csv(tmp_path / "a.csv", [Row("1", "A", 1, "1").text])])
    with hub.file.read() as connection:
        card = find_card(connection, STORE, "code:17850")
        assert card is not None and card.member == "someone"
        assert find_card(connection, STORE, f"nfc:{demo_uid('17850')}") is None


def test_an_erased_customer_stays_forgotten(hub: HubStore, tmp_path: Path) -> None:
    rows = [Row("1", "A", 1, "1.50").text, Row("1", "X", 1, "2").text]
    path = write_csv(tmp_path / "a.csv", rows)
    run_import(hub, [path], demo_cards=True)
    run_import(hub, [write_csv(tmp_path / "b.csv", [rows[0], Row("1", "X", 5, "2").text])], start=20_000_000)
    member = member_of(hub, "sales:17850")
    _erase(hub, member)
    assert _mentions(hub, [member, "17850"]) == []
    later = write_csv(tmp_path / "c.csv", [*rows, Row("9", "C", 1, "4").text])
    report = run_import(hub, [later], start=30_000_000, demo_cards=True)
    assert_balanced(report)
    assert (report.members_made, report.already_there.rows, report.stored.rows) == (0, 2, 1)
    assert _mentions(hub, [member, "17850"]) == []
    assert sum(_column(hub, "SELECT amount_minor FROM sale_lines")) == 750, "the ledger keeps its totals"


def _erase(hub: HubStore, member: str) -> None:
    with hub.file.write() as connection:
        hub.memory.forget(connection, member)
        connection.execute("DELETE FROM cards WHERE member = ?", (member,))
        connection.execute("DELETE FROM members WHERE member = ?", (member,))
        connection.execute("DELETE FROM outbox")


def _mentions(hub: HubStore, words: list[str]) -> list[str]:
    """Every table and column that still holds one of the words, whichever table it is."""
    found = []
    with hub.file.read() as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                found += [f"{table}.{column}" for column in row.keys() for word in words if word in str(row[column])]  # noqa: SIM118 - sqlite3.Row iterates values
    return found


def test_a_disk_error_in_the_middle_loses_nothing_accepted_before(
    hub: HubStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH_ROWS", 10)
    path = write_csv(tmp_path / "a.csv", [Row(f"{i:03d}", "A", 1, "1").text for i in range(60)])
    hub.file.writer.execute(
        "CREATE TRIGGER full BEFORE INSERT ON sale_lines WHEN NEW.invoice = '035' BEGIN SELECT raise(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        run_import(hub, [path])
    assert count(hub) == 30, "three whole batches"
    assert hub.outbox.count() == 31, "their facts and the member's, no others"
    hub.file.writer.execute("DROP TRIGGER full")
    report = run_import(hub, [path], start=20_000_000)
    assert (report.already_there.rows, report.stored.rows, count(hub)) == (30, 30, 60)


def test_transactions_are_small_and_the_file_may_be_large(hub: HubStore, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [Row(f"{i % 997:04d}", f"P{i}", 1, "0.99").text for i in range(9000)])
    sizes: list[int] = []
    original = importer.SalesImport._store_batch

    def counting(self: importer.SalesImport, batch, file: str) -> None:  # type: ignore[no-untyped-def] # passed through
        sizes.append(sum(map(len, batch)))
        original(self, batch, file)

    importer.SalesImport._store_batch = counting  # type: ignore[method-assign] # put back below
    try:
        report = run_import(hub, [path])
    finally:
        importer.SalesImport._store_batch = original  # type: ignore[method-assign] # as it was
    assert report.stored.rows == 9000 and report.stored.money == Decimal("8910.00")
    assert len(sizes) == 5 and max(sizes) <= importer.BATCH_ROWS + 10


def test_the_newest_receipt_names_the_product_and_the_catalogue_wins(hub: HubStore, tmp_path: Path) -> None:
    with hub.file.write() as connection:
        connection.execute(
            "INSERT INTO products (store, code, name, currency, origin) VALUES (?, 'K', 'Kept', 'GBP', 'pack')", (STORE,)
        )
    newer = Row("2", "A", 1, "2", time="2011-04-01 10:00:00", name="NEW NAME").text
    older = Row("1", "A", 1, "1", time="2011-03-01 10:00:00", name="OLD NAME").text
    run_import(hub, [write_csv(tmp_path / "a.csv", [newer]), write_csv(tmp_path / "b.csv", [older, Row("3", "K", 1, "9").text])])
    with hub.file.read() as connection:
        rows = connection.execute("SELECT code, name, unit_price FROM products ORDER BY code").fetchall()
    assert [tuple(row) for row in rows] == [("A", "NEW NAME", "2"), ("K", "Kept", None)]


def test_the_report_is_json_with_exact_money(hub: HubStore) -> None:
    from edge.hub.sales.report import as_json, as_text

    report = run_import(hub, [MADE_UP])
    told = msgspec.json.decode(as_json(report))
    assert Decimal(told["read"]["money"]) == report.read.money
    assert told["refused_by_code"]["date_bad"]["rows"] == 1
    text = as_text(report)
    assert "read = stored + already there + set aside + refused" in text and f"{MADE_UP} line 24: quantity_bad." in text
