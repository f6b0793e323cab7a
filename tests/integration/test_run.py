"""One run of the deployed command, as a process of its own on a real server."""

from __future__ import annotations

import signal

from tests.fix_database import Database
from tests.fix_task import CRON, RunTask, StartTask, finish
from tests.fix_views import last_statuses, make_slow_view, make_view, make_view_with_duplicate_keys, wait_until_sleeping


def test_a_run_refreshes_every_view_and_says_so_everywhere(database: Database, run_task: RunTask) -> None:
    view = make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'new')")

    result = run_task(
        database, **CRON, VISTAFRESCA_SCHEDULED_TIME="2026-11-22T10:20:00Z", POWERTOOLS_SERVICE_NAME="test-main"
    )

    assert (result.exit_code, result.stderr) == (0, "")
    assert database.rows("SELECT label FROM a") == [("new",)]
    assert result.event("run_started")["scheduled_time"] == "2026-11-22T10:20:00+00:00"
    assert result.event("step_finished")["rows_inserted"] == 1
    finished = result.event("run_finished")
    assert (finished["status"], finished["exit_code"], finished["views_succeeded"]) == ("succeeded", 0, 1)
    assert {line["service"] for line in result.lines} == {"test-main"}
    ((run_status, run_id, scheduled),) = database.rows(
        "SELECT status, id, scheduled_time::text FROM bi_refresh.mv_refresh_run"
    )
    assert (run_status, run_id) == ("succeeded", finished["run_id"])
    assert scheduled.startswith("2026-11-22 10:20:00")
    ((*logged, duration),) = database.rows(
        "SELECT run_id, view_name, trigger_type, triggered_by, status, duration_ms FROM bi_refresh.mv_refresh_log"
    )
    assert logged == [run_id, view, "cron", "the rule", "completed"]
    assert duration >= 0


def test_metrics_have_exactly_the_dimensions_that_the_alarms_name(database: Database, run_task: RunTask) -> None:
    view = make_view(database, "a")
    broken = make_view_with_duplicate_keys(database, "b")

    result = run_task(database, **CRON, POWERTOOLS_SERVICE_NAME="test-main", POWERTOOLS_METRICS_NAMESPACE="Test")

    directives = [(line["_aws"]["CloudWatchMetrics"], line) for line in result.lines if "_aws" in line]
    assert all(len(directive) == 1 and directive[0]["Namespace"] == "Test" for directive, _ in directives)
    by_dimensions = {
        (tuple(directive[0]["Dimensions"][0]), metric["Name"]): (metric["Unit"], line[metric["Name"]])
        for directive, line in directives
        for metric in directive[0]["Metrics"]
    }
    assert {name for dimensions, name in by_dimensions if dimensions == ("service",)} == {
        *("RunCompleted", "RunDuration", "RunsSkipped", "MaxLagSeconds", "MaxConsecutiveFailures", "FreshRatio"),
        *("ViewsSucceeded", "ViewsFailed", "ViewsSkipped", "ViewsUpstreamFailed", "ViewsNotDue", "StepRetries"),
        *("ViewsLate", "ViewsSuspended", "ViewsDistrusted", "RequestsWaiting", "OldestRequestSeconds"),
    }
    assert {name for dimensions, name in by_dimensions if dimensions == ("service", "view")} == {
        *("ViewLagSeconds", "ViewRefreshDuration"),
    }
    values = {name: value for (dimensions, name), (_, value) in by_dimensions.items() if dimensions == ("service",)}
    # the broken view was never refreshed, so its lag is unknown and it is late
    assert (values["ViewsSucceeded"], values["ViewsFailed"], values["ViewsLate"]) == ([1], [1], [1])
    assert values["MaxConsecutiveFailures"] == [1]
    assert {line["view"] for _, line in directives if "view" in line} == {view}
    assert broken not in str(values)


def test_a_view_slower_than_its_timeout_fails_alone(database: Database, run_task: RunTask) -> None:
    first, slow, last = make_view(database, "a"), make_slow_view(database, "m"), make_view(database, "z")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    database.execute("UPDATE bi_refresh.view_policy SET statement_timeout = '300 ms' WHERE view_name = %s", slow)

    result = run_task(database, **CRON)

    assert result.exit_code == 1
    failure = result.event("step_failed")
    assert failure["view"] == slow
    assert failure["sqlstate"] == "57014"
    assert f"Give {slow} a longer timeout in views.toml" in failure["message"]
    assert database.rows("SELECT label FROM a UNION ALL SELECT label FROM z") == [("new",), ("new",)]
    assert last_statuses(database) == {first: "completed", slow: "failed", last: "completed"}


