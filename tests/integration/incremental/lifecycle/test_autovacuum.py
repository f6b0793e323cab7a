"""An autovacuum worker that is at work on the view, which no short try of the swap would make give way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.server import embedded_server
from refresh_task import incremental
from refresh_task.migrations import migrate_up
from tests.fix_database import Database

_VIEW = "public.mv_pieces"
# so slow that it would take an hour
_SLOW = "autovacuum_vacuum_insert_threshold = 1, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
_WORKER = """
    SELECT l.pid FROM pg_locks AS l INNER JOIN pg_stat_activity AS a USING (pid)
    WHERE a.backend_type = 'autovacuum worker' AND l.relation = 'mv_pieces'::regclass AND l.granted
"""


@pytest.fixture
def vacuumed() -> Iterator[Database]:
    """A server of its own, for others' tables are left alone for a minute at a time."""
    with embedded_server(settings={"autovacuum_naptime": "1s", "shared_buffers": "16MB"}) as server:
        database = Database(server, "postgres")
        with database.session() as session:
            migrate_up(session)
        database.execute(
            "CREATE TABLE piece (id integer PRIMARY KEY, kind integer NOT NULL) WITH (autovacuum_enabled = off);"
            "INSERT INTO piece SELECT n, n % 20 FROM generate_series(1, 20000) AS n;"
            f"CREATE MATERIALIZED VIEW mv_pieces WITH ({_SLOW}) AS SELECT p.id, p.kind FROM piece AS p;"
            "CREATE UNIQUE INDEX ON mv_pieces (id)"
        )
        database.manage(_VIEW)
        yield database


def test_it_gives_way_to_the_swap(vacuumed: Database) -> None:
    vacuumed.wait_for(_WORKER)
    with vacuumed.session() as session:
        incremental.enable(session, _VIEW, patience_s=10)
        vacuumed.wait_for(_WORKER)
        incremental.disable(session, _VIEW, patience_s=10)
    assert vacuumed.value("SELECT relkind::text FROM pg_class WHERE oid = 'mv_pieces'::regclass") == "m"
