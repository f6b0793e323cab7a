"""Every managed view: how fresh it is, what the next run will do about it and why, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel

from api.database import ApiSession
from api.problems import Problem
from api.reads import PublishedViews, find_managed_view
from api.services import Services
from refresh_task.catalog import read_view_status
from refresh_task.model import IncrementalStatus, Step, Undue, ViewStatus

if TYPE_CHECKING:
    from refresh_task.command_line.preview import Preview

__all__ = ["make_router"]

_TIMEOUT_S = 20.0
Status = Literal["running", "completed", "failed", "skipped", "cancelled", "abandoned", "upstream_failed"]
ViewName = Annotated[str, Path(description="schema.view, or view where only one is called so")]


class Incremental(BaseModel):
    """Incremental refresh of one view: `status` is enabling, enabled, distrusted (a comparison found other rows than
    its definition gives: in full since) or disabling. `changed_keys` of the last refresh; `why_full`: why that was
    not incremental."""

    status: str
    since: datetime | None
    distrust_reason: str | None
    changed_keys: int | None
    why_full: str | None


class View(BaseModel):
    """A managed view at this moment. Durations are seconds; what is not known is null. `next_due_at` is in the past or
    now for a view that the next run refreshes; `rows_url` null: its rows are not published. `strategy` is how it was
    last refreshed; `incremental` null: it is not enabled for incremental refresh."""

    name: str
    enabled: bool
    freshness: str
    data_as_of: datetime | None
    lag_s: float | None
    target_lag_s: float | None
    refreshed_at: datetime | None
    last_success_at: datetime | None
    rows_total: int | None
    is_due: bool
    next_due_at: datetime | None
    why: str | None
    last_status: str | None
    last_started_at: datetime | None
    last_duration_ms: int | None
    consecutive_failures: int
    failing_since: datetime | None
    suspended_since: datetime | None
    probe_at: datetime | None
    waiting_requests: int
    rows_url: str | None
    refresh_mode: str
    strategy: str | None
    incremental: Incremental | None


class Views(BaseModel):
    """All of them, by name."""

    now: datetime
    views: list[View]


class PlannedStep(BaseModel):
    """What the next run does to one view. `estimate_s` is the median of its last refreshes; `look` says on what
    evidence it will leave the view alone after all; `problem`: it cannot."""

    view: str
    wave: int
    strategy: str
    due_by: str
    why: str
    look: str | None
    estimate_s: float | None
    upstream: list[str]
    problem: str | None


class PlanOfView(BaseModel):
    """What the next run would do if it began now: the view's own step, after those of the views that it reads; or why
    it has none."""

    now: datetime
    view: str
    is_due: bool
    next_due_at: datetime | None
    why: str
    steps: list[PlannedStep]


class Attempt(BaseModel):
    """One attempt to refresh, or to find out that nothing has changed. The log has its error's text under `id`."""

    id: int
    view: str
    status: str
    strategy: str | None
    trigger_type: str
    triggered_by: str
    started_at: datetime
    duration_ms: int | None
    data_as_of: datetime | None
    rows_inserted: int | None
    rows_deleted: int | None
    rows_total: int | None
    changed_keys: int | None
    attempts: int
    sqlstate: str | None


class History(BaseModel):
    """The newest first."""

    view: str
    attempts: list[Attempt]


