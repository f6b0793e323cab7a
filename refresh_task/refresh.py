"""Carries a plan out: one step, one call of refresh_bi_views(), one transaction; its log row on a second connection.

That division is what makes per-view timeouts work, releases each view's locks at its end, and keeps what is done when
something fails (docs/decisions/0002-one-transaction-per-step.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from refresh_task.cancellation import Cancellation
from refresh_task.database import Session
from refresh_task.errors import StatementFailedError, VistafrescaError
from refresh_task.model import Outcome, Plan, Status, Step, Strategy, TriggerType

__all__ = ["StepRunner"]

_QUERY_CANCELED = "57014"


class StepRunner:
    """Runs steps one after the other on a working session, and records them on the control session.

    `open_worker` opens a further session; it is called for the first step, and again after a connection was lost.
    """

    def __init__(
        self,
        *,
        control: Session,
        open_worker: Callable[[], Session],
        cancellation: Cancellation,
        run_id: int,
        trigger_type: TriggerType,
        triggered_by: str,
    ) -> None:
        self._control = control
        self._open_worker = open_worker
        self._cancellation = cancellation
        self._run_id = run_id
        self._origin = {"trigger_type": trigger_type, "triggered_by": triggered_by}
        self._worker: Session | None = None
        self.was_cut_short = False  # by an interruption: a step was cancelled for it, or not begun

    def carry_out(self, plan: Plan, *, on_start: Callable[[Step], None]) -> Iterator[Outcome]:
        """Each step's outcome as it comes. A step's failure never ends the run; a lost control session does
        (StatementFailedError)."""
        try:
            for step in plan.steps:
                if (interruption := self._cancellation.interruption) is not None:
                    self.was_cut_short = True
                    yield self._skip(step, f"{interruption} came before its turn")
                elif step.strategy is Strategy.SKIP:
                    yield self._skip(step, step.reason)
                else:
                    on_start(step)
                    yield self._refresh(step)
        finally:
            if self._worker is not None:
                self._worker.close()

    def _refresh(self, step: Step) -> Outcome:
        try:
            worker = self._ready_worker(step)
        except VistafrescaError as error:
            return self._without_worker(step, error)
        log_id = self._insert_log(step, worker.backend_pid)
        try:
            with self._cancellation.guarding(worker.cancel):
                worker.execute("refresh_view", view=step.view, **self._origin)
        except StatementFailedError as error:
            # Its transaction is lost, and with it whatever refresh_bi_views() wrote: a cancel between its end and the
            # commit, a killed backend, a restarted server.
            cancelled = error.sqlstate == _QUERY_CANCELED and self._cancellation.interruption is not None
            self._control.execute(
                "record_failure",
                log_id=log_id,
                status=Status.CANCELLED if cancelled else Status.FAILED,
                sqlstate=error.sqlstate,
                message=error.message,
            )
        outcome = Outcome.from_row(self._control.fetch_one("read_log_entry", log_id=log_id))
        interruption = self._cancellation.interruption
        if outcome.status is not Status.CANCELLED or interruption is None:
            return outcome
        self.was_cut_short = True
        message = f"{interruption} came after {outcome.duration_s:.1f} s of it"
        self._control.execute("explain_cancel", log_id=log_id, message=message)
        return replace(outcome, message=message)

    def _without_worker(self, step: Step, error: VistafrescaError) -> Outcome:
        log_id = self._insert_log(step, None)
        self._control.execute(
            "record_failure", log_id=log_id, status=Status.FAILED, sqlstate=None, message=error.message
        )
        return Outcome(
            view=step.view, status=Status.FAILED, strategy=step.strategy, reason=step.reason, duration_s=0.0,
            message=error.message, remedy=error.remedy,
        )  # fmt: skip

    def _ready_worker(self, step: Step) -> Session:
        """The working session with the step's timeout; a new one where there is none, or where it broke while it was
        idle."""
        if self._worker is not None and self._worker.is_usable:
            try:
                self._worker.set_statement_timeout(step.statement_timeout_s)
            except StatementFailedError as error:
                if not error.connection_lost:
                    raise
            else:
                return self._worker
        self._worker = self._open_worker()
        self._worker.set_statement_timeout(step.statement_timeout_s)
        return self._worker

    def _insert_log(self, step: Step, backend_pid: int | None) -> int:
        row = self._control.fetch_one(
            "insert_running_log",
            view=step.view, strategy=step.strategy, reason=step.reason, backend_pid=backend_pid,
            run_id=self._run_id, **self._origin,
        )  # fmt: skip
        return int(row["id"])

    def _skip(self, step: Step, reason: str) -> Outcome:
        self._control.execute("insert_skipped_log", view=step.view, reason=reason, run_id=self._run_id, **self._origin)
        return Outcome(view=step.view, status=Status.SKIPPED, strategy=Strategy.SKIP, reason=reason, duration_s=0.0)
