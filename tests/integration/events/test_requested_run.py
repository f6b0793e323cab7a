"""`vistafresca run --requested`: what the frequent small rule starts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_sentry import Sentry
from tests.fix_task import RunTask
from tests.fix_views import last_log, make_view, make_view_with_duplicate_keys

EVENT = {"VISTAFRESCA_TRIGGER_TYPE": "event", "VISTAFRESCA_TRIGGERED_BY": "the queue's rule"}
REFRESHES = "SELECT view_name FROM bi_refresh.mv_refresh_log WHERE status = 'completed' ORDER BY id"
WAITING = "SELECT count(*) FROM bi_refresh.mv_refresh_triggers WHERE refresh_requested"
# What alarms and Sentry take for the schedule's.
SCHEDULED_ONLY = {"RunCompleted", "RunDuration", "RunsSkipped", "ViewsNotDue"}


def request(database: Database, *views: str) -> None:
    for view in views:
        database.execute("SELECT bi_refresh.request_refresh(%s)", view)


def test_200_concurrent_requests_for_one_view_lead_to_one_refresh(database: Database, vistafresca: RunTask) -> None:
    view, other = make_view(database, "a"), make_view(database, "b")

    def ask_eight_times(_number: int) -> None:
        with database.connect() as connection:
            for _ in range(8):
                connection.execute("SELECT bi_refresh.request_refresh('a')")

    with ThreadPoolExecutor(25) as pool:
        list(pool.map(ask_eight_times, range(25)))
    assert database.value(WAITING) == 200

    result = vistafresca(database, "run", "--requested", **EVENT)

    assert (result.exit_code, result.stderr) == (0, "")
    assert database.rows(REFRESHES) == [(view,)]
    assert database.value(WAITING) == 0
    assert result.event("step_finished")["requests_served"] == 200
    assert last_log(database, view)["trigger_type"] == "event"
    assert other not in str(result.events("step_started"))


def test_a_request_committed_late_is_served_by_the_next_run_and_one_rolled_back_by_none(
    database: Database, vistafresca: RunTask
) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False) as late, database.connect(autocommit=False) as undecided:
        late.execute("INSERT INTO source VALUES (1, 'late')")
        late.execute("SELECT bi_refresh.request_refresh('a')")
        undecided.execute("SELECT bi_refresh.request_refresh('a')")
        request(database, view)
        vistafresca(database, "run", "--requested", **EVENT)
        assert database.value(WAITING) == 0
        undecided.rollback()
        late.commit()
    assert database.rows("SELECT * FROM a") == []
    vistafresca(database, "run", "--requested", **EVENT)
    assert database.rows("SELECT label FROM a") == [("late",)]
    assert database.rows(REFRESHES) == [(view,), (view,)]
    assert database.value(WAITING) == 0


def test_nothing_requested_is_a_quick_end_without_a_trace_in_the_database(
    database: Database, vistafresca: RunTask
) -> None:
    make_view(database, "a")  # late, and the schedule's business
    result = vistafresca(database, "run", "--requested", **EVENT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.event("nothing_requested")["kind"] == "requested"
    assert not result.events("run_started")
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_run") == 0
    metrics = result.metrics
    assert (metrics["RequestedRunCompleted"], metrics["OldestRequestSeconds"]) == (1, 0)
    assert not SCHEDULED_ONLY & set(metrics)


def test_it_writes_how_the_views_stand_and_nothing_that_is_the_schedule_s(
    database: Database, vistafresca: RunTask, sentry: Sentry
) -> None:
    asked, late = make_view(database, "a"), make_view(database, "b")
    request(database, asked)
    result = vistafresca(database, "run", "--requested", **EVENT, SENTRY_DSN=sentry.dsn)
    # The other view is late. That is the schedule's verdict, and this run did all it was asked for.
    assert result.exit_code == 0
    metrics = result.metrics
    assert not SCHEDULED_ONLY & set(metrics)
    assert (metrics["RequestedRunCompleted"], metrics["ViewsSucceeded"]) == (1, 1)
    assert (metrics["ViewsLate"], metrics["FreshRatio"], metrics["RequestsWaiting"]) == (1, 50, 0)
    assert sentry.check_ins == []
    assert late in result.event("run_finished")["late_views_lag_s"]


def test_a_view_that_fails_keeps_its_request_and_is_told(
    database: Database, vistafresca: RunTask, sentry: Sentry
) -> None:
    broken = make_view_with_duplicate_keys(database, "a")
    request(database, broken)
    result = vistafresca(database, "run", "--requested", **EVENT, SENTRY_DSN=sentry.dsn)
    assert result.exit_code == 1
    assert result.event("run_finished")["views_failed"] == 1
    assert database.value(WAITING) == 1
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 1
    assert "RunCompleted" not in result.metrics
    assert (result.metrics["RequestsWaiting"], result.metrics["MaxConsecutiveFailures"]) == (1, 1)
    assert sentry.events[0]["tags"]["kind"] == "23505"
    assert sentry.check_ins == []


def test_the_schedule_serves_requests_too(database: Database, vistafresca: RunTask) -> None:
    view = make_view(database, "a")
    request(database, view)
    assert vistafresca(database, "run", VISTAFRESCA_TRIGGER_TYPE="cron").exit_code == 0
    assert database.value(WAITING) == 0


def test_a_refresher_does_it_all(database: Database, make_role: MakeRole, vistafresca: RunTask) -> None:
    view, other = make_view(database, "a"), make_view(database, "b", query="SELECT id, label FROM a")
    request(database, view, other)
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    result = vistafresca(None, "run", "--requested", DATABASE_URL=url, **EVENT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert database.rows(REFRESHES) == [(view,), (other,)]


def test_the_process_imports_no_command_line_library(database: Database, vistafresca: RunTask) -> None:
    """It is started every five minutes."""
    result = vistafresca(database, "run", "--requested", PYTHONPROFILEIMPORTTIME="1")
    assert result.exit_code == 0
    assert "psycopg" in result.stderr
    assert not [library for library in ("click", "rich", "pydantic") if f" {library}\n" in result.stderr]


@pytest.mark.parametrize("trigger", ["cron", "event", "manual"])
def test_only_a_scheduled_run_checks_in_whatever_the_variable_says(
    database: Database, vistafresca: RunTask, trigger: str
) -> None:
    make_view(database, "a")
    request(database, "a")
    result = vistafresca(database, "run", "--requested", VISTAFRESCA_TRIGGER_TYPE=trigger)
    assert not result.events("check_in_not_sent")
