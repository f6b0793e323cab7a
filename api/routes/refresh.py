"""Refreshing on demand, and what refreshes came to."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Request, Response, content_types
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel

from api.control.wording import without_sql
from api.identity import caller
from api.problems import Problem
from api.reads import PublishedViews, find_managed_view
from api.routes.responses import answers
from api.services import Refreshed, Refresher, Services

__all__ = ["RefreshAnswer", "answer_refreshed", "make_router", "refresher_of"]

_UNIVERSAL_TRANSACTIONS = "universal-transactions"
_MOST_HOURS = 24 * 90  # as long as the log is kept
_MOST_ENTRIES = 1000

ViewName = Annotated[str, Path(description="schema.name, a name that only one view has, or a document's alias.")]
Force = Annotated[bool, Query(description="Refresh it even if it is fresh.")]


class RefreshAnswer(BaseModel):
    """What became of a refresh on demand. `status_url`: the task does it, and there its end is told."""

    success: bool
    refreshed: bool
    duration_ms: int | None = None
    rows_affected: int | None = None
    message: str
    status_url: str | None = None


class RefreshState(BaseModel):
    """A refresh that was left to the task. `success` is null until it has ended."""

    id: int
    view_name: str
    status: Literal["pending", "running", "completed", "failed"]
    success: bool | None
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int | None
    rows_affected: int | None
    message: str
    remedy: str | None


class ViewHealth(BaseModel):
    """How fresh one view is. `age_minutes` is null where nobody knows how old its data is."""

    view_name: str
    last_refresh: datetime | None
    age_minutes: int | None
    freshness: Literal["fresh", "stale", "very_stale"]
    rows_count: int | None
    needs_refresh: bool
    recommendation: str


class RefreshStatistics(BaseModel):
    """Of attempts; `success_rate` is a percentage with one decimal, null without any attempt."""

    total_refreshes: int
    successful: int
    failed: int
    success_rate: float | None
    avg_duration_ms: int | None
    max_duration_ms: int | None


class HistoryEntry(BaseModel):
    """One attempt."""

    id: int
    view_name: str
    status: str
    trigger_type: str
    triggered_by: str
    started_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    rows_affected: int | None
    error_message: str | None


class RefreshHistory(BaseModel):
    """The attempts of the last hours, newest first."""

    stats: RefreshStatistics
    history: list[HistoryEntry]


_REFRESHING: dict[int, Any] = {
    200: {"description": "Done, or not needed", "content": {"application/json": {"model": RefreshAnswer}}},
    202: {"description": "The task does it", "content": {"application/json": {"model": RefreshAnswer}}},
}


def make_router(services: Services, _views: PublishedViews) -> Router:
    """The routes under /api/v1/mv/refresh, /health and /metrics."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    def refresh(request: Request, written: str, *, force: bool) -> Response[RefreshAnswer]:
        with services.database.session() as session:
            view = find_managed_view(session, written)
        return answer_refreshed(refresher_of(services).refresh(view, caller(request), force=force))

    @router.post(
        "/api/v1/mv/refresh", summary="Refresh the universal transactions now", tags=["refresh"], responses=_REFRESHING
    )
    def refresh_universal_transactions(request: Request, force: Force = False) -> Response[RefreshAnswer]:  # noqa: FBT002  # a query parameter
        return refresh(request, _UNIVERSAL_TRANSACTIONS, force=force)

    @router.post("/api/v1/mv/refresh/<view>", summary="Refresh a view now", tags=["refresh"], responses=_REFRESHING)
    def refresh_view(request: Request, view: ViewName, force: Force = False) -> Response[RefreshAnswer]:  # noqa: FBT002  # a query parameter
        return refresh(request, view, force=force)

    @router.get(
        "/api/v1/mv/refresh/status/<id_>",
        summary="What became of a refresh by the task",
        tags=["refresh"],
        responses=answers(404),
    )
    def refresh_status(id_: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> RefreshState:
        with services.database.session() as session:
            found = session.ask("read_request", request_id=id_)
        if not found:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                "unknown-refresh",
                f"No refresh has the number {id_}, or not any more.",
                remedy="See /api/v1/mv/metrics/refresh-history for what was refreshed.",
            )
        return _state(found[0])

    @router.get("/api/v1/mv/health/<view>", summary="How fresh a view is", tags=["refresh"], responses=answers(404))
    def view_health(view: ViewName) -> ViewHealth:
        with services.database.session() as session:
            row = session.ask_one("read_health", view=find_managed_view(session, view))
        return ViewHealth(**{**row, "recommendation": _recommend(row)})

    @router.get(
        "/api/v1/mv/metrics/refresh-history",
        summary="What refreshes came to",
        tags=["refresh"],
        responses=answers(404),
    )
    def refresh_history(
        hours: Annotated[int, Query(ge=1, le=_MOST_HOURS, description="How far back.")] = 24,
        view: Annotated[str | None, Query(description="Of this view only.")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_ENTRIES, description="Entries at most.")] = 100,
    ) -> RefreshHistory:
        with services.database.session() as session:
            name = None if view is None else find_managed_view(session, view)
            statistics = session.ask_one("read_refresh_statistics", hours=hours, view=name)
            entries = session.ask("read_refresh_history", hours=hours, view=name, most=limit)
        return RefreshHistory(stats=RefreshStatistics(**statistics), history=[_entry(entry) for entry in entries])

    return router


