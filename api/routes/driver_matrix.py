"""GET /api/v1/ops/payments/driver-matrix (documents 003 and 004)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from api.reads import PublishedViews, Question, Reading
from api.routes.shaped import Row, answer_shaped
from api.services import Services

__all__ = ["DEFAULT_WEEKS", "make_router"]

_VIEW = "ops.mv_payments_driver_matrix_cabinet"
_ORDER = "week_start,driver_name"
DEFAULT_WEEKS = 12
_ZONE = ZoneInfo("America/Lima")  # the documents' weeks begin on its Mondays


class DriverMatrix(BaseModel):
    """One page of drivers. `filters` are those that were applied; `default_filters`: the request had none, so these
    are the route's own. Follow `next_cursor` with the same parameters; null: this was the last page."""

    view: str
    source: str
    data_as_of: datetime | None
    lag_s: float | None
    freshness: str
    filters: dict[str, Any]
    default_filters: bool
    rows: list[dict[str, Any]]
    next_cursor: str | None


def make_router(services: Services, views: PublishedViews) -> Router:
    """The driver_matrix system's route."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get(
        "/api/v1/ops/payments/driver-matrix",
        summary="What the partner owes and paid for each driver",
        description=(
            f"Without any filter: origin_tag=cabinet and the last {DEFAULT_WEEKS} weeks, as the answer then says. "
            "Ordered by week and driver."
        ),
        tags=["driver_matrix"],
        responses={
            200: {"description": "Drivers in order", "content": {"application/json": {"model": DriverMatrix}}},
            304: {"description": "The client has them already (If-None-Match)", "content": {}},
        },
    )
    def driver_matrix(  # noqa: PLR0917  # one for each parameter of the route
        request: Request,
        origin_tag: Annotated[str | None, Query(description="cabinet, fleet_migration, …")] = None,
        week_start_from: Annotated[date | None, Query(description="Weeks from this day on")] = None,
        week_start_to: Annotated[date | None, Query(description="Weeks that began on this day or before")] = None,
        funnel_status: Annotated[str | None, Query(description="How far the driver came")] = None,
        driver_id: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
        lead_date_from: Annotated[date | None, Query(description="Leads from this day on")] = None,
        lead_date_to: Annotated[date | None, Query(description="Leads up to this day")] = None,
        only_pending: Annotated[bool, Query(description="Only drivers for whom something is owed")] = False,  # noqa: FBT002  # a query parameter
        limit: Annotated[int, Query(ge=1, le=1000, description="At most so many drivers")] = 100,
        cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
    ) -> Response[Any]:
        given: dict[str, Any] = {
            "origin_tag": origin_tag,
            "week_start_from": week_start_from,
            "week_start_to": week_start_to,
            "funnel_status": funnel_status,
            "driver_id": driver_id,
            "lead_date_from": lead_date_from,
            "lead_date_to": lead_date_to,
            "only_pending": only_pending or None,
        }
        filters = {name: value for name, value in given.items() if value is not None}
        is_default = not filters
        if is_default:
            filters = {"origin_tag": "cabinet", "week_start_from": _first_week(services.now())}
        question = Question(_conditions(filters), order=_ORDER, limit=limit, cursor=cursor)

        def shape(reading: Reading, rows: list[Row]) -> DriverMatrix:
            return DriverMatrix(
                view=reading.view.name,
                source=reading.source,
                data_as_of=reading.data_as_of,
                lag_s=reading.lag_s,
                freshness=reading.freshness,
                filters=filters,
                default_filters=is_default,
                rows=rows,
                next_cursor=reading.next_cursor,
            )

        return answer_shaped(views, _VIEW, question, request, shape)

    return router


def _first_week(now: datetime) -> date:
    """The Monday with which the last weeks, the present one among them, begin."""
    today = now.astimezone(_ZONE).date()
    return today - timedelta(days=today.weekday(), weeks=DEFAULT_WEEKS - 1)


def _conditions(filters: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """week_start_from=… as the reads have it: week_start__gte=…"""
    suffixes = {"from": "__gte", "to": "__lte"}
    conditions = []
    for name, value in filters.items():
        column, _, end = name.rpartition("_")
        written = "true" if value is True else str(value)
        conditions.append((f"{column}{suffixes[end]}" if end in suffixes else name, written))
    return tuple(conditions)
