"""Refreshing on demand: at once where a view's refresh fits a request, otherwise by the task.

What goes to the task also goes into the event queue: the entry's number is where its end is told (read_request), and if
the task never starts, the next run serves the entry all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from api.control.wording import without_sql
from api.database import ApiDatabase, ApiSession
from api.identity import Principal, require_role
from api.problems import Problem
from api.scheduling import Runner
from api.services import Refreshed
from refresh_task.errors import StatementFailedError
from refresh_task.model import Priority, Status, TriggerType
from refresh_task.settings import Settings

__all__ = ["MAY_REFRESH", "DatabaseRefresher", "status_url"]

MAY_REFRESH = ("admin", "cfo")
_MOST, _PER = 10, timedelta(hours=1)
_WITHIN_S = 5.0
_QUERY_CANCELED = "57014"
_MOST_SUBJECT = 200  # of a caller's name: it goes into the environment of a container, which has a limit


class DatabaseRefresher:
    """Refreshes views for callers with the role admin or cfo, each 10 times an hour.

    What counts is a refresh that begins, here or in the task, however it ends: it is the database's work that is
    limited. A view that is fresh and left alone, a refused request and a disabled view do not count.
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
            if (attempt := self._attempt(session, known, principal)) is not None:
                return attempt
        return self.hand_over([view], principal, force=force)[0]

    def refresh_each(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Refresh several views on one claim, fresh or not; a failing one leaves the others as they are."""
        require_role(principal, *MAY_REFRESH)
        done: dict[str, Refreshed] = {}
        with self._database.session() as session:
            known = [_read(session, view) for view in views]
            _claim(session, views[0], principal)
            for view in known:
                if (attempt := self._attempt_or_failure(session, view, principal)) is not None:
                    done[attempt.view] = attempt
        if left := [view for view in views if view not in done]:
            done |= {each.view: each for each in self.hand_over(left, principal, force=True)}
        return [done[view] for view in views]

    def start(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Have the task refresh the views, on one claim."""
        require_role(principal, *MAY_REFRESH)
        with self._database.session() as session:
            for view in views:
                _read(session, view)
            _claim(session, views[0], principal)
        return self.hand_over(views, principal, force=True)

    def hand_over(self, views: Sequence[str], principal: Principal, *, force: bool) -> list[Refreshed]:
        """Enter the views into the event queue and start the task for them."""
        by = principal.subject[:_MOST_SUBJECT]
        with self._database.session() as session:
            entries = [
                session.fetch_one(
                    "request_refresh", view=view, priority=Priority.CRITICAL, reason=f"on demand, by {by}"
                )
                for view in views
            ]
        message = "The refresh takes longer than a request may: the task does it."
        try:
            self._runner.start(["refresh", *views, *(["--force"] if force else [])], triggered_by=by)
        except Problem as problem:
            message = f"The refresh is queued for the next run. It could not be started at once: {problem.detail}"
        return [
            Refreshed(view, refreshed=False, message=message, status_url=status_url(entry["id"]))
            for view, entry in zip(views, entries, strict=True)
        ]

    def _attempt_or_failure(
        self, session: ApiSession, known: Mapping[str, Any], principal: Principal
    ) -> Refreshed | None:
        try:
            return self._attempt(session, known, principal)
        except Problem as problem:
            error = f"{problem.detail} {problem.remedy}"
            return Refreshed(known["view_name"], refreshed=False, message=problem.detail, error=error)

    def _attempt(self, session: ApiSession, known: Mapping[str, Any], principal: Principal) -> Refreshed | None:
        """One try in this request; None: it is the task's. Raises Problem 500 if it failed."""
        view, within_s = known["view_name"], known["refresh_within_s"] or _WITHIN_S
        # How long the first one takes nobody knows: it is tried.
        if known["p95_s"] is not None and known["p95_s"] > within_s:
            return None
        session.set_statement_timeout(within_s)
        try:
            session.execute(
                "refresh_views", views=[view], trigger_type=TriggerType.MANUAL, triggered_by=principal.subject
            )
        except StatementFailedError as error:
            if error.sqlstate == _QUERY_CANCELED:
                return None
            raise
        finally:
            if session.is_usable:
                session.set_statement_timeout(self._settings.statement_timeout_s)
        entry = session.ask_one("read_own_attempt", view=view)
        if entry["sqlstate"] == _QUERY_CANCELED:
            message = f"It took longer than the {within_s:g} s that a request may take: the task does it."
            session.ask("record_handover", log_id=entry["id"], message=message)
            return None
        if entry["status"] == Status.SKIPPED:
            return None  # another session is refreshing it, from a snapshot that may be older than this request
        if entry["status"] != Status.COMPLETED:
            raise _failed(view, entry)
        return Refreshed(
            view,
            refreshed=True,
            message=f"View refreshed successfully in {entry['duration_ms']}ms",
            duration_ms=entry["duration_ms"],
            rows_affected=entry["rows_total"],
        )


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
    claim = session.ask_one("claim_manual_refresh", view=view, claimed_by=principal.subject, most=_MOST, per=_PER)
    if not claim["granted"]:
        wait_s = max(1, claim["retry_after_s"])
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


def _failed(view: str, entry: Mapping[str, Any]) -> Problem:
    message = without_sql(entry["error"], log_id=entry["id"], view=view) or f"It came to: {entry['status']}."
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "refresh-failed",
        f"{view} was not refreshed, and keeps its last good data: {message}",
        remedy=without_sql(entry["remedy"], log_id=entry["id"], view=view)
        or f"See entry {entry['id']} of the refresh log: vistafresca history {view}.",
        extra={"view_name": view, "sqlstate": entry["sqlstate"], "duration_ms": entry["duration_ms"]},
    )
