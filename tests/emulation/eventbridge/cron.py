"""EventBridge's six cron fields: minutes, hours, day of month, month, day of week, year; in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
From memory: `*/10` is `0/10` (the page shows the latter form alone).
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.emulation.unsupported import UnsupportedError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
FIRST_YEAR, LAST_YEAR = 1970, 2199
SATURDAY, SUNDAY = 7, 1


@dataclass(frozen=True)
class Cron:
    """The values of each field; of the two fields for days, one is `?` and matches every day."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Of the text between the parentheses."""
        fields = text.split()
        if len(fields) != 6:
            msg = f"cron({text}) has {len(fields)} fields, not six"
            raise UnsupportedError(msg)
        minutes, hours, day_of_month, months, day_of_week, years = fields
        if (day_of_month == "?") is (day_of_week == "?"):
            msg = f"cron({text}): exactly one of day of month and day of week must be ?"
            raise UnsupportedError(msg)
        cron = cls(
            minutes=_values(minutes, 0, 59),
            hours=_values(hours, 0, 23),
            day_of_month=day_of_month,
            months=_values(months, 1, 12, MONTHS),
            day_of_week=day_of_week,
            years=_values(years, FIRST_YEAR, LAST_YEAR),
        )
        cron.falls_on(date(FIRST_YEAR, 1, 1))  # refuses what it does not know of the fields for days
        return cron

    def next_time(self, after: datetime) -> datetime:
        """The first moment later than `after`."""
        after = after.astimezone(UTC)
        for day in self._days(after.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if moment > after:
                        return moment
        msg = f"it never fires after {after}"
        raise UnsupportedError(msg)

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in that minute."""
        moment = moment.astimezone(UTC)
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and moment.year in self.years
            and self.falls_on(moment.date())
        )

    def falls_on(self, day: date) -> bool:
        """Whether the two fields for days allow it."""
        return _of_month(self.day_of_month, day) and _of_week(self.day_of_week, day)

    def _days(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                for number in range(1, monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.falls_on(day):
                        yield day


def _of_month(field: str, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if field == "?":
        return True
    if field == "L":
        return day.day == last
    if nearest := re.fullmatch(r"(\d{1,2})W", field):
        (number,) = _values(nearest[1], 1, 31)
        return number <= last and day == _weekday_nearest(day.replace(day=number), last)
    return day.day in _values(field, 1, 31)


def _weekday_nearest(day: date, last: int) -> date:
    """Monday to Friday, in the same month."""
    match _number(day):
        case 7:
            return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
        case 1:
            return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
        case _:
            return day


def _of_week(field: str, day: date) -> bool:
    if field == "?":
        return True
    if field == "L":
        return _number(day) == SATURDAY
    if last := re.fullmatch(r"(\w+)L", field):
        in_last_week = day.day + 7 > monthrange(day.year, day.month)[1]
        return in_last_week and _number(day) in _values(last[1], 1, 7, DAYS)
    if instance := re.fullmatch(r"(\w+)#([1-5])", field):
        return (day.day - 1) // 7 + 1 == int(instance[2]) and _number(day) in _values(instance[1], 1, 7, DAYS)
    if "/" in field:
        msg = f"the day of week takes no increment: {field}"
        raise UnsupportedError(msg)
    return _number(day) in _values(field, 1, 7, DAYS)


def _number(day: date) -> int:
    """1 is Sunday, 7 is Saturday."""
    return day.isoweekday() % 7 + 1


def _values(field: str, least: int, most: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """Of a list of values, ranges and increments. A range may go over the end: hours 20-2 are 20 to 23 and 0 to 2."""
    return frozenset(value for item in field.split(",") for value in _item(item, least, most, names or {}))


def _item(item: str, least: int, most: int, names: Mapping[str, int]) -> Iterator[int]:
    if item == "*":
        yield from range(least, most + 1)
    elif step := re.fullmatch(r"(\*|\w+)/(\d+)", item):
        if not (every := int(step[2])):
            msg = f"an increment of zero: {item}"
            raise UnsupportedError(msg)
        begin = least if step[1] == "*" else _one(step[1], least, most, names)
        yield from range(begin, most + 1, every)
    elif limits := re.fullmatch(r"(\w+)-(\w+)", item):
        begin, end = (_one(limit, least, most, names) for limit in limits.groups())
        yield from range(begin, (most if end < begin else end) + 1)
        yield from range(least, end + 1) if end < begin else ()
    else:
        yield _one(item, least, most, names)


def _one(text: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text.upper()) or (int(text) if re.fullmatch(r"\d+", text) else None)
    if number is None or not least <= number <= most:
        msg = f"{text!r} is not a value from {least} to {most} that this evaluator knows"
        raise UnsupportedError(msg)
    return number
