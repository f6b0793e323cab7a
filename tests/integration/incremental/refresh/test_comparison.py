"""Present rows beside those computed anew: found without reading what nothing touches, and compared as stored."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

# A type, and two values of it that are equal and not alike.
_EQUAL = (
    ("numeric", "1.0", "1.00"),
    ("float8", "0", "-0"),
    ("interval", "1 day", "24:00"),
    ("bpchar", "a", "a "),
    ("jsonb", '{"n": 1.0}', '{"n": 1.00}'),
    ("numeric[]", "{1.0}", "{1.00}"),
    ("exact", "1.0", "1.00"),
    ("text COLLATE one_letter", "a", "A"),
)


@pytest.fixture
def many(database: Database) -> KeptView:
    """4,000 slices of a row each."""
    database.execute(
        "CREATE TABLE source (id integer PRIMARY KEY, n integer);"
        "INSERT INTO source SELECT n, n FROM generate_series(1, 4000) AS n; ANALYZE source"
    )
    return keep(database, "kept", Kept("SELECT id, n FROM source", (Reads("source", ("id",)),)))


@pytest.mark.parametrize(("type", "one", "other"), _EQUAL)
def test_equal_values_that_are_not_alike_are_written(database: Database, type: str, one: str, other: str) -> None:  # noqa: A002  PostgreSQL's word
    database.execute("CREATE DOMAIN exact AS numeric")
    try:
        database.execute(
            "CREATE COLLATION one_letter (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        if "one_letter" in type:
            pytest.skip("this server was built without ICU")
    database.execute(f"CREATE TABLE source (id integer PRIMARY KEY, n integer, value {type})")
    database.execute("INSERT INTO source VALUES (1, 1, %s), (2, 2, %s)", one, one)
    view = keep(database, "kept", Kept("SELECT id, n, value FROM source", (Reads("source", ("id",)),)))
    for mode, value in ((None, other), ("full", one)):
        database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = %s", mode)
        database.execute("UPDATE source SET value = %s WHERE id = 1", value)
        assert database.value("SELECT every(a.value = b.value) FROM source AS a, kept AS b WHERE a.id = b.id")
        entry = view.refresh()
        assert (entry["rows_inserted"], entry["rows_deleted"]) == (1, 1)
        assert view.is_equal()


def test_columns_that_are_alike_when_equal_are_compared_by_themselves(database: Database) -> None:
    database.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
    database.execute("CREATE TABLE line (a integer, b numeric, c text, d mood, e date, f json, g float4)")
    condition = database.value("SELECT bi_refresh.images_differ('line'::regclass, 'p', 'q')")
    assert condition == (
        "p.c1 IS DISTINCT FROM q.c1 OR p.c3 IS DISTINCT FROM q.c3 OR p.c4 IS DISTINCT FROM q.c4 OR "
        "p.c5 IS DISTINCT FROM q.c5 OR "
        "pg_catalog.record_image_ne(ROW(p.c2, p.c6, p.c7), ROW(q.c2, q.c6, q.c7))"
    )
    database.execute("CREATE TABLE plain (a integer)")
    assert (
        database.value("SELECT bi_refresh.images_differ('plain'::regclass, 'p', 'q')") == "p.c1 IS DISTINCT FROM q.c1"
    )


def test_rows_of_slices_are_found_by_the_key(many: KeptView) -> None:
    """Though the planner would read this small table as a whole for them."""
    with many.database.connect() as connection:
        connection.execute("ANALYZE kept")
        connection.execute(
            f"CREATE TEMPORARY TABLE dirty_{many.tables['']}_1 AS "
            "SELECT n AS number, false AS is_sample, n::integer AS c1 FROM generate_series(1, 2000) AS n".encode()
        )
        connection.execute(f"ANALYZE dirty_{many.tables['']}_1".encode())
        ((query,),) = connection.execute(
            "SELECT bi_refresh.slices_query(m, '{1}', '{}') FROM bi_refresh.maintained_table AS m"
        ).fetchall()
        plan = "\n".join(line for (line,) in connection.execute(f"EXPLAIN {query}".encode()))
    assert "Index Scan using kept_pkey" in plan
    assert "Seq Scan on kept" not in plan


def test_the_planner_knows_how_small_a_sample_is(many: KeptView) -> None:
    """Taken for thousands of slices, three would be looked for in the whole table."""
    with many.database.connect() as connection:
        connection.execute("BEGIN; ANALYZE kept")
        ((sampled,),) = connection.execute(
            "SELECT bi_refresh.add_sample(m, '{}', '{}') FROM bi_refresh.maintained_table AS m"
        ).fetchall()
        ((known,),) = connection.execute(
            "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [f"pg_temp.dirty_{many.tables['']}_1"]
        ).fetchall()
    assert known == sampled
