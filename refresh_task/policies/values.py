"""Single values of views.toml: what may be written, and what that means."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from refresh_task.cron import check_cron

DOWNSTREAM = "downstream"

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_LONGEST_S = 10_000 * 86_400
_LONGEST_TIMEOUT = timedelta(days=1)  # as for VISTAFRESCA_STATEMENT_TIMEOUT_S
_LONGEST_NAME = 63  # bytes
# as PostgreSQL writes an identifier that needs no quotes, or one that does
_IDENTIFIER = r'([a-z_][a-z0-9_$]*|"([^"]|"")+")'


class ValueRefusedError(ValueError):
    """`value` cannot be used, for its `cause` in words that continue it."""

    def __init__(self, value: object, cause: str, remedy: str = "See docs/configuration.md.") -> None:
        super().__init__(cause)
        self.value, self.cause, self.remedy = value, cause, remedy


def _duration(written: Any) -> Any:
    if not isinstance(written, str):
        raise ValueRefusedError(written, 'is not a duration such as "15 minutes"')
    parts = re.findall(r"(\d+)\s*(second|minute|hour|day)s?", written)
    if not parts or re.sub(r"(\d+)\s*(second|minute|hour|day)s?", "", written).strip(" ,"):
        raise ValueRefusedError(written, 'is not a duration such as "15 minutes" or "1 hour 30 minutes"')
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= _LONGEST_S:
        raise ValueRefusedError(written, "is not between 1 second and 10000 days")
    return timedelta(seconds=seconds)


def _timeout(written: Any) -> Any:
    duration = _duration(written)
    if duration > _LONGEST_TIMEOUT:
        raise ValueRefusedError(written, "is longer than 1 day")
    return duration


def _names(written: Any) -> Any:
    """Of columns or of CTEs: as PostgreSQL has them, without quotes."""
    if not isinstance(written, list):
        raise ValueRefusedError(written, 'is not a list of names such as ["region", "month"]')
    for name in written:
        if not isinstance(name, str) or not name or len(name.encode()) > _LONGEST_NAME:
            raise ValueRefusedError(name, "is not a name")
        if written.count(name) > 1:
            raise ValueRefusedError(name, "is named twice", "Keep one of the two.")
    return tuple(written)


def _target_lag(written: Any) -> Any:
    if written == DOWNSTREAM:
        return DOWNSTREAM
    try:
        return _duration(written)
    except ValueRefusedError as refused:
        refused.remedy = (
            f'Write a duration, or "{DOWNSTREAM}" for a view that only has to be as new as its readers need.'
        )
        raise


def cron_line(written: Any) -> str:
    """With single blanks. Raises ValueRefusedError."""
    if not isinstance(written, str):
        raise ValueRefusedError(written, "is not a crontab line such as 0 1 * * *")
    line = " ".join(written.split())
    try:
        check_cron(line)
    except ValueError as error:
        raise ValueRefusedError(
            written, str(error), "Write minute, hour, day of month, month and day of week."
        ) from None
    return line


def time_zone(written: Any) -> str:
    """Of the IANA database, in its own spelling: the task's machine may tell upper case from lower. Raises
    ValueRefusedError."""
    if not isinstance(written, str) or written not in _time_zones():
        by_lower_case = {zone.lower(): zone for zone in sorted(_time_zones())}
        near = difflib.get_close_matches(str(written).lower(), by_lower_case, n=1)
        remedy = f"Did you mean {by_lower_case[near[0]]}?" if near else "Write one such as America/Bogota."
        raise ValueRefusedError(written, "is not a time zone of the IANA database", remedy)
    return written


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() | {"UTC"})


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Timeout = Annotated[timedelta, BeforeValidator(_timeout)]
TargetLag = Annotated[timedelta | str, BeforeValidator(_target_lag)]
Cron = Annotated[str, BeforeValidator(cron_line)]
TimeZone = Annotated[str, BeforeValidator(time_zone)]
ViewName = Annotated[str, Field(pattern=rf"^{_IDENTIFIER}\.{_IDENTIFIER}$")]
Pattern = Annotated[str, Field(pattern=r"^[^.\[\]\"\s]+\.[^\[\]\"]+$")]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Group = Annotated[str, Field(min_length=1, max_length=63)]
