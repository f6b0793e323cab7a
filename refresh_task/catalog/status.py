"""How fresh each view is."""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.model import Freshness, ViewStatus


def read_view_status(session: Session) -> tuple[ViewStatus, ...]:
    """Every managed view's freshness at this moment, by name."""
    return tuple(
        ViewStatus(**{**row, "freshness": Freshness(row["freshness"])}) for row in session.fetch_all("read_view_status")
    )
