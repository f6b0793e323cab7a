"""The enabled views as planning needs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from refresh_task.database import Session
from refresh_task.model import (
    ChangeDetection,
    ExclusiveWindow,
    IncrementalStatus,
    Priority,
    RefreshMode,
    Schedule,
    View,
)


def read_views(session: Session) -> tuple[View, ...]:
    """The enabled views, by name."""
    return tuple(_view(row) for row in session.fetch_all("read_views"))


def adopt_views(session: Session) -> None:
    """Give the views that the patterns of views.toml find their policy, and take it from those that are gone."""
    session.execute("adopt_views")


def read_now(session: Session) -> datetime:
    """The moment by the database's clock, which wrote every time of a view's state. In UTC."""
    now: datetime = session.fetch_one("read_now")["now"]
    return now.astimezone(UTC)


def _view(row: dict[str, Any]) -> View:
    priority, window, incremental = row["request_priority"], row["exclusive_window"], row["incremental_status"]
    return View(
        **{
            **row,
            "schedules": tuple(Schedule(**schedule) for schedule in row["schedules"]),
            "change_detection": ChangeDetection(row["change_detection"]),
            "priority": Priority(row["priority"]),
            "exclusive_window": None if window is None else _window(window),
            "upstream": tuple(row["upstream"]),
            "changed_tables": tuple(row["changed_tables"]),
            "request_priority": None if priority is None else Priority(priority),
            "refresh_mode": RefreshMode(row["refresh_mode"]),
            "incremental_status": None if incremental is None else IncrementalStatus(incremental),
        }
    )


def _window(stored: dict[str, Any]) -> ExclusiveWindow:
    return ExclusiveWindow(Schedule(stored["cron"], stored["time_zone"]), timedelta(seconds=stored["duration_s"]))
