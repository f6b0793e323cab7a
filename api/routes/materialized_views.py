"""Refreshing the daily views, their state, and the scheduler: the rest of /materialized-views (document 002)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Request, Response, content_types
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from api.control.daily_views import DAILY_VIEWS, read_daily_time, reschedule
from api.control.refresh import MAY_REFRESH
from api.daily import DailyTime
from api.database import ApiSession
from api.identity import caller, require_role
from api.problems import Problem
from api.reads import PublishedViews
from api.routes.refresh import refresher_of
from api.routes.responses import answers
from api.scheduling import Job, Scheduler
from api.services import Refreshed, Services
from refresh_task.catalog import read_now, read_views
from refresh_task.plan import make_plan

__all__ = ["make_router"]

_DEFAULT_ZONE = "America/Bogota"


class RefreshedView(BaseModel):
    """What became of one view. `status` started: the task does it, and `status_url` tells its end."""

    view_name: str
    status: Literal["completed", "failed", "started"]
    duration_ms: int | None
    rows_affected: int | None
    error_message: str | None
    status_url: str | None


class RefreshedViews(BaseModel):
    """`success`: no view failed; `refreshed`: all are refreshed now."""

    success: bool
    refreshed: bool
    duration_ms: int | None
    rows_affected: int | None
    message: str
    results: list[RefreshedView]


class ViewStatistics(BaseModel):
    """One view as it stands; `row_count` as of its last refresh."""

    view_name: str
    is_populated: bool
    row_count: int | None
    total_size: str | None
    total_bytes: int | None
    has_unique_index: bool
    last_refresh: datetime | None
    last_duration_ms: int | None
    last_status: str | None
    freshness: str


class StatusOfViews(BaseModel):
    """Of the daily views."""

    views: list[ViewStatistics]


class HealthOfView(BaseModel):
    """Of one view; `age_minutes` is null where nobody knows how old its data is."""

    view_name: str
    last_refresh: datetime | None
    age_minutes: int | None
    needs_refresh: bool


class HealthOfViews(BaseModel):
    """healthy: no view needs a refresh; degraded: one does; missing: there are none here."""

    status: Literal["healthy", "degraded", "missing"]
    views: list[HealthOfView]


class JobState(BaseModel):
    """One thing that starts runs; `next_run_at` is null where the scheduler does not say."""

    purpose: str
    name: str
    schedule: str
    is_enabled: bool
    next_run_at: datetime | None


class DueView(BaseModel):
    """When a view is due next, in UTC (in the past: the next run refreshes it), and how its last refreshes went."""

    view_name: str
    next_due_at: datetime | None
    last_refresh: datetime | None
    last_duration_ms: int | None
    last_status: str | None
    freshness: str


class SchedulerState(BaseModel):
    """`running`: its job for scheduled runs is on. `daily_time` is null where the views have no daily time."""

    scheduler: str
    running: bool
    daily_time: str | None
    time_zone: str | None
    jobs: list[JobState]
    views: list[DueView]


class Rescheduled(BaseModel):
    """The views are due at the new time from now on; `job` is what starts a run at that very minute."""

    success: bool
    message: str
    hour: int
    minute: int
    time_zone: str
    next_run_at: datetime | None
    job: JobState


def make_router(services: Services, _views: PublishedViews) -> Router:
    """The routes that refresh and schedule the daily views."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.post("/materialized-views/refresh", summary="Refresh the views now", tags=["teloo"], responses=_REFRESHING)
    def refresh_all(request: Request) -> Response[RefreshedViews]:
        return _answer_refreshed(refresher_of(services).refresh_each(DAILY_VIEWS, caller(request)))

    @router.post(
        "/materialized-views/scheduler/trigger-refresh",
        summary="Have the task refresh the views",
        tags=["teloo"],
        responses=_REFRESHING,
    )
    def trigger_refresh(request: Request) -> Response[RefreshedViews]:
        return _answer_refreshed(refresher_of(services).start(DAILY_VIEWS, caller(request)))

    @router.get("/materialized-views/status", summary="The views as they stand", tags=["teloo"], responses=answers())
    def status() -> StatusOfViews:
        return StatusOfViews(views=_statistics(services))

    @router.get("/materialized-views/health", summary="Whether they are fresh", tags=["teloo"], responses=answers())
    def health() -> HealthOfViews:
        with services.database.session() as session:
            rows = session.ask("read_health_check", views=list(DAILY_VIEWS))
        views = [HealthOfView(**row) for row in rows]
        if not views:
            return HealthOfViews(status="missing", views=[])
        return HealthOfViews(status="degraded" if any(view.needs_refresh for view in views) else "healthy", views=views)

    @router.get("/materialized-views/scheduler/status", summary="The scheduler", tags=["teloo"], responses=answers(501))
    def scheduler_status() -> SchedulerState:
        scheduler = _scheduler_of(services)
        with services.database.session() as session:
            daily = read_daily_time(session)
            due = _next_due(session, services)
        jobs = [_job(job) for job in scheduler.jobs()]
        return SchedulerState(
            scheduler=scheduler.kind,
            running=any(job.is_enabled for job in jobs if job.purpose == "scheduled"),
            daily_time=None if daily is None else f"{daily.hour:02}:{daily.minute:02}",
            time_zone=None if daily is None else daily.time_zone,
            jobs=jobs,
            views=[
                DueView(
                    next_due_at=due.get(view.view_name),
                    **view.model_dump(include=set(DueView.model_fields) - {"next_due_at"}),
                )
                for view in _statistics(services)
            ],
        )

    @router.put(
        "/materialized-views/scheduler/reschedule",
        summary="Move the daily refresh",
        description="To a time of the views' own zone. The views become due by it, and a run starts at that minute.",
        tags=["teloo"],
        responses=answers(403, 404, 501),
    )
    def move_daily_refresh(
        request: Request,
        hour: Annotated[int, Query(ge=0, le=23)],
        minute: Annotated[int, Query(ge=0, le=59)] = 0,
    ) -> Rescheduled:
        require_role(caller(request), *MAY_REFRESH)
        scheduler = _scheduler_of(services)
        with services.database.session() as session:
            if not session.ask("read_schedules", views=list(DAILY_VIEWS)):
                raise Problem(
                    HTTPStatus.NOT_FOUND,
                    "unknown-view",
                    f"{' and '.join(DAILY_VIEWS)} are not managed here.",
                    remedy="Run vistafresca migrate --system teloo and vistafresca apply.",
                )
            former = read_daily_time(session)
            time = DailyTime(hour, minute, _DEFAULT_ZONE if former is None else former.time_zone)
            # First what decides: a job that cannot be moved costs minutes, and the same request moves it.
            reschedule(session, time)
        job = scheduler.set_daily(time)
        return Rescheduled(
            success=True,
            message=f"Daily refresh rescheduled to {time.clock}",
            hour=hour,
            minute=minute,
            time_zone=time.time_zone,
            next_run_at=time.next_after(services.now()),
            job=_job(job),
        )

    return router


