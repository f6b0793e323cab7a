"""What the logs know of an alarm or a stopped task: one reading per source, each with its own file."""

from typing import assert_never

from paging.evidence.api import api_log
from paging.evidence.databases import failed_databases
from paging.evidence.finding import Evidence, Finding
from paging.evidence.history import PUBLISHED, Beginning, beginning_of
from paging.evidence.runs import failed_run, last_runs, overlapping_runs, silence, slow_run
from paging.evidence.task import stopped_task
from paging.evidence.views import failed_steps, unhealthy_views, waiting_requests
from paging.log import Log
from paging.notification import Alarm, StoppedTask
from paging.sections import SECTIONS, Source
from paging.settings import Settings

__all__ = ["PUBLISHED", "Beginning", "Evidence", "Finding", "beginning_of", "gather", "gather_of_task"]


def gather(log: Log, alarm: Alarm, settings: Settings) -> Evidence:  # noqa: PLR0911  one return per source
    """Raises LogUnreadError."""
    if alarm.about is None:
        return Evidence(problem=f"{alarm.name} is none of the alarms of {settings.environment}")
    section = SECTIONS[alarm.about.section]
    group = settings.task_log_group(alarm.about.database)
    match section.source:
        case Source.UNHEALTHY_VIEWS:
            return unhealthy_views(log, group, alarm, section)
        case Source.FAILED_STEPS:
            return failed_steps(log, group, alarm, section)
        case Source.WAITING_REQUESTS:
            return waiting_requests(log, group, alarm)
        case Source.FAILED_RUN:
            return failed_run(log, group, alarm)
        case Source.SLOW_RUN:
            return slow_run(log, group, alarm)
        case Source.OVERLAPPING_RUNS:
            return overlapping_runs(log, group, alarm, cluster=f"vistafresca-{settings.environment}")
        case Source.SILENCE:
            return silence(log, group, alarm)
        case Source.LAST_RUNS | Source.TASK_LOG:
            return last_runs(log, group, at=alarm.at)
        case Source.FAILED_DATABASES:
            return failed_databases(log, group, alarm)
        case Source.API_LOG:
            return api_log(log, settings.api_log_group(alarm.about.database), alarm)
    assert_never(section.source)


def gather_of_task(log: Log, task: StoppedTask, settings: Settings) -> Evidence:
    """Raises LogUnreadError."""
    group = settings.task_log_group(task.about.database)
    if SECTIONS[task.about.section].source is Source.TASK_LOG:
        return stopped_task(log, group, task)
    return last_runs(log, group, at=task.at)
