"""What may be NULL although it looks as if not, and types that no slice can be cut by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from refresh_task.incremental.model import Proof
from refresh_task.incremental.proof.expressions import read_query
from refresh_task.incremental.proof.slides import has_hidden_moments
from refresh_task.incremental.stages import read_key, split
from tests.fix_database import Database
from tests.integration.incremental.proof.test_hazards import source_of

Prove = Callable[..., Proof]
_WORDS = "CREATE TABLE t (a text NOT NULL, v integer NOT NULL)"
_CAST = (
    "; CREATE FUNCTION dated(text) RETURNS date LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN NULL; END';"
    "CREATE CAST (text AS date) WITH FUNCTION dated(text)"
)


def test_a_cast_that_is_somebody_s_function_may_give_null(proved: Prove) -> None:
    query = "SELECT a::date AS k, count(*) AS n FROM t GROUP BY 1"
    assert proved(_WORDS, query, key="k").key == ("k",)
    assert proved(_WORDS + _CAST, query, key="k").key is None
    assert proved(_WORDS + _CAST, "SELECT v::bigint AS k FROM t", key="k").key == ("k",)


def test_a_function_of_another_schema_is_no_series(proved: Prove) -> None:
    own = (
        f"{_WORDS}; CREATE SCHEMA IF NOT EXISTS u; CREATE OR REPLACE FUNCTION u.generate_series(integer, integer)"
        " RETURNS SETOF integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT nullif($1, $2); END"
    )
    query = "SELECT t.v, g.k FROM t CROSS JOIN LATERAL {}generate_series(t.v, 9) AS g (k)"
    assert proved(own, query.format(""), key="k").key == ("k",)
    assert proved(own, query.format("u."), key="k").key is None


def test_a_side_of_a_union_has_a_list_of_its_own(proved: Prove) -> None:
    """Within the parentheses x is another query than after them."""
    ddl = "CREATE TABLE t (k integer, id integer NOT NULL); CREATE TABLE u (k integer NOT NULL, id integer NOT NULL)"
    query = (
        "WITH x AS (SELECT k, id FROM u) (WITH x AS (SELECT k, id FROM {}) SELECT k, id FROM x) UNION ALL"
        " SELECT k, id FROM x"
    )
    assert proved(ddl, query.format("u"), key="k").key == ("k",)
    assert proved(ddl, query.format("t"), key="k").key is None


@pytest.mark.parametrize("kind", ["varchar", "varchar(9)", "text", "integer"])
def test_rows_with_a_null_are_made_of_those_with_a_null(proved: Prove, kind: str) -> None:
    """However the plan casts what it compares."""
    proof = proved(f"CREATE TABLE t (a {kind}, v integer)", "SELECT a, count(*) AS n FROM t GROUP BY a")
    assert source_of(proof).null_slice == "rows"


def test_another_table_s_column_of_that_name_being_null_says_nothing(proved: Prove) -> None:
    """Rows of t without a NULL are found, too, and whether one is decides on a row with a NULL instead."""
    ddl = "CREATE TABLE u (id integer PRIMARY KEY, j integer, k integer); CREATE TABLE t (j integer, k integer)"
    proof = proved(
        ddl,
        "SELECT u.id, x.k FROM u LEFT JOIN LATERAL"
        " (SELECT DISTINCT t.k FROM t WHERE t.j = u.j AND u.k IS NULL) AS x ON true",
    )
    assert (source_of(proof).expressions, source_of(proof).null_slice) == (("k",), "any")


@pytest.mark.parametrize("kind", ["json[]", "point[]", "xid[]", "xid", '"char"', "box[]"])
def test_what_has_no_order_is_no_slice(proved: Prove, kind: str) -> None:
    """Indexes and DISTINCT need one."""
    assert proved(f"CREATE TABLE t (a {kind}, v integer)", "SELECT a, v FROM t").slices == (("v",),)


@pytest.mark.parametrize("kind", ["integer[]", "varchar[]", "numeric[]", "int4range[]", "jsonb", "regclass[]"])
def test_what_has_an_order_is_a_slice(proved: Prove, kind: str) -> None:
    assert proved(f"CREATE TABLE t (a {kind})", "SELECT a FROM t").slices == (("a",),)


@pytest.mark.parametrize(("columns", "is_too_wide"), [(1500, False), (1501, True)])
def test_a_view_too_wide_for_the_tables_of_its_refreshes_is_refused(
    proved: Prove, columns: int, *, is_too_wide: bool
) -> None:
    query = f"SELECT {', '.join(f'v AS c{number}' for number in range(columns))} FROM t"
    assert any(f"it has {columns} columns" in said for said in proved(_WORDS, query).obstacles) == is_too_wide


@pytest.mark.parametrize(
    "expression",
    ["(CURRENT_DATE - d) NOT IN (SELECT u.n FROM u)", "(CURRENT_DATE - d) > ALL (SELECT u.n FROM u)"],
)
def test_time_that_is_compared_with_a_subquery_is_no_slide(proved: Prove, expression: str) -> None:
    """PostgreSQL 14 to 16 do not print what a hashed subplan is compared with."""
    ddl = (
        "CREATE TABLE t (id integer PRIMARY KEY, d date NOT NULL, at timestamptz NOT NULL); CREATE TABLE u (n integer)"
    )
    query = f"SELECT id, d FROM t WHERE at >= CURRENT_DATE - 30 AND {expression}"
    proof = proved(ddl, query, key="id")
    assert proof.moving == ("the date",)
    assert not source_of(proof).slides
    assert has_hidden_moments([read_query(query)])


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("a, count(*) AS n", ("a",)),
        ("a, upper(max(a)) AS n", ("a",)),
        ("a, generate_series(1, count(*)) AS n", None),
        ("a, coalesce(unnest(array_agg(v)), 0) AS n", None),
    ],
)
def test_a_group_of_which_several_rows_are_made_is_no_key(
    scratch_database: Database, columns: str, key: Sequence[str] | None
) -> None:
    text = f"WITH s AS (SELECT {columns} FROM t GROUP BY a) SELECT a, n FROM s"
    (stage,) = split(text, ["s"], subject="v").stages
    with scratch_database.session() as session:
        assert read_key(session, stage, subject="v") == key