def refresher_of(services: Services) -> Refresher:
    """Whatever refreshes here. Raises Problem 501 for a server that does not."""
    if services.refresher is None:
        raise Problem(
            HTTPStatus.NOT_IMPLEMENTED,
            "not-offered",
            "This server refreshes nothing.",
            remedy="Ask the deployed API, or vistafresca serve.",
        )
    return services.refresher


def answer_refreshed(refreshed: Refreshed) -> Response[RefreshAnswer]:
    """200: it is done; 202 with Location: the task does it."""
    body = RefreshAnswer(
        success=True,
        refreshed=refreshed.refreshed,
        duration_ms=refreshed.duration_ms,
        rows_affected=refreshed.rows_affected,
        message=refreshed.message,
        status_url=refreshed.status_url,
    )
    if refreshed.status_url is None:
        return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, body)
    return Response(
        HTTPStatus.ACCEPTED, content_types.APPLICATION_JSON, body, headers={"Location": refreshed.status_url}
    )


def _state(row: dict[str, Any]) -> RefreshState:
    status, message = _told(row)
    has_ended = status in ("completed", "failed")
    log_id, view = row["log_id"], row["view_name"]
    sqlstate = row["sqlstate"] if status == "failed" else None
    return RefreshState(
        id=row["id"],
        view_name=view,
        status=status,
        success=status == "completed" if has_ended else None,
        requested_at=row["requested_at"],
        started_at=row["started_at"],
        completed_at=row["finished_at"] if has_ended else None,
        duration_ms=row["duration_ms"] if has_ended else None,
        rows_affected=row["rows_total"] if has_ended else None,
        message=without_sql(message, log_id=log_id, view=view, sqlstate=sqlstate) or "",
        remedy=without_sql(row["remedy"], log_id=log_id, view=view) if status == "failed" else None,
    )


def _told(row: dict[str, Any]) -> tuple[Literal["pending", "running", "completed", "failed"], str]:
    """The attempt's status as the caller sees it, and why. A request that still waits after a failure is tried again by
    the next run, and is then told of by that attempt."""
    match row["attempt_status"], row["is_waiting"]:
        case "completed", False:
            return "completed", f"View refreshed successfully in {row['duration_ms']}ms"
        case "skipped", False:
            return "completed", f"Nothing had to be refreshed: {row['reason']}."
        case "running", True:
            return "running", "The task is refreshing it."
        case (None | "completed", True) | (None, False):
            return "pending", "It waits for the task."
    return "failed", row["error"] or f"It came to: {row['attempt_status']}. The next run tries again."


def _entry(row: dict[str, Any]) -> HistoryEntry:
    told = ". ".join(part.rstrip(".") for part in (row["error"], row["remedy"]) if part)
    message = without_sql(
        f"{told}." if told else None, log_id=row["id"], view=row["view_name"], sqlstate=row["sqlstate"]
    )
    return HistoryEntry(**row, error_message=message)


def _recommend(row: dict[str, Any]) -> str:
    now = f"POST /api/v1/mv/refresh/{row['view_name']} refreshes it at once."
    if not row["enabled"]:
        return "View is disabled: nothing refreshes it. Set enabled = true in views.toml and run vistafresca apply."
    if row["suspended_at"] is not None:
        return (
            f"View is suspended after {row['consecutive_failures']} failures in a row. Mend the cause that "
            f"vistafresca history names, then run: vistafresca resume {row['view_name']}."
        )
    if row["age_minutes"] is None:
        return f"Nobody knows how old its data is. {now}"
    if row["waiting_requests"]:
        return f"A refresh is requested: the next run for the event queue serves it. {now}"
    if row["freshness"] == "fresh":
        return "View is fresh. No action needed."
    target = f"{row['target_lag_s'] / 60:.0f} min"
    words = row["freshness"].replace("_", " ")
    failing = "" if not row["consecutive_failures"] else f" Its last {row['consecutive_failures']} refreshes failed."
    return f"View is {words}: its data may be {target} old.{failing} {now}"
