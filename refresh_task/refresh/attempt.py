"""One try of one step or consistency group: its log rows, its statement, and what follows from a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from refresh_task.cancellation import Cancellation
from refresh_task.database import Session
from refresh_task.errors import DatabaseUnavailableError, StatementFailedError, VistafrescaError
from refresh_task.model import Outcome, Status, StepRetried, Strategy
from refresh_task.refresh.failures import CONNECTION_FAILURE, QUERY_CANCELED, Failure, backoff_s, is_transient
from refresh_task.refresh.log import StepLog
from refresh_task.refresh.schedule import Unit
from refresh_task.refresh.sessions import Sessions
from refresh_task.settings import Settings

__all__ = ["Again", "Attempt", "Attempts"]

# The server's timer starts a moment before ours.
_TIMED_OUT = 0.95


@dataclass(frozen=True, slots=True)
class Attempt:
    """Try number `number` (from 1) of a unit. `log_ids` are its steps' rows, in their order; none before the first."""

    unit: Unit
    number: int = 1
    log_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """A try failed for a reason that may pass: `attempt` is the next one, to be made at `due_at` (time.monotonic)."""

    attempt: Attempt
    failure: Failure
    event: StepRetried
    due_at: float


class Attempts:
    """Makes tries. Every method may be called by several threads, each for a unit of its own."""

    def __init__(self, *, log: StepLog, sessions: Sessions, cancellation: Cancellation, settings: Settings) -> None:
        self._log = log
        self._sessions = sessions
        self._cancellation = cancellation
        self._settings = settings

    def make(self, attempt: Attempt) -> tuple[Outcome, ...] | Again:
        """The outcomes of its steps, all recorded; or what is to be tried again, which has none yet.

        Raises StatementFailedError where the control session is lost.
        """
        try:
            worker = self._sessions.take(attempt.unit.statement_timeout_s)
        except VistafrescaError as error:
            failure = _without_session(error, attempt.unit)
            return self._begun(attempt, backend_pid=None, work=lambda _: failure)
        try:
            return self._begun(
                attempt, backend_pid=worker.backend_pid, work=lambda announced: self._refresh(worker, announced.unit)
            )
        finally:
            self._sessions.give_back(worker)

    def give_up(self, again: Again, reason: str) -> tuple[Outcome, ...]:
        """The outcomes of steps that will not be tried again after all, for this reason."""
        number = again.attempt.number - 1
        failure = replace(again.failure, message=f"{again.failure.message.rstrip('.')}; not tried again, for {reason}")
        return self._recorded(replace(again.attempt, number=number), failure)

    def _begun(
        self, attempt: Attempt, *, backend_pid: int | None, work: Callable[[Attempt], Failure | None]
    ) -> tuple[Outcome, ...] | Again:
        try:
            announced = self._announced(attempt, backend_pid)
        except StatementFailedError as error:
            if error.connection_lost:
                raise
            # Somebody's lock on the row, or a full disk: this step's failure, as it would be in its own statement.
            return self._after(attempt, _failure(error, attempt.unit))
        if announced is None:
            return self._ended(attempt)
        failure = work(announced)
        return self._ended(announced) if failure is None else self._after(announced, failure)

    def _announced(self, attempt: Attempt, backend_pid: int | None) -> Attempt | None:
        """The try with its rows, which say that it is under way. None: the one before was committed after all."""
        is_last = attempt.number >= self._settings.max_attempts
        on_error = "raise" if attempt.unit.is_group else "record" if is_last else "raise_transient"
        if not attempt.log_ids:
            ids = tuple(self._log.begin(s, on_error=on_error, backend_pid=backend_pid) for s in attempt.unit.steps)
            return replace(attempt, log_ids=ids)
        are_running = [
            self._log.begin_again(log_id, step, on_error=on_error, attempt=attempt.number, backend_pid=backend_pid)
            for step, log_id in zip(attempt.unit.steps, attempt.log_ids, strict=True)
        ]
        return attempt if all(are_running) else None

    def _refresh(self, worker: Session, unit: Unit) -> Failure | None:
        began = time.monotonic()
        try:
            with self._cancellation.guarding(worker.cancel), _claims_held(worker, unit):
                worker.execute("refresh_views", views=unit.views, **self._log.origin)
        except StatementFailedError as error:
            took_s = time.monotonic() - began
            return _failure(error, unit, ran_out=took_s >= unit.statement_timeout_s * _TIMED_OUT)
        return None

    def _after(self, attempt: Attempt, failure: Failure) -> tuple[Outcome, ...] | Again:
        wait_s = backoff_s(self._settings.retry_backoff_s, attempt.number)
        may_go_on = self._cancellation.interruption is None and wait_s < self._cancellation.remaining_s
        if not (failure.may_pass and may_go_on and attempt.number < self._settings.max_attempts):
            return self._recorded(attempt, failure)
        view = failure.view or attempt.unit.key
        event = StepRetried(view, attempt.number, wait_s, failure.sqlstate, failure.message)
        return Again(replace(attempt, number=attempt.number + 1), failure, event, due_at=time.monotonic() + wait_s)

    def _recorded(self, attempt: Attempt, failure: Failure) -> tuple[Outcome, ...]:
        """The outcomes of a transaction that was lost, and with it whatever refresh_bi_views() wrote."""
        interrupted = self._cancellation.interruption is not None
        is_cancelled = failure.sqlstate == QUERY_CANCELED and (interrupted or not failure.timed_out)
        status = Status.CANCELLED if is_cancelled else Status.FAILED
        if not attempt.log_ids:
            return tuple(self._log.unrecorded(step, status, failure) for step in attempt.unit.steps)
        outcomes = []
        for step, log_id in zip(attempt.unit.steps, attempt.log_ids, strict=True):
            if failure.view in (None, step.view):
                outcomes.append(self._log.fail(log_id, step, status, failure, attempts=attempt.number))
            else:
                verb = "was cancelled" if is_cancelled else "failed"
                reason = f"its group {step.group} was rolled back: {failure.view} {verb}"
                outcomes.append(self._log.roll_back(log_id, reason))
        return self._explained(attempt, outcomes)

    def _ended(self, attempt: Attempt) -> tuple[Outcome, ...]:
        return self._explained(attempt, [self._log.outcome(log_id) for log_id in attempt.log_ids])

    def _explained(self, attempt: Attempt, outcomes: list[Outcome]) -> tuple[Outcome, ...]:
        """Those that an interruption of the run cancelled say so."""
        if (interruption := self._cancellation.interruption) is None:
            return tuple(outcomes)
        return tuple(
            self._log.explain_cancel(log_id, outcome, f"{interruption} came after {outcome.duration_s:.1f} s of it")
            if outcome.status is Status.CANCELLED
            else outcome
            for log_id, outcome in zip(attempt.log_ids, outcomes, strict=True)
        )


