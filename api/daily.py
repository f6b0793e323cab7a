"""A time of the day at which a system's views are due, in the zone that its people live by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from refresh_task.cron import next_point
from refresh_task.model import Schedule

_DAYS_AHEAD = 400  # every offset of a zone's year comes up, and of one that is about to change its rules
_HOUR = 60
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class DailyTime:
    """`hour` 0 to 23 and `minute` 0 to 59 of the wall clock in an IANA time zone."""

    hour: int
    minute: int
    time_zone: str

    @property
    def cron(self) -> str:
        """As a crontab line of that zone."""
        return f"{self.minute} {self.hour} * * *"

    @property
    def clock(self) -> str:
        """For people: 02:30 America/Bogota."""
        return f"{self.hour:02}:{self.minute:02} {self.time_zone}"

    def next_after(self, moment: datetime) -> datetime | None:
        """Its first point after the moment, in UTC."""
        return next_point(Schedule(self.cron, self.time_zone), moment)

    def eventbridge_expression(self, now: datetime) -> str:
        """As an EventBridge rule's, which knows no zone but UTC.

        In a zone with summer time the rule fires at each of the year's UTC times. At the one that is not its time now,
        nothing is due (that is decided by the cron line, in the zone), and the run leaves the views alone: so nobody
        has to move the rule twice a year.
        """
        moments = sorted(
            {(self.hour * _HOUR + self.minute - offset) % _DAY for offset in _offsets(self.time_zone, now)}
        )
        hours = sorted({moment // _HOUR for moment in moments})
        minutes = sorted({moment % _HOUR for moment in moments})
        return f"cron({_list(minutes)} {_list(hours)} * * ? *)"


def _offsets(time_zone: str, now: datetime) -> set[int]:
    """Minutes east of UTC that the zone's clocks show in the year ahead."""
    zone = ZoneInfo(time_zone)
    days = (now.astimezone(UTC) + timedelta(days=day) for day in range(_DAYS_AHEAD))
    offsets = (day.astimezone(zone).utcoffset() or timedelta() for day in days)
    return {round(offset.total_seconds()) // 60 for offset in offsets}


def _list(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))
