"""What once led to a false skip, and to a wrong word of doctor's."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.fix_steps import differing_rows, run_step, watch
from tests.fix_views import make_view


@pytest.mark.parametrize("how", ["CONCURRENTLY a", "a"])
def test_a_refresh_by_somebody_else_is_noticed(database: Database, how: str) -> None:
    """Its contents may have a row that is gone again: the tables are as they were, the view is not."""
    database.execute("CREATE TABLE facts (id integer PRIMARY KEY); INSERT INTO facts VALUES (1)")
    view = make_view(database, "a", query="SELECT id FROM facts")
    run_step(database, view)
    assert run_step(database, view)["status"] == "skipped"
    database.execute("INSERT INTO facts VALUES (2)")
    database.execute(f"REFRESH MATERIALIZED VIEW {how}")
    database.execute("DELETE FROM facts WHERE id = 2")
    row = run_step(database, view)
    assert (row["status"], row["reason"].split(";")[0]) == ("completed", "somebody else has refreshed or altered it")
    assert database.rows("TABLE a") == [(1,)]
    assert run_step(database, view)["status"] == "skipped"


def test_a_refresh_by_somebody_else_with_other_settings_is_noticed(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer PRIMARY KEY, at timestamptz)")
    database.execute("INSERT INTO facts VALUES (1, '2026-01-01 01:00Z')")
    view = make_view(database, "a", query="SELECT id, at::date AS day FROM facts")
    watch(database, view)
    run_step(database, view, change_detection="touch")
    database.execute("SET TimeZone = 'America/Bogota'; REFRESH MATERIALIZED VIEW a")
    assert run_step(database, view, change_detection="touch")["status"] == "completed"
    with database.connect() as connection:
        assert differing_rows(connection, "a") == 0


_TYPES = """
    CREATE TYPE pair AS (a integer, b text);
    CREATE DOMAIN pairs AS pair[];
    CREATE TABLE address (street text);
    CREATE TABLE facts (id integer PRIMARY KEY, one pair, many pairs, home address, body text);
    INSERT INTO facts VALUES (1, ROW (1, 'x'), ARRAY[ROW (1, 'x')::pair], ROW ('s'), 'the running man');
"""


@pytest.mark.parametrize(
    ("query", "change"),
    [
        ("SELECT id, one::text AS c FROM facts", "ALTER TYPE pair ADD ATTRIBUTE z integer"),
        ("SELECT id, to_jsonb(one) AS c FROM facts", "ALTER TYPE pair RENAME ATTRIBUTE a TO z"),
        ("SELECT id, many::text AS c FROM facts", "ALTER TYPE pair ADD ATTRIBUTE z integer"),
        ("SELECT id, to_jsonb(home) AS c FROM facts", "ALTER TABLE address RENAME street TO road"),
        ("SELECT id, to_tsvector('english', body) AS c FROM facts",
         "ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR asciiword WITH simple"),
        ("SELECT id, to_tsvector(body) AS c FROM facts",
         "ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR asciiword WITH simple"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("detection", ["fingerprint", "touch"])
def test_types_and_text_search(database: Database, query: str, change: str, detection: str) -> None:
    database.execute(_TYPES)
    database.execute(f"ALTER DATABASE {database.name} SET default_text_search_config = 'pg_catalog.english'")
    view = make_view(database, "a", query=query)
    if detection == "touch":
        watch(database, view)
    run_step(database, view, change_detection=detection)
    assert run_step(database, view, change_detection=detection)["status"] == "skipped"
    database.execute(change)
    assert run_step(database, view, change_detection=detection)["status"] == "completed"
    with database.connect() as connection:
        assert differing_rows(connection, "a") == 0
    assert run_step(database, view, change_detection=detection)["status"] == "skipped"


def test_a_function_with_a_time_zone_of_its_own(database: Database) -> None:
    """Its midnight is not the session's."""
    database.execute("""
        CREATE TABLE facts (id integer PRIMARY KEY); INSERT INTO facts VALUES (1);
        CREATE FUNCTION today() RETURNS date LANGUAGE sql STABLE BEGIN ATOMIC SELECT CURRENT_DATE; END;
        CREATE FUNCTION there() RETURNS date LANGUAGE sql STABLE SET TimeZone = 'America/Bogota'
            BEGIN ATOMIC SELECT today(); END;
    """)
    view = make_view(database, "a", query="SELECT id, there() AS day FROM facts")
    run_step(database, view)
    row = run_step(database, view)
    assert (row["status"], row["reason"].split(";")[0]) == (
        "completed", "never skipped: it uses the date in the time zone that public.there() sets",
    )  # fmt: skip


def test_what_an_upstream_view_uses_is_not_its_readers(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer PRIMARY KEY, at timestamptz)")
    database.execute("CREATE MATERIALIZED VIEW u AS SELECT id FROM facts WHERE at > now() - interval '1 day'")
    database.execute("CREATE MATERIALIZED VIEW d AS SELECT id FROM u")
    found = database.rows("SELECT view_oid::regclass::text FROM bi_refresh.classify_views(ARRAY['u', 'd']::regclass[])")
    assert set(found) == {("u",)}
