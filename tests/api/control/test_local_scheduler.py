"""`vistafresca serve`'s own scheduler: its jobs are called here, not waited for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from api.control.local import LocalScheduler
from api.daily import DailyTime

BOGOTA_AT_ONE = DailyTime(1, 0, "America/Bogota")


class RecordingRunner:
    """Notes down what it is asked to run."""

    def __init__(self) -> None:
        self.ran: list[tuple[Sequence[str], str, dict[str, str]]] = []

    def run(self, arguments: Sequence[str], *, triggered_by: str, **variables: str) -> None:
        self.ran.append((tuple(arguments), triggered_by, variables))


@pytest.fixture
def runner() -> RecordingRunner:
    return RecordingRunner()


@pytest.fixture
def scheduler(runner: RecordingRunner) -> Iterator[LocalScheduler]:
    """Begun, and paused: what it would start, it does not."""
    scheduler = LocalScheduler(runner, daily=BOGOTA_AT_ONE)
    scheduler.start(paused=True)
    yield scheduler
    scheduler.close()


def _jobs(scheduler: LocalScheduler) -> dict[str, Any]:
    return {job.id: job for job in scheduler._apscheduler.get_jobs()}


def _points(job: Any, moment: datetime, count: int) -> list[datetime]:
    points: list[datetime] = []
    while len(points) < count:
        moment = job.trigger.get_next_fire_time(points[-1] if points else None, moment).astimezone(UTC)
        points.append(moment)
    return points


def test_each_job_starts_the_task_as_the_stacks_rules_do(runner: RecordingRunner, scheduler: LocalScheduler) -> None:
    for job in _jobs(scheduler).values():
        job.func(*job.args, **job.kwargs)
    assert sorted(runner.ran) == [
        (("run",), "vistafresca serve, daily", {"VISTAFRESCA_TRIGGER_TYPE": "cron"}),
        (("run",), "vistafresca serve, scheduled", {"VISTAFRESCA_TRIGGER_TYPE": "cron"}),
        (("run", "--requested"), "vistafresca serve, requested", {"VISTAFRESCA_TRIGGER_TYPE": "event"}),
    ]


def test_a_run_starts_every_10_minutes_and_the_queue_is_looked_at_every_5(scheduler: LocalScheduler) -> None:
    """A run serves the queue, too: the job for the queue only has the minutes between."""
    jobs, noon = _jobs(scheduler), datetime(2026, 7, 15, 12, 0, 1, tzinfo=UTC)
    both = sorted(_points(jobs["scheduled"], noon, 6) + _points(jobs["requested"], noon, 6))
    assert [f"{point:%H:%M}" for point in both] == [
        *("12:05", "12:10", "12:15", "12:20", "12:25", "12:30"),
        *("12:35", "12:40", "12:45", "12:50", "12:55", "13:00"),
    ]


def test_the_daily_job_follows_its_zone_and_moves(scheduler: LocalScheduler) -> None:
    noon = datetime(2026, 7, 15, 12, tzinfo=UTC)
    assert _points(_jobs(scheduler)["daily"], noon, 1) == [datetime(2026, 7, 16, 6, 0, tzinfo=UTC)]

    job = scheduler.set_daily(DailyTime(2, 30, "America/Bogota"))

    assert (job.purpose, job.schedule) == ("daily", "30 2 * * * America/Bogota")
    assert _points(_jobs(scheduler)["daily"], noon, 1) == [datetime(2026, 7, 16, 7, 30, tzinfo=UTC)]
    assert [each.purpose for each in scheduler.jobs()] == ["scheduled", "requested", "daily"]
    assert all(each.next_at is not None and each.is_enabled for each in scheduler.jobs())


def test_without_a_daily_time_there_is_no_daily_job_until_one_is_set(runner: RecordingRunner) -> None:
    scheduler = LocalScheduler(runner, daily=None)
    assert [job.purpose for job in scheduler.jobs()] == ["scheduled", "requested"]
    scheduler.set_daily(BOGOTA_AT_ONE)
    assert [job.purpose for job in scheduler.jobs()] == ["scheduled", "requested", "daily"]


def test_a_job_whose_last_run_is_under_way_is_not_started_again(scheduler: LocalScheduler) -> None:
    assert {job.max_instances for job in _jobs(scheduler).values()} == {1}
    assert {job.coalesce for job in _jobs(scheduler).values()} == {True}
