"""The task as a process of the local server."""

from __future__ import annotations

import pytest

from api.control.subprocesses import SubprocessRunner
from api.problems import Problem
from tests.fix_database import Database
from tests.fix_task import environment
from tests.fix_views import last_log, make_slow_view, make_view, wait_until_sleeping


def test_it_runs_the_task_to_its_end_in_the_callers_name(database: Database) -> None:
    view = make_view(database, "mv_a")
    runner = SubprocessRunner(environment(database))
    runner.run(["refresh", view], triggered_by="ceo@company.com")
    entry = last_log(database, view)
    assert (entry["status"], entry["trigger_type"], entry["triggered_by"]) == ("completed", "manual", "ceo@company.com")
    runner.close()


def test_closing_cancels_what_runs_and_waits_for_its_end(database: Database) -> None:
    view = make_slow_view(database, "mv_slow")
    runner = SubprocessRunner(environment(database))
    runner.start(["refresh", view], triggered_by="ceo@company.com")
    wait_until_sleeping(database)

    runner.close()

    assert last_log(database, view)["status"] == "cancelled"  # and not running: it had its last words
    database.wait_until_alone()


def test_a_closed_runner_starts_nothing() -> None:
    runner = SubprocessRunner({})
    runner.close()
    with pytest.raises(Problem, match="The server is stopping"):
        runner.start(["run"], triggered_by="somebody")


def test_what_cannot_be_started_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(Problem) as raised:
        SubprocessRunner({}).start(["run"], triggered_by="somebody")
    assert (raised.value.status, raised.value.slug) == (503, "scheduler-unavailable")
    assert "No such file or directory" in raised.value.detail
    assert "/nonexistent" not in raised.value.detail
