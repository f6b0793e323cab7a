"""What views there are now, and what each depends on."""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.model import Freshness, View, ViewStatus

__all__ = ["read_view_status", "read_views"]


def read_views(session: Session) -> tuple[View, ...]:
    """The enabled views, upstream before downstream."""
    return tuple(View(**row) for row in session.fetch_all("read_views"))


def read_view_status(session: Session) -> tuple[ViewStatus, ...]:
    """Every managed view's freshness at this moment, by name."""
    return tuple(
        ViewStatus(**{**row, "freshness": Freshness(row["freshness"])}) for row in session.fetch_all("read_view_status")
    )
