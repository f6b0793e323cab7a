"""GET /api/ubicaciones/summary-regional: the inventory's summary by region (document 000)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import BaseModel

from api.reads import PublishedViews, Question
from api.routes.shaped import Row, read_all
from api.services import Services

__all__ = ["make_router"]

_VIEW = "fluxion.mv_ubicaciones_summary_regional"
# The document's, said here, for the endpoint may come to declare another one.
_ORDER = "region,-tipo,ubicacion_nombre,almacen_codigo"


class Almacen(BaseModel):
    """One warehouse of a location. Percentages and days have two decimals; null: nothing was sold to measure by."""

    almacen_codigo: str
    total_skus: int
    skus_con_stock: int
    stock_cero: int
    stock_negativo: int
    ultima_actualizacion: datetime | None
    fill_rate: float | None
    dias_cobertura_a: float | None
    dias_cobertura_b: float | None
    dias_cobertura_c: float | None
    riesgo_quiebre: int


class Ubicacion(BaseModel):
    """A location with its warehouses, by code."""

    ubicacion_id: int
    ubicacion_nombre: str
    tipo: str
    almacenes: list[Almacen]


class RegionSummary(BaseModel):
    """A region (CARACAS, VALENCIA) with its locations, and the sums over its warehouses."""

    region: str
    total_ubicaciones: int
    total_almacenes: int
    total_skus: int
    skus_con_stock: int
    stock_cero: int
    stock_negativo: int
    riesgo_quiebre: int
    ultima_actualizacion: datetime | None
    ubicaciones: list[Ubicacion]


def make_router(_services: Services, views: PublishedViews) -> Router:
    """The fluxion system's route."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get(
        "/api/ubicaciones/summary-regional",
        summary="Inventory by region, location and warehouse",
        tags=["fluxion"],
        responses={
            200: {"description": "By region", "content": {"application/json": {"model": list[RegionSummary]}}},
            304: {"description": "The client has it already (If-None-Match)", "content": {}},
        },
    )
    def summary_regional(request: Request) -> Response[Any]:
        return read_all(views, _VIEW, Question(order=_ORDER), request, _by_region)

    return router


def _by_region(rows: Sequence[Row]) -> list[RegionSummary]:
    """`rows` in the document's order, so that those of one region, and of one location in it, stand together."""
    return [_region(region, list(group)) for region, group in groupby(rows, key=lambda row: row["region"])]


def _region(region: str, rows: Sequence[Row]) -> RegionSummary:
    by_location = groupby(rows, key=lambda row: (row["ubicacion_id"], row["ubicacion_nombre"], row["tipo"]))
    locations = [
        Ubicacion(
            ubicacion_id=id_, ubicacion_nombre=name, tipo=kind, almacenes=[Almacen.model_validate(row) for row in group]
        )
        for (id_, name, kind), group in by_location
    ]
    warehouses = [warehouse for location in locations for warehouse in location.almacenes]
    updates = [each.ultima_actualizacion for each in warehouses if each.ultima_actualizacion is not None]
    return RegionSummary(
        region=region,
        total_ubicaciones=len(locations),
        total_almacenes=len(warehouses),
        total_skus=sum(each.total_skus for each in warehouses),
        skus_con_stock=sum(each.skus_con_stock for each in warehouses),
        stock_cero=sum(each.stock_cero for each in warehouses),
        stock_negativo=sum(each.stock_negativo for each in warehouses),
        riesgo_quiebre=sum(each.riesgo_quiebre for each in warehouses),
        ultima_actualizacion=max(updates, default=None),
        ubicaciones=locations,
    )
