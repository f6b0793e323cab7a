"""Tables within a view's entry of views.toml."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from refresh_task.policies.values import Cron, Duration, TimeZone, ValueRefusedError, cron_line, time_zone


def _decimal(number: Any) -> Decimal:
    # as it is written: 33.3 is no binary fraction, and what is stored must compare equal
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 100:  # noqa: PLR2004
        raise ValueRefusedError(number, "is not a number from 0 to 100")
    return Decimal(str(number))


class Table(BaseModel):
    """Of known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(Table):
    """`exclusive_window`."""

    cron: Cron
    duration: Duration
    time_zone: TimeZone | None = None


class Checks(Table):
    """`checks`."""

    not_empty: bool = False
    max_row_drop_percent: Annotated[Decimal, BeforeValidator(_decimal)] | None = None
    sql: tuple[Annotated[str, Field(pattern=r"\S")], ...] = ()


def _schedules(written: Any) -> tuple[tuple[str, str | None], ...]:
    entries = written if isinstance(written, list) else [written]
    return tuple(_schedule(entry) for entry in entries)


def _schedule(entry: Any) -> tuple[str, str | None]:
    if not isinstance(entry, dict):
        return cron_line(entry), None
    if unknown := entry.keys() - {"cron", "time_zone"}:
        raise ValueRefusedError(
            sorted(unknown)[0], "is not a key of a schedule", "The known keys are: cron, time_zone."
        )
    if "cron" not in entry:
        raise ValueRefusedError(entry, "has no key 'cron'")
    return cron_line(entry["cron"]), time_zone(entry["time_zone"]) if "time_zone" in entry else None


Schedules = Annotated[tuple[tuple[str, str | None], ...], BeforeValidator(_schedules)]
