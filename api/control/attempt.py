"""One try to refresh a view within a request, with the views of its consistency group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.database import ApiSession
from refresh_task.errors import StatementFailedError
from refresh_task.model import Status, TriggerType
from refresh_task.settings import Settings

__all__ = ["Attempt", "Unit", "try_unit"]

_QUERY_CANCELED = "57014"
_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Unit:
    """What is refreshed in one transaction because somebody asks for `view`: that view alone, or its group.

    `within_s` is how long a request may take for it; `p95_s` how long it takes, None where nobody knows.
    """

    view: str
    together: tuple[str, ...]
    within_s: float
    p95_s: float | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Unit:
        """Of read_refreshable."""
        return cls(row["view_name"], tuple(row["together"]), row["refresh_within_s"] or _WITHIN_S, row["p95_s"])

    @property
    def may_fit(self) -> bool:
        """Whether it is worth trying in a request; how long the first refresh takes nobody knows."""
        return self.p95_s is None or self.p95_s <= self.within_s


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log row of a try that came to an end: completed or failed."""

    view: str
    log_id: int
    is_success: bool
    duration_ms: int
    rows_total: int | None
    sqlstate: str | None
    error: str | None
    remedy: str | None


class _TornError(Exception):
    """A member of a group was not refreshed: none is."""


def try_unit(session: ApiSession, unit: Unit, *, triggered_by: str, settings: Settings) -> dict[str, Attempt] | None:
    """Refresh the unit's views, within its time; None: the task has to.

    That is so where it took too long, where another session is refreshing one of them (from a snapshot that may be
    older than this request), and where a group could not be refreshed as a whole, of which nothing remains.
    """
    if not unit.may_fit:
        return None
    is_group = len(unit.together) > 1
    try:
        session.configure(settings, "repeatable read" if is_group else "read committed")
        session.set_statement_timeout(unit.within_s)
        if is_group:
            with session.transaction():
                rows = _refresh(session, unit, triggered_by)
                if any(row["status"] != Status.COMPLETED for row in rows):
                    raise _TornError
        else:
            rows = _refresh(session, unit, triggered_by)
    except _TornError:
        return None
    except StatementFailedError as error:
        if error.sqlstate == _QUERY_CANCELED:
            return None
        raise
    finally:
        if session.is_usable:
            session.configure(settings, "read committed")
    if any(_is_the_tasks(session, unit, row) for row in rows):
        return None
    return {row["view_name"]: _attempt(row) for row in rows}


def _refresh(session: ApiSession, unit: Unit, triggered_by: str) -> list[dict[str, Any]]:
    session.execute(
        "refresh_views", views=list(unit.together), trigger_type=TriggerType.MANUAL, triggered_by=triggered_by
    )
    return session.ask("read_own_attempts", views=list(unit.together))


def _is_the_tasks(session: ApiSession, unit: Unit, row: Mapping[str, Any]) -> bool:
    if row["sqlstate"] == _QUERY_CANCELED:
        message = f"It took longer than the {unit.within_s:g} s that a request may take: the task does it."
        session.ask("record_handover", log_id=row["id"], message=message)
        return True
    return bool(row["status"] == Status.SKIPPED)


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        view=row["view_name"],
        log_id=row["id"],
        is_success=row["status"] == Status.COMPLETED,
        duration_ms=row["duration_ms"],
        rows_total=row["rows_total"],
        sqlstate=row["sqlstate"],
        error=row["error"],
        remedy=row["remedy"],
    )
