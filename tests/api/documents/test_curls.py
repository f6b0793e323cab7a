"""Each request of the source documents, host aside, is answered with the document's keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fix_control import CEO, CFO, READER, Control
from tests.fix_database import Database

SUMMARY = {
    "region", "ubicacion_id", "ubicacion_nombre", "tipo", "almacen_codigo", "total_skus", "skus_con_stock",
    "stock_cero", "stock_negativo", "ultima_actualizacion", "fill_rate", "dias_cobertura_a", "dias_cobertura_b",
    "dias_cobertura_c", "riesgo_quiebre",
}  # fmt: skip
REFRESHED = {"success", "refreshed", "duration_ms", "rows_affected", "message"}
HEALTH = {
    "view_name", "last_refresh", "age_minutes", "freshness", "rows_count", "needs_refresh", "recommendation",
}  # fmt: skip
STATISTICS = {
    "total_refreshes", "successful", "failed", "success_rate", "avg_duration_ms", "max_duration_ms",
}  # fmt: skip
MONTHS = {
    "mes", "solicitudes_creadas", "solicitudes_aceptadas", "solicitudes_rechazadas", "solicitudes_expiradas",
    "solicitudes_sin_ofertas", "tiempo_promedio_cierre_seg", "ofertas_totales", "ofertas_ganadoras",
    "ofertas_aceptadas", "precio_promedio_ofertas", "precio_minimo_ofertas", "precio_maximo_ofertas",
    "tiempo_entrega_promedio", "garantia_promedio_meses", "clientes_activos", "asesores_activos",
    "marcas_vehiculos_solicitadas", "volumen_transaccional_total", "tasa_aceptacion_pct",
    "tasa_conversion_ofertas_pct", "ofertas_promedio_por_solicitud",
}  # fmt: skip
ADVISORS = {
    "asesor_id", "asesor_nombre", "asesor_email", "ciudad", "departamento", "punto_venta", "confianza", "nivel_actual",
    "estado_asesor", "actividad_reciente_pct", "desempeno_historico_pct", "ofertas_historicas_total",
    "ofertas_ganadoras", "ofertas_aceptadas_cliente", "entregas_exitosas", "tiempo_promedio_respuesta_seg",
    "monto_promedio_ofertas", "volumen_total_ofertas", "confianza_auditada", "auditorias_realizadas",
    "ultima_auditoria", "notificaciones_recibidas", "notificaciones_respondidas",
    "tiempo_promedio_respuesta_notif_seg", "tasa_respuesta_pct", "tasa_conversion_ofertas_pct",
    "tasa_exito_completo_pct", "ranking_ciudad", "ranking_nacional", "percentil_ofertas_ganadoras_ciudad",
    "percentil_ofertas_ganadoras_nacional", "calculado_at",
}  # fmt: skip


def _get(control: Control, url: str) -> Any:
    """GET a document's URL: its path and query."""
    parts = urlsplit(url)
    answer = control.get(parts.path, parts.query)
    assert answer.status == 200, answer.body
    return answer.json


# ---- Document 000 --------------------------------------------------------------------------------


def test_summary_regional(shared: Control) -> None:
    regions = _get(shared, "http://localhost:8001/api/ubicaciones/summary-regional")
    assert [region["region"] for region in regions] == ["CARACAS", "VALENCIA"]
    for region in regions:
        location = region["ubicaciones"][0]
        flat = {"region", *location, *location["almacenes"][0]} - {"almacenes"}
        assert flat == SUMMARY


# ---- Document 001 --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/mv/refresh/universal-transactions", "/api/v1/mv/refresh"])
@pytest.mark.parametrize("principal", [CEO, CFO])
def test_refresh_on_demand(shared: Control, shared_database: Database, path: str, principal: Any) -> None:
    answer = shared.post(path, "force=true", principal=principal)
    rows = shared_database.value("SELECT count(*) FROM universal_transactions.universal_transactions_mv")
    assert answer.status == 200
    assert answer.json.keys() >= REFRESHED
    assert (answer.json["success"], answer.json["refreshed"], answer.json["rows_affected"]) == (True, True, rows)
    assert answer.json["message"] == f"View refreshed successfully in {answer.json['duration_ms']}ms"


def test_health_of_a_view(shared: Control, shared_database: Database) -> None:
    health = _get(shared, "http://localhost:8001/api/v1/mv/health/universal-transactions")
    assert health.keys() == HEALTH
    assert health["view_name"] == "universal_transactions.universal_transactions_mv"
    assert health["freshness"] == "fresh"
    assert health["age_minutes"] == 0
    assert health["needs_refresh"] is False
    assert health["recommendation"] == "View is fresh. No action needed."
    assert health["rows_count"] == shared_database.value(
        "SELECT count(*) FROM universal_transactions.universal_transactions_mv"
    )


