"""A linear table goes by what was captured. Of the rows of a partition or child that came and went between two
refreshes that may be the half of it: what was written by way of the whole table."""

from __future__ import annotations

from typing import Any

import pytest

from refresh_task.incremental import enable, redefine
from tests.fix_database import Database
from tests.fix_views import last_log

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
    _enable(database, tables)
    for statement in between:
        database.execute(statement)
    _refresh(database)
    assert _rows(database) == [(1, 2), (2, 2)]
    assert database.value("SELECT kind FROM bi_refresh.maintained_table WHERE stage = 'stage'") == kind


def test_once_a_child_was_there_nothing_is_counted_until_the_table_is_analyzed(database: Database) -> None:
    _enable(database, _PLAIN)
    database.execute("CREATE TABLE gone () INHERITS (source)")
    assert _refresh(database)["strategy"] == "difference"
    database.execute("DROP TABLE gone")
    assert _refresh(database)["strategy"] == "difference"
    for statement in _A_CHILD:
        database.execute(statement)
    reason = _refresh(database)["reason"]
    assert "in full: tables inherit from public.source, or did when it was last analyzed" in str(reason)
    assert _rows(database) == [(1, 2), (2, 2)]
    database.execute("ANALYZE source")
    _refresh(database)
    database.execute("INSERT INTO source VALUES (2, 1)")
    assert "source" not in str(_refresh(database)["reason"])
    assert _rows(database) == [(1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (_PLAIN, "the stage stage is linear: changes move its groups by what they add and take away"),
        (
            _PARTITIONED,
            (
                "the stage stage is computed anew where rows changed; it is not linear: "
                "what it reads is no table, is a part of a larger one, or has partitions or children"
            ),
        ),
    ],
)
def test_how_a_stage_is_kept_is_said_once(database: Database, tables: str, said: str) -> None:
    assert _enable(database, tables).count(said) == 1
    progress: list[str] = []
    with database.session() as session:
        redefine(
            session,
            _VIEW,
            "WITH stage AS (SELECT a, count(*) AS n FROM public.source GROUP BY a)"
            " SELECT a, n, rank() OVER (ORDER BY n DESC) FROM stage",
            on_progress=lambda step: progress.append(step.message),
        )
    assert progress.count(said) == 1


def _enable(database: Database, tables: str) -> list[str]:
    """What was said meanwhile."""
    progress: list[str] = []
    stage = "SELECT a, count(*) AS n FROM source GROUP BY a"
    query = f"WITH stage AS ({stage}) SELECT a, n, rank() OVER (ORDER BY n) FROM stage"
    database.execute(f"{tables}; INSERT INTO source VALUES (1, 1), (1, 1), (2, 1)")
    database.execute(f"CREATE MATERIALIZED VIEW kept AS {query}; CREATE UNIQUE INDEX ON kept (a)")
    database.manage(_VIEW)
    with database.session() as session:
        enable(session, _VIEW, stages=["stage"], on_progress=lambda step: progress.append(step.message))
    database.execute("INSERT INTO source VALUES (2, 1)")
    _refresh(database)
    return progress


def _refresh(database: Database) -> dict[str, Any]:
    with database.connect() as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        rows = connection.execute("SELECT status FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [_VIEW]).fetchall()
    assert rows == [("SUCCESS",)]
    return last_log(database, _VIEW)


def _rows(database: Database) -> list[tuple[Any, ...]]:
    return database.rows("SELECT a, n FROM kept ORDER BY a")
