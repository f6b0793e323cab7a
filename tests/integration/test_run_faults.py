"""A run that is killed, cancelled, cut off or in another's way."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_sentry import Sentry
from tests.fix_task import CRON, ROOT, RunTask, StartTask, environment, finish
from tests.fix_views import last_statuses, make_slow_view, make_view, wait_until_sleeping

# One view after the other, and each once.
ONE_BY_ONE = {**CRON, "VISTAFRESCA_CONNECTIONS": "1", "VISTAFRESCA_MAX_ATTEMPTS": "1"}

# The run's lock is the one with objid 0; the views' have theirs.
_ADVISORY_LOCKS = """
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY objid
"""


def test_a_blocked_lock_fails_one_view_with_the_way_to_find_the_blocker(database: Database, run_task: RunTask) -> None:
    blocked, healthy = make_view(database, "a"), make_view(database, "z")
    with database.connect(autocommit=False) as blocker:
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        result = run_task(database, **ONE_BY_ONE, VISTAFRESCA_LOCK_TIMEOUT_S="0.2")
    assert result.exit_code == 1
    assert result.event("step_failed")["sqlstate"] == "55P03"
    assert "pg_stat_activity" in result.event("step_failed")["remedy"]
    assert last_statuses(database) == {blocked: "failed", healthy: "completed"}


def test_a_killed_task_leaves_no_refresh_and_no_lock_for_two_seconds_and_the_next_run_marks_its_row_abandoned(
    database: Database, start_task: StartTask, run_task: RunTask
) -> None:
    slow = make_slow_view(database, "a")
    task = start_task(database, **CRON)
    wait_until_sleeping(database)
    task.send_signal(signal.SIGKILL)
    task.wait()

    database.wait_until_alone(timeout_s=2)
    assert database.rows(_ADVISORY_LOCKS) == []
    assert last_statuses(database) == {slow: "running"}
    database.execute("DELETE FROM slowness")

    result = run_task(database, **CRON)
    assert result.exit_code == 0
    assert result.event("rows_abandoned")["views"] == [slow]
    assert database.rows("SELECT status FROM bi_refresh.mv_refresh_log ORDER BY id") == [("abandoned",), ("completed",)]
    assert database.rows("SELECT status FROM bi_refresh.mv_refresh_run ORDER BY id") == [("abandoned",), ("succeeded",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_the_statement_under_way_records_and_reports_it(
    database: Database, start_task: StartTask, number: signal.Signals
) -> None:
    before, slow, after = make_view(database, "a"), make_slow_view(database, "m"), make_view(database, "z")
    task = start_task(database, **ONE_BY_ONE)
    wait_until_sleeping(database)
    task.send_signal(number)
    result = finish(task)

    assert (result.exit_code, result.stderr) == (3, "")
    assert last_statuses(database) == {before: "completed", slow: "cancelled", after: "skipped"}
    assert result.event("step_failed")["status"] == "cancelled"
    assert f"{number.name} came after" in result.event("step_failed")["message"]
    assert result.event("run_finished")["views_failed"] == 0  # ending a task is no failure of a view
    assert result.event("step_skipped")["reason"] == f"{number.name} came before its turn"
    assert result.event("run_finished")["status"] == "cancelled"
    assert database.value("SELECT status FROM bi_refresh.mv_refresh_run") == "cancelled"
    assert database.value("SELECT max(consecutive_failures) FROM bi_refresh.view_status") == 0
    database.wait_until_alone(timeout_s=2)


def test_the_run_deadline_cancels_the_run(database: Database, run_task: RunTask) -> None:
    slow, after = make_slow_view(database, "a"), make_view(database, "z")
    result = run_task(database, **ONE_BY_ONE, VISTAFRESCA_RUN_DEADLINE_S="1")
    assert result.exit_code == 3
    assert last_statuses(database) == {slow: "cancelled", after: "skipped"}
    assert result.event("step_skipped")["reason"] == "run deadline came before its turn"
    assert "interrupted by run deadline" in result.event("run_finished")["message"]


def test_the_second_of_two_runs_at_once_is_skipped_and_not_failed(
    database: Database, start_task: StartTask, run_task: RunTask, sentry: Sentry
) -> None:
    make_slow_view(database, "a")
    first = start_task(database, **CRON)
    wait_until_sleeping(database)

    second = run_task(database, **CRON, SENTRY_DSN=sentry.dsn)

    assert second.exit_code == 0
    assert second.event("run_skipped")["exit_code"] == 0
    assert second.metrics["RunsSkipped"] == 1
    assert "RunCompleted" not in second.metrics
    assert sentry.check_ins == []  # the run that holds the lock checks in
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_run") == 1
    first.send_signal(signal.SIGTERM)
    finish(first)


def test_a_killed_server_process_fails_its_view_and_the_next_view_gets_a_new_connection(
    database: Database, start_task: StartTask
) -> None:
    slow, after = make_slow_view(database, "a"), make_view(database, "z")
    task = start_task(database, **ONE_BY_ONE)
    database.value("SELECT pg_terminate_backend(%s)", wait_until_sleeping(database))
    result = finish(task)
    assert result.exit_code == 1
    assert last_statuses(database) == {slow: "failed", after: "completed"}
    assert result.event("step_failed")["sqlstate"] == "57P01"


def test_a_lost_control_session_ends_the_run_with_an_error_and_the_next_run_cleans_up(
    database: Database, start_task: StartTask, run_task: RunTask
) -> None:
    slow = make_slow_view(database, "a", seconds=1)
    task = start_task(database, **CRON)
    wait_until_sleeping(database)
    holder = database.rows(_ADVISORY_LOCKS)[0][0]
    database.value("SELECT pg_terminate_backend(%s)", holder)
    result = finish(task)
    assert result.exit_code == 2
    assert "terminating connection" in result.event("run_failed")["message"]
    database.execute("DELETE FROM slowness")
    database.wait_until_alone()

    assert run_task(database, **CRON).exit_code == 0
    assert last_statuses(database) == {slow: "completed"}


def test_two_tasks_racing_for_the_lock_never_both_run(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    results = []
    threads = [threading.Thread(target=lambda: results.append(run_task(database, **CRON))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.exit_code for result in results] == [0, 0, 0, 0]
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        runs = connection.execute(
            "SELECT started_at, finished_at, lag(finished_at) OVER (ORDER BY started_at) AS before "
            "FROM bi_refresh.mv_refresh_run"
        ).fetchall()
    assert all(run["before"] is None or run["before"] <= run["started_at"] for run in runs)


def test_what_a_role_or_database_has_set_does_not_break_a_run(database: Database, run_task: RunTask) -> None:
    make_slow_view(database, "a", seconds=1.5)
    for setting in ("idle_session_timeout = '1s'", "IntervalStyle = 'iso_8601'", "DateStyle = 'German'"):
        database.execute(f"ALTER DATABASE {database.name} SET {setting}")
    assert run_task(database, **CRON).exit_code == 0


@pytest.mark.parametrize("output", [">&-", "> /dev/full", "| true"])
@pytest.mark.parametrize("form", ["run", "run --output table"])
def test_a_standard_output_that_cannot_be_written_changes_no_outcome(
    database: Database, output: str, form: str
) -> None:
    make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    process = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "{sys.executable}" -m refresh_task {form} {output}'],
        check=False,
        cwd=ROOT,
        env=environment(database),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert database.rows("SELECT label FROM a") == [("new",)]
    assert database.value("SELECT status FROM bi_refresh.mv_refresh_run") == "succeeded"