def test_every_failure_names_its_view_and_remedy_and_leaves_the_others_refreshed(
    database: Database, run_task: RunTask
) -> None:
    healthy, duplicate = make_view(database, "z"), make_view_with_duplicate_keys(database, "a")
    keyless, gone = make_view(database, "b", key=None), make_view(database, "c")
    database.execute("DROP MATERIALIZED VIEW c")

    result = run_task(database, **CRON)

    assert result.exit_code == 1
    assert set(result.event("run_finished")["failing_views_since"]) == {duplicate, keyless, gone}
    messages = {line["view"]: line["message"] for line in result.events("step_failed")}
    assert set(messages) == {duplicate, keyless, gone}
    assert "Key (id)=(7) already exists" in messages[duplicate]
    assert "bi_refresh.duplicate_keys" in messages[duplicate]
    assert "CREATE UNIQUE INDEX ON public.b" in messages[keyless]
    assert "does not exist" in messages[gone]
    assert "vistafresca apply" in messages[gone]
    assert "The view keeps its last good data." in messages[duplicate]
    assert "last good data" not in messages[gone]
    assert last_statuses(database)[healthy] == "completed"


def test_others_see_a_refresh_under_way_and_who_does_it(database: Database, start_task: StartTask) -> None:
    slow = make_slow_view(database, "a")
    task = start_task(database, **CRON)
    pid = wait_until_sleeping(database)
    assert database.rows("SELECT view_name, status, strategy, backend_pid FROM bi_refresh.mv_refresh_log") == [
        (slow, "running", "concurrent", pid)
    ]
    task.send_signal(signal.SIGTERM)
    finish(task)


def test_readers_go_on_reading_during_a_refresh(database: Database, start_task: StartTask) -> None:
    make_slow_view(database, "a", seconds=2)
    with database.connect(autocommit=False) as reader, database.connect() as other_reader:
        reader.execute("SELECT * FROM a").fetchall()  # its transaction, and with it its lock, stays open
        task = start_task(database, **CRON)
        wait_until_sleeping(database)
        for connection in (reader, other_reader):
            connection.execute("SET statement_timeout = '1s'")  # the refresh sleeps longer: waiting for it would fail
            assert connection.execute("SELECT id FROM a").fetchall() == [(1,)]
        result = finish(task)
        assert reader.execute("SELECT id FROM a").fetchall() == [(1,)]
    assert result.exit_code == 0
    assert result.event("step_finished")["strategy"] == "concurrent"


def test_a_view_that_is_late_makes_the_run_fail_though_every_refresh_succeeded(
    database: Database, run_task: RunTask
) -> None:
    view = make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET target_lag = '1 microsecond'")
    result = run_task(database, **CRON)
    assert result.exit_code == 1
    assert list(result.event("run_finished")["late_views_lag_s"]) == [view]
    message = result.event("run_finished")["message"]
    assert f"{view} is late: its data is 0 s old, its target lag is 0 s, last refreshed at 20" in message
    assert "vistafresca status" in message
    assert result.metrics["ViewsLate"] == 1


def test_who_keeps_a_late_view_from_being_refreshed_is_named(
    database: Database, run_task: RunTask, vistafresca: RunTask
) -> None:
    """Any role may have its lock, and need not refresh anything."""
    view = make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET target_lag = '1 microsecond'")
    with database.connect() as somebody:
        somebody.execute("SELECT pg_advisory_lock(1447449157, 'public.a'::regclass::oid::integer)")
        result = run_task(database, **CRON)
        holder = f"another session is refreshing it (process {somebody.info.backend_pid} of postgres since 2"
    assert holder in result.event("step_skipped")["reason"]
    finished = result.event("run_finished")
    assert (finished["exit_code"], list(finished["late_views_lag_s"])) == (1, [view])
    assert f"left alone by its last try: {holder}" in finished["message"]
    assert f"{view} is late, and was left alone by its last try: {holder}" in vistafresca(database, "status").stdout


def test_a_disabled_view_is_neither_refreshed_nor_late(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    result = run_task(database, **CRON)
    assert result.exit_code == 0
    assert result.metrics["ViewsLate"] == 0
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0


def test_old_log_rows_go_at_the_end_of_a_run(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    run_task(database, **CRON)
    database.execute("UPDATE bi_refresh.mv_refresh_log SET created_at = now() - interval '10 days'")
    run_task(database, **CRON, VISTAFRESCA_LOG_RETENTION_DAYS="7")
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 1


def test_a_table_that_is_being_read_by_people_is_shown_as_a_table(database: Database, vistafresca: RunTask) -> None:
    view = make_view(database, "a")
    result = vistafresca(database, "run", "--output", "table")
    assert result.exit_code == 0
    assert view in result.stdout
    assert "completed" in result.stdout
    assert "succeeded in" in result.stdout


def test_development_mode_of_powertools_is_refused(database: Database, run_task: RunTask) -> None:
    result = run_task(database, POWERTOOLS_DEV="true")
    assert result.exit_code == 2
    assert "POWERTOOLS_DEV" in result.stdout
    assert "Unset it." in result.stdout


def test_a_disabled_views_old_failures_hold_no_alarm(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    make_view_with_duplicate_keys(database, "b")
    run_task(database, **CRON)
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.b'")
    assert run_task(database, **CRON).metrics["MaxConsecutiveFailures"] == 0


def test_nothing_managed_is_said_aloud(database: Database, run_task: RunTask) -> None:
    result = run_task(database, **CRON)
    assert result.exit_code == 0
    assert "vistafresca apply" in result.event("nothing_managed")["message"]
