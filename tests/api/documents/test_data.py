"""What the documents' routes give, against what plain Python makes of the views' rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import psycopg
import pytest

from api.reads import PublishedViews, Question, Reading
from tests.fix_api import CLIENTS
from tests.fix_control import READER, Control, make_control
from tests.fix_database import Database

MATRIX = "/api/v1/ops/payments/driver-matrix"
ADVISORS = "/materialized-views/advisor-rankings"
ANY_WEEK = {"week_start_from": "2000-01-01"}


def _rows(database: Database, query: str) -> list[dict[str, Any]]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def _pages(control: Control, path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = control.get(path, {**query, **cursor})
        assert answer.status == 200, answer.body
        rows += answer.json["rows"]
        if answer.json["next_cursor"] is None:
            return rows
        cursor = {"cursor": answer.json["next_cursor"]}


# ---- summary-regional ----------------------------------------------------------------------------


def test_the_summary_has_every_warehouse_once_and_the_regions_sums(shared: Control, shared_database: Database) -> None:
    expected = _rows(shared_database, "SELECT * FROM fluxion.mv_ubicaciones_summary_regional")
    regions = shared.get("/api/ubicaciones/summary-regional").json

    flat = [
        {"region": region["region"], **{key: location[key] for key in location if key != "almacenes"}, **warehouse}
        for region in regions
        for location in region["ubicaciones"]
        for warehouse in location["almacenes"]
    ]
    # the document's order: region, tipo DESC, ubicacion_nombre, almacen_codigo
    expected.sort(key=lambda row: (row["ubicacion_nombre"], row["almacen_codigo"]))
    expected.sort(key=lambda row: row["tipo"], reverse=True)
    expected.sort(key=lambda row: row["region"])
    assert [_comparable(row) for row in flat] == [_comparable(row) for row in expected]
    for region in regions:
        own = [row for row in expected if row["region"] == region["region"]]
        assert region["total_almacenes"] == len(own)
        assert region["total_ubicaciones"] == len({row["ubicacion_id"] for row in own})
        for column in ("total_skus", "skus_con_stock", "stock_cero", "stock_negativo", "riesgo_quiebre"):
            assert region[column] == sum(row[column] for row in own)


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, str) and value[:2] == "20" and "T" in value:
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return float(value) if isinstance(value, Decimal) else value

    return {key: plain(value) for key, value in row.items()}


def test_the_summary_falls_back_to_the_base_view_while_the_view_is_gone(
    control: Control, systems_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = control.get("/api/ubicaciones/summary-regional").json
    systems_database.execute("DROP MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional")
    answer = control.get("/api/ubicaciones/summary-regional")
    assert (answer.status, answer.json) == (200, before)
    assert "Usando vista base" in caplog.text


def test_a_client_that_has_the_summary_gets_304(shared: Control) -> None:
    first = shared.get("/api/ubicaciones/summary-regional")
    again = shared.get("/api/ubicaciones/summary-regional", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


# ---- driver-matrix -------------------------------------------------------------------------------


def test_without_filters_the_cabinets_last_12_weeks_are_given_and_said(systems_template: Database) -> None:
    # Wednesday 2026-03-04 in Lima: its week began on 2 March, the first of the twelve on 15 December
    for kind in CLIENTS:
        control = make_control(kind, systems_template, now=lambda: datetime(2026, 3, 4, 12, tzinfo=UTC))
        answer = control.get(MATRIX, {"limit": 25}).json
        control.close()
        assert answer["default_filters"] is True
        assert answer["filters"] == {"origin_tag": "cabinet", "week_start_from": "2025-12-15"}


def test_lima_s_monday_decides_and_not_utc_s(systems_template: Database) -> None:
    # Monday 03:00 in UTC is still Sunday in Lima
    control = make_control("http", systems_template, now=lambda: datetime(2026, 3, 2, 3, tzinfo=UTC))
    assert control.get(MATRIX).json["filters"]["week_start_from"] == "2025-12-08"
    control.close()


@pytest.mark.parametrize("limit", [7, 1000])
def test_pages_give_every_driver_once_in_order(shared: Control, shared_database: Database, limit: int) -> None:
    expected = _rows(
        shared_database, "SELECT * FROM ops.mv_payments_driver_matrix_cabinet WHERE week_start IS NOT NULL"
    )
    rows = _pages(shared, MATRIX, {**ANY_WEEK, "limit": limit})
    assert len(rows) == len(expected) > 7
    assert {row["driver_id"] for row in rows} == {row["driver_id"] for row in expected}
    assert [row["week_start"] for row in rows] == sorted(row["week_start"] for row in rows)


def test_each_filter_leaves_the_rows_that_fit_it(shared: Control, shared_database: Database) -> None:
    everything = _rows(shared_database, "SELECT * FROM ops.mv_payments_driver_matrix_cabinet")
    weeks = sorted({row["week_start"] for row in everything if row["week_start"] is not None})
    leads = sorted({row["lead_date"] for row in everything if row["lead_date"] is not None})
    week, lead, driver = weeks[len(weeks) // 2], leads[len(leads) // 2], everything[3]
    status = next(row["funnel_status"] for row in everything if row["funnel_status"] is not None)

    def fitting(column: str, fits: Any) -> set[int]:
        return {row["driver_id"] for row in everything if row[column] is not None and fits(row[column])}

    questions: list[tuple[dict[str, Any], set[int]]] = [
        ({"origin_tag": "cabinet"}, fitting("origin_tag", lambda tag: tag == "cabinet")),
        ({"week_start_from": week}, fitting("week_start", lambda day: day >= week)),
        ({"week_start_to": week}, fitting("week_start", lambda day: day <= week)),
        ({"week_start_from": week, "week_start_to": week}, fitting("week_start", lambda day: day == week)),
        ({"lead_date_from": lead}, fitting("lead_date", lambda day: day >= lead)),
        ({"lead_date_to": lead}, fitting("lead_date", lambda day: day <= lead)),
        ({"funnel_status": status}, fitting("funnel_status", lambda value: value == status)),
        ({"driver_id": driver["driver_id"]}, {driver["driver_id"]}),
        ({"only_pending": "true"}, fitting("only_pending", bool)),
    ]
    for question, expected in questions:
        rows = _pages(shared, MATRIX, {**question, "limit": 1000})
        assert {row["driver_id"] for row in rows} == expected, question
        assert len(rows) == len(expected)
    answer = shared.get(MATRIX, {"only_pending": "true", "origin_tag": "cabinet"}).json
    assert (answer["filters"], answer["default_filters"]) == ({"origin_tag": "cabinet", "only_pending": True}, False)


@pytest.mark.parametrize(
    "query",
    [
        {"week_start_from": "yesterday"},
        {"lead_date_to": "2026-02-30"},
        {"driver_id": "1 OR 1=1"},
        {"driver_id": str(2**63)},
        {"limit": 0},
        {"limit": 1001},
        {"only_pending": "perhaps"},
    ],
)
def test_what_is_no_value_is_refused(shared: Control, query: dict[str, Any]) -> None:
    assert shared.get(MATRIX, query).status == 422


@pytest.mark.parametrize("attempt", ["cabinet' OR '1'='1", "'; DROP TABLE public.drivers; --", "cabinet\\'"])
def test_what_looks_like_sql_is_a_value_like_any_other(
    shared: Control, shared_database: Database, attempt: str
) -> None:
    assert shared.get(MATRIX, {"origin_tag": attempt}).json["rows"] == []
    assert shared.get(ADVISORS, {"ciudad": attempt}).json["rows"] == []
    assert shared_database.value("SELECT count(*) FROM public.drivers") > 0


def test_a_forged_cursor_and_one_of_other_filters_are_refused(shared: Control) -> None:
    cursor = shared.get(MATRIX, {**ANY_WEEK, "limit": 1}).json["next_cursor"]
    assert shared.get(MATRIX, {**ANY_WEEK, "cursor": "abc"}).status == 400
    other = shared.get(MATRIX, {**ANY_WEEK, "origin_tag": "cabinet", "cursor": cursor})
    assert other.json["type"] == "urn:vistafresca:problem:cursor-of-another-question"


def test_without_the_view_the_matrix_comes_from_its_base_view(
    control: Control, systems_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = _pages(control, MATRIX, {**ANY_WEEK, "limit": 1000})
    systems_database.execute("DROP MATERIALIZED VIEW ops.mv_payments_driver_matrix_cabinet")
    answer = control.get(MATRIX, {**ANY_WEEK, "limit": 1000}).json
    assert answer["source"] == "base"
    assert answer["rows"] == before
    assert "Usando vista base" in caplog.text


# ---- materialized-views --------------------------------------------------------------------------


def test_months_between_bounds_the_latest_first(shared: Control, shared_database: Database) -> None:
    months = [row["mes"] for row in _rows(shared_database, "SELECT mes FROM teloo.mv_metricas_mensuales ORDER BY mes")]
    assert len(months) > 3
    start, end = months[1], months[-2]
    query = {"start_month": f"{start:%Y-%m}", "end_month": f"{end:%Y-%m-01}", "limit": 1000}
    given = shared.get("/materialized-views/monthly-metrics", query).json["rows"]
    assert [date.fromisoformat(row["mes"]) for row in given] == months[-2:0:-1]


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-01-02", "26-01", "enero", "2026-01'"])
def test_months_that_no_calendar_has_are_refused(shared: Control, month: str) -> None:
    assert shared.get("/materialized-views/monthly-metrics", {"start_month": month}).status == 422


def test_top_advisors_by_each_metric(shared: Control, shared_database: Database) -> None:
    """All of its values, the best first: the greatest, and of response times the least."""
    advisors = _rows(shared_database, "SELECT * FROM teloo.mv_ranking_asesores")
    for metric in (
        "ofertas_ganadoras", "ofertas_historicas_total", "volumen_total_ofertas", "tasa_conversion_ofertas_pct",
        "confianza", "confianza_auditada", "tiempo_promedio_respuesta_seg", "tiempo_promedio_respuesta_notif_seg",
    ):  # fmt: skip
        values = [float(row[metric]) for row in advisors if row[metric] is not None]
        best_first = sorted(values, reverse=not metric.startswith("tiempo"))
        answer = shared.get("/materialized-views/top-advisors", {"metric": metric, "limit": 20}).json
        assert [row[metric] for row in answer["rows"]] == best_first[:20], metric
        assert answer["metric"] == metric


def test_top_advisors_of_a_city_by_an_unknown_metric_is_refused(shared: Control) -> None:
    refused = shared.get("/materialized-views/top-advisors", {"metric": "asesor_email"})
    assert refused.status == 422
    assert "ofertas_ganadoras" in refused.json["detail"]


def test_rankings_of_a_city_are_in_its_own_order(shared: Control, shared_database: Database) -> None:
    city = shared_database.value("SELECT min(ciudad) FROM teloo.mv_ranking_asesores")
    expected = sorted(
        row[0]
        for row in shared_database.rows("SELECT ranking_ciudad FROM teloo.mv_ranking_asesores WHERE ciudad = %s", city)
    )
    given = shared.get(ADVISORS, {"ciudad": city, "limit": 1000}).json["rows"]
    assert [row["ranking_ciudad"] for row in given] == expected


def test_cities_are_summed_up(shared: Control, shared_database: Database) -> None:
    by_city: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(shared_database, "SELECT * FROM teloo.mv_ranking_asesores"):
        by_city[row["ciudad"], row["departamento"]].append(row)

    cities = shared.get("/materialized-views/city-summary").json

    assert [(city["ciudad"], city["departamento"]) for city in cities] == sorted(by_city)
    for city in cities:
        own = by_city[city["ciudad"], city["departamento"]]
        offers, won = (sum(row[column] for row in own) for column in ("ofertas_historicas_total", "ofertas_ganadoras"))
        assert (city["asesores"], city["ofertas_historicas_total"], city["ofertas_ganadoras"]) == (
            len(own),
            offers,
            won,
        )
        assert city["asesores_activos"] == len([row for row in own if row["estado_asesor"] == "ACTIVO"])
        assert city["volumen_total_ofertas"] == float(sum(row["volumen_total_ofertas"] for row in own))
        rate = None if offers == 0 else (Decimal(100 * won) / offers).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert city["tasa_conversion_ofertas_pct"] == (None if rate is None else float(rate))
        assert city["mejor_asesor"]["ofertas_ganadoras"] == max(row["ofertas_ganadoras"] for row in own)


# ---- Roles and tenants ---------------------------------------------------------------------------


def test_tenants_see_their_city_and_no_other_in_every_shape(control: Control, systems_database: Database) -> None:
    systems_database.execute(
        "UPDATE bi_refresh.view_policy SET endpoint = endpoint || "
        '\'{"tenant_column": "ciudad", "roles": ["reader", "admin"]}\' WHERE view_name ~ \'ranking\''
    )
    cities = [row[0] for row in systems_database.rows("SELECT DISTINCT ciudad FROM teloo.mv_ranking_asesores")]
    for own, other in (cities[:2], cities[1::-1]):
        tenant = type(READER)(f"reader@{own}", READER.roles, own)
        for path in (ADVISORS, "/materialized-views/top-advisors"):
            assert {row["ciudad"] for row in control.get(path, principal=tenant).json["rows"]} == {own}
            assert control.get(path, {"ciudad": other}, principal=tenant).json["rows"] == []
        assert [each["ciudad"] for each in control.get("/materialized-views/city-summary", principal=tenant).json] == [
            own
        ]
    stranger = type(READER)("auditor", frozenset({"auditor"}), cities[0])
    assert control.get(ADVISORS, principal=stranger).status == 403
    assert control.get("/materialized-views/city-summary", principal=stranger).status == 403
    # the months have no tenants and no roles
    assert control.get("/materialized-views/monthly-metrics", principal=stranger).status == 200


def test_summaries_are_made_of_all_pages(control: Control, systems_database: Database) -> None:
    paths = ("/api/ubicaciones/summary-regional", "/materialized-views/city-summary")
    before = [control.get(path).json for path in paths]
    systems_database.execute("""UPDATE bi_refresh.view_policy SET endpoint = endpoint || '{"max_limit": 7}'""")
    assert [control.get(path).json for path in paths] == before


def _move_advisors(database: Database) -> None:
    """To another city, all of them, as the view then says."""
    database.execute("UPDATE teloo.asesores SET ciudad = ciudad || ' 2'")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['teloo.mv_ranking_asesores'])")


@pytest.mark.parametrize("refreshes", [1, 3])
def test_a_summary_is_of_one_refresh(
    control: Control, systems_database: Database, monkeypatch: pytest.MonkeyPatch, refreshes: int
) -> None:
    path = "/materialized-views/city-summary"
    before = control.get(path).json
    systems_database.execute("""UPDATE bi_refresh.view_policy SET endpoint = endpoint || '{"max_limit": 7}'""")
    left = refreshes
    open_one = PublishedViews.open

    def open_later(self: PublishedViews, view: str, question: Question, *who: Any, **known: Any) -> Reading:
        nonlocal left
        if question.cursor is not None and left:
            left -= 1
            _move_advisors(systems_database)
        return open_one(self, view, question, *who, **known)

    monkeypatch.setattr(PublishedViews, "open", open_later)
    answer = control.get(path)
    assert left == 0
    if refreshes < 3:
        assert answer.json == [{**city, "ciudad": f"{city['ciudad']} 2"} for city in before]
    else:
        assert (answer.status, answer.json["type"]) == (503, "urn:vistafresca:problem:refreshed-meanwhile")
        assert answer.headers["retry-after"] == "1"
