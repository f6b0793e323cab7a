"""One run, from top to bottom: connect, lock, catalog, plan, refresh, record, report."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from refresh_task import __version__
from refresh_task.cancellation import GRACE_S, Cancellation, cancel_on_signals
from refresh_task.catalog import adopt_views, read_now, read_view_status, read_views
from refresh_task.database import Session, connect
from refresh_task.errors import ConfigurationError, RunStuckError, VistafrescaError
from refresh_task.incremental.proofs import keep_proofs
from refresh_task.incremental.upkeep import keep_captures
from refresh_task.model import (
    ExitCode,
    Interruption,
    Outcome,
    Plan,
    RunKind,
    RunResult,
    RunStatus,
    Status,
    TriggerType,
)
from refresh_task.plan import make_plan
from refresh_task.refresh import StepRunner
from refresh_task.report import Reporter, reporters_for_run
from refresh_task.settings import Settings

__all__ = ["main", "run"]

_LAST_WORDS_S = 5.0
# The second key of the run lock. A run that somebody starts for certain views takes none: each view has its own lock.
_RUN_LOCKS = {RunKind.SCHEDULED: 0, RunKind.REQUESTED: 1}
_TRIGGER_TYPES = {RunKind.REQUESTED: TriggerType.EVENT, RunKind.MANUAL: TriggerType.MANUAL}


def main(
    environment: Mapping[str, str],
    *,
    kind: RunKind = RunKind.SCHEDULED,
    names: tuple[str, ...] = (),
    force: bool = False,
    for_a_terminal: bool = False,
) -> ExitCode:
    """One run with the settings of the environment; `names` are the views of a manual one, to be refreshed even where
    nothing changed with `force`. Never raises: whatever happens is reported and becomes an exit code."""
    try:
        try:
            settings = Settings.from_environment(environment)
        except ConfigurationError as error:
            refused = Settings.identity(environment)
            reporters_for_run(refused, kind=kind, for_a_terminal=for_a_terminal).run_failed(error)
            return ExitCode.UNUSABLE
        settings = replace(settings, trigger_type=_TRIGGER_TYPES.get(kind, settings.trigger_type))
        reporter = reporters_for_run(settings, kind=kind, for_a_terminal=for_a_terminal)
    except Exception:  # noqa: BLE001  # no reporter is left to tell
        traceback.print_exc()
        return ExitCode.UNUSABLE
    with cancel_on_signals(settings.run_deadline_s, on_stuck=partial(_give_up, reporter)) as cancellation:
        try:
            return run(settings, environment, reporter, cancellation, kind=kind, names=names, force=force).exit_code
        except Exception as error:  # noqa: BLE001  # the last place that can still say what happened
            reporter.run_failed(error)
            return ExitCode.UNUSABLE
        finally:
            reporter.close()


def run(
    settings: Settings,
    environment: Mapping[str, str],
    reporter: Reporter,
    cancellation: Cancellation,
    *,
    kind: RunKind = RunKind.SCHEDULED,
    names: tuple[str, ...] = (),
    force: bool = False,
) -> RunResult:
    """Bring the managed views up to date and say what became of each.

    Raises VistafrescaError where there is no run to speak of: no connection, no schema, the control session lost.
    """
    started = time.monotonic()
    open_session = partial(connect, settings, environment=environment)
    with open_session() as control:
        if kind is RunKind.REQUESTED and not control.fetch_all("read_pending_views"):
            reporter.nothing_requested()
            return RunResult(None, RunStatus.SUCCEEDED, None, time.monotonic() - started, (), (), kind)
        if not _lock(control, kind):
            result = RunResult(None, RunStatus.SKIPPED, None, time.monotonic() - started, (), (), kind)
            reporter.run_finished(result)
            return result

        run_id = _start(settings, control, reporter, kind)
        plan = make_plan(
            read_views(control),
            now=read_now(control),
            interval_s=settings.interval_s,
            default_timeout_s=settings.statement_timeout_s,
            kind=kind,
            names=names,
            force=force,
        )
        steps = StepRunner(
            control=control,
            open_worker=partial(open_session, isolation="repeatable read"),
            cancellation=cancellation,
            run_id=run_id,
            trigger_type=settings.trigger_type,
            triggered_by=settings.triggered_by,
            settings=settings,
        )
        outcomes: list[Outcome] = []
        for event in steps.carry_out(plan):
            if isinstance(event, Outcome):
                outcomes.append(event)
            reporter.happened(event)

        # A signal that came when the work was done changed nothing.
        interruption = cancellation.interruption if steps.was_cut_short else None
        ended = RunResult(
            run_id, RunStatus.SUCCEEDED, interruption, time.monotonic() - started, tuple(outcomes), (), kind
        )
        result = _finish(control, plan, ended)
        reporter.run_finished(result)
        _tidy_up(settings, control, reporter, kind)
    return result


def _lock(control: Session, kind: RunKind) -> bool:
    lock = _RUN_LOCKS.get(kind)
    return lock is None or bool(control.fetch_one("try_run_lock", kind=lock)["acquired"])


def _start(settings: Settings, control: Session, reporter: Reporter, kind: RunKind) -> int:
    row = control.fetch_one(
        "start_run",
        kind=kind,
        trigger_type=settings.trigger_type,
        triggered_by=settings.triggered_by,
        scheduled_time=settings.scheduled_time,
        task_version=__version__,
    )
    run_id = int(row["id"])
    reporter.run_started(run_id)
    if kind not in _RUN_LOCKS:
        return run_id
    try:
        if abandoned := control.fetch_all("mark_abandoned", run_id=run_id):
            reporter.rows_abandoned([entry["view_name"] for entry in abandoned])
        adopt_views(control)
        for remark in keep_captures(control):
            reporter.happened(remark)
        for remark in keep_proofs(control):
            reporter.happened(remark)
    except VistafrescaError as error:
        # What an earlier run left, or a view that is new, is not worth this run.
        reporter.housekeeping_failed(error)
    return run_id


def _finish(control: Session, plan: Plan, ended: RunResult) -> RunResult:
    views = read_view_status(control)
    if ended.interruption is not None:
        status = RunStatus.CANCELLED
    elif ended.count(*Status) != ended.count(Status.COMPLETED, Status.SKIPPED) or (
        # Late views are the verdict on the schedule: a run about some views answers for those.
        ended.kind is RunKind.SCHEDULED and any(view.is_late for view in views)
    ):
        status = RunStatus.FAILED
    else:
        status = RunStatus.SUCCEEDED
    control.execute(
        "finish_run",
        run_id=ended.run_id,
        status=status,
        views_succeeded=ended.count(Status.COMPLETED),
        views_failed=ended.count(Status.FAILED),
        views_skipped=ended.count(Status.SKIPPED),
        views_upstream_failed=ended.count(Status.UPSTREAM_FAILED),
        views_not_due=len(plan.undue),
    )
    log_bytes = control.fetch_one("read_capture_log_size")["bytes"]
    return replace(ended, status=status, views=views, undue=plan.undue, capture_log_bytes=log_bytes)


def _tidy_up(settings: Settings, control: Session, reporter: Reporter, kind: RunKind) -> None:
    if kind is not RunKind.SCHEDULED:
        return
    try:
        control.execute("purge_log", retention_days=settings.log_retention_days)
        control.execute("compact_touches")
    except VistafrescaError as error:
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
