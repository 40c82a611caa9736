"""Reads the material of one member: what the rules of edge.crm make talking points of."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from edge.contracts.money import Money
from edge.crm.goes_with import Companion, companions
from edge.crm.material import Complaint, FollowUp, Material, Note, Preference, Product, Project
from edge.crm.receipts import Line
from edge.crm.talking import said_aloud

# A card shows a dozen receipts; more lines than these would only make it slow.
MOST_LINES = 5000
MOST_NOTES = 50
# Offers by receipts: for the newest products, counted over the newest baskets that hold them.
_BASES = 4
_BASKETS = 150


def material(connection: sqlite3.Connection, store: str, member: str, *, with_companions: bool = True) -> Material | None:
    """Everything about one member, or None if nobody is known by that reference.

    with_companions: count what other receipts say goes with their newest products; the alert's headline needs none of it.
    """
    row = connection.execute(
        "SELECT language, since, (SELECT display_name FROM associates a WHERE a.store = m.store"
        " AND a.associate = m.own_associate) AS own FROM members m WHERE store = ? AND member = ? AND erased = 0",
        (store, member),
    ).fetchone()
    if row is None:
        return None
    lines = _lines(connection, store, member)
    projects = _projects(connection, store, member)
    known = _Known(connection, store, lines, projects)
    base = Material(
        member=member,
        since=_since(row["since"], lines),
        language=row["language"],
        own_associate=row["own"],
        lines=lines,
        projects=projects,
        follow_ups=_follow_ups(connection, store, member),
        complaints=_complaints(connection, store, member),
        preferences=_preferences(connection, store, member),
        notes=_notes(connection, store, member),
        links=known.links,
        catalogue=known.catalogue,
    )
    return _with_companions(connection, store, base) if with_companions else base


def products(connection: sqlite3.Connection, store: str, codes: Collection[str]) -> dict[str, Product]:
    """The catalogue's entries for these codes; unknown codes are left out."""
    return {
        row["code"]: Product(
            code=row["code"],
            name=row["name"],
            aisle=row["aisle"],
            bay=row["bay"],
            stock=row["stock"],
            unit_price=None if row["unit_price"] is None else Decimal(row["unit_price"]),
            currency=row["currency"],
            category=row["category"],
        )
        for row in _by_codes(connection, "SELECT * FROM products WHERE store = ? AND code IN ", store, codes)
    }


class _Known:
    """Catalogue and links of everything that may be spoken of: what they bought, planned, and what goes with it."""

    def __init__(self, connection: sqlite3.Connection, store: str, lines: Sequence[Line], projects: Sequence[Project]) -> None:
        planned = {code for project in projects for code in project.scope}
        codes = planned | {line.code for line in lines}
        self.links = _links(connection, store, codes)
        self.links.update(_links(connection, store, {code for found in self.links.values() for code in found} - codes))
        linked = {code for found in self.links.values() for code in found}
        self.catalogue = products(connection, store, codes | linked)


def _with_companions(connection: sqlite3.Connection, store: str, base: Material) -> Material:
    held = said_aloud(base, base.held().values())
    in_projects = [code for project in base.projects if project.state == "in_progress" for code in project.scope]
    bases = dict.fromkeys([code for code in in_projects if code in base.held()] + [holding.code for holding in held[:_BASES]])
    found = {code: companions(_baskets(connection, store, code), code) for code in bases}
    more = {pair.code for pairs in found.values() for pair in pairs} - set(base.catalogue)
    return _completed(base, found, products(connection, store, more))


def _completed(base: Material, found: Mapping[str, Sequence[Companion]], more: Mapping[str, Product]) -> Material:
    return Material(
        **{name: getattr(base, name) for name in Material.__slots__ if name not in ("catalogue", "companions")},
        catalogue={**base.catalogue, **more},
        companions=found,
    )


def _baskets(connection: sqlite3.Connection, store: str, code: str) -> list[frozenset[str]]:
    # INDEXED BY and CROSS JOIN: without statistics SQLite would walk the whole store (0.2 s a product on half a year of sales)
    rows = connection.execute(
        "SELECT lines.source, lines.invoice, lines.product_code FROM (SELECT source, invoice FROM sale_lines"
        " INDEXED BY sale_lines_by_product WHERE store = ?1 AND product_code = ?2 AND line_kind = 'sale'"
        " GROUP BY source, invoice ORDER BY max(sold_at) DESC LIMIT ?3) AS newest CROSS JOIN sale_lines AS lines"
        " ON lines.store = ?1 AND lines.source = newest.source AND lines.invoice = newest.invoice"
        " WHERE lines.line_kind = 'sale'",
        (store, code, _BASKETS),
    )
    baskets: dict[tuple[str, str], set[str]] = {}
    for source, invoice, product_code in rows:
        baskets.setdefault((source, invoice), set()).add(product_code)
    return [frozenset(basket) for basket in baskets.values()]


