"""Files as they come: quoted, open, cut, mis-encoded, mis-named. One bad row or byte costs one row."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.hub.sales.judge import Rules
from edge.hub.sales.lines import Refused, SaleLine
from edge.hub.sales.read_file import FileUnread, read_rows, sales_files
from tests.support.sales import HEADER, LONDON, MADE_UP, Row, write_csv

RULES = Rules(LONDON)
GOOD = Row("536365", "22086", 2, "2.55").text


def rows_of(path: Path) -> list[SaleLine | Refused]:
    return list(read_rows(path, RULES))


def codes(path: Path) -> list[str]:
    return [row.code if isinstance(row, Refused) else "ok" for row in rows_of(path)]


def unread(path: Path) -> str:
    with pytest.raises(FileUnread) as trouble:
        rows_of(path)
    assert trouble.value.hint.endswith(".")
    return trouble.value.code


def test_quotes_breaks_and_inch_signs(tmp_path: Path) -> None:
    rows = [
        '1,A,"CHAIN, KIT ""50S""",1,2011-03-01 10:00:00,2.55,,UK',
        '1,B,"TWO\nLINES",1,2011-03-01 10:00:00,2.55,,UK',
        '1,C,NAIL 5" LONG,1,2011-03-01 10:00:00,2.55,,UK',
    ]
    lines = rows_of(write_csv(tmp_path / "a.csv", rows))
    assert [line.name for line in lines if isinstance(line, SaleLine)] == ['CHAIN, KIT "50S"', "TWO LINES", 'NAIL 5" LONG']


def test_an_open_quote_costs_one_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [GOOD, '1,A,"OPEN,1,2011-03-01 10:00:00,2.55,,UK', *[GOOD] * 8])
    assert codes(path) == ["ok", "quote_open", *["ok"] * 8]
    refused = rows_of(path)[1]
    assert isinstance(refused, Refused) and refused.line == 3 and "OPEN" in refused.row


def test_two_open_quotes_near_each_other(tmp_path: Path) -> None:
    bad = '1,A,"OPEN,1,2011-03-01 10:00:00,2.55,,UK'
    found = codes(write_csv(tmp_path / "a.csv", [GOOD, bad, GOOD, bad, GOOD]))
    assert found.count("ok") == 3 and found.count("quote_open") == 2


def test_both_encodings_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    row = "1,A,VOUCHER £20,1,2011-03-01 10:00:00,2.55,,UK"
    path.write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n" + row.encode() + b"\r\n" + row.encode("cp1252") + b"\r\n")
    first, second = rows_of(path)
    assert isinstance(first, SaleLine) and isinstance(second, SaleLine)
    assert first.name == second.name == "VOUCHER £20"
    assert (first.notes, second.notes) == ((), ("read_as_cp1252",))


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEADER}\n1,A,".encode() + b"\x81\x8d" + b",1,2011-03-01 10:00:00,2.55,,UK\n" + GOOD.encode() + b"\n")
    assert codes(path) == ["encoding_bad", "ok"]


def test_a_cut_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join([HEADER, *[Row(str(i), f"P{i}", 1, "2.55").text for i in range(2000)]]).encode())
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    taken: list[SaleLine | Refused] = []
    with pytest.raises(FileUnread) as trouble:
        taken.extend(read_rows(path, RULES))
    assert trouble.value.code == "sales_file_cut"
    taken = []
    for row in _until_cut(path):
        taken.append(row)
    assert len(taken) > 100
    assert all(isinstance(row, SaleLine) and row.code == f"P{row.invoice}" for row in taken), "no half row passes for a whole one"


def _until_cut(path: Path):  # type: ignore[no-untyped-def] # a generator of rows
    try:
        yield from read_rows(path, RULES)
    except FileUnread:
        return


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "sales_file_empty"),
        ("a.csv", b"Invoice,Product\n1,2\n", "sales_columns_wrong"),
        ("a.csv", b'"never closed\n1,2\n', "sales_columns_wrong"),
        ("a.csv", HEADER.encode("utf-16"), "sales_encoding_unknown"),
        ("a.csv.gz", f"{HEADER}\n{GOOD}\n".encode(), "sales_not_gzip"),
        ("a.csv.gz", gzip.compress(b"x" * 100, mtime=0)[:6], "sales_file_cut"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    if code == "sales_file_cut":  # cut before the header: nothing at all came
        assert unread(path) in ("sales_file_cut", "sales_file_empty")
    else:
        assert unread(path) == code


def test_no_file_and_an_empty_folder(tmp_path: Path) -> None:
    assert unread(tmp_path / "none.csv") == "sales_file_missing"
    (tmp_path / "empty").mkdir()
    files, troubles = sales_files([tmp_path / "empty", tmp_path / "x.csv"])
    assert files == [tmp_path / "x.csv"] and [trouble.code for trouble in troubles] == ["sales_folder_empty"]


def test_a_folder_gives_its_sales_files_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", "notes.txt"):
        write_csv(tmp_path / name, [GOOD])
    assert [path.name for path in sales_files([tmp_path])[0]] == ["a.csv.gz", "b.csv"]


def test_other_spellings_of_columns_and_separator(tmp_path: Path) -> None:
    header = "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country;Till"
    row = "489434;85048;LIGHTS;12;2009-12-01 07:45:00;6.95;13085.0;UK;7"
    (line,) = rows_of(write_csv(tmp_path / "a.csv", [row], header))
    assert isinstance(line, SaleLine) and (line.customer, line.price) == ("13085", "6.95")


def test_a_line_without_end_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    found = codes(write_csv(tmp_path / "a.csv", [GOOD, "x" * 200_000, GOOD]))
    assert found[0] == found[-1] == "ok" and "row_too_long" in found


def test_the_made_up_file_has_every_trap() -> None:
    found = rows_of(MADE_UP)
    assert [(row.line, row.code) for row in found if isinstance(row, Refused)] == [
        (24, "quantity_bad"),
        (25, "date_bad"),
        (26, "date_order_unknown"),
        (27, "price_bad"),
        (28, "customer_bad"),
        (29, "invoice_missing"),
        (30, "product_missing"),
        (31, "row_width"),
        (32, "quote_open"),
    ]
    assert len(found) == 33


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_stable_code(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.csv"
    for data in (content, f"{HEADER}\n".encode() + content):
        path.write_bytes(data)
        try:
            assert all(isinstance(row, (SaleLine, Refused)) for row in read_rows(path, RULES))
        except FileUnread as trouble:
            assert trouble.code.startswith("sales_")
