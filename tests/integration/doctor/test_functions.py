"""Functions of somebody's own: what they hide, and what a safe search_path hides from them."""

from __future__ import annotations

import tomllib

import pytest

from tests.fix_database import Database
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def shop(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE SCHEMA shop; CREATE TABLE shop.prices (id integer, price numeric);"
        "INSERT INTO shop.prices VALUES (1, 2);"
        "CREATE MATERIALIZED VIEW shop.totals AS SELECT id FROM shop.prices; CREATE UNIQUE INDEX ON shop.totals (id);"
        "CREATE FUNCTION shop.vat() RETURNS numeric IMMUTABLE LANGUAGE sql AS $$ SELECT 0.16 $$"
    )
    return empty_database


def _view_that_calls(database: Database, body: str, *, language: str = "sql") -> None:
    """The body comes last: from PostgreSQL 17 on, creating the view runs it with a safe search_path."""
    latest = "FUNCTION shop.latest() RETURNS numeric STABLE LANGUAGE"
    database.execute(
        f"CREATE {latest} sql AS 'SELECT 1.0';"
        "CREATE MATERIALIZED VIEW shop.v AS SELECT 1 AS id, shop.latest() AS latest;"
        "CREATE UNIQUE INDEX ON shop.v (id); SET search_path = shop, public;"
        f"CREATE OR REPLACE {latest} {language} AS $$ {body} $$"
    )


@pytest.mark.parametrize(
    ("body", "language", "names"),
    [
        ("SELECT price FROM prices LIMIT 1", "sql", "prices (of schema shop)"),
        ("SELECT max(p.price) FROM shop.totals JOIN Prices p USING (id)", "sql", "prices (of schema shop)"),
        ("SELECT vat() * 2", "sql", "vat (of schema shop)"),
        ("BEGIN RETURN (SELECT price * vat() FROM prices LIMIT 1); END", "plpgsql", "prices (of schema shop), vat"),
    ],
)
def test_a_name_that_a_safe_search_path_does_not_find_is_a_problem(
    shop: Database, diagnose: Diagnose, body: str, language: str, names: str
) -> None:
    """And so it is, with the search_path that every refresh of ours has, until the remedy is applied."""
    _view_that_calls(shop, body, language=language)
    found = only(diagnose(shop), "unsafe_search_path")
    assert found["what"].startswith(f"shop.latest() seems to use {names}")
    assert (found["level"], found["view"]) == ("problem", "shop.v")

    refresh = "SET search_path = pg_catalog, pg_temp; REFRESH MATERIALIZED VIEW shop.v"
    with pytest.raises(Exception, match="does not exist"):
        shop.execute(refresh)
    shop.execute(found["remedy"])
    shop.execute(refresh)
    assert "unsafe_search_path" not in codes(diagnose(shop))


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("SELECT shop.prices.price FROM shop.prices -- FROM prices\n LIMIT 1", "sql"),
        ("WITH prices AS (SELECT 3.0 AS price) SELECT max(price) FROM prices /* JOIN prices */", "sql"),
        ("SELECT length('FROM prices') * 1.0", "sql"),
        (
            "DECLARE prices numeric; BEGIN SELECT p.price INTO prices FROM shop.prices AS p; RETURN prices; END",
            "plpgsql",
        ),
    ],
)
def test_names_that_need_no_schema_are_no_problem(shop: Database, diagnose: Diagnose, body: str, language: str) -> None:
    _view_that_calls(shop, body, language=language)
    assert "unsafe_search_path" not in codes(diagnose(shop))
    shop.execute("SET search_path = pg_catalog, pg_temp; REFRESH MATERIALIZED VIEW shop.v")


def test_a_string_body_hides_what_it_reads(shop: Database, diagnose: Diagnose) -> None:
    _view_that_calls(shop, "SELECT max(id) * 1.0 FROM shop.totals")
    found = only(diagnose(shop), "hidden_dependencies")
    assert found["what"] == "It calls shop.latest(), whose body PostgreSQL does not look into."
    assert 'depends_on = ["shop.totals"]' in found["remedy"]


_EITHER = ["other.totals", "shop.totals"]


@pytest.mark.parametrize(
    ("body", "views"),
    [
        ("SELECT 1.0 + length('totals, select')", []),
        ("SELECT (SELECT max(price) FROM shop.prices AS totals WHERE id IN (1, totals.id))", []),
        ("SELECT 1.0 -- FROM totals", []),
        ("SELECT max(id) * 1.0 FROM Totals", _EITHER),
        ("SELECT max(id) * 1.0 FROM other.totals", ["other.totals"]),
        ('SELECT max(t.id) * 1.0 FROM shop.prices AS p, SHOP . "totals" t', ["shop.totals"]),
        ("SELECT max(id) * 1.0 FROM (shop.prices JOIN shop.totals USING (id))", ["shop.totals"]),
        ('SELECT max(id) * 1.0 FROM shop.prices LEFT JOIN other."select" USING (id)', ['other."select"']),
        ("BEGIN EXECUTE 'SELECT max(id) FROM shop.totals'; RETURN 1; END", ["shop.totals"]),
    ],
)
def test_only_what_is_read_by_its_name_is_proposed(
    shop: Database, diagnose: Diagnose, body: str, views: list[str]
) -> None:
    """With its schema or, where that is not said, in any: never each view whose name happens to be a word of SQL."""
    shop.execute(
        'CREATE SCHEMA other; CREATE MATERIALIZED VIEW other."select" AS SELECT 1 AS id;'
        "CREATE MATERIALIZED VIEW other.totals AS SELECT 1 AS id"
    )
    _view_that_calls(shop, body, language="plpgsql" if body.startswith("BEGIN") else "sql")
    remedy = only(diagnose(shop, "shop.v"), "hidden_dependencies")["remedy"]
    line = tomllib.loads(remedy.partition("views.toml, ")[2].partition("; or ")[0])
    assert line == {"depends_on": views or ["schema.view"]}


def test_through_an_ordinary_view_and_an_aggregate_too(shop: Database, diagnose: Diagnose) -> None:
    shop.execute(
        "CREATE FUNCTION shop.add(numeric, numeric) RETURNS numeric STABLE LANGUAGE sql AS 'SELECT $1 + $2';"
        "CREATE AGGREGATE shop.total(numeric) (SFUNC = shop.add, STYPE = numeric, INITCOND = '0');"
        "CREATE VIEW shop.summed AS SELECT shop.total(price) AS total FROM shop.prices;"
        "CREATE MATERIALIZED VIEW shop.v AS SELECT 1 AS id, total FROM shop.summed; CREATE UNIQUE INDEX ON shop.v (id)"
    )
    assert "shop.add(numeric,numeric)" in only(diagnose(shop), "hidden_dependencies")["what"]


def test_neither_an_immutable_function_nor_a_parsed_body_hides_anything(shop: Database, diagnose: Diagnose) -> None:
    shop.execute(
        "CREATE FUNCTION shop.parsed() RETURNS numeric STABLE LANGUAGE sql "
        "BEGIN ATOMIC SELECT max(price) FROM shop.prices; END;"
        "CREATE MATERIALIZED VIEW shop.v AS SELECT 1 AS id, shop.parsed() AS p, shop.vat() AS vat;"
        "CREATE UNIQUE INDEX ON shop.v (id)"
    )
    assert codes(diagnose(shop), of="shop.v") == set()
