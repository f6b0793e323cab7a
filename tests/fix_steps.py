"""One step as the task's executor carries it out: the log row with the plan beforehand, then one statement under
REPEATABLE READ."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.fix_database import Database
from tests.fix_views import last_log

_BEGIN = """
    INSERT INTO bi_refresh.mv_refresh_log
        (view_name, view_oid, trigger_type, triggered_by, strategy, reason, plan, backend_pid, attempts)
    VALUES (%s, bi_refresh.view_oid(%s), 'cron', 'the tests', 'concurrent', 'due', %s, %s, %s)
"""
_REFRESH = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'the tests')"


def announce(
    database: Database,
    view: str,
    *,
    backend_pid: int,
    fingerprinting: str = "check",
    change_detection: str = "fingerprint",
    attempts: int = 1,
    **plan: Any,
) -> None:
    """Commit the log row that the step's statement will find by its server process."""
    plan = {
        "strategy": "concurrent",
        "reason": "due",
        "due_by": "target lag",
        "fingerprinting": fingerprinting,
        "change_detection": change_detection,
        "on_error": "raise_transient",
    } | plan
    with database.connect() as control:
        control.execute(_BEGIN, [view, view, Jsonb(plan), backend_pid, attempts])


def run_step(database: Database, view: str, **plan: Any) -> dict[str, Any]:
    """Carry out one step; returns its log row. Raises the errors that the executor would try again for."""
    with database.connect() as worker:
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        return run_step_on(worker, database, view, **plan)


def run_step_on(worker: psycopg.Connection[Any], database: Database, view: str, **plan: Any) -> dict[str, Any]:
    """The same on a session that is open already."""
    announce(database, view, backend_pid=worker.info.backend_pid, **plan)
    worker.execute(_REFRESH, [[view]])
    return last_log(database, view)


def watch(database: Database, *views: str) -> None:
    """Have the views' tables watched by touch triggers."""
    for view in views:
        database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch' WHERE view_name = %s", view)
    database.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")


def differing_rows(connection: psycopg.Connection[Any], view: str) -> int:
    """How many rows a view and its definition differ in, under the connection's snapshot: EXCEPT ALL, both ways."""
    (definition,) = connection.execute("SELECT rtrim(pg_get_viewdef(%s::regclass), ';')", [view]).fetchone() or ("",)
    (count,) = connection.execute(
        f"SELECT (SELECT count(*) FROM (TABLE {view} EXCEPT ALL ({definition})) AS a)"
        f" + (SELECT count(*) FROM (({definition}) EXCEPT ALL TABLE {view}) AS b)".encode()
    ).fetchone() or (0,)
    return int(count)
