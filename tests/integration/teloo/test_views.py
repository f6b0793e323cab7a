"""The views as objects."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.integration.teloo.columns import MONTHS_COLUMNS, RANKING_COLUMNS
from tests.integration.teloo.system import KEYS, MONTHS, RANKING, SYSTEM, Connection, base_query, generate, read


@pytest.mark.parametrize(("view", "expected"), [(MONTHS, MONTHS_COLUMNS), (RANKING, RANKING_COLUMNS)])
def test_the_document_s_columns_in_its_order_each_with_a_comment(
    connection: Connection, view: str, expected: dict[str, str]
) -> None:
    columns = (
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert connection.execute(columns, [view]).fetchall() == list(expected.items())
    assert connection.execute(columns, [base_query(view)]).fetchall() == connection.execute(columns, [view]).fetchall()
    uncommented = (
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum >= 0"
        " AND col_description(attrelid, attnum) IS NULL"
    )
    assert connection.execute(uncommented, [view]).fetchall() == []
    assert len(expected) == {MONTHS: 22, RANKING: 32}[view]


def test_a_unique_index_on_the_key_and_the_document_s_query_patterns(connection: Connection) -> None:
    definitions = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'teloo' AND tablename LIKE 'mv\\_%'"
    ).fetchall()
    found = {definition.split(" INDEX ")[0] + definition.split(" USING btree ")[1] for (definition,) in definitions}
    assert found == {
        "CREATE UNIQUE(mes)",
        "CREATE UNIQUE(asesor_id)",
        *("CREATE(calculado_at)", "CREATE(ciudad, ranking_ciudad)", "CREATE(departamento)"),
        *("CREATE(ranking_ciudad)", "CREATE(ranking_nacional)"),
        *("CREATE(ofertas_ganadoras)", "CREATE(tasa_respuesta_pct)"),
    }


@pytest.mark.parametrize("view", KEYS)
def test_created_empty_then_stored_in_reading_order(connection: Connection, view: str) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        connection.execute(f"SELECT * FROM {view}".encode())

    with connection.transaction():
        generate(connection, 500)
        connection.execute(f"REFRESH MATERIALIZED VIEW {view}".encode())
        order = {MONTHS: "mes", RANKING: "ranking_nacional, asesor_id"}[view]
        stored = connection.execute(f"SELECT * FROM {view} ORDER BY ctid".encode()).fetchall()
        assert stored == connection.execute(f"SELECT * FROM {base_query(view)} ORDER BY {order}".encode()).fetchall()
        assert len(stored) > 10


def test_concurrent_refresh_writes_only_the_rows_that_differ(connection: Connection) -> None:
    with connection.transaction():
        generate(connection, 1_000)
        for view in KEYS:
            connection.execute(f"REFRESH MATERIALIZED VIEW {view}".encode())

    with connection.transaction():
        assert [rows_rewritten(connection, view) for view in KEYS] == [0, 0]
        connection.execute("UPDATE teloo.asesores SET punto_venta = 'Otro' WHERE email LIKE 'asesor7@%'")
        connection.execute("UPDATE teloo.ofertas SET precio = precio + 100 WHERE id = 1")
        assert [rows_rewritten(connection, view) for view in KEYS] == [1, 1]
        for view in KEYS:
            assert read(connection, view) == read(connection, base_query(view))


def rows_rewritten(connection: Connection, view: str) -> int:
    inserted = "SELECT pg_stat_get_xact_tuples_inserted(%s::regclass)"
    ((before,),) = connection.execute(inserted, [view]).fetchall()
    connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}".encode())
    ((after,),) = connection.execute(inserted, [view]).fetchall()
    return int(after) - int(before)


@pytest.mark.parametrize(("view", "calendar"), [(MONTHS, set()), (RANKING, {("date", "the date in America/Bogota")})])
def test_both_are_left_alone_while_nothing_changes(
    connection: Connection, view: str, calendar: set[tuple[str, str]]
) -> None:
    """Nothing in them makes a skip impossible; the ranking moves with the day in Bogota, and with nothing else."""
    found = connection.execute(
        "SELECT class, detail FROM bi_refresh.classify_views(ARRAY[%s::regclass::oid])", [view]
    ).fetchall()
    assert set(found) == calendar


def test_going_down_removes_everything_and_up_works_again(connection: Connection) -> None:
    numbers = ("0001_marketplace", "0002_measures")
    up, down = (
        [(SYSTEM / "migrations" / f"teloo_{n}.{way}.sql").read_text() for n in numbers] for way in ("up", "down")
    )
    before = objects(connection)
    with connection.transaction(force_rollback=True):
        connection.execute((SYSTEM / "public_aliases.sql").read_bytes())
        for script in reversed(down):
            connection.execute(script.encode())
        assert objects(connection) == []
        for script in up:
            connection.execute(script.encode())
        assert objects(connection) == before


def objects(connection: Connection) -> list[Any]:
    return connection.execute(
        "SELECT relname::text, relkind::text FROM pg_class WHERE relnamespace = to_regnamespace('teloo')"
        " OR relname IN ('mv_metricas_mensuales', 'mv_ranking_asesores') ORDER BY relname, relkind"
    ).fetchall()


def test_going_down_stops_at_somebody_else_s_view(connection: Connection) -> None:
    connection.execute(f"CREATE VIEW public.tablero AS SELECT mes FROM {MONTHS}".encode())
    down = (SYSTEM / "migrations" / "teloo_0002_measures.down.sql").read_bytes()
    with pytest.raises(psycopg.errors.DependentObjectsStillExist), connection.transaction():
        connection.execute(down)
