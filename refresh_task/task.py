"""One run, from top to bottom: connect, lock, catalog, plan, refresh, record, report."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Mapping
from functools import partial

from refresh_task import __version__
from refresh_task.cancellation import GRACE_S, Cancellation, cancel_on_signals
from refresh_task.catalog import read_view_status, read_views
from refresh_task.database import Session, connect
from refresh_task.errors import ConfigurationError, RunStuckError, StatementFailedError
from refresh_task.model import ExitCode, Interruption, Outcome, RunResult, RunStatus, Status
from refresh_task.plan import make_plan
from refresh_task.refresh import StepRunner
from refresh_task.report import Reporter, reporters_for_run
from refresh_task.settings import Settings

__all__ = ["main", "run"]

_LAST_WORDS_S = 5.0


def main(environment: Mapping[str, str], *, for_a_terminal: bool = False) -> ExitCode:
    """One run with the settings of the environment. Never raises: whatever happens is reported and becomes an exit
    code."""
    try:
        try:
            settings = Settings.from_environment(environment)
        except ConfigurationError as error:
            reporters_for_run(Settings(), for_a_terminal=for_a_terminal).run_failed(error)
            return ExitCode.UNUSABLE
        reporter = reporters_for_run(settings, for_a_terminal=for_a_terminal)
    except Exception:  # noqa: BLE001  # no reporter is left to tell
        traceback.print_exc()
        return ExitCode.UNUSABLE
    with cancel_on_signals(settings.run_deadline_s, on_stuck=partial(_give_up, reporter)) as cancellation:
        try:
            return run(settings, environment, reporter, cancellation).exit_code
        except Exception as error:  # noqa: BLE001  # the last place that can still say what happened
            reporter.run_failed(error)
            return ExitCode.UNUSABLE
        finally:
            reporter.close()


def run(
    settings: Settings, environment: Mapping[str, str], reporter: Reporter, cancellation: Cancellation
) -> RunResult:
    """Bring the managed views up to date and say what became of each.

    Raises VistafrescaError where there is no run to speak of: no connection, no schema, the control session lost.
    """
    started = time.monotonic()
    open_session = partial(connect, settings, environment=environment)
    with open_session() as control:
        if not control.fetch_one("try_run_lock")["acquired"]:
            result = RunResult(None, RunStatus.SKIPPED, None, time.monotonic() - started, (), ())
            reporter.run_finished(result)
            return result

        run_id = _start(settings, control, reporter)
        plan = make_plan(read_views(control), default_timeout_s=settings.statement_timeout_s)
        steps = StepRunner(
            control=control,
            open_worker=open_session,
            cancellation=cancellation,
            run_id=run_id,
            trigger_type=settings.trigger_type,
            triggered_by=settings.triggered_by,
        )
        outcomes: list[Outcome] = []
        for outcome in steps.carry_out(plan, on_start=reporter.step_started):
            outcomes.append(outcome)
            reporter.step_finished(outcome)

        # A signal that came when the work was done changed nothing.
        interruption = cancellation.interruption if steps.was_cut_short else None
        result = _finish(control, run_id, outcomes, interruption, time.monotonic() - started)
        reporter.run_finished(result)
        _remove_old_rows(settings, control, reporter)
    return result


def _start(settings: Settings, control: Session, reporter: Reporter) -> int:
    row = control.fetch_one(
        "start_run",
        trigger_type=settings.trigger_type,
        triggered_by=settings.triggered_by,
        scheduled_time=settings.scheduled_time,
        task_version=__version__,
    )
    run_id = int(row["id"])
    reporter.run_started(run_id)
    try:
        abandoned = control.fetch_all("mark_abandoned", run_id=run_id)
    except StatementFailedError as error:
        # What an earlier run left is not worth this one.
        reporter.housekeeping_failed(error)
    else:
        if abandoned:
            reporter.rows_abandoned([entry["view_name"] for entry in abandoned])
    return run_id


def _finish(
    control: Session, run_id: int, outcomes: list[Outcome], interruption: Interruption | None, duration_s: float
) -> RunResult:
    views = read_view_status(control)
    if interruption is not None:
        status = RunStatus.CANCELLED
    elif any(outcome.status not in (Status.COMPLETED, Status.SKIPPED) for outcome in outcomes) or any(
        view.is_late for view in views
    ):
        status = RunStatus.FAILED
    else:
        status = RunStatus.SUCCEEDED
    result = RunResult(run_id, status, interruption, duration_s, tuple(outcomes), views)
    control.execute(
        "finish_run",
        run_id=run_id,
        status=status,
        views_succeeded=result.count(Status.COMPLETED),
        views_failed=result.count(Status.FAILED),
        views_skipped=result.count(Status.SKIPPED),
    )
    return result


def _remove_old_rows(settings: Settings, control: Session, reporter: Reporter) -> None:
    try:
        control.execute("purge_log", retention_days=settings.log_retention_days)
    except StatementFailedError as error:
        # The views are fresh: nobody is to be woken for this.
        reporter.housekeeping_failed(error)


def _give_up(reporter: Reporter, interruption: Interruption) -> None:
    """End the process from the watcher's thread. The server ends what it was doing as soon as our connections are
    gone."""
    threading.Timer(_LAST_WORDS_S, os._exit, [ExitCode.CANCELLED]).start()  # should reporting hang, too
    reporter.run_failed(
        RunStuckError(
            f"{interruption} came {GRACE_S:.0f} s ago; the statement under way neither ended nor could be cancelled.",
            subject="the run",
            remedy="Check that the database and the network between answer; the next run marks what this one leaves.",
        )
    )
    reporter.close()
    os._exit(ExitCode.CANCELLED)
