"""A daily time as EventBridge's UTC expression: expected values by the zones' published rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.daily import DailyTime

WINTER = datetime(2026, 1, 15, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("now", [WINTER, SUMMER])
@pytest.mark.parametrize(
    ("time", "expression"),
    [
        # Colombia: UTC-5 all year
        (DailyTime(1, 0, "America/Bogota"), "cron(0 6 * * ? *)"),
        (DailyTime(2, 30, "America/Bogota"), "cron(30 7 * * ? *)"),
        (DailyTime(21, 15, "America/Bogota"), "cron(15 2 * * ? *)"),  # the next day in UTC
        (DailyTime(0, 0, "UTC"), "cron(0 0 * * ? *)"),
        # India: a half hour
        (DailyTime(1, 0, "Asia/Kolkata"), "cron(30 19 * * ? *)"),
        # summer time: both of the year's hours, whenever it is asked
        (DailyTime(2, 30, "Europe/Madrid"), "cron(30 0,1 * * ? *)"),
        (DailyTime(20, 5, "America/New_York"), "cron(5 0,1 * * ? *)"),
        # half an hour of summer time, UTC+10:30 and +11: 14:00 and 13:30 before
        (DailyTime(0, 30, "Australia/Lord_Howe"), "cron(0,30 13,14 * * ? *)"),
    ],
)
def test_the_rule_fires_at_each_of_the_years_utc_times(time: DailyTime, expression: str, now: datetime) -> None:
    assert time.eventbridge_expression(now) == expression


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (WINTER, datetime(2026, 1, 15, 1, 30, tzinfo=UTC)),
        (SUMMER, datetime(2026, 7, 15, 0, 30, tzinfo=UTC)),
        # 29 March 2026: 02:30 does not exist in Madrid; the clock goes from 02:00 to 03:00, at 01:00 UTC
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)
def test_the_next_point_follows_the_zones_clock(moment: datetime, expected: datetime) -> None:
    assert DailyTime(2, 30, "Europe/Madrid").next_after(moment) == expected


def test_it_is_a_crontab_line_and_a_time_for_people() -> None:
    time = DailyTime(2, 5, "America/Bogota")
    assert (time.cron, time.clock) == ("5 2 * * *", "02:05 America/Bogota")
