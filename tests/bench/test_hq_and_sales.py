"""The peers of HQ's ingest and of the sales import write what Shopbell writes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from edge.contracts.facts import SaleBody, read_fact
from edge.hq.receive import Accepted, judge
from edge.hq.store import ingest
from edge.hq.store.database import open_database
from edge.hq.store.schema import migrate
from edge.hub.store.opening import FILE_NAME, HubStore
from tests.bench.parts_hq import MIX, NOW, STORE, marked, templates
from tests.bench.peers.bare_import import bare_import
from tests.bench.peers.raw_copy import TABLES, RawCopy, with_rows
from tests.support.needs import needs
from tests.support.postgres import cluster
from tests.support.sales import Row, open_memory, run_import, write_csv


def test_a_template_is_500_good_facts_and_every_batch_of_it_is_another() -> None:
    one, other = templates(2)
    batches = [one.items(1), one.items(2), other.items(1)]
    judged = [[judge(item, STORE) for item in batch] for batch in batches]
    assert all(isinstance(fact, Accepted) for batch in judged for fact in batch)
    assert len({fact.id for batch in judged for fact in batch}) == 3 * sum(MIX.values()) == 1500
    assert len(marked(one.facts, 2**40)) == len(one.facts)


@pytest.mark.postgres
def test_raw_copy_has_the_rows_that_shopbell_files() -> None:
    with cluster(Path(needs("postgres"))) as server:
        url = server.new_database()
        address = server.address(url.rpartition("/")[2])
        with closing(open_database(url)) as database:
            migrate(database)
            (template,) = templates(1)
            ingest.receive(database, STORE, template.facts.split(b"\n"), NOW)
            known = with_rows(address, template)
            ingest.receive(database, STORE, template.items(5), NOW)
        for tables, indexes in ((TABLES, True), (("facts",), False)):
            with closing(RawCopy(address, tables, indexes=indexes)) as peer:
                peer.take({table: known.copy_text(table, 5) for table in tables})
                for table in tables:
                    shared, whole = _counted(address, Identifier(table), peer.name(table))
                    assert shared == whole > 0, table


def _counted(address: str, theirs: Identifier, peers: Identifier) -> tuple[int, int]:
    """How many rows both tables have, and how many the peer's has."""
    query = SQL("SELECT (SELECT count(*) FROM (SELECT * FROM {} INTERSECT SELECT * FROM {}) AS shared), count(*) FROM {}")
    with psycopg.connect(address) as connection:
        row = connection.execute(query.format(theirs, peers, peers)).fetchone()
    assert row is not None
    return row[0], row[1]


def test_the_bare_import_stores_the_same_lines_and_records(tmp_path: Path) -> None:
    customers = ("", "17850.0", "13047.0")
    rows = [Row(f"53{number // 3}", f"P{number}", number + 1, "2.55", customers[number % 3]) for number in range(30)]
    file = write_csv(tmp_path / "2011-03-01.csv.gz", [row.text for row in rows])
    shopbell, bare = open_memory(tmp_path / "shopbell"), open_memory(tmp_path / "bare")
    with closing(shopbell.file), closing(bare.file):
        run_import(shopbell, [file])
        bare_import(tmp_path / "bare" / FILE_NAME, "main-street", [file], facts=True)
        assert _stored(shopbell) == _stored(bare) != []


def _stored(hub: HubStore) -> list[tuple[object, ...]]:
    """Lines with their records for HQ, without what is random: who the customer is."""
    lines = (
        "SELECT invoice, ordinal, sold_at, sold_on, product_code, description, quantity, unit_price, amount_minor, currency,"
        " member IS NULL, country, line_kind FROM sale_lines ORDER BY invoice, ordinal"
    )
    records = [read_fact(row.payload).body for row in hub.outbox.rows()]
    with hub.file.read() as connection:
        found = [tuple(row) for row in connection.execute(lines)]
    return found + sorted((body.invoice, body.ordinal, body.amount.minor) for body in records if isinstance(body, SaleBody))
