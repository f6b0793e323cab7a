"""Points of crontab lines: the latest one, the next one, and the longest time without any."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refresh_task.cron import check_cron, latest_point, longest_gap, next_point
from refresh_task.model import Schedule

BOGOTA, MADRID = "America/Bogota", "Europe/Madrid"

# The Sundays of 2026 on which Madrid's clocks change, at 01:00 UTC: in March 02:00 → 03:00, in October 03:00 → 02:00.
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)


def utc(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "latest", "following"),
    [
        # Bogota has no summer time: 01:00 there is 06:00 UTC all year
        ("0 1 * * *", BOGOTA, utc(SPRING, 5, 59), utc(SPRING, -18), utc(SPRING, 6)),
        ("0 1 * * *", BOGOTA, utc(SPRING, 6), utc(SPRING, 6), utc(SPRING, 30)),
        ("0 1 * * *", BOGOTA, utc(AUTUMN, 6), utc(AUTUMN, 6), utc(AUTUMN, 30)),
        # 02:30 does not exist: it comes when the clock has jumped
        ("30 2 * * *", MADRID, utc(SPRING, 0, 59), utc(SPRING, -23, 30), utc(SPRING, 1)),
        ("30 2 * * *", MADRID, utc(SPRING, 1), utc(SPRING, 1), utc(SPRING, 24, 30)),
        # 02:30 comes twice: the first one counts
        ("30 2 * * *", MADRID, utc(AUTUMN, 0, 29), utc(AUTUMN, -23, -30), utc(AUTUMN, 0, 30)),
        ("30 2 * * *", MADRID, utc(AUTUMN, 0, 30), utc(AUTUMN, 0, 30), utc(AUTUMN, 25, 30)),
        ("30 2 * * *", MADRID, utc(AUTUMN, 1, 10), utc(AUTUMN, 0, 30), utc(AUTUMN, 25, 30)),
        ("30 2 * * *", MADRID, utc(AUTUMN, 1, 40), utc(AUTUMN, 0, 30), utc(AUTUMN, 25, 30)),
        # what runs every so often goes on at its pace
        ("*/30 * * * *", MADRID, utc(AUTUMN, 1, 40), utc(AUTUMN, 1, 30), utc(AUTUMN, 2)),
        ("*/30 * * * *", MADRID, utc(SPRING, 1, 10), utc(SPRING, 1), utc(SPRING, 1, 30)),
        # the last day of a month, a weekday by name
        ("0 6 L * *", "UTC", utc(SPRING, 7), utc(SPRING, -29 * 24 + 6), utc(SPRING, 54)),
        ("0 6 * * MON-FRI", "UTC", utc(SPRING, 7), utc(SPRING, -42), utc(SPRING, 30)),
    ],
)  # fmt: skip
def test_points_in_time_zones(cron: str, zone: str, now: datetime, latest: datetime, following: datetime) -> None:
    schedule = Schedule(cron, zone)
    assert (latest_point(schedule, now), next_point(schedule, now)) == (latest, following)


_crons = st.sampled_from(
    ["30 2 * * *", "0 */2 * * *", "15,45 1-3 * * *", "*/7 * * * *", "0 3 * * SUN", "30 2 25 10 *", "0 0 29 3 *"]
)
_minutes = st.floats(-30 * 24 * 60, 250 * 24 * 60)
_zones = st.sampled_from(["UTC", MADRID, BOGOTA, "Australia/Lord_Howe", "America/Santiago"])


@given(_crons, _zones, _minutes)
def test_the_latest_point_is_the_one_before_the_next(cron: str, zone: str, minutes: float) -> None:
    """Against points counted forwards, through every change of the clocks."""
    now, schedule = utc(SPRING, 0) + timedelta(minutes=minutes), Schedule(cron, zone)
    latest, following = latest_point(schedule, now), next_point(schedule, now)
    assert latest is not None
    assert following is not None
    assert latest <= now < following
    assert next_point(schedule, latest) == following


@pytest.mark.parametrize(
    ("crons", "zone", "gap"),
    [
        (["* * * * *"], "UTC", timedelta(minutes=1)),
        (["*/10 * * * *"], MADRID, timedelta(minutes=10)),
        (["0 1 * * *"], BOGOTA, timedelta(days=1)),
        (["0 1 * * *"], MADRID, timedelta(hours=25)),  # in autumn
        (["0 * * * *", "*/15 9-18 * * MON-FRI"], BOGOTA, timedelta(hours=1)),
        (["0 9-18 * * MON-FRI"], "UTC", timedelta(hours=63)),  # a weekend
        (["0 0 1 * *"], "UTC", timedelta(days=31)),
        (["0 0 1 * *", "0 0 15 * *"], "UTC", timedelta(days=17)),
        (["0 0 29 2 *"], "UTC", timedelta(days=1461)),
        (["* * * 1-3 *"], "UTC", timedelta(days=275, minutes=1)),
    ],
)
def test_the_longest_gap(crons: list[str], zone: str, gap: timedelta) -> None:
    assert longest_gap(tuple(Schedule(cron, zone) for cron in crons)) == gap


@given(_crons.filter(lambda cron: "*/7" not in cron), st.sampled_from(["UTC", MADRID, BOGOTA]))
def test_no_gap_of_the_year_is_longer_than_the_longest(cron: str, zone: str) -> None:
    schedule = Schedule(cron, zone)
    points = [datetime(2027, 12, 31, tzinfo=UTC)]
    while points[-1].year < 2029:
        points.append(next_point(schedule, points[-1]) or datetime.max.replace(tzinfo=UTC))
    assert max(after - before for before, after in pairwise(points[1:])) == longest_gap((schedule,))


@pytest.mark.parametrize(
    ("cron", "cause"),
    [
        ("0 1 * *", "does not have the five fields of a crontab, such as 0 1 * * *"),
        ("0 0 1 * * *", "does not have the five fields"),
        ("61 * * * *", "is not a crontab line: bad minute"),
        ("0 0 30 2 *", "is not a crontab line: bad day-of-month"),
        ("0 0 * * MON#6", "is not a crontab line: bad day-of-week"),
        ("@daily", "does not have the five fields"),
    ],
)
def test_a_line_that_is_no_crontabs_is_explained(cron: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause.replace("*", r"\*")):
        check_cron(cron)


def test_cronsim_is_imported_only_where_there_is_a_schedule() -> None:
    """It costs each start of the task more than planning does."""
    program = (
        "import sys; from datetime import datetime, UTC; from refresh_task.plan import make_plan\n"
        "from refresh_task.model import Schedule, View\n"
        "def tried(*schedules):\n"
        "    view = View('a.b', schedules=schedules)\n"
        "    make_plan([view], now=datetime.now(UTC), interval_s=600, default_timeout_s=300)\n"
        "    return 'cronsim' in sys.modules\n"
        "print(tried(), tried(Schedule('0 1 * * *')))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "False True\n"
