"""The suite's only door to the feature under test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from refresh_task.incremental import enable
from refresh_task.incremental.proofs import keep_proofs
from refresh_task.incremental.upkeep import keep_captures
from tests.fix_database import Database
from tests.integration.incremental.shapes import Shape

_ANNOUNCE = """
    INSERT INTO bi_refresh.mv_refresh_log
        (view_name, view_oid, trigger_type, triggered_by, strategy, reason, plan, backend_pid, attempts)
    VALUES (%s, bi_refresh.view_oid(%s), 'cron', 'the suite', 'concurrent', 'due', %s, %s, %s)
"""
_REFRESH = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'the suite')"
_LOGGED = """
    SELECT status, strategy, coalesce(error, reason) FROM bi_refresh.mv_refresh_log
    WHERE view_name = %s AND backend_pid = pg_backend_pid() ORDER BY id DESC LIMIT 1
"""


def enable_for_test(database: Database, shapes: Sequence[Shape]) -> None:
    """From each shape's DDL to a view that is refreshed incrementally, one after the other."""
    with database.session() as session:
        for shape in shapes:
            database.execute(shape.ddl)
            database.manage(shape.view)
            enable(session, shape.view, stages=shape.stages, output=shape.output)


def enable_view(database: Database, view: str, *, stages: Sequence[str] | None = None) -> None:
    """With stages, or as its policy has it."""
    with database.session() as session:
        enable(session, view, stages=stages)


def keep(database: Database) -> None:
    """What every run of the task does first."""
    with database.session() as session:
        for remark in (*keep_captures(session), *keep_proofs(session)):
            del remark


def announce(
    control: psycopg.Connection[Any], worker: psycopg.Connection[Any], view: str, *, attempts: int = 1
) -> None:
    """Commit the plan that the worker's refresh will find, before the worker takes its snapshot: as the task does."""
    plan = {
        "strategy": "concurrent", "reason": "due", "due_by": "target lag", "fingerprinting": "check",
        "change_detection": "fingerprint", "on_error": "raise",
    }  # fmt: skip
    control.execute(_ANNOUNCE, [view, view, Jsonb(plan), worker.info.backend_pid, attempts])


def refresh(worker: psycopg.Connection[Any], view: str) -> tuple[str, str, str]:
    """One refresh in the worker's open transaction: as the task's executor carries it out if it was announced,
    otherwise as somebody does at psql. Returns status, strategy and reason; raises what the refresh raises."""
    worker.execute(_REFRESH, [[view]])
    status, strategy, reason = worker.execute(_LOGGED, [view]).fetchone() or ("", "", "")
    return str(status), str(strategy), str(reason)