def test_refresh_history(shared: Control) -> None:
    answer = _get(shared, "http://localhost:8001/api/v1/mv/metrics/refresh-history?hours=24")
    assert answer.keys() == {"stats", "history"}
    assert answer["stats"].keys() == STATISTICS


# ---- Document 002 --------------------------------------------------------------------------------


def test_management_of_the_materialized_views(shared: Control) -> None:
    refreshed = shared.post("/materialized-views/refresh")
    assert refreshed.status == 200
    assert refreshed.json.keys() >= REFRESHED
    assert [(each["view_name"], each["status"]) for each in refreshed.json["results"]] == [
        ("teloo.mv_metricas_mensuales", "completed"),
        ("teloo.mv_ranking_asesores", "completed"),
    ]
    status = _get(shared, "/materialized-views/status")
    assert [view["view_name"] for view in status["views"]] == [
        "teloo.mv_metricas_mensuales",
        "teloo.mv_ranking_asesores",
    ]
    assert all(view["is_populated"] and view["has_unique_index"] for view in status["views"])
    health = _get(shared, "/materialized-views/health")
    assert health["status"] == "healthy"
    assert _get(shared, "/health")["status"] == "ok"


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("/materialized-views/monthly-metrics", MONTHS),
        ("/materialized-views/monthly-metrics?limit=12", MONTHS),
        ("/materialized-views/monthly-metrics?start_month=2000-01&end_month=2999-12-01&limit=1", MONTHS),
        ("/materialized-views/advisor-rankings", ADVISORS),
        ("/materialized-views/advisor-rankings?limit=10", ADVISORS),
        ("/materialized-views/top-advisors?metric=ofertas_ganadoras&limit=5", ADVISORS),
    ],
)
def test_data_queries(shared: Control, url: str, keys: set[str]) -> None:
    answer = _get(shared, url)
    assert answer["rows"]
    assert all(row.keys() == keys for row in answer["rows"])


def test_city_summary(shared: Control) -> None:
    cities = _get(shared, "/materialized-views/city-summary")
    assert {city["ciudad"] for city in cities}
    assert _get(shared, f"/materialized-views/advisor-rankings?ciudad={cities[0]['ciudad']}")["rows"]


def test_the_scheduler(shared: Control) -> None:
    status = _get(shared, "http://localhost:8002/materialized-views/scheduler/status")
    assert (status["scheduler"], status["running"]) == ("apscheduler", True)
    assert (status["daily_time"], status["time_zone"]) == ("01:00", "America/Bogota")
    triggered = shared.post("/materialized-views/scheduler/trigger-refresh", principal=CFO)
    assert triggered.status == 202
    assert triggered.json["success"]
    assert shared.get(triggered.headers["location"]).status == 200


def test_rescheduling(control: Control) -> None:
    moved = control.client.ask("PUT", "/materialized-views/scheduler/reschedule", "hour=2&minute=30", principal=CEO)
    assert moved.status == 200
    assert moved.json["message"] == "Daily refresh rescheduled to 02:30 America/Bogota"


# ---- Documents 003 and 004 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/api/v1/ops/payments/driver-matrix?limit=25",
        "http://localhost:8000/api/v1/ops/payments/driver-matrix?origin_tag=cabinet&week_start_from=2025-12-01&limit=50",
    ],
)
def test_driver_matrix(shared: Control, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "vistafresca.api")
    answer = _get(shared, url)
    assert answer["source"] == "materialized_view"
    assert answer["rows"]
    assert {row["origin_tag"] for row in answer["rows"]} == {"cabinet"}
    assert "Usando vista materializada" in caplog.text


# ---- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/mv/refresh"),
        ("POST", "/api/v1/mv/refresh/universal-transactions"),
        ("POST", "/materialized-views/refresh"),
        ("POST", "/materialized-views/scheduler/trigger-refresh"),
        ("PUT", "/materialized-views/scheduler/reschedule?hour=2&minute=30"),
    ],
)
def test_a_reader_changes_nothing(shared: Control, method: str, path: str) -> None:
    parts = urlsplit(path)
    refused = shared.client.ask(method, parts.path, parts.query, principal=READER)
    assert (refused.status, refused.json["roles"]) == (403, ["admin", "cfo"])
    assert shared.scheduler.moved_to == []
