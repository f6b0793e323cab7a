"""What a backend is told, and the one that passes it on to several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from refresh_task.errors import StatementFailedError
from refresh_task.model import Outcome, RunResult, Step


class Reporter:
    """A backend overrides what it has something to say about. `close` always comes last."""

    def run_started(self, run_id: int) -> None:
        """The run holds its lock and is recorded."""

    def rows_abandoned(self, views: Sequence[str]) -> None:
        """An earlier task was killed while refreshing these views."""

    def step_started(self, step: Step) -> None:
        """A view's refresh begins."""

    def step_finished(self, outcome: Outcome) -> None:
        """A step came to this."""

    def run_finished(self, result: RunResult) -> None:
        """The run reached its end, or found another one under way (RunStatus.SKIPPED)."""

    def housekeeping_failed(self, error: StatementFailedError) -> None:
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

    def step_finished(self, outcome: Outcome) -> None:
        self._each(lambda backend: backend.step_finished(outcome))

    def run_finished(self, result: RunResult) -> None:
        self._each(lambda backend: backend.run_finished(result))

    def housekeeping_failed(self, error: StatementFailedError) -> None:
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
