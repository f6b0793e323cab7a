"""Into a database that has schemas of the same names, out of it again, and the materialized view made anew."""

from __future__ import annotations

import re

import psycopg
import pytest

from refresh_task import migrations
from refresh_task.errors import VistafrescaError
from tests.fix_database import Database
from tests.integration.driver_matrix.system import BASE_QUERY, MATERIALIZED_VIEW, REVISIONS, generate

OBJECTS = """
    SELECT n.nspname || '.' || c.relname || coalesce(': ' || d.description, '')
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_description AS d ON d.objoid = c.oid AND d.objsubid = 0
    WHERE n.nspname IN ('ops', 'observational', 'public', 'driver_matrix')
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname IN ('ops', 'observational', 'driver_matrix')
    ORDER BY 1
"""
RECREATE = "DROP MATERIALIZED VIEW IF EXISTS ops.mv_payments_driver_matrix_cabinet CASCADE;"  # the document's


def up(database: Database) -> tuple[str, ...]:
    with database.session() as session:
        return migrations.migrate_up(session, systems=["driver_matrix"])


def down(database: Database, revision: str = REVISIONS[0]) -> tuple[str, ...]:
    with database.session() as session:
        return migrations.migrate_down(session, revision)


def test_going_down_removes_everything_and_up_works_again(matrix_database: Database) -> None:
    before = matrix_database.rows(OBJECTS)
    assert sorted(down(matrix_database)) == list(REVISIONS)
    assert matrix_database.rows(OBJECTS) == []
    assert up(matrix_database) == REVISIONS
    assert matrix_database.rows(OBJECTS) == before


def test_a_schema_that_was_there_stays_as_it_was(database: Database) -> None:
    database.execute("CREATE SCHEMA ops; CREATE TABLE ops.turnos (id integer); COMMENT ON SCHEMA ops IS 'Ours'")
    before = database.rows(OBJECTS)
    assert up(database) == REVISIONS
    assert database.value("SELECT obj_description('ops'::regnamespace)") == "Ours"
    down(database)
    assert database.rows(OBJECTS) == before


def test_an_empty_schema_that_was_there_stays_too(database: Database) -> None:
    database.execute("CREATE SCHEMA observational")
    up(database)
    down(database)
    assert database.rows(OBJECTS) == [("schema observational",)]


def test_a_schema_that_others_use_by_now_stays(matrix_database: Database) -> None:
    matrix_database.execute("CREATE TABLE ops.turnos (id integer)")
    down(matrix_database)
    assert matrix_database.rows(OBJECTS) == [("ops.turnos",), ("schema ops",)]
    assert up(matrix_database) == REVISIONS


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("CREATE TABLE public.drivers (id integer)", "public.drivers"),
        (
            (
                "CREATE SCHEMA ops; CREATE VIEW ops.v_payment_calculation AS SELECT 1 AS id;"
                "CREATE TABLE ops.mv_payments_driver_matrix_cabinet (id integer)"
            ),
            "ops.mv_payments_driver_matrix_cabinet, ops.v_payment_calculation",
        ),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_changed(database: Database, statement: str, names: str) -> None:
    database.execute(statement)
    before = database.rows(OBJECTS)
    with pytest.raises(VistafrescaError, match=f"which are not replaced: {re.escape(names)}"):
        up(database)
    assert database.rows(OBJECTS) == before


def test_somebody_s_view_on_ours_stops_the_way_down(matrix_database: Database) -> None:
    matrix_database.execute("CREATE VIEW public.mora AS SELECT * FROM ops.v_yango_cabinet_claims_for_collection")
    before = matrix_database.rows(OBJECTS)
    with pytest.raises(VistafrescaError, match="other objects depend on it"):
        down(matrix_database)
    assert matrix_database.rows(OBJECTS) == before


def test_the_materialized_view_is_made_anew_after_its_query_changed(matrix_database: Database) -> None:
    """The document's way, by its two halves: drop it, then run what creates it. No table is touched."""
    database = matrix_database
    with database.connect() as connection:
        generate(connection, 100)
    database.manage(MATERIALIZED_VIEW)
    refresh = "SELECT status FROM bi_refresh.refresh_bi_views()"
    assert database.rows(refresh) == [("SUCCESS",)]
    trips = database.value("SELECT 'ops.trips'::regclass::oid")
    ((query,),) = database.rows("SELECT pg_get_viewdef(%s::regclass)", BASE_QUERY)
    longer = query.replace("\n   FROM matrix", ",\n    (trips_14d >= 25) AS is_complete\n   FROM matrix")
    database.execute(f"CREATE OR REPLACE VIEW {BASE_QUERY} AS {longer}")

    database.execute(RECREATE)
    ((gone,),) = database.rows(refresh)
    assert gone.startswith("ERROR:")
    assert down(database, REVISIONS[2]) == (REVISIONS[2],)
    assert up(database) == (REVISIONS[2],)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        database.rows(f"SELECT FROM {MATERIALIZED_VIEW}")
    assert database.rows(refresh) == [("SUCCESS",)]

    assert database.value(f"SELECT count(*) FROM {MATERIALIZED_VIEW} WHERE is_complete") > 0
    assert database.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'mv_payments_driver_matrix_cabinet'") == 6
    assert database.value("SELECT 'ops.trips'::regclass::oid") == trips


def test_what_took_its_name_meanwhile_is_named(matrix_database: Database) -> None:
    down(matrix_database, REVISIONS[2])
    matrix_database.execute("CREATE TABLE ops.mv_payments_driver_matrix_cabinet (id integer)")
    with pytest.raises(VistafrescaError, match=r"has a relation ops\.mv_payments_driver_matrix_cabinet, which is not"):
        up(matrix_database)
