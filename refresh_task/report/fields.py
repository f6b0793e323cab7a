"""The fields of the lines that a run ends with (docs/logs.md). Names are stable: metric filters rely on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from refresh_task.model import RunResult, Status, ViewStatus


def run_fields(result: RunResult) -> dict[str, Any]:
    """What came of a run, and since when something is wrong with which views."""
    enabled = [view for view in result.views if view.enabled]
    return {
        "status": result.status,
        "exit_code": result.exit_code,
        "duration_s": round(result.duration_s, 3),
        "views_succeeded": result.count(Status.COMPLETED),
        "views_failed": result.count(Status.FAILED),
        "views_skipped": result.count(Status.SKIPPED),
        "views_upstream_failed": result.count(Status.UPSTREAM_FAILED),
        "views_not_due": len(result.undue),
        "late_views_lag_s": {
            view.name: None if view.lag_s is None else round(view.lag_s, 1) for view in result.late_views
        },
        "failing_views_since": {
            view.name: view.failing_since.isoformat() for view in enabled if view.failing_since is not None
        },
        "suspended_views_since": {
            view.name: view.suspended_at.isoformat() for view in enabled if view.suspended_at is not None
        },
        "distrusted_views_since": {view.name: iso(view.incremental_since) for view in enabled if view.distrust},
        "requests_waiting_since": {
            view.name: view.oldest_request_at.isoformat() for view in enabled if view.oldest_request_at is not None
        },
    }


def view_fields(view: ViewStatus) -> dict[str, Any]:
    """What is known of a view with which something is wrong."""
    known = {
        "data_timestamp": iso(view.data_timestamp),
        "lag_s": None if view.lag_s is None else round(view.lag_s, 1),
        "target_lag_s": None if view.target_lag is None else view.target_lag.total_seconds(),
        "late_since": iso(view.late_since),
        "failing_since": iso(view.failing_since),
        "consecutive_failures": view.consecutive_failures,
        "suspended_since": iso(view.suspended_at),
        "probe_at": iso(view.probe_at),
        "distrusted_since": iso(view.incremental_since) if view.distrust else None,
        "distrust_reason": view.distrust_reason if view.distrust else None,
        "last_status": view.last_status,
        "last_message": view.last_message,
        "remedy": view.last_remedy,
    }
    return {name: value for name, value in known.items() if value is not None}


def iso(moment: datetime | None) -> str | None:
    """To the second."""
    return None if moment is None else moment.isoformat(timespec="seconds")
