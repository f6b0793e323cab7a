"""The examples of EventBridge's page on schedules; the moments are ours, from the column "meaning".

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.eventbridge import schedules
from tests.emulation.eventbridge.cron import Cron
from tests.emulation.unsupported import UnsupportedError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(expression: str, after: datetime) -> Iterator[datetime]:
    while True:
        after = schedules.next_time(expression, after)
        yield after


# 2026-11-20 is a Friday.
FRIDAY_NOON = at("2026-11-20T12:00")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-21T10:00", "2026-11-22T10:00"]),
        ("cron(15 12 * * ? *)", ["2026-11-20T12:15", "2026-11-21T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-20T18:00", "2026-11-23T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-20T12:15", "2026-11-20T12:30", "2026-11-20T12:45", "2026-11-20T13:00"]),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-11-20T12:10", "2026-11-20T12:20"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-11-20T12:05", "2026-11-20T12:10"]),
        ("cron(0 12 * * ? *)", ["2026-11-21T12:00"]),
        ("cron(5,35 14 * * ? *)", ["2026-11-20T14:05", "2026-11-20T14:35", "2026-11-21T14:05"]),
        # The wildcards' own examples.
        ("cron(1/10 * * * ? *)", ["2026-11-20T12:01", "2026-11-20T12:11", "2026-11-20T12:21", "2026-11-20T12:31"]),
        ("cron(0 0 1 JAN,FEB,MAR ? *)", ["2027-01-01T00:00", "2027-02-01T00:00", "2027-03-01T00:00"]),
        ("cron(0 0 1-15 * ? *)", ["2026-12-01T00:00", "2026-12-02T00:00"]),
        ("cron(0 0 7 * ? *)", ["2026-12-07T00:00", "2027-01-07T00:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-21T00:00", "2026-11-28T00:00"]),  # the last day of the week is Saturday
        ("cron(0 0 3W * ? *)", ["2026-12-03T00:00", "2027-01-04T00:00"]),  # 2027-01-03 is a Sunday
        ("cron(0 0 ? * 3#2 *)", ["2026-12-08T00:00", "2027-01-12T00:00"]),  # the second Tuesday
        ("cron(0 0 ? * 2#1 *)", ["2026-12-07T00:00", "2027-01-04T00:00"]),  # the first Monday, be it the 7th
        # Rates.
        ("rate(1 minute)", ["2026-11-20T12:01", "2026-11-20T12:02"]),
        ("rate(5 minutes)", ["2026-11-20T12:05", "2026-11-20T12:10"]),
        ("rate(1 hour)", ["2026-11-20T13:00"]),
        ("rate(5 hours)", ["2026-11-20T17:00"]),
        ("rate(1 day)", ["2026-11-21T12:00"]),
    ],
)
def test_examples(expression: str, expected: list[str]) -> None:
    assert list(islice(times(expression, FRIDAY_NOON), len(expected))) == [at(text) for text in expected]


def test_ten_in_the_morning_of_the_last_friday_from_2019_to_2022() -> None:
    expression = "cron(15 10 ? * 6L 2019-2022)"
    fridays = list(islice(times(expression, at("2018-12-31T00:00")), 48))
    assert fridays[0] == at("2019-01-25T10:15")
    assert fridays[-1] == at("2022-12-30T10:15")
    assert all(day.weekday() == 4 and (day + timedelta(days=7)).month != day.month for day in fridays)
    with pytest.raises(UnsupportedError, match="never fires"):
        schedules.next_time(expression, fridays[-1])


def test_hours_over_midnight_belong_to_the_day_on_which_they_are() -> None:
    """0/30 20-2 ? * MON-FRI: on Monday from 00:00, as the page says, and not on Saturday morning."""
    found = list(islice(times("cron(0/30 20-2 ? * MON-FRI *)", at("2026-11-20T23:00")), 3))
    assert found == [at("2026-11-20T23:30"), at("2026-11-23T00:00"), at("2026-11-23T00:30")]
    assert schedules.next_time("cron(0/30 20-2 ? * MON-FRI *)", at("2026-11-23T02:30")) == at("2026-11-23T20:00")


def test_every_five_minutes_from_eight_to_five_to_six() -> None:
    assert schedules.next_time("cron(0/5 8-17 ? * MON-FRI *)", at("2026-11-20T17:55")) == at("2026-11-23T08:00")


def test_the_nearest_weekday_stays_within_the_month() -> None:
    assert schedules.next_time("cron(0 0 1W * ? *)", at("2026-07-31T00:00")) == at("2026-08-03T00:00")  # a Saturday
    assert schedules.next_time("cron(0 0 31W * ? *)", at("2026-05-01T00:00")) == at("2026-05-29T00:00")  # a Sunday


def test_it_is_told_in_utc() -> None:
    bogota = datetime(2026, 11, 20, 0, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert schedules.next_time("cron(0 6 * * ? *)", bogota) == at("2026-11-20T06:00")


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 10 * * * *)",  # * in both fields for days
        "cron(0 10 1 * MON *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(0 10 ? * 3#1,6#3 *)",  # "not valid because it is interpreted as two expressions"
        "cron(60 * * * ? *)",
        "cron(* 24 * * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 1 13 ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * SUN/2 *)",
        "cron(0 0 LW * ? *)",
        "cron(0 0 L-3 * ? *)",
        "cron(0/0 * * * ? *)",
        "cron(0 0 1 * ? 1969)",
        "cron(0 0 1 * ? 2200)",
        "cron(? * * * ? *)",
        "rate(1 hours)",  # "rate(1 hours) and rate(5 hour) aren't valid"
        "rate(5 hour)",
        "rate(0 minutes)",
        "rate(1 week)",
        "rate(1.5 hours)",
        "at(2026-11-20T12:00:00)",
        "0 10 * * *",
    ],
)
def test_what_it_does_not_know_it_refuses(expression: str) -> None:
    with pytest.raises(UnsupportedError):
        schedules.next_time(expression, FRIDAY_NOON)


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    return st.one_of(
        st.just("*"),
        number.map(str),
        st.lists(number, min_size=1, max_size=4).map(lambda numbers: ",".join(map(str, numbers))),
        st.tuples(number, number).map(lambda limits: f"{limits[0]}-{limits[1]}"),
        st.tuples(number, st.integers(1, 30)).map(lambda step: f"{step[0]}/{step[1]}"),
    )


OF_MONTH = st.one_of(fields(1, 28), st.just("L"), st.integers(1, 28).map(lambda day: f"{day}W"))
OF_WEEK = st.one_of(
    st.sampled_from(["*", "L", "MON-FRI", "SAT-SUN", "1,7"]),
    st.integers(1, 7).map(lambda day: f"{day}L"),
    st.tuples(st.integers(1, 7), st.integers(1, 4)).map(lambda which: f"{which[0]}#{which[1]}"),
)
DAYS = st.one_of(OF_MONTH.map(lambda day: (day, "?")), OF_WEEK.map(lambda day: ("?", day)))
EXPRESSIONS = st.builds(
    lambda minute, hour, days, month: f"{minute} {hour} {days[0]} {month} {days[1]} *",
    fields(0, 59),
    fields(0, 23),
    DAYS,
    fields(1, 12),
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds it


@given(text=EXPRESSIONS, after=MOMENTS)
def test_the_next_time_is_later_and_in_the_schedule(text: str, after: datetime) -> None:
    found = schedules.next_time(f"cron({text})", after)
    assert found > after
    assert found.second == found.microsecond == 0
    assert Cron.parse(text).matches(found)


@given(text=EXPRESSIONS, after=MOMENTS)
def test_no_minute_before_it_is_in_the_schedule(text: str, after: datetime) -> None:
    found, cron = schedules.next_time(f"cron({text})", after), Cron.parse(text)
    minute = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for _ in range(2 * 24 * 60):  # of two days; the rest follows from the days
        if minute >= found:
            break
        assert not cron.matches(minute)
        minute += timedelta(minutes=1)
