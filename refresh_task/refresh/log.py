"""The log rows of a run's steps, on the control session.

Several threads write them at once. That is safe without a lock of ours: each call is one statement and one transaction
(see database.Session).
"""

from __future__ import annotations

import json
from dataclasses import replace

from refresh_task.database import Session
from refresh_task.errors import StatementFailedError
from refresh_task.model import Outcome, Status, Step, Strategy, TriggerType
from refresh_task.refresh.failures import Failure

__all__ = ["StepLog"]


class StepLog:
    """Rows of mv_refresh_log, of one run.

    A lost control session ends the run: every method raises StatementFailedError then. A row that cannot be written for
    another reason (somebody's lock, a full disk) does not cost the other views their turn: its step's outcome is told
    all the same, and the next run finds the row.
    """

    def __init__(self, control: Session, *, run_id: int, trigger_type: TriggerType, triggered_by: str) -> None:
        self._control = control
        self.run_id = run_id
        self.origin = {"trigger_type": trigger_type, "triggered_by": triggered_by}

    def begin(self, step: Step, *, on_error: str, backend_pid: int | None) -> int:
        """The row of a step that begins now, with what refresh_view() is to do. Returns its id."""
        row = self._control.fetch_one(
            "insert_running_log",
            view=step.view, strategy=step.strategy, reason=step.reason, plan=_plan(step, on_error),
            backend_pid=backend_pid, run_id=self.run_id, **self.origin,
        )  # fmt: skip
        return int(row["id"])

    def begin_again(self, log_id: int, step: Step, *, on_error: str, attempt: int, backend_pid: int | None) -> bool:
        """The same before another try. False: there is none to make, for the one before was committed after all."""
        rows = self._control.fetch_all(
            "update_running_log",
            log_id=log_id, plan=_plan(step, on_error), attempts=attempt, backend_pid=backend_pid,
        )  # fmt: skip
        return bool(rows)

    def outcome(self, log_id: int) -> Outcome:
        """What the row says."""
        return Outcome.from_row(self._control.fetch_one("read_log_entry", log_id=log_id))

    def fail(self, log_id: int, step: Step, status: Status, failure: Failure, *, attempts: int = 1) -> Outcome:
        """End the row, unless it has an end already."""
        try:
            self._control.execute(
                "record_failure", log_id=log_id, status=status, sqlstate=failure.sqlstate, message=failure.message
            )
            if failure.remedy is not None:
                self._control.execute("add_remedy", log_id=log_id, remedy=failure.remedy)
            return self.outcome(log_id)
        except StatementFailedError as error:
            if error.connection_lost:
                raise
            told = replace(failure, message=f"{failure.message} (This could not be recorded: {error.message})")
            return self.unrecorded(step, status, told, attempts=attempts)

    def unrecorded(self, step: Step, status: Status, failure: Failure, *, attempts: int = 1) -> Outcome:
        """The outcome of a step whose row could not be written."""
        return Outcome(
            view=step.view, status=status, strategy=step.strategy, reason=step.reason, duration_s=0.0,
            sqlstate=failure.sqlstate, message=failure.message, remedy=failure.remedy, attempts=attempts,
        )  # fmt: skip

    def explain_cancel(self, log_id: int, outcome: Outcome, message: str) -> Outcome:
        """Say in the row why it was cancelled."""
        self._control.execute("explain_cancel", log_id=log_id, message=message)
        return replace(outcome, message=message)

    def roll_back(self, log_id: int, reason: str) -> Outcome:
        """End the row of a group's member for another one's sake."""
        self._control.execute("record_rolled_back", log_id=log_id, reason=reason)
        return self.outcome(log_id)

    def skip(self, step: Step, reason: str) -> Outcome:
        """The row of a step that is not begun."""
        return self._unattempted(step, Status.SKIPPED, reason, message=None, remedy=None)

    def upstream_failed(self, step: Step, reason: str, remedy: str) -> Outcome:
        """The row of a step that is not begun for want of what it reads."""
        return self._unattempted(
            step, Status.UPSTREAM_FAILED, reason, message=f"not refreshed: {reason}", remedy=remedy
        )

    def _unattempted(
        self, step: Step, status: Status, reason: str, *, message: str | None, remedy: str | None
    ) -> Outcome:
        self._control.execute(
            "insert_unattempted_log",
            view=step.view, status=status, reason=reason, message=message, remedy=remedy,
            run_id=self.run_id, **self.origin,
        )  # fmt: skip
        return Outcome(
            view=step.view, status=status, strategy=Strategy.SKIP, reason=reason, duration_s=0.0,
            message=message, remedy=remedy,
        )  # fmt: skip


def _plan(step: Step, on_error: str) -> str:
    return json.dumps(
        {
            "strategy": step.strategy,
            "reason": step.reason,
            "due_by": step.due_by,
            "fingerprinting": step.fingerprinting,
            "change_detection": step.change_detection,
            "on_error": on_error,
        }
    )
