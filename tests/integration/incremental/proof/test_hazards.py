"""What looks like a proof and is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refresh_task.incremental.model import Proof, Slide, Source
from refresh_task.incremental.proof import prove
from tests.fix_database import Database

Prove = Callable[..., Proof]
TABLE = "CREATE TABLE t (id integer PRIMARY KEY, a integer, b text NOT NULL, at timestamptz NOT NULL)"


def source_of(proof: Proof, table: str = "public.t") -> Source:
    (found,) = [source for source in proof.sources if source.name == table]
    return found


def test_an_equality_of_areas_is_none(proved: Prove) -> None:
    """Boxes are `=` when they are of one size."""
    proof = proved("CREATE TABLE t (place box, n integer)", "SELECT place, n FROM t")
    assert proof.slices == (("n",),)


def test_an_equality_of_somebody_s_is_none(proved: Prove) -> None:
    proof = proved(
        """CREATE TYPE wide AS (x integer); CREATE TABLE t (w wide, n integer);
        CREATE FUNCTION about(wide, wide) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x / 10 = $2.x / 10';
        CREATE OPERATOR = (LEFTARG = wide, RIGHTARG = wide, FUNCTION = about)""",
        "SELECT w, n FROM t",
    )
    assert proof.slices == (("n",),)


def test_an_equality_of_somebody_s_among_postgresql_s_own_makes_all_doubtful(proved: Prove) -> None:
    proof = proved(
        TABLE
        + """; CREATE FUNCTION odd(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
        CREATE OPERATOR pg_catalog.= (LEFTARG = integer, RIGHTARG = text, FUNCTION = odd)""",
        "SELECT id, a FROM t",
    )
    assert source_of(proof).slice is None


def test_a_key_that_a_slice_cannot_hold_is_none(proved: Prove) -> None:
    """A bigint is compared with an integer, and one that is too large would fail where slices are collected."""
    ddl = TABLE + "; CREATE TABLE large (t_id bigint, n integer)"
    proof = proved(ddl, "SELECT t.id, sum(l.n) AS n FROM t LEFT JOIN large AS l ON l.t_id = t.id GROUP BY t.id")
    assert source_of(proof).expressions == ("id",)
    large = source_of(proof, "public.large")
    # PostgreSQL 14 goes on joining them, and a row that is looked up has the slice's own type
    assert large.slice is None or large.lookup is not None


def test_a_narrower_key_is_widened(proved: Prove) -> None:
    ddl = "CREATE TABLE wide (id bigint PRIMARY KEY); CREATE TABLE t (w integer, n integer)"
    proof = proved(ddl, "SELECT w.id, sum(t.n) AS n FROM wide AS w LEFT JOIN t ON t.w = w.id GROUP BY w.id")
    assert source_of(proof).expressions == ("(w)::bigint",)


@pytest.mark.parametrize(
    ("expression", "is_direct"),
    [("n", True), ("n::text", False), ("n::integer", True), ("round(n)::text", False), ("id::numeric", True)],
)
def test_functions_of_values_that_are_equal_and_not_the_same_prove_nothing_where_rows_are_grouped_by_them(
    proved: Prove, expression: str, *, is_direct: bool
) -> None:
    """1.0 and 1.00 are one group, and as texts two: tested beneath the grouping, half of the group would be missing."""
    ddl = "CREATE TABLE t (id integer, n numeric)"
    group = "id" if "id" in expression else "n"
    query = f"SELECT {expression} AS k, c FROM (SELECT {group}, count(*) AS c FROM t GROUP BY {group}) AS g"
    assert (source_of(proved(ddl, query)).slice is not None) == is_direct


def test_what_an_append_gives_is_not_known_by_the_name_of_its_first_member(proved: Prove) -> None:
    """EXPLAIN writes one.k for what also comes from two.x. For rows of two, k is not what t is read by."""
    ddl = TABLE + "; CREATE INDEX ON t (a); CREATE TABLE one (k integer); CREATE TABLE two (k integer, x integer)"
    proof = proved(
        ddl,
        "SELECT o.k, l.b FROM (SELECT k, k AS x FROM one UNION ALL SELECT k, x FROM two) AS o"
        " CROSS JOIN LATERAL (SELECT t.b FROM t WHERE t.a = o.x ORDER BY t.id LIMIT 1) AS l",
    )
    assert source_of(proof, "public.one").slice is not None
    assert source_of(proof).slice is None


def test_what_a_subquery_gives_is_no_parameter_of_ours(proved: Prove) -> None:
    """PostgreSQL 14 to 16 write $0 and $1 for the results of these."""
    ddl = TABLE + "; CREATE TABLE o (id integer PRIMARY KEY); CREATE TABLE u (n integer)"
    proof = proved(
        ddl,
        "SELECT o.id, t.b FROM o CROSS JOIN t WHERE t.id > (SELECT min(u.n) FROM u) AND t.a = (SELECT max(u.n) FROM u)",
    )
    assert source_of(proof, "public.o").slice is not None
    assert all("a" not in source.columns for source in proof.sources)


def test_a_table_read_by_two_columns_is_indirect(proved: Prove) -> None:
    query = "SELECT a AS n, b FROM t UNION ALL SELECT id, b FROM t"
    proof = proved(TABLE, query)
    assert proof.slices == (("b",),)
    assert source_of(proof).expressions == ("b",)


def test_a_column_of_a_child_alone_is_none(proved: Prove) -> None:
    """What is captured are the columns of the topmost table."""
    ddl = "CREATE TABLE t (id integer); CREATE TABLE child (k integer) INHERITS (t)"
    proof = proved(ddl, "SELECT k, count(*) AS n FROM child GROUP BY k")
    assert source_of(proof).slice is None


def test_a_table_that_the_planner_leaves_out_is_indirect(proved: Prove) -> None:
    ddl = TABLE + "; CREATE TABLE o (id integer PRIMARY KEY, t_id integer)"
    proof = proved(ddl, "SELECT o.id, o.t_id FROM o LEFT JOIN t ON t.id = o.t_id")
    assert "leaves it out" in (source_of(proof).reason or "")


def test_a_table_that_only_a_function_s_body_names_makes_all_doubtful(proved: Prove) -> None:
    """PostgreSQL puts the body of a simple function in its place; that it is immutable is not true."""
    ddl = (
        TABLE
        + """; CREATE TABLE hidden (id integer, b text); CREATE FUNCTION rows_of(integer)
        RETURNS TABLE (b text) LANGUAGE sql IMMUTABLE AS 'SELECT hidden.b FROM public.hidden WHERE hidden.id = $1'"""
    )
    proof = proved(ddl, "SELECT t.id, r.b FROM t CROSS JOIN LATERAL rows_of(t.id) AS r")
    assert source_of(proof).slice is None
    assert "a function's body" in (source_of(proof).reason or "")


def test_slices_that_move_with_time_are_none(proved: Prove) -> None:
    """An age names another slice tomorrow."""
    proof = proved(
        "CREATE TABLE t (d date, n integer)", "SELECT CURRENT_DATE - d AS age, sum(n) AS n FROM t GROUP BY 1"
    )
    assert source_of(proof).slice is None
    assert proof.moving == ("the date",)


@pytest.mark.parametrize(
    ("condition", "slides"),
    [
        ("at >= now() - interval '1 day'", ("($1 - '1 day'::interval)",)),
        ("at > CURRENT_DATE AND at < CURRENT_DATE + 1", ("$1::date", "$1::date + 1")),
        ("at BETWEEN LOCALTIMESTAMP - interval '1 h' AND LOCALTIMESTAMP", ("", "")),
        ("at = ANY (ARRAY[now(), CURRENT_TIMESTAMP])", None),
        ("at >= now() - a * interval '1 day'", None),
        ("at >= now() OR a = 1", None),
        ("(at >= now()) IS NOT TRUE", None),
        ("at >= now() - (SELECT max(a) FROM t) * interval '1 day'", None),
    ],
)
def test_only_bounds_of_columns_slide(proved: Prove, condition: str, slides: tuple[str, ...] | None) -> None:
    proof = proved(TABLE, f"SELECT id, b FROM t WHERE {condition}", key="id")
    found = source_of(proof).slides
    if slides is None:
        assert not found
        assert proof.moving or proof.obstacles
    else:
        assert len(found) == len(slides)
        assert (proof.moving, proof.obstacles) == ((), ())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, at < now() AS is_past FROM t",
        "SELECT id FROM t WHERE at < now() LIMIT extract(day FROM now())::integer",
        "SELECT t.id FROM t, (VALUES (1, now()), (2, now())) AS v (n, m) WHERE t.at < now() AND v.n = t.a",
        "SELECT id, tick(at) AS b FROM t WHERE at < now()",
    ],
)
def test_time_that_is_asked_for_elsewhere_as_well_is_no_slide(proved: Prove, query: str) -> None:
    ddl = TABLE + (
        "; CREATE FUNCTION tick(timestamptz) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER"
        " BEGIN ATOMIC SELECT $1 > now() - interval '1 day'; END"
    )
    proof = proved(ddl, query)
    assert proof.obstacles
    assert all(not source.slides for source in proof.sources)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id, random() AS r FROM t", "it uses random()"),
        ("SELECT id, hidden(id) AS r FROM t", "whose body PostgreSQL does not look into"),
        ("SELECT id, current_user::text AS r FROM t", "it uses the current user, database or schema"),
        ("SELECT id FROM t TABLESAMPLE SYSTEM (50)", "it uses TABLESAMPLE"),
        ("SELECT id FROM guarded", "which has row-level security"),
        ("SELECT relname FROM pg_class", "it reads pg_catalog.pg_class"),
        ("SELECT id FROM volatile_rows", "it reads the unlogged table public.volatile_rows"),
        ("SELECT id, clock_timestamp() AS r FROM t", "it uses clock_timestamp()"),
        ("SELECT id FROM kept", "it reads the materialized view public.kept"),
    ],
)
def test_obstacles(proved: Prove, query: str, words: str) -> None:
    ddl = (
        TABLE
        + """; CREATE TABLE guarded (id integer); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
        CREATE UNLOGGED TABLE volatile_rows (id integer); CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id;
        CREATE FUNCTION hidden(integer) RETURNS bigint LANGUAGE plpgsql STABLE
        AS 'BEGIN RETURN (SELECT count(*) FROM t WHERE a = $1); END'"""
    )
    assert any(words in obstacle for obstacle in proved(ddl, query).obstacles)


def test_it_only_reads_and_leaves_the_session_as_it_was(empty_database: Database) -> None:
    empty_database.execute(TABLE + "; CREATE VIEW v AS SELECT id, a FROM t WHERE at > now() - interval '1 day'")
    oid = empty_database.value("SELECT 'v'::regclass::oid::bigint")
    settings = "SELECT name, setting FROM pg_settings ORDER BY name"
    with empty_database.session() as session:
        before = session._connection.execute(settings).fetchall()
        with session.read_only():
            inside = prove(session, oid)
            assert session._connection.execute(settings + " --").fetchall()  # the transaction goes on
        assert prove(session, oid) == inside
        with session.transaction():
            prove(session, oid)
            assert {row["name"]: row["setting"] for row in before}["search_path"] == (
                session._connection.execute("SHOW search_path").fetchall()[0]["search_path"]
            )
        assert session._connection.execute(settings).fetchall() == before
        assert session._connection.execute("SELECT name FROM pg_prepared_statements").fetchall() == []
    assert source_of(inside).slides == (Slide("at", "$1 - '1 day'::interval", ">"),)
