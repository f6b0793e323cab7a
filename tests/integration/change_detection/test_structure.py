"""Whatever may change a view's result without changing a row leads to a refresh, once."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_steps import run_step, run_step_on
from tests.fix_views import make_view

_CHANGED = "its definition or a table's structure changed"

_OBJECTS = """
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE facts (
        id integer PRIMARY KEY, amount integer, mood mood, doubled integer GENERATED ALWAYS AS (amount * 2) STORED
    );
    INSERT INTO facts (id, amount, mood) VALUES (1, 10, 'good'), (2, 20, 'bad');
    CREATE FUNCTION inner_f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + 1; END';
    CREATE FUNCTION outer_f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
        AS 'BEGIN RETURN public.inner_f($1); END';
    CREATE FUNCTION atomic_f(integer) RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT $1 + 1; END;
    CREATE FUNCTION adds(integer, integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2; END';
    CREATE AGGREGATE total (integer) (sfunc = adds, stype = integer, initcond = '0');
    CREATE VIEW beneath AS SELECT id, amount FROM facts;
    CREATE VIEW between AS SELECT * FROM beneath;
    CREATE TABLE parted (id integer, region text) PARTITION BY LIST (region);
    CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
    CREATE TABLE parted_b (id integer, region text);
    INSERT INTO parted_a VALUES (1, 'a');
    INSERT INTO parted_b VALUES (2, 'b');
    CREATE TABLE parent (id integer, region text);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE orphan (id integer, region text);
    INSERT INTO child VALUES (1, 'a');
    INSERT INTO orphan VALUES (2, 'b');
"""
_INNER_F = """
    CREATE OR REPLACE FUNCTION inner_f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END'
"""
_ADDS = """
    CREATE OR REPLACE FUNCTION adds(integer, integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
        AS 'BEGIN RETURN $1; END'
"""
_ATOMIC_F = """
    CREATE OR REPLACE FUNCTION atomic_f(integer) RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT $1; END
"""


@pytest.mark.parametrize(
    ("query", "change"),
    [
        ("SELECT * FROM beneath", "CREATE OR REPLACE VIEW beneath AS SELECT id, amount + 1 AS amount FROM facts"),
        ("SELECT * FROM between", "CREATE OR REPLACE VIEW beneath AS SELECT id, amount + 1 AS amount FROM facts"),
        ("SELECT id, inner_f(amount) FROM facts",
         _INNER_F),
        ("SELECT id, outer_f(amount) FROM facts",
         _INNER_F),
        ("SELECT id, atomic_f(amount) FROM facts",
         _ATOMIC_F),
        ("SELECT 1 AS id, total(amount) FROM facts",
         _ADDS),
        ("SELECT id, mood::text AS label FROM facts", "ALTER TYPE mood RENAME VALUE 'good' TO 'splendid'"),
        ("SELECT max(id) AS id, max(mood) AS worst FROM facts", "ALTER TYPE mood ADD VALUE 'awful' BEFORE 'good'"),
        ("SELECT id, region FROM parted", "ALTER TABLE parted ATTACH PARTITION parted_b FOR VALUES IN ('b')"),
        ("SELECT id, region FROM parted", "ALTER TABLE parted DETACH PARTITION parted_a"),
        ("SELECT id, region FROM parted", "ALTER TABLE parted DETACH PARTITION parted_a CONCURRENTLY"),
        ("SELECT id, region FROM parted", "DROP TABLE parted_a"),
        ("SELECT id, region FROM parent", "ALTER TABLE orphan INHERIT parent"),
        ("SELECT id, region FROM parent", "ALTER TABLE child NO INHERIT parent"),
        ("SELECT id, amount FROM facts", "ALTER TABLE facts ADD COLUMN note text DEFAULT 'new'"),
        ("SELECT id, amount FROM facts", "ALTER MATERIALIZED VIEW a OWNER TO bi_refresh_refresher"),
    ],
)  # fmt: skip
def test_a_changed_structure_leads_to_one_refresh(database: Database, query: str, change: str) -> None:
    database.execute(_OBJECTS)
    view = make_view(database, "a", query=query)
    database.execute(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO bi_refresh_refresher; GRANT CREATE ON SCHEMA public TO PUBLIC"
    )
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    database.execute(change)
    after = run_step(database, view)
    assert (after["status"], _CHANGED in str(after["reason"])) == ("completed", True)
    assert run_step(database, view)["status"] == "skipped"


def test_a_rewritten_generation_expression(database: Database) -> None:
    """It rewrites the table, whose state then speaks for it."""
    if database.value("SELECT current_setting('server_version_num')::integer") < 170000:
        pytest.skip("SET EXPRESSION came with PostgreSQL 17")
    database.execute(_OBJECTS)
    view = make_view(database, "a", query="SELECT id, doubled FROM facts")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    database.execute("ALTER TABLE facts ALTER COLUMN doubled SET EXPRESSION AS (amount * 3)")
    assert run_step(database, view)["status"] == "completed"
    assert database.rows("SELECT doubled FROM a ORDER BY 1") == [(30,), (60,)]


def test_a_virtual_generation_expression(database: Database) -> None:
    """It changes no row and no file."""
    if database.value("SELECT current_setting('server_version_num')::integer") < 180000:
        pytest.skip("virtual generated columns came with PostgreSQL 18")
    database.execute(
        "CREATE TABLE facts (id integer, v integer GENERATED ALWAYS AS (id * 2) VIRTUAL); INSERT INTO facts VALUES (1)"
    )
    view = make_view(database, "a", query="SELECT id, v FROM facts")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    database.execute("ALTER TABLE facts ALTER COLUMN v SET EXPRESSION AS (id * 3)")
    assert run_step(database, view)["status"] == "completed"
    assert database.rows("SELECT v FROM a") == [(3,)]


def test_row_level_security_switched_on_and_off_again(database: Database) -> None:
    """While it is on, never skipped; once it is off, not skipped by a fingerprint from before."""
    view = make_view(database, "a")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    database.execute("ALTER TABLE source ENABLE ROW LEVEL SECURITY")
    assert "never skipped: it reads public.source, which has row-level security" in run_step(database, view)["reason"]
    database.execute("ALTER TABLE source DISABLE ROW LEVEL SECURITY")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("CREATE OR REPLACE VIEW beneath AS SELECT id, amount + 1 AS amount FROM facts",
         "CREATE OR REPLACE VIEW beneath AS SELECT id, amount FROM facts"),
        ("ALTER TABLE facts ENABLE ROW LEVEL SECURITY", "ALTER TABLE facts DISABLE ROW LEVEL SECURITY"),
    ],
)  # fmt: skip
def test_what_was_changed_and_changed_back_leads_to_a_refresh(database: Database, there: str, back: str) -> None:
    """Meanwhile, a refresh may have seen the other thing: catalogs are read as they are, and not by the snapshot."""
    database.execute(_OBJECTS)
    view = make_view(database, "a", query="SELECT * FROM beneath")
    run_step(database, view)
    database.execute(there)
    database.execute(back)
    assert run_step(database, view)["status"] == "completed"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE FUNCTION elsewhere() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE elsewhere (id integer)",
        "CREATE INDEX ON source (label)",
        "VACUUM ANALYZE source",
        "ANALYZE",
        "SELECT bi_refresh.compact_touches()",
        "ALTER FUNCTION bi_refresh.count_of(bigint, text) COST 1",
        "INSERT INTO other VALUES (1)",
    ],
)
def test_what_does_not_concern_a_view_does_not_refresh_it(database: Database, statement: str) -> None:
    database.execute("CREATE TABLE other (id integer)")
    view = make_view(database, "a")
    run_step(database, view)
    database.execute(statement)
    assert run_step(database, view)["status"] == "skipped"


def test_a_setting_that_the_result_may_depend_on(database: Database) -> None:
    database.execute(
        "CREATE TABLE facts (id integer, at timestamptz); INSERT INTO facts VALUES (1, '2026-01-01 00:00+00')"
    )
    view = make_view(database, "a", query="SELECT id, to_char(at, 'HH24') AS hour FROM facts")

    def step(time_zone: str) -> str:
        with database.connect() as worker:
            worker.execute("SET default_transaction_isolation = 'repeatable read'")
            worker.execute("SELECT set_config('TimeZone', %s, false)", [time_zone])
            return str(run_step_on(worker, database, view)["status"])

    assert [step("UTC"), step("UTC"), step("Asia/Tokyo"), step("Asia/Tokyo")] == [
        "completed", "skipped", "completed", "skipped",
    ]  # fmt: skip
    assert database.rows("SELECT hour FROM a") == [("09",)]


def test_a_view_dropped_and_created_again(database: Database) -> None:
    """By the same name, with other contents."""
    view = make_view(database, "a")
    run_step(database, view)
    database.execute("DROP MATERIALIZED VIEW a")
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT 7 AS id; CREATE UNIQUE INDEX ON a (id)")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]


def test_an_emptied_view(database: Database) -> None:
    view = make_view(database, "a")
    run_step(database, view)
    database.execute("REFRESH MATERIALIZED VIEW a WITH NO DATA")
    assert run_step(database, view)["status"] == "completed"


def test_a_cluster_that_may_not_be_named(database: Database) -> None:
    """Managed services may refuse pg_control_system()."""
    with database.connect(autocommit=False) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        connection.execute("CREATE ROLE stranger_to_control")
        connection.execute("GRANT USAGE ON SCHEMA bi_refresh TO stranger_to_control")
        connection.execute("GRANT EXECUTE ON FUNCTION bi_refresh.system_identifier() TO stranger_to_control")
        connection.execute("SET LOCAL ROLE stranger_to_control")
        assert connection.execute("SELECT bi_refresh.system_identifier()").fetchone() == (None,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_control_system()")
        connection.rollback()
