"""What the routes need of whatever starts runs: EventBridge and ECS on AWS (aws.py), this process locally (local.py,
subprocesses.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from api.daily import DailyTime
from api.problems import Problem

__all__ = ["Job", "Runner", "Scheduler", "unavailable"]


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that starts runs at certain times.

    `purpose` is scheduled, requested or daily; `schedule` is its expression as the scheduler has it; `next_at` is None
    where the scheduler does not say (EventBridge) or the job is off.
    """

    purpose: str
    name: str
    schedule: str
    is_enabled: bool
    next_at: datetime | None = None


class Scheduler(Protocol):
    """Starts runs at their times. Every method raises Problem 503 where it cannot be reached."""

    @property
    def kind(self) -> str:
        """eventbridge or apscheduler."""

    def jobs(self) -> tuple[Job, ...]:
        """The runs every few minutes, those for the event queue, and the daily one; what does not exist is left out."""

    def set_daily(self, time: DailyTime) -> Job:
        """Have a run start at this time of every day from now on, in place of the former one."""


class Runner(Protocol):
    """Starts the task."""

    def start(self, arguments: Sequence[str], *, triggered_by: str) -> str:
        """Start `python -m refresh_task <arguments>` and return what it can be found by, without waiting for its end.

        Raises Problem 503 if it was not started.
        """


def unavailable(detail: str, *, remedy: str) -> Problem:
    """503: what starts runs could not be asked, or refused."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "scheduler-unavailable", detail, remedy=remedy)
