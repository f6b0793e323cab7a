"""What a view depends on, found through everything that PostgreSQL lets it read through."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from refresh_task.catalog import read_views
from tests.fix_database import Database
from tests.fix_views import make_view

# Each makes something that is read instead of `base`, from `base`.
CHAINS = {
    "a view": "CREATE VIEW link AS SELECT id FROM base",
    "views on views": "CREATE VIEW first AS SELECT id FROM base; CREATE VIEW link AS SELECT id FROM first",
    "a subquery": "CREATE VIEW link AS SELECT 1 AS id WHERE EXISTS (SELECT FROM base)",
    "a common table expression": "CREATE VIEW link AS WITH b AS (SELECT id FROM base) SELECT id FROM b",
    "a view with rules": """
        CREATE TABLE sink (id integer);
        CREATE VIEW link AS SELECT id FROM base;
        CREATE RULE redirect AS ON INSERT TO link DO INSTEAD INSERT INTO sink VALUES (new.id)
    """,
    "a function with a parsed body": """
        CREATE FUNCTION rows_of_base() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC SELECT id FROM base; END;
        CREATE VIEW link AS SELECT id FROM rows_of_base() AS r (id)
    """,
    "functions that call each other": """
        CREATE FUNCTION inner_rows() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC SELECT id FROM base; END;
        CREATE FUNCTION outer_rows() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC SELECT * FROM inner_rows(); END;
        CREATE VIEW link AS SELECT id FROM outer_rows() AS r (id)
    """,
    "an operator": """
        CREATE FUNCTION is_in_base(integer, integer) RETURNS boolean LANGUAGE sql
        BEGIN ATOMIC SELECT EXISTS (SELECT FROM base WHERE base.id = $1 + $2); END;
        CREATE OPERATOR ?++ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = is_in_base);
        CREATE VIEW link AS SELECT 1 AS id WHERE 1 OPERATOR(public.?++) 2
    """,
    "an aggregate": """
        CREATE FUNCTION add_base(bigint, integer) RETURNS bigint LANGUAGE sql
        BEGIN ATOMIC SELECT $1 + $2 + (SELECT count(*) FROM base); END;
        CREATE AGGREGATE sum_with_base (integer) (SFUNC = add_base, STYPE = bigint, INITCOND = '0');
        CREATE VIEW link AS SELECT sum_with_base(n) AS id FROM generate_series(1, 3) AS n
    """,
    "a policy of row-level security": """
        CREATE TABLE link (id integer);
        ALTER TABLE link ENABLE ROW LEVEL SECURITY;
        CREATE POLICY only_base ON link USING (id IN (SELECT id FROM base))
    """,
    "an unmanaged materialized view": "CREATE MATERIALIZED VIEW link AS SELECT id FROM base",
    "a view that a partition is joined with": """
        CREATE TABLE parted (id integer) PARTITION BY LIST (id);
        CREATE TABLE part PARTITION OF parted DEFAULT;
        CREATE VIEW link AS SELECT id FROM part INNER JOIN base USING (id)
    """,
}


def _upstream(database: Database) -> dict[str, tuple[str, ...]]:
    with database.session() as session:
        return {view.name: view.upstream for view in read_views(session)}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS.keys())
def test_an_upstream_view_is_found_through(database: Database, chain: str) -> None:
    make_view(database, "base")
    database.execute(chain)
    make_view(database, "reader", query="SELECT id FROM link", key=None)
    assert _upstream(database) == {"public.base": (), "public.reader": ("public.base",)}


def test_all_that_is_upstream_is_found_not_only_what_is_read_directly(database: Database) -> None:
    make_view(database, "d")
    make_view(database, "c", query="SELECT id FROM d")
    make_view(database, "a", query="SELECT id FROM c")
    make_view(database, "b", query="SELECT c.id FROM c INNER JOIN source USING (id)")
    assert _upstream(database) == {
        "public.d": (),
        "public.c": ("public.d",),
        "public.a": ("public.c", "public.d"),
        "public.b": ("public.c", "public.d"),
    }
    assert _pairs(database, "direct_upstream_views()") == {("c", "d"), ("a", "c"), ("b", "c")}


def test_what_a_table_does_on_writing_is_not_what_it_is_made_from(database: Database) -> None:
    make_view(database, "base")
    database.execute("CREATE TABLE link (id integer); CREATE TABLE sink (id integer)")
    database.execute("CREATE RULE copy AS ON INSERT TO link DO ALSO INSERT INTO sink SELECT id FROM base")
    make_view(database, "reader", query="SELECT id FROM link", key=None)
    assert _upstream(database)["public.reader"] == ()


def test_what_a_string_body_hides_is_declared(database: Database) -> None:
    """And goes on from there, as if it had been seen; a name that nothing has is passed over."""
    make_view(database, "deep")
    make_view(database, "base", query="SELECT id FROM deep")
    database.execute("CREATE FUNCTION hidden() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.base'")
    make_view(database, "reader", query="SELECT hidden() AS id")
    make_view(database, "far", query="SELECT id FROM reader")
    assert _upstream(database)["public.far"] == ("public.reader",)
    database.execute(
        "UPDATE bi_refresh.view_policy SET depends_on = '{public.base,public.gone}' WHERE view_name = 'public.reader'"
    )
    assert _upstream(database)["public.reader"] == ("public.base", "public.deep")
    assert _upstream(database)["public.far"] == ("public.base", "public.deep", "public.reader")
    assert _order(database) == ["deep", "base", "reader", "far"]


def test_a_cycle_ends_and_shows_on_all_of_it(database: Database) -> None:
    make_view(database, "a")
    make_view(database, "b", query="SELECT id FROM a")
    make_view(database, "c", query="SELECT id FROM b")
    database.execute("UPDATE bi_refresh.view_policy SET depends_on = '{public.c}' WHERE view_name = 'public.a'")
    assert _upstream(database) == {
        "public.a": ("public.b", "public.c"),
        "public.b": ("public.a", "public.c"),
        "public.c": ("public.a", "public.b"),
    }
    assert sorted(_order(database)) == ["a", "b", "c"]


def test_disabled_views_are_looked_through_and_left_out(database: Database) -> None:
    make_view(database, "a")
    make_view(database, "b", query="SELECT id FROM a")
    make_view(database, "c", query="SELECT id FROM b")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.b'")
    assert _upstream(database) == {"public.a": (), "public.c": ("public.a",)}


def test_upstream_views_may_be_asked_for_single_readers(database: Database) -> None:
    make_view(database, "a")
    make_view(database, "b", query="SELECT id FROM a")
    make_view(database, "c", query="SELECT id FROM b")
    assert _pairs(database, "upstream_views(ARRAY['c'::regclass::oid])") == {("c", "b"), ("c", "a")}
    assert _pairs(database, "upstream_views(ARRAY['a'::regclass::oid])") == set()
    assert _pairs(database, "upstream_views('{}')") == set()
    assert _pairs(database, "direct_upstream_views(ARRAY['c'::regclass::oid])") == {("c", "b")}
    assert _pairs(database, "upstream_views()") == {("b", "a"), ("c", "b"), ("c", "a")}


def _pairs(database: Database, call: str) -> Collection[tuple[str, str]]:
    return set(database.rows(f"SELECT view_oid::regclass::text, upstream_oid::regclass::text FROM bi_refresh.{call}"))


def _order(database: Database) -> list[str]:
    return [
        row[0].removeprefix("public.") for row in database.rows("SELECT view_name FROM bi_refresh.select_views(NULL)")
    ]
