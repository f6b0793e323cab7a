"""Splitting a definition's text into stages: what is cut out, what reads it instead, what is refused, and why."""

from __future__ import annotations

import re

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.stages import OrdinaryView, Split, possible_stages, split


def _split(query: str, *names: str, views: dict[tuple[str, str], OrdinaryView] | None = None) -> Split:
    return split(query, names, subject="public.v", views=views)


def _sql(text: str) -> str:
    """One line, so that layout does not matter."""
    return re.sub(r"\s+", " ", text).strip()


def _output(chain: Split) -> str:
    return _sql(chain.output.render("t_{}".format))


def _stage(chain: Split, name: str) -> str:
    (stage,) = (stage for stage in chain.stages if stage.name == name)
    return _sql(stage.query.render("t_{}".format))


def test_a_stage_leaves_its_place_in_the_list_to_its_table() -> None:
    """What read the WITH query reads the table, by the same name."""
    chain = _split("WITH a AS (SELECT k, count(*) AS n FROM s.t GROUP BY k) SELECT a.k, a.n FROM a;", "a")
    assert _output(chain) == 'WITH "a" AS NOT MATERIALIZED (SELECT "k", "n" FROM t_a) SELECT a.k, a.n FROM a'
    assert _stage(chain, "a") == 'WITH a AS ( SELECT k, count(*) AS n FROM s.t GROUP BY k ) SELECT "k", "n" FROM "a"'


def test_what_only_stages_read_is_left_out_of_the_output() -> None:
    """Otherwise the output would still depend on the tables that its stages read."""
    chain = _split(
        "WITH raw AS (SELECT k, x FROM s.t), a AS (SELECT k, sum(x) AS x FROM raw GROUP BY k),"
        " other AS (SELECT 1 AS one) SELECT a.k FROM a",
        "a",
    )
    assert "raw" not in _output(chain)
    assert "other" not in _output(chain)  # nobody reads it
    assert "raw AS (SELECT k, x FROM s.t)" in _stage(chain, "a")


def test_stages_read_earlier_stages_by_their_tables() -> None:
    """And bring nothing of what those were made from."""
    chain = _split(
        "WITH a AS (SELECT k, d, sum(x) AS x FROM s.t GROUP BY k, d), b AS (SELECT k, max(x) AS x FROM a GROUP BY k)"
        " SELECT b.k, a.x FROM a JOIN b USING (k)",
        "b", "a",
    )  # fmt: skip
    assert [stage.name for stage in chain.stages] == ["a", "b"]
    assert "s.t" not in _stage(chain, "b")
    assert "FROM t_a" in _stage(chain, "b")
    assert chain.output.stages == ("a", "b")


def test_a_with_query_that_several_read_is_theirs_each() -> None:
    """A stage's query has it, and so has the output."""
    chain = _split(
        "WITH w AS (SELECT current_date AS today), a AS (SELECT k FROM s.t, w GROUP BY k)"
        " SELECT a.k, w.today FROM a, w",
        "a",
    )
    assert "current_date" in _stage(chain, "a")
    assert "current_date" in _output(chain)


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("a AS MATERIALIZED", ("k", "n")),
        ("a AS NOT MATERIALIZED", ("k", "n")),
        ("a(x, y) AS", ("x", "y")),
        ("a(x) AS MATERIALIZED", ("x", "n")),
    ],
)
def test_column_names_of_the_list_are_kept_and_MATERIALIZED_is_not(head: str, columns: tuple[str, ...]) -> None:  # noqa: N802
    """A table has the names that readers know; whether a WITH query is copied is no question any more."""
    chain = _split(f"WITH {head} (SELECT k, count(*) AS n FROM s.t GROUP BY k) SELECT 1 AS one FROM a", "a")
    (stage,) = chain.stages
    assert stage.columns == columns
    assert stage.key == columns[:1]
    assert " MATERIALIZED" not in _stage(chain, "a")


def test_names_are_quoted() -> None:
    """Whatever is in them: also beyond ASCII, where positions count bytes."""
    chain = _split(
        """WITH "Año ""x"" AS (" AS (SELECT 'é(' AS "SELECT", count(*) AS "Ñ" FROM "s"."t" GROUP BY 'é('),"""
        """ z AS (SELECT "Ñ" FROM "Año ""x"" AS (") SELECT z."Ñ" FROM z""",
        'Año "x" AS (',
    )
    assert chain.stages[0].columns == ("SELECT", "Ñ")
    assert '"Año ""x"" AS (" AS NOT MATERIALIZED (SELECT "SELECT", "Ñ" FROM t_' in _output(chain)


def test_a_with_query_that_has_a_tables_name_is_not_the_table() -> None:
    """PostgreSQL writes tables with their schemas."""
    chain = _split(
        "WITH t AS (SELECT k, count(*) AS n FROM public.t GROUP BY k) SELECT t.k, o.x FROM t JOIN public.t o USING (k)",
        "t",
    )
    assert _output(chain).count("public.t") == 1
    assert chain.output.stages == ("t",)


