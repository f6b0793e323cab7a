"""The views that one daily refresh keeps (the teloo system's), and the time of day that it is at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from api.daily import DailyTime
from api.database import ApiSession

__all__ = ["DAILY_VIEWS", "read_daily_time", "reschedule"]

DAILY_VIEWS = ("teloo.mv_metricas_mensuales", "teloo.mv_ranking_asesores")
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")


def read_daily_time(session: ApiSession) -> DailyTime | None:
    """When these views are due each day; None: there are none here, or they have another schedule than a daily one."""
    for row in session.ask("read_schedules", views=list(DAILY_VIEWS)):
        if (time := _daily(row["schedules"])) is not None:
            return time
    return None


def reschedule(session: ApiSession, time: DailyTime) -> None:
    """Have these views due at another time of day: that is what makes a run refresh them. Raises StatementFailedError
    (42704) where they are not managed."""
    session.ask("reschedule", views=list(DAILY_VIEWS), cron=time.cron, time_zone=time.time_zone)


def _daily(schedules: Sequence[dict[str, Any]]) -> DailyTime | None:
    if len(schedules) != 1 or (found := _DAILY.fullmatch(schedules[0]["cron"])) is None:
        return None
    return DailyTime(hour=int(found[2]), minute=int(found[1]), time_zone=schedules[0]["time_zone"])
