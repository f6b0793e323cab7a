"""A linear table goes by what was captured. Of the rows of a partition or child that came and went between two
refreshes that may be the half of it: what was written by way of the whole table."""

from __future__ import annotations

import pytest

from refresh_task.incremental import enable
from tests.fix_database import Database

_VIEW = "public.kept"
_PARTITIONED = """
    CREATE TABLE source (a integer NOT NULL, n integer NOT NULL) PARTITION BY LIST (n);
    CREATE TABLE source_1 PARTITION OF source FOR VALUES IN (1)
"""
_PLAIN = "CREATE TABLE source (a integer NOT NULL, n integer NOT NULL)"
_INHERITED = f"{_PLAIN}; CREATE TABLE source_1 () INHERITS (source)"
_HAD_A_CHILD = f"{_INHERITED}; DROP TABLE source_1"
_CREATED = ("CREATE TABLE p PARTITION OF source FOR VALUES IN (2)", "INSERT INTO source VALUES (1, 2)", "DROP TABLE p")
_ATTACHED = (
    "CREATE TABLE p (a integer NOT NULL, n integer NOT NULL)",
    "INSERT INTO p VALUES (1, 2)",
    "ALTER TABLE source ATTACH PARTITION p FOR VALUES IN (2)",
    "DELETE FROM source WHERE n = 2",
    "ALTER TABLE source DETACH PARTITION p",
)
_A_CHILD = (
    "CREATE TABLE p () INHERITS (source)",
    "INSERT INTO p VALUES (1, 2)",
    "DELETE FROM source WHERE n = 2",
    "DROP TABLE p",
)


@pytest.mark.parametrize(
    ("tables", "kind", "between"),
    [
        (_PARTITIONED, "slices", _CREATED),
        (_PARTITIONED, "slices", _ATTACHED),
        (_INHERITED, "slices", _A_CHILD),
        (_HAD_A_CHILD, "slices", _A_CHILD),
        (_PLAIN, "linear", _A_CHILD),
        (_PLAIN, "linear", (*_A_CHILD[:3], "ALTER TABLE p NO INHERIT source", "ANALYZE source")),
    ],
)
def test_what_was_there_between_two_refreshes(
    database: Database, tables: str, kind: str, between: tuple[str, ...]
) -> None:
    stage = "SELECT a, count(*) AS n FROM source GROUP BY a"
    query = f"WITH stage AS ({stage}) SELECT a, n, rank() OVER (ORDER BY n) FROM stage"
    database.execute(f"{tables}; INSERT INTO source VALUES (1, 1), (1, 1), (2, 1)")
    database.execute(f"CREATE MATERIALIZED VIEW kept AS {query}; CREATE UNIQUE INDEX ON kept (a)")
    database.manage(_VIEW)
    with database.session() as session:
        enable(session, _VIEW, stages=["stage"])
    database.execute("INSERT INTO source VALUES (2, 1)")
    _refresh(database)
    for statement in between:
        database.execute(statement)
    _refresh(database)
    assert database.rows("SELECT a, n FROM kept ORDER BY a") == [(1, 2), (2, 2)]
    assert database.value("SELECT kind FROM bi_refresh.maintained_table WHERE stage = 'stage'") == kind


def _refresh(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        ((status,),) = connection.execute(
            "SELECT status FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [_VIEW]
        ).fetchall()
    assert status == "SUCCESS"