def test_an_inner_with_list_hides_a_stage_of_the_same_name() -> None:
    """There the name means the inner one, so nothing reads the stage."""
    query = "WITH a AS (SELECT k FROM s.t GROUP BY k) SELECT q.k FROM (WITH a AS (SELECT 1 AS k) SELECT a.k FROM a) q"
    with pytest.raises(ConfigurationError, match="nothing reads the stage 'a'"):
        _split(query, "a")
    seen = query.replace("WITH a AS (SELECT 1 AS k)", "WITH a AS (SELECT a.k FROM a)")
    assert _split(seen, "a").output.stages == ("a",)


def test_a_side_of_a_union_has_a_with_list_of_its_own() -> None:
    """What it names there is its own, on this side alone; what it reads there may be a stage."""
    first = "WITH a AS (SELECT k FROM s.t GROUP BY k) "
    hiding = "(WITH a AS (SELECT 1 AS k) SELECT a.k FROM a)"
    with pytest.raises(ConfigurationError, match="nothing reads the stage 'a'"):
        _split(f"{first}SELECT o.k FROM s.o UNION ALL {hiding}", "a")
    for query in (
        f"{first}SELECT a.k FROM a UNION ALL {hiding}",
        f"{first}{hiding} UNION ALL SELECT a.k FROM a",
        f"{first}SELECT o.k FROM s.o UNION ALL (WITH b AS (SELECT a.k FROM a) SELECT b.k FROM b)",
    ):
        chain = _split(query, "a")
        assert chain.output.stages == ("a",)
        assert _output(chain) == 'WITH "a" AS NOT MATERIALIZED (SELECT "k" FROM t_a) ' + query.removeprefix(first)


def test_a_list_within_a_side_is_not_the_query_s_own() -> None:
    """Its queries are no stages: the other side could not read their tables."""
    query = "(WITH a AS (SELECT k FROM s.t GROUP BY k) SELECT a.k FROM a) UNION ALL SELECT o.k FROM s.o"
    with pytest.raises(ConfigurationError, match="is no WITH query of its definition"):
        _split(query, "a")
    assert possible_stages(query, subject="public.v") == ()


def test_stages_are_read_from_subqueries_of_every_kind() -> None:
    """In FROM, in expressions, in other WITH queries and in both arms of a UNION."""
    for reader in (
        "SELECT q.k FROM (SELECT a.k FROM a) q",
        "SELECT (SELECT max(a.k) FROM a) AS k",
        "SELECT 1 AS k WHERE EXISTS (SELECT 1 FROM a)",
        "SELECT o.k FROM s.o o LEFT JOIN LATERAL (SELECT a.k FROM a WHERE a.k = o.k) x ON true",
        "SELECT 1 AS k UNION ALL SELECT a.k FROM a",
    ):
        chain = _split(f"WITH a AS (SELECT k FROM s.t GROUP BY k) {reader}", "a")
        assert chain.output.stages == ("a",)
        assert _output(chain).endswith(reader)


def test_a_with_list_within_a_stage_stays_in_it() -> None:
    """A stage's query may have a list of its own."""
    chain = _split("WITH a AS (WITH b AS (SELECT k FROM s.t) SELECT b.k FROM b GROUP BY b.k) SELECT a.k FROM a", "a")
    assert "( WITH b AS (SELECT k FROM s.t) SELECT b.k FROM b GROUP BY b.k )" in _stage(chain, "a")


def test_in_a_recursive_list_what_a_stage_reads_may_come_after_it() -> None:
    """The order of the stages is that in which they are made."""
    chain = _split(
        "WITH RECURSIVE b AS (SELECT k FROM a), a AS (SELECT k FROM s.t GROUP BY k),"
        " r AS (SELECT 1 AS n UNION ALL SELECT r.n + 1 FROM r WHERE r.n < 3)"
        " SEARCH DEPTH FIRST BY n SET o SELECT b.k, r.n FROM b, r",
        "b", "a",
    )  # fmt: skip
    assert [stage.name for stage in chain.stages] == ["a", "b"]
    assert "SEARCH DEPTH FIRST BY n SET o" in _output(chain)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("SELECT k, d, count(*) AS n FROM s.t GROUP BY k, d", ("k", "d")),
        ("SELECT count(*) AS n, lower(k) AS k FROM s.t GROUP BY lower(k)", ("k",)),
        ("SELECT count(*) AS n, k FROM s.t GROUP BY 2", ("k",)),
        ("SELECT count(*) AS n FROM s.t GROUP BY k", None),  # not in the result
        ("SELECT count(*) AS n, k FROM s.t GROUP BY ROLLUP (k)", None),
        ("SELECT count(*) AS n FROM s.t", None),
        ("SELECT k, n FROM s.t", None),
        ("SELECT DISTINCT ON (k) k, n FROM s.t ORDER BY k, n", ("k",)),
        ("SELECT DISTINCT k, n FROM s.t", ("k", "n")),
        ("SELECT k, n FROM s.t UNION SELECT k, n FROM s.o", ("k", "n")),
        ("SELECT k, n FROM s.t UNION ALL SELECT k, n FROM s.o", None),
        ("VALUES (1, 2), (3, 4)", None),
    ],
)
def test_a_stage_is_told_apart_by_what_it_groups_by(body: str, key: tuple[str, ...] | None) -> None:
    """Or is distinct on."""
    (stage,) = _split(f"WITH a AS ({body}) SELECT 1 AS one FROM a", "a").stages
    assert stage.key == key