_REFRESHING: dict[int, Any] = {
    200: {"description": "All ended", "content": {"application/json": {"model": RefreshedViews}}},
    202: {"description": "The task does it", "content": {"application/json": {"model": RefreshedViews}}},
}


def _scheduler_of(services: Services) -> Scheduler:
    if services.scheduler is None:
        raise Problem(
            HTTPStatus.NOT_IMPLEMENTED,
            "not-offered",
            "This server has no scheduler.",
            remedy="Ask the deployed API, or vistafresca serve.",
        )
    return services.scheduler


def _statistics(services: Services) -> list[ViewStatistics]:
    with services.database.session() as session:
        return [ViewStatistics(**row) for row in session.ask("read_statistics", views=list(DAILY_VIEWS))]


def _next_due(session: ApiSession, services: Services) -> dict[str, datetime | None]:
    """When each is due next; now, if the next run refreshes it."""
    now = read_now(session)
    plan = make_plan(
        read_views(session),
        now=now,
        interval_s=services.settings.interval_s,
        default_timeout_s=services.settings.statement_timeout_s,
    )
    return {step.view: now for step in plan.steps} | {undue.view: undue.next_due_at for undue in plan.undue}


def _answer_refreshed(outcomes: Sequence[Refreshed]) -> Response[RefreshedViews]:
    started = [each for each in outcomes if each.status_url is not None]
    failed = [each for each in outcomes if each.error is not None]
    done = [each for each in outcomes if each.refreshed]
    told = [
        f"{len(views)} {word}"
        for views, word in ((done, "refreshed"), (started, "left to the task"), (failed, "failed"))
        if views
    ]
    body = RefreshedViews(
        success=not failed,
        refreshed=len(done) == len(outcomes),
        duration_ms=sum(each.duration_ms or 0 for each in done) if done else None,
        rows_affected=sum(each.rows_affected or 0 for each in done) if done else None,
        message=f"Of {len(outcomes)} views: {', '.join(told)}.",
        results=[_result(each) for each in outcomes],
    )
    if started:
        headers = {"Location": str(started[0].status_url)}
        return Response(HTTPStatus.ACCEPTED, content_types.APPLICATION_JSON, body, headers=headers)
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, body)


def _result(outcome: Refreshed) -> RefreshedView:
    return RefreshedView(
        view_name=outcome.view,
        status="completed" if outcome.refreshed else "failed" if outcome.error is not None else "started",
        duration_ms=outcome.duration_ms,
        rows_affected=outcome.rows_affected,
        error_message=outcome.error,
        status_url=outcome.status_url,
    )


def _job(job: Job) -> JobState:
    return JobState(
        purpose=job.purpose, name=job.name, schedule=job.schedule, is_enabled=job.is_enabled, next_run_at=job.next_at
    )
