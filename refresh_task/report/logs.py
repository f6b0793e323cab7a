"""One JSON line per event on standard output (docs/logs.md lists the events). `event` is a stable name: metric
filters and saved queries rely on it; `message` is for people."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger

from refresh_task import __version__
from refresh_task.errors import StatementFailedError, VistafrescaError
from refresh_task.model import (
    Delayed,
    Outcome,
    Remark,
    RunKind,
    RunResult,
    RunStatus,
    Status,
    Step,
    StepRetried,
    Strategy,
    VacuumFinished,
    ViewStatus,
)
from refresh_task.report.fields import iso, run_fields, view_fields
from refresh_task.report.image import Image
from refresh_task.report.reporter import Reporter
from refresh_task.settings import Settings


class LogReporter(Reporter):
    """Powertools' Logger, with the run's identity on every line."""

    def __init__(
        self,
        settings: Settings,
        *,
        kind: RunKind = RunKind.SCHEDULED,
        image: Image = Image(),  # noqa: B008  frozen
    ) -> None:
        self._settings = settings
        self._image = image
        self._kind = kind
        # Where standard output is gone there is nobody to tell; logging would write a traceback per line to standard
        # error.
        logging.raiseExceptions = False
        # The settings refuse Powertools' development mode; that refusal too is to be one line, and Powertools raises
        # for a value that it cannot read, the empty one included.
        os.environ.pop("POWERTOOLS_DEV", None)
        self._logger = Logger(
            service=settings.service, level=settings.log_level.upper(), utc=True, use_rfc3339=True, location=None
        )
        self._logger.append_keys(environment=settings.environment, database=settings.database, kind=kind)

    def run_started(self, run_id: int) -> None:
        self._logger.append_keys(run_id=run_id)
        self.info(
            "run_started",
            f"run {run_id} started by {self._settings.triggered_by}",
            trigger_type=self._settings.trigger_type,
            scheduled_time=self._settings.scheduled_time and self._settings.scheduled_time.isoformat(),
            version=__version__,
            **({} if self._image.name is None else {"image": self._image.name}),
            **({} if self._image.digest is None else {"image_digest": self._image.digest}),
        )
        if self._image.unknown is not None:
            self.warn("remark", f"ECS does not say which image this is: {self._image.unknown}", topic="image")

    def rows_abandoned(self, views: Sequence[str]) -> None:
        self.warn(
            "rows_abandoned",
            f"a task or its server ended while refreshing {', '.join(views)}; the last good data is still there",
            views=list(views),
        )

    def step_started(self, step: Step) -> None:
        self.info(
            "step_started",
            f"refreshing {step.view} ({step.strategy}: {step.reason})",
            view=step.view,
            strategy=step.strategy,
            statement_timeout_s=step.statement_timeout_s,
        )

    def step_finished(self, outcome: Outcome) -> None:
        fields = {name: value for name, value in asdict(outcome).items() if value is not None and name != "message"}
        match outcome.status:
            case Status.COMPLETED:
                counts = {
                    "rows written": outcome.rows_inserted,
                    "removed": outcome.rows_deleted,
                    "now": outcome.rows_total,
                }
                # None: they could not be counted
                churn = ", ".join(f"{number} {what}" for what, number in counts.items() if number is not None)
                self.info(
                    "step_finished",
                    f"{outcome.view} refreshed in {outcome.duration_s:.1f} s{_how(outcome)}: "
                    f"{churn or 'rows not counted'}",
                    **fields,
                )
            case Status.SKIPPED:
                self.info("step_skipped", f"{outcome.view} skipped: {outcome.reason}", **fields)
            case Status.UPSTREAM_FAILED:
                self.warn("step_upstream_failed", f"{outcome.view} {outcome.explanation}", **fields)
            case Status.FAILED | Status.CANCELLED | Status.ABANDONED:
                self._logger.error(
                    f"{outcome.view} {outcome.status} after {outcome.duration_s:.1f} s: {outcome.explanation}",
                    event="step_failed",
                    **fields,
                )

    def step_retried(self, retry: StepRetried) -> None:
        self.warn(
            "step_retried",
            f"{retry.view}: try {retry.attempt} failed, the next one follows in {retry.wait_s:.1f} s: {retry.message}",
            view=retry.view,
            attempt=retry.attempt,
            wait_s=round(retry.wait_s, 3),
            sqlstate=retry.sqlstate,
        )

    def run_delayed(self, delay: Delayed) -> None:
        self.warn(
            "run_delayed",
            f"{delay.reason}: refreshes that have not begun wait"
            if delay.waited_s == 0
            else f"{delay.reason}: waited {delay.waited_s:.0f} s for that to pass",
            reason=delay.reason,
            waited_s=round(delay.waited_s, 3),
        )

    def remarked(self, remark: Remark) -> None:
        self.warn("remark", remark.message, topic=remark.topic)

    def view_vacuumed(self, vacuum: VacuumFinished) -> None:
        self.info(
            "view_vacuumed",
            f"{vacuum.view} vacuumed and analyzed in {vacuum.duration_s:.1f} s",
            view=vacuum.view,
            duration_s=round(vacuum.duration_s, 3),
        )

    def nothing_requested(self) -> None:
        self.info("nothing_requested", "nothing waits in the event queue", exit_code=0)

    def run_finished(self, result: RunResult) -> None:
        if result.status is RunStatus.SKIPPED:
            # Of the frequent small runs some are bound to meet another one: the requests are the next one's.
            log = self.warn if self._kind is RunKind.SCHEDULED else self.info
            log(
                "run_skipped",
                "skipped: another run holds the run lock; it is refreshing the views",
                status=result.status,
                exit_code=result.exit_code,
            )
            return
        for undue in result.undue:
            self._logger.debug(
                f"{undue.view} is not due: {undue.reason}",
                event="view_not_due",
                view=undue.view,
                reason=undue.reason,
                next_due_at=undue.next_due_at and undue.next_due_at.isoformat(),
            )
        for view in result.newly_distrusted:
            self._mismatch(view)
        for view in result.views:
            if view.conditions:
                self._view_unhealthy(view)
        if self._kind is RunKind.SCHEDULED and not any(view.enabled for view in result.views):
            self.warn(
                "nothing_managed",
                "no view is managed, so nothing is kept fresh. Declare some in views.toml and run: vistafresca apply",
            )
        log = self.info if result.exit_code == 0 else self.warn
        log(
            "run_finished",
            f"run {result.status} in {result.duration_s:.1f} s"
            + (f", interrupted by {result.interruption}" if result.interruption else "")
            + "".join(f". {view.lateness.rstrip('.')}" for view in result.late_views),
            **run_fields(result),
        )

    def _mismatch(self, view: ViewStatus) -> None:
        """Once, when it is found; that the view is distrusted, every run says."""
        self._logger.error(
            f"{view.distrust}",
            event="incremental_mismatch",
            view=view.name,
            since=iso(view.incremental_since),
            found=view.distrust_reason,
        )

    def _view_unhealthy(self, view: ViewStatus) -> None:
        """All that a message to people says of one view."""
        self.warn(
            "view_unhealthy",
            f"{view.name} is {' and '.join(view.conditions)}",
            view=view.name,
            conditions=list(view.conditions),
            **view_fields(view),
        )

    def housekeeping_failed(self, error: VistafrescaError) -> None:
        self.warn(
            "housekeeping_failed",
            f"what earlier runs left could not be tidied up; the next run tries again: {error}",
            sqlstate=error.sqlstate if isinstance(error, StatementFailedError) else None,
        )

    def run_failed(self, error: Exception) -> None:
        if isinstance(error, VistafrescaError):
            self._logger.error(
                str(error), event="run_failed", subject=error.subject, remedy=error.remedy, exit_code=error.exit_code
            )
            return
        # A defect of ours. The frames without their source lines' values: an exception's text may hold a connection
        # string.
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._logger.error(
            f"the task has a defect: {type(error).__name__}. Report it with this line.",
            event="run_failed",
            frames=frames,
            exit_code=2,
        )

    def info(self, event: str, message: str, **fields: Any) -> None:
        """One line, level INFO."""
        self._logger.info(message, event=event, **fields)

    def warn(self, event: str, message: str, **fields: Any) -> None:
        """One line, level WARNING: nothing to page about, worth a look."""
        self._logger.warning(message, event=event, **fields)

    def note(self, event: str, message: str, **fields: Any) -> None:
        """A remark of another backend."""
        (self.warn if event == "reporter_failed" else self.info)(event, message, **fields)

    def reporter_failed(self, reporter: str, error: Exception) -> None:
        """Another backend failed; the run's outcome stays what it is."""
        self.warn(
            "reporter_failed",
            f"{reporter} failed ({type(error).__name__}: {error}); the run goes on",
            reporter=reporter,
        )


def _how(outcome: Outcome) -> str:
    """Of an incremental view alone: of others there is one way to speak of."""
    match outcome.strategy:
        case Strategy.INCREMENTAL:
            keys = outcome.changed_keys
            return ", incrementally" if keys is None else f", incrementally ({keys} {'key' if keys == 1 else 'keys'})"
        case Strategy.DIFFERENCE:
            return ", in full by difference"
        case _:
            return ""
