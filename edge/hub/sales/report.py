"""Pure. What became of every row: read = stored + already there + set aside + refused, in rows and in money."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from edge.contracts.money import Money, exact
from edge.hub.sales.judge import SET_ASIDE
from edge.hub.sales.lines import FileTrouble, Refused, SaleLine

MOST_LISTED = 20
_NOTES = {
    "time_ambiguous": "stood in the hour that occurs twice when clocks are set back; the first was taken",
    "time_shifted": "stood in the hour that is skipped when clocks are set forward; moved forward by the gap",
    "read_as_cp1252": "were not UTF-8 and were read as Windows-1252",
    "equal_line": "equal another line of their invoice; kept, as genuine",
}


class Tally(Struct):
    """rows, and money: price times quantity in major units, exact, not rounded."""

    rows: int = 0
    money: Decimal = Decimal(0)

    def add(self, money: Decimal | None) -> None:
        """Count one row; money is None where it could not be read."""
        self.rows += 1
        if money is not None:
            self.money += money


class Listed(Struct, frozen=True):
    """One row that a person should look at."""

    file: str
    line: int
    code: str
    hint: str


class FileAccount(Struct):
    """One file's rows. Same meaning as in Report."""

    file: str
    read: Tally = field(default_factory=Tally)
    stored: Tally = field(default_factory=Tally)
    already_there: Tally = field(default_factory=Tally)
    set_aside: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)


class Report(Struct, kw_only=True):
    """The whole import.

    stored: newly stored as sale, credit or non-product (by_kind). already_there: stored by an earlier import, as it is here.
    set_aside: kept but no purchase, by reason. refused: not taken, by code. money_unread: refused rows whose worth is unknown.
    notes: rows that were taken, by what was done to read them. rounding: what rounding every line to the minor unit changed.
    listed: the first rows refused or in conflict; all of them stand in reject_file.
    """

    store: str
    source: str
    currency: str
    files: list[FileAccount] = []
    read: Tally = field(default_factory=Tally)
    stored: Tally = field(default_factory=Tally)
    already_there: Tally = field(default_factory=Tally)
    set_aside: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)
    stored_by_kind: dict[str, Tally] = {}
    set_aside_by_reason: dict[str, Tally] = {}
    refused_by_code: dict[str, Tally] = {}
    notes: dict[str, int] = {}
    money_unread: int = 0
    rounding: Decimal = Decimal(0)
    members_made: int = 0
    without_customer: int = 0
    listed: list[Listed] = []
    most_listed: int = MOST_LISTED
    troubles: list[FileTrouble] = []
    reject_file: str | None = None

    def begin(self, file: str) -> None:
        """The rows that follow are this file's."""
        self.files.append(FileAccount(file))

    def keep(self, line: SaleLine, amount: Money) -> None:
        """A line was stored: as a purchase, or set aside with its reason. amount: rounded once to the minor unit."""
        money = line.money
        self.rounding += exact(amount) - money
        if line.customer is None:
            self.without_customer += 1
        if line.kind == "set_aside":
            self._count("set_aside", money)
            _tally(self.set_aside_by_reason, line.why or "").add(money)
        else:
            self._count("stored", money)
            _tally(self.stored_by_kind, line.kind).add(money)
        for note in line.notes:
            self.note(note)

    def note(self, note: str) -> None:
        """Something was done to read a row, or seen in it."""
        self.notes[note] = self.notes.get(note, 0) + 1

    def found(self, line: SaleLine) -> None:
        """A line was there already."""
        self._count("already_there", line.money)

    def conflict(self, line: SaleLine) -> Listed:
        """A line contradicts what is stored of its invoice."""
        self._count("set_aside", line.money)
        _tally(self.set_aside_by_reason, "conflict").add(line.money)
        return self._list(line.line, "conflict", SET_ASIDE["conflict"])

    def refuse(self, row: Refused) -> Listed:
        """A row could not be taken."""
        self._count("refused", row.money)
        _tally(self.refused_by_code, row.code).add(row.money)
        self.money_unread += row.money is None
        return self._list(row.line, row.code, row.hint)

    @property
    def clean(self) -> bool:
        """Nothing refused, no conflict, no trouble with a file."""
        return not (self.refused.rows or self.troubles or "conflict" in self.set_aside_by_reason)

    def _count(self, bucket: str, money: Decimal | None) -> None:
        file = self.files[-1]
        for tally in (self.read, file.read, getattr(self, bucket), getattr(file, bucket)):
            tally.add(money)

    def _list(self, line: int, code: str, hint: str) -> Listed:
        listed = Listed(self.files[-1].file, line, code, hint)
        if len(self.listed) < self.most_listed:
            self.listed.append(listed)
        return listed


def as_json(report: Report) -> bytes:
    """One JSON object; money is exact text."""
    return msgspec.json.encode(report)


def as_text(report: Report) -> str:
    """For a person."""
    return "\n".join(_text(report))


def _text(report: Report) -> Iterator[str]:
    files = f"{len(report.files)} file{'s' * (len(report.files) != 1)}"
    yield f"Sales into store {report.store}, source {report.source}: {files}, amounts in {report.currency}"
    yield ""
    for title, tally in (
        ("read", report.read),
        ("stored", report.stored),
        ("already there", report.already_there),
        ("set aside", report.set_aside),
        ("refused", report.refused),
    ):
        yield f"  {title:<16}{tally.rows:>10,} rows {tally.money:>20,}"
    yield "  read = stored + already there + set aside + refused"
    yield from _groups(report)
    yield from _listed(report)


def _groups(report: Report) -> Iterator[str]:
    for title, groups, hints in (
        ("stored as", report.stored_by_kind, {}),
        ("set aside because", report.set_aside_by_reason, SET_ASIDE),
        ("refused because", report.refused_by_code, {}),
    ):
        for code, tally in sorted(groups.items()):
            hint = f"  ({hints[code]})" if code in hints else ""
            yield f"  {title} {code}: {tally.rows:,} rows, {tally.money:,}{hint}"
    if report.money_unread:
        yield f"  {report.money_unread:,} refused rows could not be valued; their money counts as 0 in both sums"
    for note, count in sorted(report.notes.items()):
        yield f"  {count:,} rows {_NOTES.get(note, note)}"
    yield f"  members made: {report.members_made:,}; rows kept without a customer: {report.without_customer:,}"
    if report.rounding:
        yield f"  rounding every line to the minor unit changed the sum by {report.rounding}"


def _listed(report: Report) -> Iterator[str]:
    for trouble in report.troubles:
        yield f"  {trouble.file}: {trouble.code}. {trouble.hint}"
    for row in report.listed:
        yield f"  {row.file} line {row.line}: {row.code}. {row.hint}"
    total = report.refused.rows + report.set_aside_by_reason.get("conflict", Tally()).rows
    if total > len(report.listed):
        yield f"  and {total - len(report.listed):,} more"
    if report.reject_file:
        yield f"  all of them: {report.reject_file}"


def _tally(groups: dict[str, Tally], code: str) -> Tally:
    return groups.setdefault(code, Tally())
