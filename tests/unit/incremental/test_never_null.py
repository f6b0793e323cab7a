"""Which output columns are never NULL, by the text of the query. Tables: t and u, each with an `id` that is NOT NULL
and an `x` that is not."""

from __future__ import annotations

import pytest

from refresh_task.incremental.proof.definition import Table, TableColumn
from refresh_task.incremental.proof.expressions import read_query
from refresh_task.incremental.proof.nulls import Nulls

_COLUMNS = {
    "id": ("integer", True),
    "x": ("integer", False),
    "at": ("timestamp with time zone", True),
    "doc": ("jsonb", True),
}
_TABLES = {
    ("s", name): Table(
        number, f"s.{name}", "r", frozenset({("s", name)}), 0, 0,
        {
            column: TableColumn(column, kind, is_not_null, is_readable=True, distinct_values=None)
            for column, (kind, is_not_null) in _COLUMNS.items()
        }, (),
    )
    for number, name in enumerate(("t", "u"), 1)
}  # fmt: skip
_VIEW = read_query("SELECT t.id AS k, t.x FROM s.t")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT t.id AS k FROM s.t",
        "SELECT id AS k FROM s.t",
        "SELECT z.id AS k FROM s.t AS z",
        "SELECT 1 AS k",
        "SELECT 'a'::text AS k",
        "SELECT t.id AS k FROM s.t LEFT JOIN s.u ON t.id = u.id",
        "SELECT u.id AS k FROM s.t RIGHT JOIN s.u ON t.id = u.id",
        "SELECT u.id AS k FROM s.t JOIN s.u ON t.x = u.x",
        "SELECT u.x AS k FROM s.t JOIN s.u ON t.x = u.x",
        "SELECT coalesce(t.id, u.id) AS k FROM s.t FULL JOIN s.u ON t.id = u.id",
        "SELECT coalesce(a.k, b.id) AS k FROM (SELECT t.id AS k FROM s.t) a FULL JOIN s.u b ON a.k = b.id",
        "SELECT coalesce(t.id, u.id, v.id) AS k FROM s.t FULL JOIN s.u ON t.id = u.id FULL JOIN s.u v ON t.id = v.id",
        "SELECT coalesce(t.id, u.id) AS k FROM (s.t FULL JOIN s.u ON t.id = u.id) LEFT JOIN s.u v ON t.id = v.id",
        "SELECT id AS k FROM s.t FULL JOIN s.u USING (id)",
        "SELECT x AS k FROM s.t JOIN s.u USING (x)",
        "SELECT coalesce(t.x, 0) AS k FROM s.t",
        "SELECT t.x AS k FROM s.t WHERE t.x IS NOT NULL",
        "SELECT t.x AS k FROM s.t WHERE t.x > 3 AND t.id = 1",
        "SELECT t.x AS k FROM s.t WHERE t.x IN (1, 2)",
        "SELECT t.id AS k, count(*) AS n FROM s.t GROUP BY t.id",
        "SELECT count(t.x) AS k FROM s.t",
        "SELECT row_number() OVER (ORDER BY t.x) AS k FROM s.t",
        "SELECT date_trunc('month'::text, (t.at AT TIME ZONE 'UTC'::text))::date AS k FROM s.t",
        "SELECT CASE WHEN t.x > 1 THEN 'a'::text ELSE 'b'::text END AS k FROM s.t",
        "SELECT t.id * 2 + 1 AS k FROM s.t",
        "SELECT t.x IS NULL AS k FROM s.t",
        "WITH c AS (SELECT t.id FROM s.t) SELECT c.id AS k FROM c",
        "WITH c(z) AS (SELECT t.id FROM s.t) SELECT c.z AS k FROM c",
        "WITH c AS (SELECT t.id FROM s.t), d AS (SELECT c.id AS e FROM c) SELECT d.e AS k FROM d",
        "SELECT t.id AS k FROM s.t UNION ALL SELECT u.id FROM s.u",
        "SELECT t.id AS k FROM s.t EXCEPT SELECT u.x FROM s.u",
        "SELECT v.k FROM s.v",
        "SELECT serie.mes AS k FROM generate_series(1, 3) serie(mes)",
    ],
)
def test_never(query: str) -> None:
    assert never_null(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT t.x AS k FROM s.t",
        "SELECT NULL::integer AS k",
        "SELECT u.id AS k FROM s.t LEFT JOIN s.u ON t.id = u.id",
        "SELECT t.id AS k FROM s.t RIGHT JOIN s.u ON t.id = u.id",
        "SELECT t.id AS k FROM s.t FULL JOIN s.u ON t.id = u.id",
        "SELECT coalesce(t.x, u.id) AS k FROM s.t FULL JOIN s.u ON t.id = u.id",
        "SELECT coalesce(t.id, u.x) AS k FROM s.t FULL JOIN s.u ON t.id = u.id",
        "SELECT coalesce(t.id, u.id) AS k FROM s.t FULL JOIN s.u ON t.id = u.id FULL JOIN s.u v ON t.id = v.id",
        "SELECT x AS k FROM s.t FULL JOIN s.u USING (x)",
        "SELECT u.x AS k FROM s.t LEFT JOIN s.u ON t.x = u.x",
        "SELECT t.x AS k FROM s.t WHERE t.x > 3 OR t.id = 1",
        "SELECT t.x AS k FROM s.t WHERE t.x IS NULL",
        "SELECT t.id AS k, count(*) AS n FROM s.t GROUP BY ROLLUP (t.id)",
        "SELECT max(t.id) AS k FROM s.t",
        "SELECT sum(t.id) AS k FROM s.t GROUP BY t.x",
        "SELECT lag(t.id) OVER () AS k FROM s.t",
        "SELECT CASE WHEN t.x > 1 THEN 'a'::text END AS k FROM s.t",
        "SELECT (t.doc)::integer AS k FROM s.t",
        "SELECT (t.doc ->> 'a'::text) AS k FROM s.t",
        "SELECT mine.f(t.id) AS k FROM s.t",
        "SELECT extract(day from t.at) AS k FROM s.t",
        "SELECT (SELECT u.id FROM s.u LIMIT 1) AS k FROM s.t",
        "WITH RECURSIVE c AS (SELECT t.id FROM s.t UNION ALL SELECT NULL::integer FROM c) SELECT c.id AS k FROM c",
        "WITH c AS (SELECT t.x FROM s.t) SELECT c.x AS k FROM c",
        "WITH t AS (SELECT u.x AS id FROM s.u) SELECT t.id AS k FROM t",
        "SELECT t.id AS k FROM s.t UNION ALL SELECT u.x FROM s.u",
        "SELECT v.x AS k FROM s.v",
        "SELECT w.id AS k FROM s.w",
        "SELECT j.id AS k FROM (s.t LEFT JOIN (SELECT u.id AS uid FROM s.u) b ON t.id = b.uid) j",
        "SELECT z.b AS k FROM s.t AS z(a, b)",
    ],
)
def test_maybe(query: str) -> None:
    assert not never_null(query)


def never_null(query: str) -> bool:
    """Of the column k. pg_get_viewdef() is what writes such queries."""
    select = read_query(query)
    assert select is not None
    return Nulls({**_TABLES, ("s", "v"): _VIEW}).is_never_null(select, "k")
