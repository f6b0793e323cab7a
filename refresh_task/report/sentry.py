"""Sentry: cron check-ins of scheduled runs, whose verdict is freshness, and an event per failed, late and suspended
view.

sentry_sdk is imported only where there is a DSN: it costs the task's start as much as the database driver does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from refresh_task.database.credentials import read_secret
from refresh_task.errors import ConfigurationError, VistafrescaError
from refresh_task.model import Outcome, RunResult, RunStatus, Status, TriggerType, ViewStatus
from refresh_task.report.image import Image
from refresh_task.report.reporter import Reporter
from refresh_task.settings import Settings

# Together the longest that Sentry may hold up the end of a run: a host that accepts and never answers takes all of it.
_FLUSH_TIMEOUT_S = 2.0
_SHUTDOWN_TIMEOUT_S = 0.0

_ERROR_STATUSES = (Status.FAILED, Status.CANCELLED)


class SentryReporter(Reporter):
    """`log(event, message, **fields)` says what was sent; without a DSN, what would have been."""

    def __init__(self, settings: Settings, *, log: Callable[..., None], image: Image = Image()) -> None:  # noqa: B008  frozen
        self._settings = settings
        self._release = image.release
        self._log = log
        self._check_in_id = uuid.uuid4().hex
        self._sdk = self._initialise()

    def run_started(self, run_id: int) -> None:  # noqa: ARG002  # the interface's
        self._check_in("in_progress")

    def rows_abandoned(self, views: Sequence[str]) -> None:
        for view in views:
            message = f"{view}: an earlier task was killed while refreshing it; it keeps its last good data."
            self._capture(message, view, "abandoned", "task-exited")

    def step_finished(self, outcome: Outcome) -> None:
        if outcome.status in _ERROR_STATUSES:
            self._capture(
                f"{outcome.view} {outcome.status}: {outcome.explanation}",
                outcome.view,
                outcome.sqlstate or outcome.status,
                "views-failed",
            )

    def run_finished(self, result: RunResult) -> None:
        if result.status is RunStatus.SKIPPED:
            return  # the run that holds the lock checks in
        failed = {outcome.view for outcome in result.outcomes if outcome.status in _ERROR_STATUSES}
        for view in result.views:
            if view.name in failed and _was_just_suspended(view):
                self._capture(
                    f"{view.suspension}. The last error: {view.last_message}", view.name, "suspended", "view-suspended"
                )
        for view in result.newly_distrusted:
            self._capture(str(view.distrust), view.name, "distrusted", "incremental-mismatch")
        for view in result.late_views:
            self._capture(view.lateness, view.name, "late", "views-late")
        self._check_in("ok" if result.exit_code == 0 else "error", duration=result.duration_s)

    def run_failed(self, error: Exception) -> None:
        described = (
            str(error) if isinstance(error, VistafrescaError) else f"the task has a defect: {type(error).__name__}"
        )
        self._capture(described, None, type(error).__name__, "run-failed")
        self._check_in("error")

    def close(self) -> None:
        if self._sdk is not None:
            self._sdk.flush(timeout=_FLUSH_TIMEOUT_S)

    def _initialise(self) -> Any:
        """The initialised SDK, or None. A DSN that cannot be had or used is reported, and the run goes on without
        Sentry."""
        try:
            dsn = self._dsn()
        except ConfigurationError as error:
            self._log("reporter_failed", f"no check-ins, no error events: {error}", reporter="SentryReporter")
            return None
        if not dsn:
            return None
        import sentry_sdk  # noqa: PLC0415  # see the module's docstring

        try:
            sentry_sdk.init(
                dsn=dsn,
                environment=self._settings.environment,
                release=self._release,
                default_integrations=False,  # they would send our log lines a second time
                include_local_variables=False,  # they may hold a password
                send_default_pii=False,
                shutdown_timeout=_SHUTDOWN_TIMEOUT_S,
            )
        except Exception:  # noqa: BLE001  # BadDsn, ValueError, ...: whatever is wrong, the views are to be refreshed
            # Without its text: it would repeat the DSN.
            self._log(
                "reporter_failed",
                "no check-ins, no error events: the Sentry DSN is malformed. Copy it from the project's Client Keys.",
                reporter="SentryReporter",
            )
            return None
        return sentry_sdk

    def _dsn(self) -> str | None:
        if self._settings.sentry_dsn_secret_arn:
            return read_secret(
                self._settings.sentry_dsn_secret_arn, setting="VISTAFRESCA_SENTRY_DSN_SECRET_ARN"
            ).strip()
        return self._settings.sentry_dsn

    def _check_in(self, status: str, *, duration: float | None = None) -> None:
        if self._settings.trigger_type is not TriggerType.CRON:
            return  # neither a person's run at noon nor one for the event queue says anything about the schedule
        check_in = {
            "monitor_slug": self._settings.sentry_monitor_slug,
            "check_in_id": self._check_in_id,
            "status": status,
            "duration": duration,
            "monitor_config": {
                "schedule": {"type": "crontab", "value": self._settings.schedule},
                "timezone": "UTC",
                "checkin_margin": self._settings.sentry_checkin_margin_min,
                "max_runtime": self._settings.sentry_max_runtime_min,
                "failure_issue_threshold": self._settings.sentry_failure_threshold,
                "recovery_threshold": 1,
            },
        }
        if self._sdk is None:
            self._log("check_in_not_sent", f"Sentry has no DSN; the check-in would be: {status}", check_in=check_in)
            return
        self._sdk.crons.capture_checkin(**check_in)
        self._log("check_in_sent", f"checked in with Sentry: {status}", check_in=check_in)

    def _capture(self, message: str, view: str | None, kind: str, section: str) -> None:
        """`section` is the runbook's."""
        if self._sdk is None:
            return
        self._sdk.capture_event(
            {
                "level": "error",
                "message": message,
                # One issue per view and cause, not one per wording of PostgreSQL's message.
                "fingerprint": ["vistafresca", self._settings.service, view or "run", kind],
                "tags": {"view": view or "-", "kind": kind, "service": self._settings.service},
                "extra": {"runbook": f"docs/runbook.md#{section}"},
            }
        )


def _was_just_suspended(view: ViewStatus) -> bool:
    """Whether its last attempt was the one that suspended it; a later probe that fails moves only the next probe."""
    return (
        view.suspended_at is not None and view.last_started_at is not None and view.suspended_at >= view.last_started_at
    )
