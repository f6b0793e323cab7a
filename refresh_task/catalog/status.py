"""How fresh each view is."""

from __future__ import annotations

from typing import Any

from refresh_task.database import Session
from refresh_task.model import Freshness, IncrementalStatus, RefreshMode, Strategy, ViewStatus


def read_view_status(session: Session) -> tuple[ViewStatus, ...]:
    """Every managed view's freshness at this moment, by name."""
    return tuple(_status(row) for row in session.fetch_all("read_view_status"))


def _status(row: dict[str, Any]) -> ViewStatus:
    incremental, strategy = row["incremental_status"], row["last_strategy"]
    return ViewStatus(
        **{
            **row,
            "freshness": Freshness(row["freshness"]),
            "refresh_mode": RefreshMode(row["refresh_mode"]),
            "incremental_status": None if incremental is None else IncrementalStatus(incremental),
            "last_strategy": None if strategy is None else Strategy(strategy),
        }
    )
