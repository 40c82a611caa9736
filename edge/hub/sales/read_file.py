"""Reads a sales file row by row: csv or csv.gz, UTF-8 or Windows-1252, however long, however it ends.

Own line handling around the csv module, because one open quote or a cut file must cost one row and not the rest.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterator
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from pathlib import Path

from msgspec import Struct

from edge.hub.sales.judge import Rules, judge, refused_width
from edge.hub.sales.lines import FileTrouble, Refused, SaleLine

# Column names as tills write them, lower case without blanks and underscores.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "invoice": ("invoiceno", "invoice", "invoicenumber"),
    "code": ("stockcode", "productcode", "sku"),
    "name": ("description",),
    "quantity": ("quantity",),
    "time": ("invoicedate", "soldat"),
    "price": ("unitprice", "price"),
    "customer": ("customerid", "customerno"),
    "country": ("country",),
}
_OPTIONAL = frozenset({"country"})
_WANTED = "InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country"
_SEPARATORS = (",", ";", "\t")
# A field with a line break in it; more lines than these are an open quote.
_MOST_LINES_PER_ROW = 5
_MOST_BYTES_PER_LINE = 64 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Header(Struct, frozen=True):
    """separator; width: fields a row must have; places: column -> index."""

    separator: str
    width: int
    places: dict[str, int]


class FileUnread(Exception):
    """The file, or the rest of it, cannot be read: code and hint."""

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(code)
        self.code, self.hint = code, hint

    def trouble(self, file: str) -> FileTrouble:
        """As it stands in the report."""
        return FileTrouble(file, self.code, self.hint)


class _Line(Struct, frozen=True):
    number: int
    data: bytes
    whole: bool  # not broken off at the limit


def sales_files(paths: list[Path]) -> tuple[list[Path], list[FileTrouble]]:
    """Folders opened to their .csv and .csv.gz files, in the order of their names; what is missing, as trouble."""
    files: list[Path] = []
    troubles: list[FileTrouble] = []
    for path in paths:
        found = sorted(p for p in path.iterdir() if p.name.endswith((".csv", ".csv.gz"))) if path.is_dir() else [path]
        if not found:
            troubles.append(FileTrouble(str(path), "sales_folder_empty", "Put .csv or .csv.gz files into the folder."))
        files += found
    return files, troubles


def read_rows(path: Path, rules: Rules) -> Iterator[SaleLine | Refused]:
    """Every row of the file in its order. Raises FileUnread at once (wrong columns) or where it breaks off."""
    cut = _Cut()
    lines = _lines(path, cut)
    first = next(lines, None)
    if first is None and cut.why is not None:
        raise cut.why
    header = _header(first)
    yield from _rows(lines, header, rules)
    if cut.why is not None:
        raise cut.why


class _Cut:
    """Set when the file broke off: reported after the rows before it were handed out."""

    why: FileUnread | None = None


def _lines(path: Path, cut: _Cut) -> Iterator[_Line]:
    number = 0
    try:
        with _open(path) as file:
            while data := file.readline(_MOST_BYTES_PER_LINE):
                number += 1
                yield _Line(number, data, whole=data.endswith(b"\n") or len(data) < _MOST_BYTES_PER_LINE)
    except FileNotFoundError:
        raise FileUnread("sales_file_missing", "Check the path; give files or a folder of .csv or .csv.gz files.") from None
    except (EOFError, zlib.error):
        hint = "The gzip ends too early: what came before is stored. Fetch the file again and import it anew."
        cut.why = FileUnread("sales_file_cut", hint)
    except BadGzipFile:
        if number:  # it was gzip so far: the checksum does not fit, or something else follows
            hint = "The gzip is damaged: what could be read is stored. Fetch the file again and import it anew."
            cut.why = FileUnread("sales_file_damaged", hint)
            return
        raise FileUnread(
            "sales_not_gzip", "The name says gzip, the content does not: rename it to .csv or compress it."
        ) from None
    except OSError as error:
        raise FileUnread("sales_file_unreadable", f"Make the file readable for this process ({type(error).__name__}).") from None


def _open(path: Path) -> GzipFile | BufferedReader:
    return GzipFile(path, "rb") if path.name.endswith(".gz") else path.open("rb")


def _header(line: _Line | None) -> Header:
    if line is None or not line.data.strip():
        raise FileUnread("sales_file_empty", f"The first line must name the columns: {_WANTED}.")
    if line.data.startswith(_UTF16):
        raise FileUnread("sales_encoding_unknown", "The file is UTF-16; save it as CSV in UTF-8.")
    text = line.data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    found = [header for separator in _SEPARATORS if (header := _header_with(text, separator)) is not None]
    if not found:
        raise FileUnread("sales_columns_wrong", f"The first line must name the columns: {_WANTED}.")
    return found[0]


def _header_with(text: str, separator: str) -> Header | None:
    try:
        names = ["".join(name.lower().split()).replace("_", "") for name in next(csv.reader([text], delimiter=separator))]
    except (csv.Error, StopIteration):
        return None
    places = {column: names.index(name) for column, known in _COLUMNS.items() for name in known[::-1] if name in names}
    return Header(separator, len(names), places) if _COLUMNS.keys() - places.keys() <= _OPTIONAL else None


def _rows(lines: Iterator[_Line], header: Header, rules: Rules) -> Iterator[SaleLine | Refused]:
    waiting: list[_Line] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        if line.data.strip():
            yield _row(line, waiting, lines, header, rules)


def _row(line: _Line, waiting: list[_Line], lines: Iterator[_Line], header: Header, rules: Rules) -> SaleLine | Refused:
    """One row; takes further lines where a quoted field has line breaks, and gives them back where it was an open quote."""
    text, note = _decode(line.data)
    raw = (line.data.decode("utf-8", errors="backslashreplace") if text is None or note else text).rstrip("\r\n")
    if text is None:
        return Refused(line.number, "encoding_bad", "Save the file as CSV in UTF-8.", raw)
    fields = _split(text, header.separator)
    if fields is None and line.whole:
        fields = _with_line_breaks(text, waiting, lines, header)
    if fields is None:
        return Refused(line.number, "quote_open", 'Close the quote, and write a quote within a field twice: "".', raw)
    if not line.whole:
        return Refused(
            line.number, "row_too_long", "The row is longer than 64 KiB; look for an open quote or a damaged file.", raw
        )
    if len(fields) != header.width:
        return refused_width(line.number, raw)
    by_column = {column: fields[place] for column, place in header.places.items()}
    by_column.setdefault("country", "")
    return judge(by_column, line=line.number, raw=raw, rules=rules, note=note)


def _with_line_breaks(text: str, waiting: list[_Line], lines: Iterator[_Line], header: Header) -> list[str] | None:
    for count in range(1, _MOST_LINES_PER_ROW):
        while len(waiting) < count:
            following = next(lines, None)
            if following is None:
                return None
            waiting.append(following)
        more, _ = _decode(waiting[count - 1].data)
        if more is None:
            return None
        text += more
        fields = _split(text, header.separator)
        if fields is not None:
            if len(fields) != header.width:
                return None
            del waiting[:count]
            return fields
    return None


def _split(text: str, separator: str) -> list[str] | None:
    """The fields, or None where a quote is still open."""
    if '"' not in text:
        return text.rstrip("\r\n").split(separator)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _decode(data: bytes) -> tuple[str | None, str]:
    """Text and how it was read. Bytes that are no UTF-8 are almost always Windows-1252; None where they are neither."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "read_as_cp1252"
    except UnicodeDecodeError:
        return None, ""
