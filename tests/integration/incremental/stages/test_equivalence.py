"""A definition and its stages give the same rows, columns and types: for the source systems' views, every WITH query
alone and all together."""

from __future__ import annotations

import pytest
from psycopg import sql

from refresh_task.incremental.stages import Split, possible_stages, read_definition, split
from tests.fix_database import Database

VIEWS = (
    "fluxion.mv_ubicaciones_summary_regional",
    "teloo.mv_metricas_mensuales",
    "teloo.mv_ranking_asesores",
    "ops.mv_payments_driver_matrix_cabinet",
)


def _chain(database: Database, view: str, names: list[str]) -> Split:
    with database.session() as session:
        query, views = read_definition(session, database.value("SELECT %s::regclass::oid", view))
    return split(query, names, subject=view, views=views)


def _with_queries(database: Database, view: str) -> list[str]:
    """The names of what could be a stage."""
    with database.session() as session:
        query, views = read_definition(session, database.value("SELECT %s::regclass::oid", view))
    return list(possible_stages(query, subject=view, views=views))


def _build(database: Database, chain: Split) -> None:
    """Make the tables of the stages, and the view `built` over them."""
    table_of = "bi_refresh_incremental.stage_{}".format
    with database.connect() as connection:
        for stage in chain.stages:
            query = stage.query.render(table_of)
            connection.execute(f"CREATE TABLE {table_of(stage.name)} AS {query}".encode())
            columns = connection.execute(
                "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attnum > 0", [table_of(stage.name)],
            ).fetchone()  # fmt: skip
            assert columns == (list(stage.columns),)
            if stage.key is not None:
                duplicates = sql.SQL("SELECT count(*) - count(DISTINCT ({})) FROM {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, stage.key)), sql.SQL(table_of(stage.name))
                )
                assert connection.execute(duplicates).fetchone() == (0,)
        output = chain.output.render(table_of)
        connection.execute(f"CREATE VIEW public.built AS {output}".encode())


_COLUMNS = """
    SELECT attname, atttypid, atttypmod, attcollation FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
    ORDER BY attnum
"""


@pytest.mark.parametrize("view", VIEWS)
def test_each_with_query_as_a_stage_gives_the_same_rows_and_types(systems_database: Database, view: str) -> None:
    """Nothing but the place where the rows come from differs."""
    database = systems_database
    names = _with_queries(database, view)
    assert names
    for chosen in ([], *([name] for name in names), names):
        chain = _chain(database, view, chosen)
        assert {stage.name for stage in chain.stages} == set(chosen)
        _build(database, chain)
        assert database.rows(_COLUMNS, "public.built") == database.rows(_COLUMNS, view)
        for difference in (
            f"TABLE public.built EXCEPT ALL TABLE {view}",
            f"TABLE {view} EXCEPT ALL TABLE public.built",
        ):
            assert database.rows(difference) == []
        assert database.value(f"SELECT count(*) FROM {view}") > 0
        database.execute("DROP VIEW public.built; DROP SCHEMA bi_refresh_incremental CASCADE;"
                         " CREATE SCHEMA bi_refresh_incremental")  # fmt: skip
