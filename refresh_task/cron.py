"""Moments of crontab lines in time zones. cronsim is imported at the first use: most runs have no schedule."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from refresh_task.model import Schedule

if TYPE_CHECKING:
    from cronsim import CronSim

__all__ = ["check_cron", "latest_point", "longest_gap", "next_point"]

_FIELDS = 5
_POINTS = 1_000  # kept: views share schedules, and a run asks about one moment
_SECOND = timedelta(seconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
# A leap year that the answer of longest_gap() is about: it must be the same whenever it is asked for.
_YEAR = (datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
_WEEK = timedelta(days=8)
_HOUR = timedelta(hours=1)


def check_cron(cron: str) -> None:
    """Raise ValueError, in words that continue the line itself, for one that never has a point or is no crontab's."""
    from cronsim import CronSimError  # noqa: PLC0415  # see above

    if len(cron.split()) != _FIELDS:
        raise ValueError("does not have the five fields of a crontab, such as 0 1 * * *")
    schedule = Schedule(cron)
    try:
        if next_point(schedule, _YEAR[0]) is None:
            raise ValueError("has no point within 50 years")
    except CronSimError as error:
        raise ValueError(f"is not a crontab line: {str(error).lower()}") from None


@lru_cache(_POINTS)
def latest_point(schedule: Schedule, moment: datetime) -> datetime | None:
    """The last point at or before the moment, in UTC; None: there was none for 50 years."""
    found = next(_points(schedule, moment, reverse=True), None)
    # cronsim leaves out the moment itself, and takes the clock to be in the first half of the hour that autumn repeats.
    later = takewhile(lambda point: point <= moment, _points(schedule, found or moment - timedelta(days=2)))
    return max(later, default=found)


@lru_cache(_POINTS)
def next_point(schedule: Schedule, moment: datetime) -> datetime | None:
    """The first point after the moment, in UTC; None: there is none for 50 years."""
    return next((point for point in _points(schedule, moment) if point > moment), None)


@cache
def longest_gap(schedules: tuple[Schedule, ...]) -> timedelta:
    """The longest time without a point of any of them: over the leap year 2028 where it is longer than an hour,
    otherwise over its first days."""
    start, end = _YEAR
    first_week = takewhile(
        lambda point: point < start + _WEEK, heapq.merge(*(_points(each, start) for each in schedules))
    )
    gap = max((after - before for before, after in pairwise(first_week)), default=_HOUR)
    # From each point as far ahead as the longest gap so far: whatever lies between is closer together than that.
    longest, point = max(gap, _HOUR), _next(schedules, start)
    while point < end:
        ahead = max(next(_points(each, point + longest + _SECOND, reverse=True), point) for each in schedules)
        if ahead <= point:
            ahead = _next(schedules, point)
            gap = longest = ahead - point
        point = ahead
    return gap


def _next(schedules: Sequence[Schedule], moment: datetime) -> datetime:
    return min((next_point(each, moment) or _NEVER) for each in schedules)


def _points(schedule: Schedule, moment: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    for point in _simulate(schedule, moment, reverse=reverse):
        yield point.astimezone(UTC)


def _simulate(schedule: Schedule, moment: datetime, *, reverse: bool) -> CronSim:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from cronsim import CronSim  # noqa: PLC0415

    # cronsim knows UTC by this object, and is five times quicker in it
    zone = UTC if schedule.time_zone == "UTC" else ZoneInfo(schedule.time_zone)
    return CronSim(schedule.cron, moment.astimezone(zone), reverse=reverse)
