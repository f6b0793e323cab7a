"""The scheduler of `vistafresca serve`: APScheduler in this process, with jobs for what rules are on AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from api.daily import DailyTime
from api.scheduling import Job

_SCHEDULED, _REQUESTED, _DAILY = "scheduled", "requested", "daily"
# A run that could not start on time is still worth starting until the next one is near.
_GRACE_S = 300


class WaitingRunner(Protocol):
    """Runs the task and returns when it has ended (subprocesses.SubprocessRunner)."""

    def run(self, arguments: Sequence[str], *, triggered_by: str, **variables: str) -> None:
        """Run `python -m refresh_task <arguments>` with these variables besides."""


class LocalScheduler:
    """Starts runs every 10 minutes, runs for the event queue every 5, and one at the daily time if there is one.

    Threads of its own; a job whose last run is still under way is left out, as the task's run lock would.
    """

    kind = "apscheduler"

    def __init__(self, runner: WaitingRunner, *, daily: DailyTime | None) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415  # an extra: not in Lambda

        self._runner = runner
        self._apscheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE_S}
        )
        self._add(_SCHEDULED, "*/10 * * * *", "UTC", self._run(_SCHEDULED, "run", trigger_type="cron"))
        self._add(
            _REQUESTED, "5-59/10 * * * *", "UTC", self._run(_REQUESTED, "run", "--requested", trigger_type="event")
        )
        if daily is not None:
            self._add_daily(daily)

    def start(self, *, paused: bool = False) -> None:
        """Begin; until then jobs are only noted down. `paused`: their moments are known, and nothing is started."""
        self._apscheduler.start(paused=paused)

    def jobs(self) -> tuple[Job, ...]:
        """The jobs, with the moments at which they start next."""
        found = {job.id: job for job in self._apscheduler.get_jobs()}
        return tuple(self._job(found[purpose]) for purpose in (_SCHEDULED, _REQUESTED, _DAILY) if purpose in found)

    def set_daily(self, time: DailyTime) -> Job:
        """Move the daily job, or make it."""
        return self._job(self._add_daily(time))

    def close(self) -> None:
        """Start nothing further; what was started is the runner's to end."""
        if self._apscheduler.running:
            self._apscheduler.shutdown(wait=False)

    def _add_daily(self, time: DailyTime) -> Any:
        return self._add(_DAILY, time.cron, time.time_zone, self._run(_DAILY, "run", trigger_type="cron"))

    def _run(self, purpose: str, *arguments: str, trigger_type: str) -> Callable[[], None]:
        return partial(
            self._runner.run,
            arguments,
            triggered_by=f"vistafresca serve, {purpose}",
            VISTAFRESCA_TRIGGER_TYPE=trigger_type,
        )

    def _add(self, purpose: str, cron: str, time_zone: str, callable_: Callable[[], None]) -> Any:
        from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

        return self._apscheduler.add_job(
            callable_,
            CronTrigger.from_crontab(cron, timezone=time_zone),
            id=purpose,
            name=f"{cron} {time_zone}",
            replace_existing=True,
        )

    @staticmethod
    def _job(job: Any) -> Job:
        # A job of a scheduler that has not begun has no such moment yet.
        return Job(
            job.id,
            f"vistafresca serve, {job.id}",
            job.name,
            is_enabled=True,
            next_at=getattr(job, "next_run_time", None),
        )