def _lines(connection: sqlite3.Connection, store: str, member: str) -> list[Line]:
    rows = connection.execute(
        "SELECT source, invoice, ordinal, sold_on, sold_at, product_code, description, quantity, unit_price, amount_minor,"
        " currency, line_kind, gift FROM sale_lines WHERE store = ? AND member = ? ORDER BY sold_at DESC LIMIT ?",
        (store, member, MOST_LINES),
    )
    return [
        Line(source, invoice, ordinal, date.fromisoformat(sold_on), sold_at, code, name or code, quantity, Decimal(unit_price),
             Money(minor, currency), kind, bool(gift))
        for source, invoice, ordinal, sold_on, sold_at, code, name, quantity, unit_price, minor, currency, kind, gift in rows
    ]  # fmt: skip


def _projects(connection: sqlite3.Connection, store: str, member: str) -> list[Project]:
    scopes: dict[str, list[str]] = {}
    for row in connection.execute(
        # CROSS JOIN: without statistics SQLite would begin with everybody's products
        "SELECT p.project_id, pp.code FROM projects p CROSS JOIN project_products pp ON pp.store = p.store"
        " AND pp.project_id = p.project_id WHERE p.store = ? AND p.member = ? ORDER BY pp.place",
        (store, member),
    ):
        scopes.setdefault(row["project_id"], []).append(row["code"])
    rows = connection.execute("SELECT * FROM projects WHERE store = ? AND member = ? ORDER BY started_on DESC", (store, member))
    return [
        Project(
            project_id=row["project_id"],
            title=row["title"],
            state=row["state"],
            started_on=date.fromisoformat(row["started_on"]),
            scope=tuple(scopes.get(row["project_id"], ())),
            next_step=row["next_step"],
        )
        for row in rows
    ]


def _follow_ups(connection: sqlite3.Connection, store: str, member: str) -> list[FollowUp]:
    query = "SELECT * FROM follow_ups WHERE store = ? AND member = ? AND done_on IS NULL ORDER BY due_on, follow_up_id"
    return [
        FollowUp(row["follow_up_id"], row["kind"], row["text"], date.fromisoformat(row["due_on"]))
        for row in connection.execute(query, (store, member))
    ]


def _complaints(connection: sqlite3.Connection, store: str, member: str) -> list[Complaint]:
    query = "SELECT * FROM complaints WHERE store = ? AND member = ? AND closed_on IS NULL ORDER BY opened_on, complaint_id"
    return [
        Complaint(row["complaint_id"], row["text"], date.fromisoformat(row["opened_on"]), row["promised"])
        for row in connection.execute(query, (store, member))
    ]


def _preferences(connection: sqlite3.Connection, store: str, member: str) -> list[Preference]:
    query = "SELECT text, because FROM preferences WHERE store = ? AND member = ? ORDER BY preference_id"
    return [Preference(row["text"], row["because"]) for row in connection.execute(query, (store, member))]


def _notes(connection: sqlite3.Connection, store: str, member: str) -> list[Note]:
    query = (
        "SELECT n.text, n.topic, coalesce(a.display_name, n.author) AS author, n.at, n.went_well FROM notes n"
        " LEFT JOIN associates a ON a.store = n.store AND a.associate = n.author"
        " WHERE n.store = ? AND n.member = ? ORDER BY n.at DESC LIMIT ?"
    )
    return [
        Note(text, topic, author, datetime.fromisoformat(at).date(), None if went_well is None else bool(went_well))
        for text, topic, author, at, went_well in connection.execute(query, (store, member, MOST_NOTES))
    ]


def _links(connection: sqlite3.Connection, store: str, codes: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    select = "SELECT code, goes_with FROM product_links WHERE store = ? AND code IN "
    for row in _by_codes(connection, select, store, codes, " ORDER BY place"):
        found.setdefault(row["code"], []).append(row["goes_with"])
    return found


def _by_codes(
    connection: sqlite3.Connection, select: str, store: str, codes: Collection[str], tail: str = ""
) -> Iterable[sqlite3.Row]:
    ordered = sorted(codes)
    for start in range(0, len(ordered), 500):  # SQLite takes a limited number of parameters
        part = ordered[start : start + 500]
        yield from connection.execute(f"{select}({', '.join('?' * len(part))}){tail}", (store, *part))


def _since(joined: str | None, lines: Sequence[Line]) -> date | None:
    """The day they joined, or of the oldest receipt where that is earlier: imports come in any order."""
    days = [line.sold_on for line in lines] + ([date.fromisoformat(joined[:10])] if joined else [])
    return min(days, default=None)
