"""Views with stages, enabled, written beneath, refreshed: the source systems' own, and one with linear stages."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from refresh_task.incremental import disable, enable
from tests.fix_database import Database

FLUXION = "fluxion.mv_ubicaciones_summary_regional"
RANKING = "teloo.mv_ranking_asesores"
MONTHS = "teloo.mv_metricas_mensuales"
_BASE = {
    FLUXION: "fluxion.v_ubicaciones_summary_regional",
    RANKING: "teloo.v_ranking_asesores",
    MONTHS: "teloo.v_metricas_mensuales",
}


def refresh(database: Database, view: str) -> dict[str, Any]:
    """One refresh as the task makes it; its log row."""
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SELECT bi_refresh.distribute_changes()")
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        connection.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [view])
        row = connection.execute(
            "SELECT * FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1", [view]
        ).fetchone()
    assert row is not None
    assert row["status"] == "completed", row["error"]
    return dict(row)


def differing_rows(database: Database, view: str) -> int:
    """How many rows of a view are not what the query beneath gives, to the last digit shown."""
    return int(
        database.value(
            f"WITH image AS (SELECT v::text AS row, 1 AS weight FROM {view} AS v"
            f" UNION ALL SELECT b::text, -1 FROM {_BASE[view]} AS b)"
            " SELECT count(*) FROM (SELECT FROM image GROUP BY row HAVING sum(weight) <> 0) AS differing"
        )
    )


_HISTORIES = {
    FLUXION: [
        "SELECT fluxion.add_sample_sales(20, now() - interval '1 day')",
        "SELECT fluxion.add_sample_sales(5)",
        "UPDATE fluxion.ventas SET cantidad = cantidad + 1 WHERE id % 97 = 0",
        "DELETE FROM fluxion.ventas WHERE id % 101 = 0",
        "UPDATE fluxion.productos SET activo = NOT activo WHERE id % 20 = 3",
        "UPDATE fluxion.almacenes SET activo = NOT activo WHERE ubicacion_id = 3",
        "UPDATE fluxion.ventas SET producto_id = 2 WHERE id % 89 = 0",
        "DELETE FROM fluxion.inventario WHERE producto_id % 30 = 4",
        "UPDATE fluxion.ubicaciones SET nombre = nombre || ' 2' WHERE id = 5",
    ],
    RANKING: [
        "UPDATE teloo.ofertas SET precio = precio + 1 WHERE id % 7 = 0",
        "DELETE FROM teloo.evaluaciones WHERE oferta_id % 5 = 0;"
        " DELETE FROM teloo.ofertas WHERE id % 5 = 0 AND NOT ganadora",
        "UPDATE teloo.notificaciones SET respondida_en = enviada_en + interval '1 hour' WHERE id % 3 = 0",
        "UPDATE teloo.asesores SET confianza = 1 WHERE hashtext(id::text) % 5 = 0",
        "DELETE FROM teloo.auditorias WHERE id % 2 = 0",
        "UPDATE teloo.solicitudes SET creada_en = creada_en - interval '2 minutes' WHERE id % 4 = 0",
    ],
    MONTHS: [
        "UPDATE teloo.ofertas SET precio = precio + 1 WHERE id % 7 = 0",
        "UPDATE teloo.solicitudes SET creada_en = creada_en - interval '40 days' WHERE id % 4 = 0",
        "DELETE FROM teloo.evaluaciones WHERE oferta_id % 5 = 0;"
        " DELETE FROM teloo.ofertas WHERE id % 5 = 0 AND NOT ganadora",
    ],
}


@pytest.mark.parametrize(
    ("view", "stages"),
    [
        (FLUXION, ["demanda_p75"]),
        (FLUXION, ["ventas_30d", "demanda_p75", "abc_metrics"]),
        (RANKING, ["ofertas_30d", "notificaciones_30d", "auditorias_asesor"]),
        (MONTHS, ["solicitudes_mes", "ofertas_mes"]),
    ],
)
def test_a_view_with_stages_is_its_query_after_every_change(
    systems_database: Database, view: str, stages: list[str]
) -> None:
    """And only what is beneath a change is computed: no refresh is in full."""
    database = systems_database
    with database.session() as session:
        enabled = enable(session, view, stages=stages)
    assert set(enabled.stages) == set(stages)
    assert differing_rows(database, view) == 0
    for statement in _HISTORIES[view]:
        database.execute(statement)
        entry = refresh(database, view)
        assert differing_rows(database, view) == 0, statement
        print(view, stages, statement[:60], entry["strategy"], entry["reason"], entry["changed_keys"], entry["duration_ms"])
    with database.session() as session:
        disable(session, view)
    assert database.value("SELECT relkind::text FROM pg_class WHERE oid = %s::regclass", view) == "m"
    assert differing_rows(database, view) == 0
    assert database.rows("SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'bi_refresh_incremental'::regnamespace") == []
