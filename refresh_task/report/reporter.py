"""What a backend is told, and the one that passes it on to several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import assert_never

from refresh_task.errors import VistafrescaError
from refresh_task.model import (
    Delayed,
    Event,
    Outcome,
    Remark,
    RunResult,
    Step,
    StepRetried,
    StepStarted,
    VacuumFinished,
)


class Reporter:
    """A backend overrides what it has something to say about. `close` always comes last."""

    def happened(self, event: Event) -> None:
        """One event of the run, to the method that is about its kind."""
        match event:
            case StepStarted(step):
                self.step_started(step)
            case StepRetried():
                self.step_retried(event)
            case Delayed():
                self.run_delayed(event)
            case Remark():
                self.remarked(event)
            case VacuumFinished():
                self.view_vacuumed(event)
            case Outcome():
                self.step_finished(event)
            case _:
                assert_never(event)

    def run_started(self, run_id: int) -> None:
        """The run holds its lock and is recorded."""

    def rows_abandoned(self, views: Sequence[str]) -> None:
        """An earlier task was killed while refreshing these views."""

    def step_started(self, step: Step) -> None:
        """A view's refresh begins."""

    def step_retried(self, retry: StepRetried) -> None:
        """A try failed, and another one will follow."""

    def run_delayed(self, delay: Delayed) -> None:
        """The steps that have not begun wait for the database's load to pass, or go on after that."""

    def remarked(self, remark: Remark) -> None:
        """Something worth saying once."""

    def step_finished(self, outcome: Outcome) -> None:
        """A step came to this."""

    def view_vacuumed(self, vacuum: VacuumFinished) -> None:
        """The dead rows that refreshes left in a view are gone."""

    def nothing_requested(self) -> None:
        """A run for the event queue found nothing in it, and ends."""

    def run_finished(self, result: RunResult) -> None:
        """The run reached its end, or found another one under way (RunStatus.SKIPPED)."""

    def housekeeping_failed(self, error: VistafrescaError) -> None:
        """What earlier runs left could not be tidied up (rows of a killed task, old rows); the run's outcome stands."""

    def run_failed(self, error: Exception) -> None:
        """The run could not be carried out: settings, connection, or a defect of ours."""

    def close(self) -> None:
        """Send what is still to be sent, quickly."""


class Reporters(Reporter):
    """Several backends as one. What a backend raises goes to `on_failure`, and the others are told all the same."""

    def __init__(self, backends: Sequence[Reporter], *, on_failure: Callable[[str, Exception], None]) -> None:
        self._backends = backends
        self._on_failure = on_failure

    def run_started(self, run_id: int) -> None:
        self._each(lambda backend: backend.run_started(run_id))

    def rows_abandoned(self, views: Sequence[str]) -> None:
        self._each(lambda backend: backend.rows_abandoned(views))

    def step_started(self, step: Step) -> None:
        self._each(lambda backend: backend.step_started(step))

    def step_retried(self, retry: StepRetried) -> None:
        self._each(lambda backend: backend.step_retried(retry))

    def run_delayed(self, delay: Delayed) -> None:
        self._each(lambda backend: backend.run_delayed(delay))

    def remarked(self, remark: Remark) -> None:
        self._each(lambda backend: backend.remarked(remark))

    def step_finished(self, outcome: Outcome) -> None:
        self._each(lambda backend: backend.step_finished(outcome))

    def view_vacuumed(self, vacuum: VacuumFinished) -> None:
        self._each(lambda backend: backend.view_vacuumed(vacuum))

    def nothing_requested(self) -> None:
        self._each(lambda backend: backend.nothing_requested())

    def run_finished(self, result: RunResult) -> None:
        self._each(lambda backend: backend.run_finished(result))

    def housekeeping_failed(self, error: VistafrescaError) -> None:
        self._each(lambda backend: backend.housekeeping_failed(error))

    def run_failed(self, error: Exception) -> None:
        self._each(lambda backend: backend.run_failed(error))

    def close(self) -> None:
        self._each(lambda backend: backend.close())

    def _each(self, tell: Callable[[Reporter], None]) -> None:
        for backend in self._backends:
            try:
                tell(backend)
            except Exception as error:  # noqa: BLE001  # a reporter's failure, whatever it is, never changes the outcome
                # Where even that cannot be said (standard output is gone), the views are still to be refreshed.
                with suppress(Exception):
                    self._on_failure(type(backend).__name__, error)
