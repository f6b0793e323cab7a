"""What a plan calls a column may be another column's name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refresh_task.incremental.model import Proof
from tests.integration.incremental.proof.test_hazards import source_of

Prove = Callable[..., Proof]
_TABLE = "CREATE TABLE t (a integer, b integer, v integer, d date)"
_PARTITIONED = (
    _TABLE + " PARTITION BY HASH (v); CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0)"
)
_INHERITED = _TABLE + "; CREATE TABLE child () INHERITS (t)"
_VIEW = "CREATE VIEW w AS SELECT a AS k, b AS j, v FROM t"
_SWAPPED = "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b"
_BY_K = "SELECT k, count(*) AS n FROM w GROUP BY k"


@pytest.mark.parametrize("names", ["b, a", "kk", "kk, bb"])
@pytest.mark.parametrize("ddl", [_TABLE, _PARTITIONED])
def test_a_list_of_names_of_the_query_s_own_proves_nothing(proved: Prove, ddl: str, names: str) -> None:
    """FROM t AS x (b, a): the plan says b where the column is a."""
    first = names.split(",", maxsplit=1)[0]
    source = source_of(proved(ddl, f"SELECT x.{first} AS k, count(*) AS n FROM t AS x ({names}) GROUP BY 1"))
    assert source.slice is None
    assert source.reason is not None
    assert source.reason.startswith("the query gives its columns names of its own")


def test_a_list_of_the_columns_own_names_is_none(proved: Prove) -> None:
    source = source_of(proved(_TABLE, "SELECT x.a, count(*) AS n FROM t AS x (a, b) GROUP BY 1"))
    assert source.expressions == ("a",)


def test_names_with_special_characters_are_their_own(proved: Prove) -> None:
    ddl = """CREATE TABLE t ("a ""b"" (c) {d} \\e" integer, "<" integer, "1" integer)
        PARTITION BY HASH ("<"); CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE VIEW w AS SELECT * FROM t"""
    for column in ('"a ""b"" (c) {d} \\e"', '"<"', '"1"'):
        assert source_of(proved(ddl, f"SELECT {column} AS k, count(*) AS n FROM w GROUP BY 1")).expressions == (column,)


def test_a_list_in_a_view_beneath_or_in_a_function_s_body_proves_nothing(proved: Prove) -> None:
    view = "CREATE VIEW w AS SELECT b AS k FROM t AS x (b, a)"
    assert source_of(proved(f"{_TABLE}; {view}", _BY_K)).slice is None
    body = (
        "CREATE FUNCTION w() RETURNS TABLE (k integer) LANGUAGE sql STABLE"
        " BEGIN ATOMIC SELECT b FROM t AS x (b, a); END"
    )
    query = "SELECT w.k, count(*) AS n FROM w() AS w GROUP BY w.k UNION ALL SELECT b, 0 FROM t"
    assert source_of(proved(f"{_TABLE}; {body}", query)).slice is None


def test_a_table_with_a_list_of_names_is_nothing_to_look_up_in(proved: Prove) -> None:
    ddl = "CREATE TABLE p (id integer PRIMARY KEY, x integer NOT NULL UNIQUE, day date); CREATE TABLE c (p_id integer)"
    query = "SELECT p.day, count(*) AS n FROM p{} JOIN c ON c.p_id = p.id GROUP BY p.day"
    assert source_of(proved(ddl, query.format("")), "public.c").slice is not None
    assert source_of(proved(ddl, query.format(" AS p (x, id, day)")), "public.c").slice is None


def test_a_window_of_a_column_of_another_name_does_not_slide(proved: Prove) -> None:
    ddl = "CREATE TABLE t (k integer, d date, e date)"
    query = "SELECT x.k, count(*) AS n FROM t AS x{} WHERE x.e > CURRENT_DATE - 30 GROUP BY x.k"
    assert source_of(proved(ddl, query.format(""))).slides
    proof = proved(ddl, query.format(" (k, e, d)"))
    assert not source_of(proof).slides
    assert proof.moving == ("the date",)


@pytest.mark.parametrize("ddl", [_PARTITIONED, _INHERITED])
def test_partitions_of_a_table_whose_columns_were_renamed_since_the_view_was_made(proved: Prove, ddl: str) -> None:
    """The plan calls them by the names of then."""
    source = source_of(proved(f"{ddl}; {_VIEW}; {_SWAPPED}", _BY_K))
    assert source.slice is None
    assert source.reason is not None
    assert "renamed since public.w was made" in source.reason
    made_anew = "CREATE OR REPLACE VIEW w AS SELECT b AS k, a AS j, v FROM t"
    assert source_of(proved(f"{ddl}; {_VIEW}; {_SWAPPED}; {made_anew}", _BY_K)).expressions == ("b",)


def test_columns_of_a_plain_table_are_called_as_they_are_now(proved: Prove) -> None:
    assert source_of(proved(f"{_TABLE}; {_VIEW}; {_SWAPPED}", _BY_K)).expressions == ("b",)


def test_columns_that_were_dropped_or_added_are_no_others(proved: Prove) -> None:
    ddl = f"{_PARTITIONED}; ALTER TABLE t DROP d; {_VIEW}; ALTER TABLE t ADD e integer"
    assert source_of(proved(ddl, _BY_K)).expressions == ("a",)
