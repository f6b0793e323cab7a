"""Steps that end without having begun: by their plan, for what they read, or for what became of the run."""

from __future__ import annotations

from refresh_task.model import Outcome, Status, Step, Strategy
from refresh_task.refresh.failures import Failure
from refresh_task.refresh.log import StepLog
from refresh_task.refresh.schedule import Blocker, Schedule, Unit

__all__ = ["leave_out", "outcomes_without_attempt"]


def leave_out(unit: Unit, reason: str, log: StepLog) -> tuple[Outcome, ...]:
    """Its steps are skipped, all for the same reason."""
    return tuple(log.skip(step, reason) for step in unit.steps)


def outcomes_without_attempt(unit: Unit, schedule: Schedule, log: StepLog) -> tuple[Outcome, ...] | None:
    """What its steps come to where there is nothing to attempt, recorded. None: it can begin."""
    first = unit.steps[0]
    if first.strategy is Strategy.SKIP:
        return (log.skip(first, first.reason),)
    if first.problem is not None:
        return (_failed(first, first.problem, first.remedy, log),)
    blocked = {step.view: found for step in unit.steps if (found := schedule.blocked_by(step)) is not None}
    if not blocked:
        return None
    root = next(iter(blocked.values()))[1]
    return tuple(
        _upstream_failed(step, *blocked[step.view], log)
        if step.view in blocked
        else log.skip(step, f"its group {step.group} was not begun, for {root.view} {root.fate}")
        for step in unit.steps
    )


def _failed(step: Step, problem: str, remedy: str | None, log: StepLog) -> Outcome:
    log_id = log.begin(step, on_error="record", backend_pid=None)
    return log.fail(log_id, step, Status.FAILED, Failure(None, problem, may_pass=False, remedy=remedy))


def _upstream_failed(step: Step, read: str, root: Blocker, log: StepLog) -> Outcome:
    reason = f"it reads {read}, which {root.fate}"
    if read != root.view:
        reason = f"it reads {read}, which was not refreshed, for {root.view} {root.fate}"
    remedy = f"Mend {root.view} first" + (f": {root.remedy}" if root.remedy else ". See why: vistafresca status.")
    return log.upstream_failed(step, reason, remedy)