@contextmanager
def _claims_held(worker: Session, unit: Unit) -> Iterator[None]:
    """Nobody else moves meanwhile what these views' refreshes must move themselves: that is waited for before the
    refresh takes its snapshot, or it would fail on what was moved after it."""
    views = [step.view for step in unit.steps if step.strategy in (Strategy.INCREMENTAL, Strategy.DIFFERENCE)]
    if not views:
        yield
        return
    try:
        worker.execute("hold_claims", views=views)
        yield
    finally:
        if worker.is_usable:
            worker.execute("release_claims")


def _failure(error: StatementFailedError, unit: Unit, *, ran_out: bool = False) -> Failure:
    # A connection that breaks takes the server's last word with it.
    sqlstate = error.sqlstate or (CONNECTION_FAILURE if error.connection_lost else None)
    return Failure(
        sqlstate,
        error.message,
        may_pass=is_transient(sqlstate) or error.connection_lost,
        view=error.table_name if error.table_name in unit.views else None,
        timed_out=ran_out and error.sqlstate == QUERY_CANCELED,
    )


def _without_session(error: VistafrescaError, unit: Unit) -> Failure:
    if isinstance(error, StatementFailedError):
        return _failure(error, unit)
    sqlstate = error.sqlstate if isinstance(error, DatabaseUnavailableError) else None
    # SQL knows a remedy by the code; without one, the error's own is all there is.
    remedy = error.remedy if sqlstate is None else None
    return Failure(sqlstate, error.message, may_pass=is_transient(sqlstate), remedy=remedy)
