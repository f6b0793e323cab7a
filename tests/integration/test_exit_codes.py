"""Each exit code of docs/exit-codes.md, provoked in a process of its own."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from refresh_task.model import ExitCode
from tests.fix_database import Database
from tests.fix_task import RunTask, StartTask, finish
from tests.fix_views import make_slow_view, make_view, make_view_with_duplicate_keys, wait_until_sleeping

DOCUMENT = Path(__file__).parents[2] / "docs" / "exit-codes.md"
RUN_LOCK = "SELECT pg_advisory_lock(1447449173, 0)"


def test_the_document_lists_every_code() -> None:
    assert re.findall(r"(?m)^\| (\d) \|", DOCUMENT.read_text()) == [str(int(code)) for code in ExitCode]


def test_0_every_view_was_refreshed(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    result = run_task(database)
    assert (result.exit_code, result.event("run_finished")["exit_code"]) == (0, 0)


def test_0_another_run_is_under_way(database: Database, run_task: RunTask) -> None:
    with database.connect() as other_run:
        other_run.execute(RUN_LOCK.encode())
        result = run_task(database)
    assert (result.exit_code, result.event("run_skipped")["exit_code"]) == (0, 0)


def test_1_a_view_failed_and_the_others_were_refreshed(database: Database, run_task: RunTask) -> None:
    bad, good = make_view_with_duplicate_keys(database, "a"), make_view(database, "b")
    result = run_task(database)
    assert (result.exit_code, result.event("run_finished")["exit_code"]) == (1, 1)
    assert result.event("step_failed")["view"] == bad
    assert result.event("step_finished")["view"] == good


def test_1_status_finds_a_view_that_is_late(database: Database, vistafresca: RunTask) -> None:
    make_view(database, "a")
    assert vistafresca(database, "status").exit_code == 1


@pytest.mark.parametrize(
    ("variables", "subject"),
    [
        ({"VISTAFRESCA_INTERVAL_S": "ten"}, "VISTAFRESCA_INTERVAL_S"),
        ({"POWERTOOLS_LOG_LEVEL": "LOUD"}, "POWERTOOLS_LOG_LEVEL"),
        ({"POWERTOOLS_DEV": "true"}, "POWERTOOLS_DEV"),
        ({"POWERTOOLS_DEV": "perhaps"}, "POWERTOOLS_DEV"),
        ({"DATABASE_URL": "mysql://app:hunter2@db/shop"}, "DATABASE_URL"),
        ({"DATABASE_URL": "host=/nowhere dbname=shop"}, "PostgreSQL shop at /nowhere:5432"),
    ],
)
def test_2_the_run_could_not_begin(variables: dict[str, str], subject: str, run_task: RunTask) -> None:
    """Said in one JSON line, in Powertools' development mode too."""
    result = run_task(None, **variables)
    assert (result.exit_code, result.stderr) == (2, "")
    failed = result.event("run_failed")
    assert (failed["subject"], failed["exit_code"]) == (subject, 2)
    assert failed["remedy"]
    assert "hunter2" not in result.stdout


def test_2_the_database_was_not_migrated(empty_database: Database, run_task: RunTask) -> None:
    result = run_task(empty_database)
    assert (result.exit_code, result.event("run_failed")["remedy"]) == (2, "Run: vistafresca migrate")


def test_2_the_command_is_unknown(vistafresca: RunTask) -> None:
    result = vistafresca(None, "refesh")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such command 'refesh'" in result.stderr


def test_3_the_deadline_cancels_the_view_under_way(database: Database, run_task: RunTask) -> None:
    slow = make_slow_view(database, "slow", seconds=30)
    result = run_task(database, VISTAFRESCA_RUN_DEADLINE_S="1")
    assert result.exit_code == 3
    finished = result.event("run_finished")
    assert (finished["exit_code"], finished["status"]) == (3, "cancelled")
    assert finished["duration_s"] < 10
    assert database.rows("SELECT view_name, status FROM bi_refresh.mv_refresh_log") == [(slow, "cancelled")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_3_a_signal_cancels_the_view_under_way(
    database: Database, start_task: StartTask, number: signal.Signals
) -> None:
    make_slow_view(database, "slow", seconds=30)
    process = start_task(database)
    wait_until_sleeping(database)
    process.send_signal(number)
    result = finish(process)
    assert (result.exit_code, result.event("run_finished")["status"]) == (3, "cancelled")
