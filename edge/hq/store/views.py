"""What the console looks at. Every list is a page or has a limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, Table, and_, case, func, or_, select

from edge.hq.counts import HOURS, Counts
from edge.hq.store.database import Database
from edge.hq.store.pages import Page, newest_first
from edge.hq.store.tables import alert_ends, arrivals, contacts, devices, members, notes, parked, sales, visits

# A store has a handful of doors; more rows than this on one page help nobody.
_MAX_DEVICES = 1000


def counts(database: Database, now: datetime) -> dict[str, Counts]:
    """Counts per store, for stores where anything happened."""
    since = now - timedelta(hours=HOURS)
    found: dict[str, Counts] = {}
    with database.read() as connection:
        for row in connection.execute(_per_hour(now)).all():
            found[row.store] = Counts(hours=[int(number or 0) for number in row[1:]])
            found[row.store].arrivals = sum(found[row.store].hours)
        for field, table, at in (("visits", visits, visits.c.started_at), ("notes", notes, notes.c.at)):
            for store, number in connection.execute(_since(table, at, since)).all():
                setattr(found.setdefault(store, Counts()), field, number)
        for field in ("served", "expired"):
            ended = _since(alert_ends, alert_ends.c.at, since).where(alert_ends.c.end_state == field)
            for store, number in connection.execute(ended).all():
                setattr(found.setdefault(store, Counts()), field, number)
    return found


def device_rows(database: Database) -> list[Row[Any]]:
    """Kiosks and hubs of every store. Phones are not listed: they would tell who works when."""
    wanted = select(devices).where(devices.c.device_kind != "associate")
    with database.read() as connection:
        ordered = wanted.order_by(devices.c.store, devices.c.device_kind, devices.c.name).limit(_MAX_DEVICES)
        return list(connection.execute(ordered).all())


def phones_online(database: Database) -> dict[str, int]:
    """How many associates' phones are online, per store."""
    online = and_(devices.c.device_kind == "associate", devices.c.online)
    with database.read() as connection:
        rows = connection.execute(select(devices.c.store, func.count()).where(online).group_by(devices.c.store)).all()
    return {row[0]: row[1] for row in rows}


def last_heard(database: Database) -> dict[str, datetime]:
    """When each store's hub was last here."""
    with database.read() as connection:
        return {row.store: row.heard_at for row in connection.execute(select(contacts)).all()}


def arrival_page(database: Database, *, store: str | None, outcome: str | None, before: str | None) -> Page:
    """Arrivals, with the name where the store told us one."""
    wanted = _named(arrivals)
    if store:
        wanted = wanted.where(arrivals.c.store == store)
    if outcome:
        wanted = wanted.where(arrivals.c.outcome == outcome)
    with database.read() as connection:
        return newest_first(connection, wanted, (arrivals.c.arrived_at, arrivals.c.store, arrivals.c.arrival_id), before)


def visit_page(database: Database, *, store: str | None, before: str | None) -> Page:
    """Visits, with their number of arrivals and how their newest alert ended."""
    here = (arrivals.c.store == visits.c.store) & (arrivals.c.visit_id == visits.c.visit_id)
    doors = select(func.count()).select_from(arrivals).where(here).scalar_subquery().label("arrivals")
    about = (alert_ends.c.store == visits.c.store) & (alert_ends.c.visit_id == visits.c.visit_id)
    ended = select(alert_ends.c.end_state).where(about).order_by(alert_ends.c.at.desc()).limit(1).scalar_subquery()
    wanted = _named(visits).add_columns(doors, ended.label("ended"))
    if store:
        wanted = wanted.where(visits.c.store == store)
    with database.read() as connection:
        return newest_first(connection, wanted, (visits.c.started_at, visits.c.store, visits.c.visit_id), before)


def note_page(database: Database, *, store: str | None, before: str | None) -> Page:
    """What associates wrote down."""
    wanted = _named(notes)
    if store:
        wanted = wanted.where(notes.c.store == store)
    with database.read() as connection:
        return newest_first(connection, wanted, (notes.c.at, notes.c.store, notes.c.note_id), before)


def member_page(database: Database, *, search: str, before: str | None) -> Page:
    """Members, the last changed first; search: part of a name, or the beginning of a reference."""
    wanted = select(members)
    if search:
        named = func.lower(members.c.name).contains(search.lower(), autoescape=True)
        wanted = wanted.where(or_(named, members.c.member.startswith(search, autoescape=True)))
    with database.read() as connection:
        return newest_first(connection, wanted, (members.c.changed_at, members.c.store, members.c.member), before)


def parked_page(database: Database, *, before: str | None) -> Page:
    """Refused items."""
    with database.read() as connection:
        return newest_first(connection, select(parked), (parked.c.parked_at, parked.c.store, parked.c.digest), before)


def parked_count(database: Database) -> int:
    """Refused items in all."""
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(parked)).scalar_one())


class Portrait(Struct, frozen=True):
    """What HQ holds of one member: the newest arrivals and notes, and how many lines they bought since when."""

    arrivals: list[Any]
    notes: list[Any]
    lines: int
    last_sold_at: datetime | None


def portrait(database: Database, member: str, most: int = 10) -> Portrait:
    """The member's page."""
    came = select(arrivals).where(arrivals.c.member == member).order_by(arrivals.c.arrived_at.desc()).limit(most)
    said = select(notes).where(notes.c.member == member).order_by(notes.c.at.desc()).limit(most)
    bought = select(func.count(), func.max(sales.c.sold_at)).where(sales.c.member == member)
    with database.read() as connection:
        lines, last = connection.execute(bought).one()
        return Portrait(list(connection.execute(came)), list(connection.execute(said)), lines, last)


def _named(table: Table) -> Select[Any]:
    same = (members.c.store == table.c.store) & (members.c.member == table.c.member)
    return select(table, members.c.name.label("member_name")).outerjoin(members, same)


def _since(table: Table, at: ColumnElement[datetime], since: datetime) -> Select[Any]:
    return select(table.c.store, func.count()).where(at >= since).group_by(table.c.store)


def _per_hour(now: datetime) -> Select[Any]:
    """One pass over the last 24 hours: a column per hour, so that no engine's own date arithmetic is needed."""
    edges: Sequence[datetime] = [now - timedelta(hours=HOURS - hour) for hour in range(HOURS)]
    at = arrivals.c.arrived_at
    in_hour = [and_(at > edge, at <= edge + timedelta(hours=1)) for edge in edges]
    columns = [func.sum(case((inside, 1), else_=0)).label(f"hour{place}") for place, inside in enumerate(in_hour)]
    in_all = and_(at > edges[0], at <= now)
    return select(arrivals.c.store, *columns).where(in_all).group_by(arrivals.c.store)
