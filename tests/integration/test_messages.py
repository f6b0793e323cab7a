"""From a view that fails on a real server to what a person reads: the task's own log lines, and the function's message
of the alarm that they raise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.fix_database import Database
from tests.fix_paging import TASK_GROUP, Paging
from tests.fix_task import CRON, Finished, RunTask
from tests.fix_views import make_view, make_view_with_duplicate_keys
from tests.paging.notifications import alarm, record

SERVICE = {"POWERTOOLS_SERVICE_NAME": "sandbox-main"}
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


def _told(paging: Paging, run: Finished, section: str, *, threshold: float = 1) -> str:
    """The e-mail of that alarm, right after that run."""
    run_id = run.event("run_finished")["run_id"]
    paging.write(TASK_GROUP, f"run/refresh/{run_id}", run.stdout.splitlines())
    paging.deliver(record(alarm(section, threshold=threshold, at=datetime.now(UTC))))
    return paging.published[-1][1]["email"]


def test_a_view_that_fails_twice_for_duplicate_keys(database: Database, run_task: RunTask, paging: Paging) -> None:
    view = make_view(database, "b")
    run_task(database, **CRON, **SERVICE)
    database.execute("INSERT INTO source VALUES (7, 'one'), (7, 'other'), (8, 'only')")
    database.execute("UPDATE bi_refresh.view_policy SET target_lag = '1 day'")
    database.rows("SELECT bi_refresh.request_refresh(%s)", view)
    for _ in range(2):
        run = run_task(database, **CRON, **SERVICE)
    text = _told(paging, run, "failing-repeatedly", threshold=2)
    assert (
        re.sub(TIME, "TIME", text).split("\n\nRead from")[0]
        == f"""\
main in sandbox: {view} fails again and again (since TIME).

What happened: What the stack says.
To which views: {view}.

- {view}
  failing since TIME (2 scheduled runs in a row)
  readers see data of TIME, {re.findall("([0-9]+ s) old", text)[0]} old at TIME; its target lag is 1 d
  why (23505): duplicate key value violates unique constraint "b_key" Key (id)=(7) already exists.
  remedy: As its owner, postgres, list the offending keys: SELECT * FROM bi_refresh.duplicate_keys('public.b'); \
then correct the rows, the view's query or its unique index.

Since when: TIME; the alarm fired at TIME.
What to do first: Do this.
Runbook: docs/runbook.md#failing-repeatedly"""
    )


def test_late_without_failing(database: Database, run_task: RunTask, paging: Paging) -> None:
    view = make_view(database, "a")
    run_task(database, **CRON, **SERVICE)
    database.execute("UPDATE bi_refresh.view_policy SET target_lag = '1 microsecond', enabled = true")
    run = run_task(database, **CRON, **SERVICE)
    text = _told(paging, run, "views-late")
    late = re.search(rf"late since ({TIME})", text)
    assert late is not None
    assert f"To which views: {view}." in text
    assert "its last attempt: skipped: nothing changed" in text


def test_a_suspended_view_and_the_requests_for_it(database: Database, run_task: RunTask, paging: Paging) -> None:
    view = make_view_with_duplicate_keys(database, "b")
    database.execute("UPDATE bi_refresh.view_policy SET suspend_after = 1")
    database.rows("SELECT bi_refresh.request_refresh(%s)", view)
    run = run_task(database, **CRON, **SERVICE)
    text = _told(paging, run, "view-suspended")
    assert re.search(rf"suspended since {TIME}; it is tried again at {TIME}", text)
    assert f"vistafresca resume {view}" in text
    waiting = run.event("run_finished")["requests_waiting_since"]
    assert datetime.fromisoformat(waiting[view]) > datetime.now(UTC) - timedelta(minutes=5)
    paging.deliver(record(alarm("requests-waiting", at=datetime.now(UTC))))
    assert f"{view} waits in the event queue" in paging.published[-1][1]["sms"]


def test_settings_that_are_refused_are_told_by_the_alarms_of_their_own_service(
    run_task: RunTask, paging: Paging
) -> None:
    """The metric filter's dimension is the line's own service."""
    run = run_task(None, **SERVICE, VISTAFRESCA_ENVIRONMENT="sandbox", VISTAFRESCA_INTERVAL_S="ten")
    failed = run.event("run_failed")
    assert (failed["service"], failed["environment"], failed["kind"]) == ("sandbox-main", "sandbox", "scheduled")
    paging.write(TASK_GROUP, "run/refresh/1", run.stdout.splitlines())
    paging.deliver(record(alarm("run-failed", at=datetime.now(UTC))))
    assert "VISTAFRESCA_INTERVAL_S: 'ten' is not a number." in paging.published[-1][1]["email"]


@pytest.mark.parametrize("healthy", [True, False])
def test_only_views_that_are_not_well_have_a_line(database: Database, run_task: RunTask, *, healthy: bool) -> None:
    make_view(database, "a")
    if not healthy:
        make_view_with_duplicate_keys(database, "b")
    run = run_task(database, **CRON)
    assert [line["view"] for line in run.events("view_unhealthy")] == ([] if healthy else ["public.b"])
