"""Monthly metrics and advisors' rankings: the data of /materialized-views (document 002)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from api.reads import PublishedViews, Question, Reading
from api.routes.shaped import Row, answer_shaped, read_all
from api.services import Services

__all__ = ["make_router"]

_MONTHS = "teloo.mv_metricas_mensuales"
_ADVISORS = "teloo.mv_ranking_asesores"
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])(-01)?$"

Metric = Literal[
    "ofertas_ganadoras",
    "ofertas_historicas_total",
    "ofertas_aceptadas_cliente",
    "entregas_exitosas",
    "volumen_total_ofertas",
    "monto_promedio_ofertas",
    "tasa_conversion_ofertas_pct",
    "tasa_exito_completo_pct",
    "tasa_respuesta_pct",
    "actividad_reciente_pct",
    "desempeno_historico_pct",
    "confianza",
    "confianza_auditada",
    "tiempo_promedio_respuesta_seg",
    "tiempo_promedio_respuesta_notif_seg",
]
_LESS_IS_BETTER = ("tiempo_promedio_respuesta_seg", "tiempo_promedio_respuesta_notif_seg")

Month = Annotated[str | None, Query(pattern=_MONTH, description="YYYY-MM or YYYY-MM-01")]
City = Annotated[str | None, Query(min_length=1, max_length=100, description="Only this city")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many rows")]
Cursor = Annotated[str | None, Query(description="next_cursor of the page before")]


class Rows(BaseModel):
    """Rows of the view, with all its columns, and how old they are."""

    view: str
    source: str
    data_as_of: datetime | None
    lag_s: float | None
    freshness: str
    rows: list[dict[str, Any]]
    next_cursor: str | None


class TopAdvisors(Rows):
    """By one metric, the best first; advisors who have no value for it are left out."""

    metric: Metric


class BestAdvisor(BaseModel):
    """First in the city's ranking; of several equal ones, the first by name."""

    asesor_id: str
    asesor_nombre: str
    ofertas_ganadoras: int


class CitySummary(BaseModel):
    """The advisors of a city. Sums are over the ranking's 30 days; rates are of the sums, in percent with two decimals,
    null without any offer."""

    ciudad: str
    departamento: str
    asesores: int
    asesores_activos: int
    ofertas_historicas_total: int
    ofertas_ganadoras: int
    ofertas_aceptadas_cliente: int
    entregas_exitosas: int
    volumen_total_ofertas: float
    tasa_conversion_ofertas_pct: float | None
    tasa_exito_completo_pct: float | None
    confianza_promedio: float | None
    mejor_asesor: BestAdvisor


def make_router(_services: Services, views: PublishedViews) -> Router:
    """The routes that read the teloo system's views."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get(
        "/materialized-views/monthly-metrics",
        summary="Metrics by month, the latest first",
        tags=["teloo"],
        responses=_answers(Rows),
    )
    def monthly_metrics(
        request: Request,
        start_month: Month = None,
        end_month: Month = None,
        limit: Limit = 12,
        cursor: Cursor = None,
    ) -> Response[Any]:
        bounds = (("mes__gte", start_month), ("mes__lte", end_month))
        filters = tuple((name, f"{month[:7]}-01") for name, month in bounds if month is not None)
        return answer_shaped(views, _MONTHS, Question(filters, "-mes", limit, cursor), request, _rows)

    @router.get(
        "/materialized-views/advisor-rankings",
        summary="Advisors by rank: in the city, if one is asked for, otherwise in the country",
        tags=["teloo"],
        responses=_answers(Rows),
    )
    def advisor_rankings(
        request: Request, ciudad: City = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Response[Any]:
        order = "ranking_nacional" if ciudad is None else "ranking_ciudad"
        return answer_shaped(views, _ADVISORS, Question(_in_city(ciudad), order, limit, cursor), request, _rows)

    @router.get(
        "/materialized-views/top-advisors",
        summary="The best advisors by one metric",
        tags=["teloo"],
        responses=_answers(TopAdvisors),
    )
    def top_advisors(
        request: Request,
        ciudad: City = None,
        metric: Annotated[Metric, Query(description="What they are compared by")] = "ofertas_ganadoras",
        limit: Limit = 10,
        cursor: Cursor = None,
    ) -> Response[Any]:
        order = metric if metric in _LESS_IS_BETTER else f"-{metric}"
        filters = (*_in_city(ciudad), (f"{metric}__is_null", "false"))

        def shape(reading: Reading, rows: list[Row]) -> TopAdvisors:
            return TopAdvisors(**_rows(reading, rows).model_dump(), metric=metric)

        return answer_shaped(views, _ADVISORS, Question(filters, order, limit, cursor), request, shape)

    @router.get(
        "/materialized-views/city-summary",
        summary="Advisors by city",
        tags=["teloo"],
        responses=_answers(list[CitySummary]),
    )
    def city_summary(request: Request) -> Response[Any]:
        return read_all(views, _ADVISORS, Question(order="ranking_nacional"), request, _by_city)

    return router


def _answers(model: Any) -> dict[int, Any]:
    return {
        200: {"description": "Rows in order", "content": {"application/json": {"model": model}}},
        304: {"description": "The client has them already (If-None-Match)", "content": {}},
    }


def _in_city(city: str | None) -> tuple[tuple[str, str], ...]:
    return () if city is None else (("ciudad", city),)


def _rows(reading: Reading, rows: list[Row]) -> Rows:
    return Rows(
        view=reading.view.name,
        source=reading.source,
        data_as_of=reading.data_as_of,
        lag_s=reading.lag_s,
        freshness=reading.freshness,
        rows=rows,
        next_cursor=reading.next_cursor,
    )


def _by_city(rows: Sequence[Row]) -> list[CitySummary]:
    def city(row: Row) -> tuple[str, str]:
        return row["ciudad"], row["departamento"]

    return [_city(*name, list(group)) for name, group in groupby(sorted(rows, key=city), key=city)]


def _city(ciudad: str, departamento: str, advisors: Sequence[Row]) -> CitySummary:
    def total(column: str) -> Any:
        return sum(row[column] for row in advisors)

    trusted = [_exact(row["confianza"]) for row in advisors if row["confianza"] is not None]
    best = min(advisors, key=lambda row: (row["ranking_ciudad"], row["asesor_nombre"], row["asesor_id"]))
    return CitySummary(
        ciudad=ciudad,
        departamento=departamento,
        asesores=len(advisors),
        asesores_activos=sum(row["estado_asesor"] == "ACTIVO" for row in advisors),
        ofertas_historicas_total=total("ofertas_historicas_total"),
        ofertas_ganadoras=total("ofertas_ganadoras"),
        ofertas_aceptadas_cliente=total("ofertas_aceptadas_cliente"),
        entregas_exitosas=total("entregas_exitosas"),
        volumen_total_ofertas=float(sum((_exact(row["volumen_total_ofertas"]) for row in advisors), Decimal())),
        tasa_conversion_ofertas_pct=_percent(total("ofertas_ganadoras"), total("ofertas_historicas_total")),
        tasa_exito_completo_pct=_percent(total("entregas_exitosas"), total("ofertas_historicas_total")),
        confianza_promedio=float(round(sum(trusted, Decimal()) / len(trusted), 2)) if trusted else None,
        mejor_asesor=BestAdvisor.model_validate(best),
    )


def _exact(number: float) -> Decimal:
    """As it is written: sums of binary fractions would show."""
    return Decimal(str(number))


def _percent(part: int, whole: int) -> float | None:
    return None if whole == 0 else round(100 * part / whole, 2)
