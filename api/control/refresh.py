"""Refreshing on demand: at once where a view's refresh fits a request, otherwise by the task.

What goes to the task also goes into the event queue: the entry's number is where its end is told (read_request), and if
the task never starts, the next run serves the entry all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from api.control.attempt import Attempt, Unit, try_unit
from api.control.wording import without_sql
from api.database import ApiDatabase, ApiSession
from api.identity import Principal, require_role
from api.problems import Problem
from api.scheduling import Runner
from api.services import Refreshed
from refresh_task.model import Priority
from refresh_task.settings import Settings

__all__ = ["MAY_REFRESH", "DatabaseRefresher", "status_url"]

MAY_REFRESH = ("admin", "cfo")
_MOST, _PER = 10, timedelta(hours=1)
_MOST_SUBJECT = 200  # of a caller's name: it goes into the environment of a container, which has a limit


class DatabaseRefresher:
    """Refreshes views for callers with the role admin or cfo, each 10 times an hour.

    What counts is a refresh that begins, here or in the task, however it ends: it is the database's work that is
    limited. A view that is fresh and left alone, a refused request and a disabled view do not count. A view of a
    consistency group is refreshed with its group, so that its readers go on seeing one moment.
    """

    def __init__(self, *, database: ApiDatabase, runner: Runner, settings: Settings) -> None:
        self._database = database
        self._runner = runner
        self._settings = settings

    def refresh(self, view: str, principal: Principal, *, force: bool = False) -> Refreshed:
        """Refresh a managed view, by its full name; a fresh one only with `force`.

        Raises Problem: 403 (role), 404, 409 (disabled), 429 with Retry-After, 500 (the refresh failed).
        """
        require_role(principal, *MAY_REFRESH)
        with self._database.session() as session:
            known = _read(session, view)
            if not force and not known["needs_refresh"]:
                return Refreshed(view, refreshed=False, message=_left_alone(known))
            _claim(session, view, principal)
            attempts = self._try(session, Unit.from_row(known), principal)
        if attempts is None:
            return self._hand_over([view], principal, force=force)[0]
        attempt = attempts[view]
        if not attempt.is_success:
            raise _failed(attempt)
        return _refreshed(attempt)

    def refresh_each(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Refresh several views on one claim, fresh or not; a failing one leaves the others as they are."""
        require_role(principal, *MAY_REFRESH)
        attempts: dict[str, Attempt] = {}
        with self._database.session() as session:
            units = [Unit.from_row(_read(session, view)) for view in views]
            _claim(session, views[0], principal)
            for together in dict.fromkeys(unit.together for unit in units):
                unit = next(unit for unit in units if unit.together == together)
                attempts |= self._try(session, unit, principal) or {}
        done = {view: _refreshed(attempt) for view, attempt in attempts.items()}
        if left := [view for view in views if view not in done]:
            done |= {each.view: each for each in self._hand_over(left, principal, force=True)}
        return [done[view] for view in views]

    def start(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Have the task refresh the views, on one claim."""
        require_role(principal, *MAY_REFRESH)
        with self._database.session() as session:
            for view in views:
                _read(session, view)
            _claim(session, views[0], principal)
        return self._hand_over(views, principal, force=True)

    def _try(self, session: ApiSession, unit: Unit, principal: Principal) -> dict[str, Attempt] | None:
        return try_unit(session, unit, triggered_by=principal.subject, settings=self._settings)

    def _hand_over(self, views: Sequence[str], principal: Principal, *, force: bool) -> list[Refreshed]:
        """Enter the views into the event queue and start the task for them."""
        by = principal.subject[:_MOST_SUBJECT]
        reason = f"on demand, by {by}"
        with self._database.session() as session:
            entries = [
                session.fetch_one("request_refresh", view=view, priority=Priority.CRITICAL, reason=reason)
                for view in views
            ]
        message = "The task is started for it."
        try:
            self._runner.start(["refresh", *views, *(["--force"] if force else [])], triggered_by=by)
        except Problem as problem:
            message = f"It is queued for the next run. It could not be started at once: {problem.detail}"
        return [
            Refreshed(view, refreshed=False, message=message, status_url=status_url(entry["id"]))
            for view, entry in zip(views, entries, strict=True)
        ]


def status_url(request_id: int) -> str:
    """Where the end of a refresh by the task is told."""
    return f"/api/v1/mv/refresh/status/{request_id}"


def _read(session: ApiSession, view: str) -> dict[str, Any]:
    found = session.ask("read_refreshable", view=view)
    if not found:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "unknown-view",
            f"{view} is not a managed view.",
            remedy="See /api/v1/mv for those that are.",
        )
    if not found[0]["enabled"]:
        raise Problem(
            HTTPStatus.CONFLICT,
            "view-disabled",
            f"{view} is disabled.",
            remedy="Set enabled = true in views.toml and run vistafresca apply.",
        )
    return found[0]


def _claim(session: ApiSession, view: str, principal: Principal) -> None:
    claim = session.ask_one("claim_manual_refresh", view=view, claimed_by=principal.counted_as, most=_MOST, per=_PER)
    if not claim["granted"]:
        wait_s = claim["retry_after_s"]
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-refreshes",
            f"{principal.subject} has had {_MOST} manual refreshes within an hour.",
            remedy=f"Ask again in {wait_s} s; the scheduled runs keep the view within its target lag meanwhile.",
            extra={"limit": _MOST, "per_s": round(_PER.total_seconds())},
            headers={"Retry-After": str(wait_s)},
        )


def _left_alone(known: Mapping[str, Any]) -> str:
    age = "" if known["lag_s"] is None else f" Its data is {max(0, round(known['lag_s']))} s old."
    return f"View is fresh. No refresh needed.{age} With force=true it is refreshed all the same."


def _refreshed(attempt: Attempt) -> Refreshed:
    if not attempt.is_success:
        problem = _failed(attempt)
        return Refreshed(
            attempt.view,
            refreshed=False,
            message=problem.detail,
            duration_ms=attempt.duration_ms,
            error=f"{problem.detail} {problem.remedy}",
        )
    return Refreshed(
        attempt.view,
        refreshed=True,
        message=f"View refreshed successfully in {attempt.duration_ms}ms",
        duration_ms=attempt.duration_ms,
        rows_affected=attempt.rows_total,
    )


def _failed(attempt: Attempt) -> Problem:
    view = attempt.view
    message = (
        without_sql(attempt.error, log_id=attempt.log_id, view=view, sqlstate=attempt.sqlstate) or "nobody knows why."
    )
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "refresh-failed",
        f"{view} was not refreshed, and keeps its last good data: {message.rstrip('.')}.",
        remedy=without_sql(attempt.remedy, log_id=attempt.log_id, view=view)
        or f"See entry {attempt.log_id} of the refresh log: vistafresca history {view}.",
        extra={"view_name": view, "sqlstate": attempt.sqlstate, "duration_ms": attempt.duration_ms},
    )
