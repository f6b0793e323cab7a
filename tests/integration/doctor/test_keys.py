"""Can it be refreshed while it is read, and by which key."""

from __future__ import annotations

import pytest

from refresh_task.inspection import reading
from tests.fix_database import Database
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def shop(empty_database: Database) -> Database:
    """A table of sales: 100 of them, in 10 shops; region is NULL in every fourth."""
    empty_database.execute(
        "CREATE TABLE sales (id integer, shop integer, day date, region text, amount numeric);"
        "INSERT INTO sales SELECT n, n % 10, date '2026-01-01' + n / 10, "
        "CASE WHEN n % 4 > 0 THEN 'r' || n END, n / 7.0 FROM generate_series(0, 99) AS n"
    )
    return empty_database


def _view(database: Database, query: str, *more: str) -> None:
    database.execute(f"CREATE MATERIALIZED VIEW v AS {query}; {'; '.join(more)}")


def test_a_view_without_data_says_how_to_fill_it(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id FROM sales WITH NO DATA", "CREATE UNIQUE INDEX ON v (id)")
    found = only(diagnose(shop), "not_populated")
    assert (found["level"], found["view"]) == ("problem", "public.v")
    shop.execute(found["remedy"])
    assert "not_populated" not in codes(diagnose(shop))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT shop, sum(amount) FROM sales GROUP BY shop", "shop"),
        ('SELECT shop AS "the Shop", day, count(*) FROM sales GROUP BY day, shop', 'day, "the Shop"'),
        ('SELECT DISTINCT region AS "order", shop FROM sales WHERE region IS NOT NULL', '"order", shop'),
        ("SELECT DISTINCT ON (day) day, amount FROM sales ORDER BY day, amount", "day"),
    ],
)
def test_a_key_that_the_query_proves_is_proposed_and_works(
    shop: Database, diagnose: Diagnose, query: str, columns: str
) -> None:
    _view(shop, query)
    found = only(diagnose(shop), "no_unique_index")
    assert (found["level"], found["remedy"]) == ("problem", f"CREATE UNIQUE INDEX ON public.v ({columns});")
    assert "its query groups by it" in found["why"]
    shop.execute(found["remedy"])
    shop.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")
    assert only(diagnose(shop), "usable_key")["level"] == "ok"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT shop, count(*) FROM sales GROUP BY ROLLUP (shop)",
        "SELECT shop, generate_series(1, 2) AS n FROM sales GROUP BY shop",
        "SELECT count(*) FROM sales GROUP BY shop",
        "SELECT shop FROM sales GROUP BY shop UNION ALL SELECT shop FROM sales GROUP BY shop",
        "SELECT n.shop FROM (SELECT shop FROM sales GROUP BY shop) AS n, sales",
    ],
)
def test_grouping_that_proves_no_key_is_not_taken_for_proof(shop: Database, diagnose: Diagnose, query: str) -> None:
    _view(shop, query)
    assert "its query groups by it" not in only(diagnose(shop), "no_unique_index")["why"]


