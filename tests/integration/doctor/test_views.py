"""Cycles, room on disk, dead rows, and what stands in the way of refreshing in part."""

from __future__ import annotations

import pytest

from refresh_task.inspection import storage
from tests.fix_database import Database
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def shop(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE sales (id integer, shop integer, amount numeric);"
        "INSERT INTO sales SELECT n, n % 10, n FROM generate_series(1, 1000) AS n"
    )
    return empty_database


def _view(database: Database, query: str, *, name: str = "v") -> None:
    database.execute(f"CREATE MATERIALIZED VIEW {name} AS {query}; CREATE UNIQUE INDEX ON {name} (id)")


def test_a_cycle_is_named_with_all_its_views(shop: Database, diagnose: Diagnose) -> None:
    """Views cannot read each other in a circle, but functions with a parsed body can be replaced so that they do."""
    shop.execute("CREATE FUNCTION f() RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT 1; END")
    _view(shop, "SELECT f() AS id", name="a")
    _view(shop, "SELECT id FROM a", name="b")
    assert "cycle" not in codes(diagnose(shop))
    shop.execute(
        "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(id) FROM b; END"
    )
    found = only(diagnose(shop), "cycle")
    assert (found["level"], found["what"]) == ("problem", "It reads itself: public.a → public.b → public.a.")


def test_a_cycle_that_was_declared_is_one_too(database: Database, diagnose: Diagnose) -> None:
    _view(database, "SELECT 1 AS id", name="a")
    _view(database, "SELECT id FROM a", name="b")
    database.manage("public.a", "public.b")
    database.execute("UPDATE bi_refresh.view_policy SET depends_on = '{public.b}' WHERE view_name = 'public.a'")
    assert only(diagnose(database), "cycle")["what"] == "It reads itself: public.a → public.b → public.a."


def test_a_large_view_needs_room_beside_it(shop: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    _view(shop, "SELECT id, shop FROM sales")
    shop.execute("VACUUM ANALYZE v")
    assert "large_view" not in codes(diagnose(shop))
    monkeypatch.setattr(storage, "LARGE_BYTES", 8_192)
    found = only(diagnose(shop), "large_view")
    assert found["what"].startswith("It takes ")
    assert found["what"].endswith(" kB.")


def test_disabled_autovacuum_is_noticed(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id FROM sales")
    shop.execute("ALTER MATERIALIZED VIEW v SET (autovacuum_enabled = off)")
    found = only(diagnose(shop), "autovacuum_disabled")
    shop.execute(found["remedy"])
    assert "autovacuum_disabled" not in codes(diagnose(shop))


def test_dead_rows_are_counted(shop: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "FEW_DEAD_ROWS", 500)
    _view(shop, "SELECT id, amount FROM sales")
    shop.execute("ALTER MATERIALIZED VIEW v SET (autovacuum_enabled = off)")
    assert "dead_rows" not in codes(diagnose(shop))
    shop.execute("UPDATE sales SET amount = amount + 1; REFRESH MATERIALIZED VIEW CONCURRENTLY v")
    shop.wait_for("SELECT true FROM pg_stat_all_tables WHERE relid = 'v'::regclass AND n_dead_tup >= 1000")
    found = only(diagnose(shop), "dead_rows")
    assert found["what"].startswith("1,000 dead rows stand beside ")
    shop.execute(found["remedy"])
    shop.wait_for("SELECT true FROM pg_stat_all_tables WHERE relid = 'v'::regclass AND n_dead_tup < 500")
    assert "dead_rows" not in codes(diagnose(shop))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id FROM sales ORDER BY id LIMIT 10", "LIMIT or OFFSET"),
        ("SELECT shop AS id, sum(amount) FROM sales GROUP BY ROLLUP (shop)", "GROUPING SETS, ROLLUP or CUBE"),
        ("SELECT id, rank() OVER (ORDER BY amount) FROM sales", "a window over all rows"),
        (
            "WITH RECURSIVE n (id) AS (SELECT 1 UNION SELECT id + 1 FROM n WHERE id < 3) SELECT id FROM n",
            "WITH RECURSIVE",
        ),
        ("WITH s AS (SELECT id FROM sales) SELECT a.id FROM s AS a JOIN s AS b USING (id)", "a WITH query"),
        ("SELECT id, random() AS r FROM sales", "a volatile function"),
    ],
)
def test_why_it_could_not_be_refreshed_in_part(shop: Database, diagnose: Diagnose, query: str, words: str) -> None:
    _view(shop, query)
    assert f": {words}" in only(diagnose(shop), "not_incremental")["what"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT shop AS id, sum(amount) FROM sales GROUP BY shop",
        "SELECT id, (SELECT max(o.id) FROM sales AS o WHERE o.shop = s.shop) FROM sales AS s",
        "SELECT DISTINCT ON (id) id, shop FROM sales ORDER BY id, shop",
        "SELECT id, rank() OVER (PARTITION BY shop ORDER BY amount) FROM sales",
        "WITH s AS NOT MATERIALIZED (SELECT id FROM sales) SELECT a.id FROM s AS a JOIN s AS b USING (id)",
        "SELECT id FROM sales WHERE EXISTS (SELECT FROM sales AS o WHERE o.id = 1)",
        "SELECT id, ':limitCount {' AS text FROM sales",
    ],
)
def test_nothing_is_said_of_a_query_that_could(shop: Database, diagnose: Diagnose, query: str) -> None:
    _view(shop, query)
    assert "not_incremental" not in codes(diagnose(shop))


def test_an_ordinary_view_between_is_named(shop: Database, diagnose: Diagnose) -> None:
    shop.execute("CREATE VIEW top AS SELECT id FROM sales ORDER BY amount DESC LIMIT 10")
    _view(shop, "SELECT id FROM top")
    assert "(in public.top)" in only(diagnose(shop), "not_incremental")["what"]


def test_without_a_key_whole_slices_are_replaced(shop: Database, diagnose: Diagnose) -> None:
    """Which is said where something stands in the way besides."""
    shop.execute("CREATE MATERIALIZED VIEW v AS SELECT shop FROM sales")
    assert "not_incremental" not in codes(diagnose(shop))
    shop.execute("CREATE MATERIALIZED VIEW w AS SELECT shop FROM sales LIMIT 10")
    assert "Nor has it a key" in only(diagnose(shop), "not_incremental")["why"]
