"""Not today, said late: a visit that comes again without its member takes the member out of what was filed of it before.

A hub holds arrivals and visits back until the shopper can no longer say it; this is the second lock on the same door.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from edge.contracts.facts import FactBody, VisitBody
from edge.hq.receive import Accepted, depersonalised
from edge.hq.store import bulk
from edge.hq.store.tables import arrivals, facts, visits


def leave_nameless(connection: Connection, store: str, filed: Sequence[Accepted]) -> None:
    """Called before the projections, which still say whose visit it was. Notes keep their member."""
    gone = _withdrawn(connection, store, filed)
    if not gone:
        return
    mine = (facts.c.store == store, facts.c.visit.in_(gone), facts.c.kind.in_(("arrival", "visit")), facts.c.member.is_not(None))
    rows = connection.execute(select(facts.c.id, facts.c.body).where(*mine)).all()
    if rows:
        statement = update(facts).where(facts.c.store == store, facts.c.id == bindparam("its_id"))
        connection.execute(
            statement.values(body=bindparam("new_body"), member=None), [_cleaned(row.id, row.body) for row in rows]
        )
    connection.execute(update(arrivals).where(arrivals.c.store == store, arrivals.c.visit_id.in_(gone)).values(member=None))


def _withdrawn(connection: Connection, store: str, filed: Sequence[Accepted]) -> list[str]:
    """The visits of which these facts tell a newer state without the member they had. A first state takes nothing back."""
    bodies = [fact.body for fact in filed if isinstance(fact.body, VisitBody)]
    nameless = [body for body in bodies if body.member is None and body.rev > 0]
    newest = {body.visit_id: body.rev for body in sorted(nameless, key=lambda body: body.rev)}
    rows = bulk.find(connection, store, visits.c.visit_id, newest, visits.c.visit_id, visits.c.rev, visits.c.member)
    return sorted(row.visit_id for row in rows if row.member is not None and row.rev < newest[row.visit_id])


def _cleaned(its_id: str, body: object) -> dict[str, object]:
    return {"its_id": its_id, "new_body": msgspec.to_builtins(depersonalised(msgspec.convert(body, FactBody)))}