def make_router(services: Services, _views: PublishedViews) -> Router:
    """The routes under /api/v1/mv that change nothing."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    def preview(session: ApiSession) -> Preview:
        from refresh_task.command_line.preview import make_preview  # noqa: PLC0415  # 0.2 s: click, rich and all commands

        session.set_statement_timeout(_TIMEOUT_S)
        try:
            return make_preview(session, services.settings, ())
        finally:
            if session.is_usable:
                session.set_statement_timeout(services.settings.statement_timeout_s)

    @router.get("/api/v1/mv", summary="All managed views", tags=["views"])
    def list_views() -> Views:
        with services.database.session() as session:
            plan, statuses = preview(session), read_view_status(session)
            published = _published(session)
        return Views(now=plan.now, views=[_view(status, plan, published) for status in statuses])

    @router.get("/api/v1/mv/<view>", summary="One managed view", tags=["views"])
    def show_view(view: ViewName) -> View:
        with services.database.session() as session:
            name = find_managed_view(session, view)
            plan, published = preview(session), _published(session)
            status = next((each for each in read_view_status(session) if each.name == name), None)
        if status is None:
            raise _gone(name)
        return _view(status, plan, published)

    @router.get(
        "/api/v1/mv/<view>/plan",
        summary="What the next run would do, and why",
        tags=["views"],
    )
    def show_plan(view: ViewName) -> PlanOfView:
        with services.database.session() as session:
            name = find_managed_view(session, view)
            plan = preview(session)
        return _plan(name, plan)

    @router.get(
        "/api/v1/mv/<view>/history",
        summary="The last attempts to refresh",
        tags=["views"],
    )
    def show_history(
        view: ViewName,
        limit: Annotated[int, Query(ge=1, le=1_000, description="The newest so many")] = 20,
        status: Annotated[Status | None, Query(description="Only attempts that came to this")] = None,
    ) -> History:
        with services.database.session() as session:
            name = find_managed_view(session, view)
            entries = session.fetch_all("read_history", view=name, status=status, most=limit)
        return History(view=name, attempts=[_attempt(entry) for entry in entries])

    return router


def _published(session: ApiSession) -> frozenset[str]:
    return frozenset(row["view_name"] for row in session.ask("read_published_names"))


def _view(status: ViewStatus, preview: Preview, published: frozenset[str]) -> View:
    step, undue = _in_plan(status.name, preview)
    return View(
        name=status.name,
        enabled=status.enabled,
        freshness=status.freshness,
        # the moment that the lag counts from
        data_as_of=None if (view := preview.views.get(status.name)) is None else view.global_data_timestamp,
        lag_s=status.lag_s,
        target_lag_s=None if status.target_lag is None else status.target_lag.total_seconds(),
        refreshed_at=status.refreshed_at,
        last_success_at=status.last_success_at,
        rows_total=status.rows_total,
        is_due=step is not None,
        next_due_at=_next_due_at(step, undue, preview),
        why=_why(step, undue),
        last_status=status.last_status,
        last_started_at=status.last_started_at,
        last_duration_ms=status.last_duration_ms,
        consecutive_failures=status.consecutive_failures,
        failing_since=status.failing_since,
        suspended_since=status.suspended_at,
        probe_at=status.probe_at,
        waiting_requests=status.waiting_requests,
        rows_url=f"/api/v1/views/{status.name}/rows" if status.name in published else None,
        refresh_mode=status.refresh_mode,
        strategy=status.last_strategy,
        incremental=None if status.incremental_status is None else _incremental(status, status.incremental_status),
    )


def _incremental(status: ViewStatus, incremental: IncrementalStatus) -> Incremental:
    return Incremental(
        status=incremental,
        since=status.incremental_since,
        distrust_reason=status.distrust_reason,
        changed_keys=status.last_changed_keys,
        why_full=status.why_full,
    )


def _plan(name: str, preview: Preview) -> PlanOfView:
    from refresh_task.command_line.preview import wave_numbers  # noqa: PLC0415  # see above

    step, undue = _in_plan(name, preview)
    waves = wave_numbers(preview.plan)
    steps = {each.view: each for each in preview.plan.steps}
    shown, waiting = {name}, [name] if step is not None else []
    while waiting:
        new = set(steps[waiting.pop()].upstream) - shown
        shown |= new
        waiting += new
    return PlanOfView(
        now=preview.now,
        view=name,
        is_due=step is not None,
        next_due_at=_next_due_at(step, undue, preview),
        why=_why(step, undue) or "It is disabled: no run refreshes it.",
        steps=[_step(each, preview, waves) for each in preview.plan.steps if each.view in shown],
    )


def _step(step: Step, preview: Preview, waves: Mapping[str, int]) -> PlannedStep:
    from refresh_task.command_line.preview import look_for_changes  # noqa: PLC0415  # see above

    return PlannedStep(
        view=step.view,
        wave=waves[step.view],
        strategy=step.strategy,
        due_by=step.due_by,
        why=step.reason,
        look=look_for_changes(preview.views[step.view], step),
        estimate_s=step.estimate_s,
        upstream=list(step.upstream),
        problem=step.problem,
    )


def _in_plan(name: str, preview: Preview) -> tuple[Step | None, Undue | None]:
    step = next((each for each in preview.plan.steps if each.view == name), None)
    return step, next((each for each in preview.plan.undue if each.view == name), None)


def _next_due_at(step: Step | None, undue: Undue | None, preview: Preview) -> datetime | None:
    if step is not None:
        return preview.now
    return None if undue is None else undue.next_due_at


def _why(step: Step | None, undue: Undue | None) -> str | None:
    if step is not None:
        return step.reason
    return None if undue is None else undue.reason


def _attempt(entry: Mapping[str, Any]) -> Attempt:
    shown = {name: value for name, value in entry.items() if name in Attempt.model_fields}
    return Attempt(**shown, view=entry["view_name"], data_as_of=entry["data_timestamp"])


def _gone(name: str) -> Problem:
    return Problem(404, "unknown-view", f"{name} is not managed any more.", remedy="See /api/v1/mv.")