def test_the_with_queries_of_the_view_beneath_are_meant() -> None:
    """Where a definition selects from an ordinary view, that view's query takes the place of its name."""
    views = {
        ("s", "v"): OrdinaryView(7, "SELECT w.k, w.n FROM s.w;"),
        ("s", "w"): OrdinaryView(8, "WITH a AS (SELECT k, count(*) AS n FROM s.t GROUP BY k) SELECT a.k, a.n FROM a;"),
        ("s", "o"): OrdinaryView(9, "SELECT 1 AS one;"),
    }
    query = "SELECT v.k, x.n FROM s.v JOIN s.w AS x USING (k) ORDER BY v.k"
    # two views: none of them is the one that is meant
    with pytest.raises(ConfigurationError, match="leave `stages` out"):
        _split(query, "a", views=views)
    chain = _split("SELECT v.k, v.n FROM s.v ORDER BY v.k;", "a", views=views)
    assert chain.expanded == (7, 8)
    assert _output(chain) == (
        'SELECT v.k, v.n FROM ( SELECT w.k, w.n FROM ( WITH "a" AS NOT MATERIALIZED (SELECT "k", "n" FROM t_a)'
        ' SELECT a.k, a.n FROM a ) "w" ) "v" ORDER BY v.k'
    )
    aliased = _split("SELECT x.k FROM s.w x", "a", views=views)
    assert _output(aliased).endswith("a.n FROM a ) x")
    assert aliased.expanded == (8,)
    assert possible_stages("SELECT v.k FROM s.v", subject="public.v", views=views) == ("a",)


def test_a_view_beneath_is_left_alone_where_nothing_of_it_is_a_stage() -> None:
    """A definition goes on reading it."""
    views = {("s", "v"): OrdinaryView(7, "WITH b AS (SELECT 1 AS k) SELECT b.k FROM b")}
    chain = _split("WITH a AS (SELECT k FROM s.t GROUP BY k) SELECT a.k FROM a JOIN s.v USING (k)", "a", views=views)
    assert chain.expanded == ()
    assert "s.v" in _output(chain)


@pytest.mark.parametrize(
    ("query", "names", "message"),
    [
        ("WITH b AS (SELECT 1 AS k), c AS (SELECT 2 AS k) SELECT b.k FROM b, c", ["a"], "Name some of these: b, c."),
        ("SELECT t.k FROM s.t", ["a"], "It has no WITH queries"),
        ("WITH a AS (SELECT 1 AS k) SELECT a.k FROM a", ["a", "a"], "named twice"),
        (
            "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT a.n + 1 FROM a WHERE a.n < 5) SELECT a.n FROM a",
            ["a"],
            "it is recursive",
        ),
        ("WITH a AS (SELECT t.k, o.k FROM s.t, s.o) SELECT 1 AS one FROM a", ["a"], "two of its columns are named 'k'"),
        ("WITH a AS (SELECT k + 1 FROM s.t) SELECT 1 AS one FROM a", ["a"], "not all of its columns have names"),
        ("WITH a AS (SELECT 1 AS k), b AS (SELECT 2 AS k) SELECT a.k FROM a", ["b"], "nothing reads the stage 'b'"),
        ("WITH a AS (SELECT", ["a"], "cannot be read"),
        ("SELECT 1 AS one; SELECT 2 AS two", ["a"], "no single SELECT"),
        ("UPDATE s.t SET k = 1", ["a"], "no single SELECT"),
    ],
)
def test_what_cannot_be_a_stage_is_refused(query: str, names: list[str], message: str) -> None:
    """With the reason, and what to do."""
    with pytest.raises(ConfigurationError, match=re.escape(message)) as raised:
        _split(query, *names)
    assert raised.value.subject == "public.v"


def test_a_name_that_two_queries_have_is_refused() -> None:
    """Which of them is meant is not guessed."""
    views = {("s", "v"): OrdinaryView(7, "WITH a AS (SELECT 1 AS k) SELECT a.k FROM a")}
    with pytest.raises(ConfigurationError, match="Rename one of the two"):
        _split("WITH a AS (SELECT 2 AS k) SELECT v.k FROM s.v, a", "a", views=views)
