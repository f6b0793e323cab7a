"""Carries a plan out: begins each step as soon as all that it depends on have ended, on as many sessions as allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from refresh_task.cancellation import Cancellation
from refresh_task.database import Session
from refresh_task.model import Event, Outcome, Plan, Status, Step, StepStarted, TriggerType
from refresh_task.refresh.attempt import Again, Attempt, Attempts
from refresh_task.refresh.failures import stops_the_run
from refresh_task.refresh.gate import Gate
from refresh_task.refresh.guards import LoadReader
from refresh_task.refresh.log import StepLog
from refresh_task.refresh.schedule import Schedule, Unit
from refresh_task.refresh.sessions import Sessions
from refresh_task.refresh.unattempted import leave_out, outcomes_without_attempt
from refresh_task.refresh.vacuum import vacuum
from refresh_task.refresh.verification import Verification, verifiable, verify
from refresh_task.settings import Settings

__all__ = ["StepRunner"]

_CANCEL_AGAIN_S = 1.0

_Result = tuple[Outcome, ...] | Again | Verification


class StepRunner:
    """Runs steps on up to settings.connections threads, each with a working session of its own, and records them on the
    control session.

    `open_worker` opens a working session (REPEATABLE READ): the first for the first step, another one when a step can
    begin beside those under way. Only the caller's thread decides and yields; the others make one try at a time.
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
        settings: Settings,
    ) -> None:
        self._control = control
        self._cancellation = cancellation
        self._settings = settings
        self._log = StepLog(control, run_id=run_id, trigger_type=trigger_type, triggered_by=triggered_by)
        self._sessions = Sessions(open_worker)
        self._attempts = Attempts(log=self._log, sessions=self._sessions, cancellation=cancellation, settings=settings)
        self._gate = Gate(LoadReader(control, settings, lambda: self._sessions.backend_pids), settings)
        self._running: dict[Future[_Result], Unit | None] = {}
        self._retries: list[Again] = []
        self._news: SimpleQueue[Future[_Result] | None] = SimpleQueue()  # None: look around
        self._outcomes: list[Outcome] = []
        self._stopped: str | None = None
        self.was_cut_short = False  # by an interruption: a step was cancelled for it, not begun or not tried again

    def carry_out(self, plan: Plan) -> Iterator[Event]:
        """What happens, as it happens; one Outcome for each step. A step's failure never ends the run; a lost control
        session does (StatementFailedError)."""
        steps = verifiable(plan)
        schedule = Schedule(plan, verified_first=frozenset(step.view for step in steps))
        most = max(1, min(self._settings.connections, len(schedule.units)))
        with ThreadPoolExecutor(most, thread_name_prefix="step") as threads:
            try:
                with self._cancellation.guarding(partial(self._news.put, None)):
                    if steps:
                        self._verify(steps, threads)
                    while schedule.is_active:
                        yield from self._begin(schedule, threads, most)
                        if schedule.is_active:
                            yield from self._hear(schedule)
                if self._settings.vacuum and self._must_stop is None:
                    yield from vacuum(
                        self._outcomes, control=self._control, sessions=self._sessions, cancellation=self._cancellation
                    )
            finally:
                self._end_all()

    @property
    def _must_stop(self) -> str | None:
        """Why nothing further is to begin."""
        interruption = self._cancellation.interruption
        return f"{interruption} came before its turn" if interruption is not None else self._stopped

    # ---- Beginning -----------------------------------------------------------------------------------

    def _begin(self, schedule: Schedule, threads: ThreadPoolExecutor, most: int) -> Iterator[Event]:
        """Begin what can begin, and end what is not to begin, until there is nothing of either."""
        yield from self._begin_again(schedule, threads, most)
        is_settled = False
        while not is_settled:
            ended = len(self._outcomes)
            yield from self._leave_alone(schedule)
            for unit in schedule.pending if self._must_stop is None else ():
                if len(self._running) >= most:
                    break
                yield from self._gate.look()
                if self._gate.is_closed:
                    break
                yield from (StepStarted(step) for step in unit.steps)
                schedule.begin(unit)
                self._submit(threads, unit, partial(self._attempts.make, Attempt(unit)))
            yield from self._leave_out(schedule)
            is_settled = len(self._outcomes) == ended

    def _leave_alone(self, schedule: Schedule) -> Iterator[Event]:
        """End what there is nothing to attempt for, by its plan or for what it reads."""
        # An interruption is the reason then, whatever else there is.
        while self._cancellation.interruption is None and (units := schedule.newly_pending()):
            for unit in units:
                if (outcomes := outcomes_without_attempt(unit, schedule, self._log)) is not None:
                    yield from self._end(unit, outcomes, schedule)

    def _leave_out(self, schedule: Schedule) -> Iterator[Event]:
        """End what is not to begin any more in this run."""
        if (reason := self._must_stop or self._gate.given_up) is None:
            return
        for unit in schedule.pending:
            self.was_cut_short = self.was_cut_short or self._cancellation.interruption is not None
            yield from self._end(unit, leave_out(unit, reason, self._log), schedule)

    def _begin_again(self, schedule: Schedule, threads: ThreadPoolExecutor, most: int) -> Iterator[Event]:
        """Make the tries whose time has come; where the run has to stop, none."""
        retries, self._retries = self._retries, []
        for again in retries:
            if (reason := self._cancellation.interruption or self._stopped) is not None:
                self.was_cut_short = self.was_cut_short or self._cancellation.interruption is not None
                outcomes = self._attempts.give_up(again, f"{reason}")
                yield from self._end(again.attempt.unit, outcomes, schedule)
            elif again.due_at <= time.monotonic() and len(self._running) < most:
                self._submit(threads, again.attempt.unit, partial(self._attempts.make, again.attempt))
            else:
                self._retries.append(again)

    def _verify(self, steps: tuple[Step, ...], threads: ThreadPoolExecutor) -> None:
        work = partial(verify, steps, log=self._log, sessions=self._sessions, cancellation=self._cancellation)
        self._submit(threads, None, work)

    def _submit(self, threads: ThreadPoolExecutor, unit: Unit | None, work: Callable[[], _Result]) -> None:
        future = threads.submit(work)
        self._running[future] = unit
        future.add_done_callback(self._news.put)

    # ---- Ending --------------------------------------------------------------------------------------

    def _hear(self, schedule: Schedule) -> Iterator[Event]:
        """Wait until a try has ended, or until it is time to look around again."""
        future = None
        with suppress(Empty):
            future = self._news.get(timeout=self._patience_s(schedule))
        if future is None:
            return
        unit = self._running.pop(future)
        match future.result():
            case Again() as again:
                self._retries.append(again)
                yield again.event
            case Verification(outcomes, remark):
                if remark is not None:
                    yield remark
                schedule.end_verification()
                units = {unit.key: unit for unit in schedule.pending}
                for outcome in outcomes:
                    yield from self._end(units[outcome.view], (outcome,), schedule)
            case outcomes:
                assert unit is not None  # noqa: S101  # only the common check has no unit
                yield from self._end(unit, outcomes, schedule)

    def _patience_s(self, schedule: Schedule) -> float | None:
        """How long nothing can happen but the end of a try."""
        waits = [max(again.due_at - time.monotonic(), 0.0) for again in self._retries]
        if self._gate.is_closed and schedule.pending:
            waits.append(self._gate.recheck_s)
        return min(waits, default=None)

    def _end(self, unit: Unit, outcomes: Iterable[Outcome], schedule: Schedule) -> Iterator[Event]:
        outcomes = tuple(outcomes)
        schedule.end(unit, outcomes)
        for outcome in outcomes:
            self._outcomes.append(outcome)
            if outcome.status is Status.FAILED and stops_the_run(outcome.sqlstate):
                self._stopped = f"the run stopped, for {outcome.view} failed ({outcome.sqlstate}): {outcome.message}"
            if outcome.status is Status.CANCELLED and self._cancellation.interruption is not None:
                self.was_cut_short = True
            yield outcome

    def _end_all(self) -> None:
        """Leave nothing running, whatever the reason for the end: the run lock may be lost, and another run begin."""
        while any(not future.done() for future in self._running):
            self._sessions.cancel_all()
            wait(self._running, timeout=_CANCEL_AGAIN_S)
        self._sessions.close()