def test_a_column_that_was_never_the_same_is_proposed(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT region, amount, id FROM sales", "ANALYZE v")
    found = only(diagnose(shop), "no_unique_index")
    assert found["remedy"] == "CREATE UNIQUE INDEX ON public.v (amount);"
    assert "when it was last analyzed" in found["why"]


def test_several_columns_are_proposed_as_a_guess(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT region, day, shop FROM sales", "ANALYZE v")
    found = only(diagnose(shop), "no_unique_index")
    assert found["remedy"] == "CREATE UNIQUE INDEX ON public.v (day, shop);"
    assert "a guess" in found["why"]


def test_a_column_that_no_index_can_order_is_not_proposed(shop: Database, diagnose: Diagnose) -> None:
    _view(
        shop,
        "SELECT point(id, id) AS place, id::float8 AS measure, json_build_array(id) AS j, id FROM sales",
        "ANALYZE v",
    )
    assert only(diagnose(shop), "no_unique_index")["remedy"] == "CREATE UNIQUE INDEX ON public.v (id);"


def test_nothing_is_proposed_where_nothing_is_known(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT region, day FROM sales")
    found = only(diagnose(shop), "no_unique_index")
    assert (
        found["remedy"] == "CREATE UNIQUE INDEX ON public.v (<the columns that identify a row, out of: region, day>);"
    )
    assert "ANALYZE public.v" in found["why"]


@pytest.mark.parametrize(
    ("index", "why"), [("(id) WHERE id > 1", "has a WHERE clause"), ("((id + 1))", "is on an expression")]
)
def test_an_index_that_does_not_count_is_named_with_the_reason(
    shop: Database, diagnose: Diagnose, index: str, why: str
) -> None:
    _view(shop, "SELECT id FROM sales", f"CREATE UNIQUE INDEX v_other ON v {index}")
    assert (
        only(diagnose(shop), "no_unique_index")["what"] == f"It has no unique index that counts: public.v_other {why}."
    )


def test_an_index_whose_creation_failed_is_named(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT shop, id FROM sales", "CREATE UNIQUE INDEX v_id ON v (id)")
    with pytest.raises(Exception, match="could not create unique index"):
        shop.execute("CREATE UNIQUE INDEX CONCURRENTLY v_shop ON v (shop)")
    report = diagnose(shop)
    assert "public.v_shop is invalid" in only(report, "invalid_index")["what"]
    assert only(report, "usable_key")["what"].endswith("public.v_id.")


def test_further_unique_indexes_are_advised_against(shop: Database, diagnose: Diagnose) -> None:
    _view(
        shop,
        "SELECT id, shop FROM sales",
        "CREATE UNIQUE INDEX v_1 ON v (id)",
        "CREATE UNIQUE INDEX v_2 ON v (id, shop)",
    )
    found = only(diagnose(shop), "extra_unique_index")
    assert (found["level"], found["remedy"].startswith("DROP INDEX public.v_2;")) == ("advice", True)


def test_nulls_in_the_key_are_counted_where_the_view_was_never_analyzed(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id, region FROM sales", "CREATE UNIQUE INDEX ON v (region, id)")
    found = only(diagnose(shop), "null_keys")
    assert found["what"] == "NULL stands in its key (region, id) in 25 of 100 rows."
    assert "coalesce(region, …)" in found["remedy"]


def test_nulls_in_the_key_are_known_by_the_statistics(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id, region FROM sales", "CREATE UNIQUE INDEX ON v (region, id)", "ANALYZE v")
    assert only(diagnose(shop), "null_keys")["what"] == "NULL stands in its key (region) in about 25 rows."


def test_what_is_said_of_nulls_is_so(shop: Database, diagnose: Diagnose) -> None:
    """A refresh with nothing changed rewrites exactly the rows that were counted."""
    _view(shop, "SELECT id, region FROM sales", "CREATE UNIQUE INDEX ON v (region, id)")
    assert " 25 of 100 rows" in only(diagnose(shop), "null_keys")["what"]
    with shop.connect() as connection, connection.transaction():
        connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")
        assert connection.execute("SELECT pg_stat_get_xact_tuples_inserted('v'::regclass)").fetchone() == (25,)


def test_counting_runs_nobodys_code(shop: Database, diagnose: Diagnose) -> None:
    """Planning a query folds the expressions of the relation's indexes: the view's owner could have whoever runs doctor
    call a function that way. Such a view's NULLs are not counted."""
    trap = "CREATE OR REPLACE FUNCTION trap(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    shop.execute(trap.format("RETURN n;"))
    _view(
        shop,
        "SELECT id, region FROM sales",
        "CREATE UNIQUE INDEX ON v (region, id)",
        "CREATE INDEX ON v ((trap(1)))",
    )
    shop.execute(trap.format("RAISE EXCEPTION 'the trap was called';"))
    with pytest.raises(Exception, match="the trap was called"):
        shop.execute("SELECT count(*) FROM v WHERE region IS NULL")
    assert "null_keys" not in codes(diagnose(shop))
    shop.execute(trap.format("RETURN n;"))
    assert "null_keys" not in codes(diagnose(shop))  # not tried at all


def test_a_view_that_is_fine_has_nothing_but_good_news(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT shop, sum(amount) FROM sales GROUP BY shop", "CREATE UNIQUE INDEX ON v (shop)", "ANALYZE v")
    report = diagnose(shop)
    assert codes(report, of="public.v") == set()
    assert report["views"] == [{"view": "public.v", "level": "ok"}]
    assert report["problems"] == 0


def test_of_a_large_view_that_was_never_analyzed_the_first_rows_are_looked_at(
    shop: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COUNTED_ROWS", 8)
    _view(shop, "SELECT id, region FROM sales", "CREATE UNIQUE INDEX ON v (region, id)")
    assert only(diagnose(shop), "null_keys")["what"] == "NULL stands in its key (region, id) in 2 of 8 rows."


def test_counting_waits_for_nobody(shop: Database, diagnose: Diagnose) -> None:
    """A refresh that blocks readers is under way."""
    _view(shop, "SELECT id, region FROM sales", "CREATE UNIQUE INDEX ON v (region, id)")
    with shop.connect(autocommit=False) as other:
        other.execute("REFRESH MATERIALIZED VIEW v")
        assert "null_keys" not in codes(diagnose(shop))
    assert "null_keys" in codes(diagnose(shop))
