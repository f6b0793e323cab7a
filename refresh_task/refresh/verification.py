"""One statement that finds, among all views watched by touch triggers or captured changes, those that nothing was
written beneath: cheaper by far than a step for each."""

from __future__ import annotations

from dataclasses import dataclass

from refresh_task.cancellation import Cancellation
from refresh_task.errors import StatementFailedError, VistafrescaError
from refresh_task.model import ChangeDetection, DueBy, Fingerprinting, Outcome, Plan, Remark, Step, Strategy
from refresh_task.refresh.failures import QUERY_CANCELED
from refresh_task.refresh.log import StepLog
from refresh_task.refresh.sessions import Sessions

__all__ = ["Verification", "verifiable", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcomes of the views that are as they were; the others take their steps. `remark` where it failed."""

    outcomes: tuple[Outcome, ...] = ()
    remark: Remark | None = None


def verifiable(plan: Plan) -> tuple[Step, ...]:
    """The steps that one statement can check: none that waits for another step, or for the rest of its group. A single
    one checks itself at the same cost."""
    steps = tuple(
        step
        for step in plan.steps
        if _is_told_of_changes(step)
        and step.due_by is not DueBy.AUDIT
        and step.strategy is not Strategy.SKIP
        and not (step.upstream or step.group or step.problem)
    )
    return steps if len(steps) > 1 else ()


def _is_told_of_changes(step: Step) -> bool:
    return step.strategy is Strategy.INCREMENTAL or (
        step.change_detection is ChangeDetection.TOUCH and step.fingerprinting is Fingerprinting.CHECK
    )


def verify(steps: tuple[Step, ...], *, log: StepLog, sessions: Sessions, cancellation: Cancellation) -> Verification:
    """Check them. Where that fails, nothing is lost: each step checks for itself."""
    try:
        worker = sessions.take(max(step.statement_timeout_s for step in steps))
        try:
            with cancellation.guarding(worker.cancel):
                rows = worker.fetch_all(
                    "verify_unchanged", views=[step.view for step in steps], run_id=log.run_id, **log.origin
                )
        finally:
            sessions.give_back(worker)
    except VistafrescaError as error:
        if isinstance(error, StatementFailedError) and error.sqlstate == QUERY_CANCELED and cancellation.interruption:
            return Verification()
        message = f"the common check failed, so each step checks for itself: {error.message}"
        return Verification(remark=Remark("verification_failed", message))
    return Verification(tuple(Outcome.from_row(row) for row in rows))
