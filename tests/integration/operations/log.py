"""Entries of the log and states of views, written by hand."""

from __future__ import annotations

from tests.fix_database import Database


def log(
    database: Database, view: str, status: str, *, started_at: str = "2026-06-01 10:00Z", duration_ms: int | None = None
) -> None:
    """One finished attempt."""
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, started_at, duration_ms)"
        " VALUES (%s, 'cron', 'the rule', %s, %s, %s)",
        view,
        status,
        started_at,
        duration_ms,
    )


def know(database: Database, view: str, *, age: str, oldest: str | None = None) -> None:
    """The view's data is of that age; `oldest`: what it was made from is of that one."""
    database.execute(
        "INSERT INTO bi_refresh.view_state"
        " (view_name, view_oid, data_timestamp, global_data_timestamp, last_success_at, refreshed_at)"
        " SELECT %s, %s::regclass, now() - %s::interval, now() - %s::interval,"
        " '2026-06-01 10:00Z'::timestamptz, '2026-06-01 10:00Z'::timestamptz",
        view,
        view,
        age,
        oldest or age,
    )
