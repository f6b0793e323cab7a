"""Columns of a base table that are given other names, or each other's, under enabled views; or that are virtual."""

from __future__ import annotations

import pytest

from refresh_task.incremental import enable
from refresh_task.incremental.proofs import keep_proofs
from tests.fix_database import Database
from tests.integration.incremental.stages.test_enabled import refresh

_VIEW = "public.mv_by_city"
_COLUMNS = "(city integer, other integer, paid numeric(8, 2), due numeric(8, 2), n integer)"
_PLAIN = f"CREATE TABLE sale {_COLUMNS}"
_PARTITIONED = (
    f"CREATE TABLE sale {_COLUMNS} PARTITION BY HASH (n);"
    "CREATE TABLE sale_0 PARTITION OF sale FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
    "CREATE TABLE sale_1 PARTITION OF sale FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
)
_ROWS = "INSERT INTO sale SELECT n % 50, n % 37, n, -n, n FROM generate_series(1, 2000) AS n"
_LINEAR = (
    "WITH total AS (SELECT s.city, count(*) AS n, sum(s.paid) AS paid, max(s.due) FILTER (WHERE s.paid > 7) AS due"
    " FROM sale AS s WHERE s.n > 3 GROUP BY s.city) SELECT city, n, paid, due, rank() OVER (ORDER BY paid) FROM total"
)
_GROUPED = "SELECT city, count(*) AS n, sum(paid) AS paid FROM sale GROUP BY city"


def _swap(one: str, other: str) -> list[str]:
    return [f"ALTER TABLE sale RENAME {a} TO {b}" for a, b in ((one, "x"), (other, one), ("x", other))]


def _enable(database: Database, table: str, query: str, stages: list[str], *, rows: str = _ROWS) -> None:
    database.execute(f"{table}; {rows}; CREATE MATERIALIZED VIEW {_VIEW} AS {query}")
    database.manage(_VIEW)
    with database.session() as session:
        enable(session, _VIEW, stages=stages)


def _is_equal(database: Database) -> bool:
    definition = database.value(
        "SELECT definition::regclass::text FROM bi_refresh.maintained_table WHERE stage IS NULL"
    )
    differing = f"(TABLE {_VIEW} EXCEPT ALL TABLE {definition}) UNION ALL (TABLE {definition} EXCEPT ALL TABLE {_VIEW})"
    return database.rows(differing) == []


def _prove_anew(database: Database) -> None:
    with database.session() as session:
        assert [remark.message for remark in keep_proofs(session)] == [
            f"{_VIEW} was proved anew: what it reads was altered"
        ]


@pytest.mark.parametrize(
    ("renamed", "writes"),
    [
        (["ALTER TABLE sale RENAME paid TO amount"], ["UPDATE sale SET amount = amount + 1 WHERE n % 50 = 7"]),
        (["ALTER TABLE sale RENAME city TO town"], ["DELETE FROM sale WHERE town = 49"]),
        (_swap("paid", "due"), ["UPDATE sale SET paid = paid + 1 WHERE n % 7 = 0", "UPDATE sale SET due = 1"]),
        (_swap("city", "other"), ["DELETE FROM sale WHERE other = 49", "UPDATE sale SET city = 3 WHERE n % 7 = 0"]),
    ],
)
def test_a_linear_stage_goes_by_the_names_of_now(database: Database, renamed: list[str], writes: list[str]) -> None:
    _enable(database, _PLAIN, _LINEAR, ["total"])
    for statement in renamed:
        database.execute(statement)
    _prove_anew(database)
    refresh(database, _VIEW)
    for statement in writes:
        database.execute(statement)
        refresh(database, _VIEW)
        assert _is_equal(database), statement
    stage = "SELECT kind, compared_at < data_timestamp FROM bi_refresh.maintained_table WHERE stage = 'total'"
    assert database.rows(stage) == [("linear", True)]  # moved by the changes, not computed


@pytest.mark.parametrize("columns", [("city", "other"), ("paid", "due")])
def test_partitions_go_by_the_names_of_now(database: Database, columns: tuple[str, str]) -> None:
    _enable(database, _PARTITIONED, _GROUPED, [])
    for statement in _swap(*columns):
        database.execute(statement)
    _prove_anew(database)
    refresh(database, _VIEW)
    for statement in ("DELETE FROM sale WHERE n = 49", "UPDATE sale SET city = 2, other = 3, paid = 4 WHERE n = 51"):
        database.execute(statement)
        assert refresh(database, _VIEW)["strategy"] == "incremental"
        assert _is_equal(database), statement


def test_a_stage_over_a_virtual_column_is_not_linear(database: Database) -> None:
    """Triggers are not shown its values; slices are by what it is computed from."""
    if int(database.value("SHOW server_version_num")) < 180000:
        pytest.skip("virtual columns are of PostgreSQL 18")
    table = _PLAIN.replace("n integer)", "n integer, ten integer GENERATED ALWAYS AS (city % 10) VIRTUAL)")
    rows = "INSERT INTO sale (city, n) SELECT n % 50, n FROM generate_series(1, 900) AS n"
    total = "WITH total AS (SELECT s.ten, count(*) AS n FROM sale AS s GROUP BY s.ten)"
    query = f"{total} SELECT ten, n, rank() OVER (ORDER BY n) AS place FROM total"
    _enable(database, table, query, ["total"], rows=rows)
    assert database.value("SELECT kind FROM bi_refresh.maintained_table WHERE stage = 'total'") != "linear"
    database.execute("UPDATE sale SET city = city + 1 WHERE n < 5; DELETE FROM sale WHERE n = 17")
    refresh(database, _VIEW)
    assert _is_equal(database)


def test_a_stage_with_a_list_of_names_is_not_linear(database: Database) -> None:
    """FROM sale AS s (other, city): which is meant is not read from its text."""
    query = (
        "WITH total AS (SELECT s.city, count(*) AS n FROM sale AS s (other, city) GROUP BY s.city)"
        " SELECT t.city, t.n, c.paid FROM total AS t JOIN sale AS c ON c.n = t.n"
    )
    _enable(database, _PLAIN, query, ["total"])
    assert database.value("SELECT kind FROM bi_refresh.maintained_table WHERE stage = 'total'") != "linear"
    database.execute("DELETE FROM sale WHERE city = 49")
    refresh(database, _VIEW)
    assert _is_equal(database)
