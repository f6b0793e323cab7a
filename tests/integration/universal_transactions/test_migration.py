"""The system's migration beside the core's."""

from __future__ import annotations

from refresh_task.migrations import migrate_down, migrate_up
from tests.fix_database import Database
from tests.integration.universal_transactions.system import SCHEMA, Connection, add, logged_refresh, requests

LEFT = """
    SELECT c.oid::regclass::text FROM pg_class AS c
    WHERE c.relname ~ '^(cpg_|universal_transactions)' AND c.relkind IN ('r', 'v', 'm')
    UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.proname LIKE '%universal_transactions%'
"""


def test_it_lives_on_a_core_that_went_back_to_the_event_queue_s_migration(
    transactions_database: Database, connection: Connection
) -> None:
    with transactions_database.session() as session:
        assert set(migrate_down(session, "bi_refresh_0003")) == {"bi_refresh_0003", "bi_refresh_0004"}
    add(connection, "cpg_consignment", "50000")
    assert len(requests(connection)) == 1

    with transactions_database.session() as session:
        migrate_up(session)
    assert logged_refresh(connection)["rows_affected"] == 1
    assert requests(connection) == []


def test_it_goes_from_there_with_its_names_in_public(transactions_database: Database) -> None:
    assert len(transactions_database.rows(LEFT)) > 6
    with transactions_database.session() as session:
        migrate_down(session, "bi_refresh_0003")
    with transactions_database.session() as session:
        assert migrate_down(session, f"{SCHEMA}_0001") == (f"{SCHEMA}_0001",)
    assert transactions_database.rows(LEFT) == []
