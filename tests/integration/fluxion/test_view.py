"""The view as an object."""

from __future__ import annotations

import tomllib

import psycopg
import pytest

from tests.integration.fluxion.system import (
    BASE_QUERY,
    MATERIALIZED_VIEW,
    REFRESH,
    REFRESH_CONCURRENTLY,
    SELECT_BASE_QUERY,
    SELECT_VIEW,
    SYSTEM,
    Connection,
    generate,
    read_summary,
)


def test_the_materialized_view_has_the_15_columns_in_order(connection: Connection) -> None:
    columns = connection.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) IS NOT NULL"
        " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [MATERIALIZED_VIEW],
    ).fetchall()
    assert columns == [
        ("region", "text", True),
        ("ubicacion_id", "integer", True),
        ("ubicacion_nombre", "text", True),
        ("tipo", "text", True),
        ("almacen_codigo", "text", True),
        ("total_skus", "bigint", True),
        ("skus_con_stock", "bigint", True),
        ("stock_cero", "bigint", True),
        ("stock_negativo", "bigint", True),
        ("ultima_actualizacion", "timestamp with time zone", True),
        ("fill_rate", "numeric", True),
        ("dias_cobertura_a", "numeric", True),
        ("dias_cobertura_b", "numeric", True),
        ("dias_cobertura_c", "numeric", True),
        ("riesgo_quiebre", "bigint", True),
    ]


def test_the_materialized_view_has_both_indexes(connection: Connection) -> None:
    definitions = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'fluxion' AND tablename = 'mv_ubicaciones_summary_regional'"
        " ORDER BY indexname"
    ).fetchall()
    key = "(ubicacion_id, almacen_codigo)"
    assert definitions == [
        (f"CREATE UNIQUE INDEX idx_mv_summary_regional_pk ON {MATERIALIZED_VIEW} USING btree {key}",),
        (f"CREATE INDEX idx_mv_summary_regional_region ON {MATERIALIZED_VIEW} USING btree (region)",),
    ]


def test_the_base_query_has_the_five_ctes(connection: Connection) -> None:
    definition = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [BASE_QUERY]).fetchone()
    assert definition is not None
    positions = [
        definition[0].index(f"{name} AS (")
        for name in ("ubicacion_data", "ventas_30d", "demanda_p75", "stock_con_demanda", "abc_metrics")
    ]
    assert positions == sorted(positions)


def test_it_is_created_empty_and_its_first_refresh_stores_the_document_s_order(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        connection.execute(SELECT_VIEW)

    with connection.transaction():
        generate(connection, 10_000)
        connection.execute(REFRESH)
        stored = connection.execute(f"{SELECT_VIEW} ORDER BY ctid").fetchall()
        ordered = connection.execute(
            f"{SELECT_BASE_QUERY} ORDER BY region, tipo DESC, ubicacion_nombre, almacen_codigo"
        ).fetchall()
    assert stored == ordered


def test_concurrent_refresh_changes_only_the_rows_that_differ(connection: Connection) -> None:
    with connection.transaction():
        generate(connection, 5_000)
        connection.execute(REFRESH)

    with connection.transaction():
        assert rows_rewritten_by_concurrent_refresh(connection) == 0
        connection.execute("SELECT fluxion.add_sample_sales(5)")
        assert 1 <= rows_rewritten_by_concurrent_refresh(connection) <= 5
        assert read_summary(connection, SELECT_VIEW) == read_summary(connection)


def rows_rewritten_by_concurrent_refresh(connection: Connection) -> int:
    inserted = "SELECT pg_stat_get_xact_tuples_inserted(%s::regclass)"
    ((before,),) = connection.execute(inserted, [MATERIALIZED_VIEW]).fetchall()
    connection.execute(REFRESH_CONCURRENTLY)
    ((after,),) = connection.execute(inserted, [MATERIALIZED_VIEW]).fetchall()
    return int(after) - int(before)


def test_the_policy_names_the_view(connection: Connection) -> None:
    (policy,) = tomllib.loads((SYSTEM / "views.toml").read_text())["view"]
    found = connection.execute("SELECT relkind FROM pg_class WHERE oid = %s::regclass", [policy["name"]]).fetchone()
    assert found == ("m",)
    assert (policy["target_lag"], policy["timeout"]) == ("15 minutes", "2 minutes")


def test_the_query_in_parts_gives_the_rows_of_the_query_that_it_replaced(connection: Connection) -> None:
    """By record image: not even the scale of a number is another one."""
    there, back = ((SYSTEM / "migrations" / f"fluxion_0002_stages.{way}.sql").read_text() for way in ("up", "down"))
    differing = (
        f"SELECT count(*) FROM {BASE_QUERY} AS n FULL JOIN former AS f USING (ubicacion_id, almacen_codigo) "
        "WHERE n IS NULL OR f IS NULL OR n OPERATOR(pg_catalog.*<>) f"
    )
    with connection.transaction(force_rollback=True):
        generate(connection, 20_000)
        connection.execute("UPDATE fluxion.inventario SET cantidad = 0 WHERE producto_id % 11 = 0")
        connection.execute("UPDATE fluxion.productos SET activo = false WHERE id % 7 = 0")
        connection.execute("DELETE FROM fluxion.inventario WHERE ubicacion_id = 3")
        connection.execute(back)
        connection.execute(f"CREATE TEMPORARY TABLE former AS {SELECT_BASE_QUERY}")
        connection.execute(there)
        assert connection.execute("SELECT count(*) > 30, count(fill_rate) > 20 FROM former").fetchone() == (True, True)
        assert connection.execute(differing).fetchone() == (0,)


def test_going_down_removes_everything_and_up_works_again(connection: Connection) -> None:
    up, down = (
        (SYSTEM / "migrations" / f"fluxion_0001_summary_regional.{way}.sql").read_text() for way in ("up", "down")
    )
    with connection.transaction(force_rollback=True):
        connection.execute(down)
        assert connection.execute("SELECT to_regnamespace('fluxion')").fetchone() == (None,)
        connection.execute(up)
        connection.execute(REFRESH)


def test_going_down_stops_at_somebody_else_s_table(connection: Connection) -> None:
    connection.execute("CREATE TABLE fluxion.presupuesto (id integer)")
    down = (SYSTEM / "migrations" / "fluxion_0001_summary_regional.down.sql").read_text()
    with pytest.raises(psycopg.errors.DependentObjectsStillExist), connection.transaction():
        connection.execute(down)
