"""Which lines of the log a message goes by, and how far it looks for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from paging.log import Log
from tests.paging.conftest import Compose
from tests.paging.notifications import AT, TASK, alarm, stopped_task
from tests.paging.recorded_log import GROUP, OWN_GROUP, RecordedLog, a_failing_view, a_run


def test_only_the_latest_run_counts(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log, "public.mended", run_id=16, clock="18:20:05")
    a_failing_view(log, "public.b", run_id=17)
    assert composed(alarm("failing-repeatedly", threshold=2)).views == ("public.b",)


def test_a_view_below_the_threshold_is_not_named(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log, "public.once", consecutive_failures=1)
    a_failing_view(log, "public.twice", consecutive_failures=2)
    assert composed(alarm("failing-repeatedly", threshold=2)).views == ("public.twice",)


def test_the_longest_late_comes_first_and_unknown_age_before_it(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log, "public.a", late_since="2026-11-25T18:20:00+00:00")
    a_failing_view(log, "public.b", late_since="2026-11-25T17:00:00+00:00")
    a_failing_view(log, "public.new", late_since=None, data_timestamp=None, lag_s=None)
    message = composed(alarm("views-late"))
    assert message.views == ("public.new", "public.b", "public.a")
    assert "since 2026-11-25 17:00:00 UTC" in message.first_line
    assert "it has never been refreshed" in message.text


def test_beyond_twenty_views_the_rest_are_counted(log: RecordedLog, composed: Compose) -> None:
    for number in range(32):
        a_failing_view(log, f"public.v{number:02}", last_message="x" * 5000)
    text = composed(alarm("views-late")).text
    assert text.count("\n- public.v") == 20
    assert "- and 12 more: vistafresca status" in text
    assert "public.v00, public.v01 and 30 more are older than their target lag" in text
    assert len(text) < 30_000


def test_a_run_that_is_hours_back_is_found_and_one_that_is_older_is_not(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log, clock="16:00:00")
    assert composed(alarm("views-late")).views == ("public.b",)
    assert composed(alarm("views-late", at=AT + timedelta(hours=2))).views == ()


def test_no_more_is_read_than_needed(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log)
    composed(alarm("views-late"))
    (asked,) = log.asked
    assert (AT.timestamp() * 1000 - asked["startTime"]) / 60_000 == pytest.approx(30, abs=0.01)
    assert asked["logGroupName"] == GROUP
    assert asked["filterPattern"] == '{ ($.event = "view_unhealthy") || ($.event = "step_failed") }'


def test_lines_beyond_the_first_page_are_read(log: RecordedLog, composed: Compose) -> None:
    log.page = 1
    for number in range(3):
        a_failing_view(log, f"public.v{number}")
    assert len(composed(alarm("views-late")).views) == 3


def test_a_view_that_failed_on_demand_has_no_state_and_is_named_all_the_same(
    log: RecordedLog, composed: Compose
) -> None:
    log.write(
        "18:30:05", event="step_failed", status="failed", view="public.b", run_id=1, sqlstate="57014",
        message="public.b failed: timeout", remedy="Make it cheaper.",
    )  # fmt: skip
    message = composed(alarm("views-failed"))
    assert message.views == ("public.b",)
    assert "why (57014): public.b failed: timeout" in message.text
    assert "remedy: Make it cheaper." in message.text


def test_a_cancelled_view_did_not_fail(log: RecordedLog, composed: Compose) -> None:
    log.write("18:30:05", event="step_failed", status="cancelled", view="public.b", run_id=1, message="cancelled")
    assert "No details: no run of the last three hours names a view" in composed(alarm("views-failed")).text


def test_the_longest_waiting_request_comes_first(log: RecordedLog, composed: Compose) -> None:
    waiting = {"public.b": "2026-11-25T18:20:00+00:00", "public.a": "2026-11-25T18:15:00+00:00"}
    a_run(log, run_id=1, began="18:30:00", ended="18:30:01", requests_waiting_since=waiting)
    message = composed(alarm("requests-waiting"))
    assert message.views == ("public.a", "public.b")
    assert "public.a and public.b wait in the event queue (since 2026-11-25 18:15:00 UTC)" in message.first_line
    assert "it is neither late nor failing" in message.text


def test_runs_of_other_kinds_end_no_silence(log: RecordedLog, composed: Compose) -> None:
    a_run(log, run_id=1, began="18:00:00", ended="18:00:05")
    a_run(log, run_id=2, began="18:25:00", ended="18:25:01", kind="requested")
    text = composed(alarm("heartbeat")).text
    assert text.startswith("main in sandbox: no run has completed (since 2026-11-25 18:00:05 UTC)")
    assert "no scheduled run has begun since" in text


def test_a_heartbeat_that_fires_although_runs_complete_says_that_metrics_are_lost(
    log: RecordedLog, composed: Compose
) -> None:
    a_run(log, run_id=1, began="18:30:00", ended="18:30:05")
    assert "runs complete, the last one at 2026-11-25 18:30:05 UTC, but their metrics are lost" in (
        composed(alarm("heartbeat")).first_line
    )


def test_a_day_without_a_completed_run(log: RecordedLog, composed: Compose) -> None:
    message = composed(alarm("heartbeat"))
    assert message.first_line.startswith("main in sandbox: no run has completed within a day")
    assert len(log.asked) == 3  # half an hour, three hours, a day


def test_runs_that_failed_in_a_row_are_counted_from_the_last_good_one(log: RecordedLog, composed: Compose) -> None:
    log.write("17:50:00", stream="run/refresh/1", event="run_failed", message="an older fault")
    a_run(log, run_id=2, began="18:00:00", ended="18:00:05")
    for number, clock in enumerate(("18:10:01", "18:20:01", "18:30:01")):
        log.write(clock, stream=f"run/refresh/{number + 3}", event="run_failed", message="db: refused. Start it.")
    message = composed(alarm("run-failed"))
    assert "3 runs in a row failed, the first at 2026-11-25 18:10:01 UTC" in message.text
    assert "(since 2026-11-25 18:10:01 UTC)" in message.first_line


def test_the_views_that_made_a_run_slow(log: RecordedLog, composed: Compose) -> None:
    for view, seconds in (("public.quick", 2.0), ("public.slow", 420.0)):
        log.write("18:30:00", stream="run/refresh/1", event="step_finished", run_id=1, view=view, duration_s=seconds)
    a_run(log, run_id=1, began="18:20:00", ended="18:30:01", duration_s=500.0)
    text = composed(alarm("slow-run", threshold=480)).text
    assert text.startswith("main in sandbox: run 1 took 8 min (since 2026-11-25 18:21:41 UTC)")
    assert text.index("public.slow: 7 min") < text.index("public.quick: 2 s")


def test_a_stuck_run_can_be_stopped_by_the_command_in_the_message(log: RecordedLog, composed: Compose) -> None:
    a_run(log, run_id=1, began="18:10:00")
    for clock in ("18:20:01", "18:30:01"):
        log.write(clock, stream=f"run/refresh/{clock}", event="run_skipped", kind="scheduled")
    text = composed(alarm("overlapping-runs")).text
    assert "aws ecs stop-task --cluster vistafresca-sandbox --task 1" in text
    assert "2 runs stepped back" in text


def test_a_task_that_ended_between_two_steps_was_refreshing_nothing(log: RecordedLog, composed: Compose) -> None:
    stream = f"run/refresh/{TASK}"
    log.write("18:29:00", stream=stream, event="step_started", view="public.a")
    log.write("18:29:01", stream=stream, event="step_failed", view="public.a", level="ERROR", message="no")
    message = composed(stopped_task("task-exited", exit_code=139))
    assert message.views == ()
    assert "Exit code 139: a crash below Python." in message.text
    assert "step_failed: no" in message.text
    assert "Why, says ECS: no reason given" in message.text


def test_a_task_of_many_databases_says_of_which_it_was(log: RecordedLog, composed: Compose) -> None:
    """layout = "map"."""
    of_north = {
        "stream": f"run/refresh/{TASK}",
        "service": "sandbox-fleet",
        "environment": "sandbox",
        "database": "north",
    }
    log.write("18:29:00", **of_north, event="step_started", view="public.a")
    log.write("18:29:01", **of_north, event="step_finished", view="public.a")
    log.write("18:29:02", **of_north, event="step_started", view="public.b")
    assert composed(stopped_task("task-exited", exit_code=137)).views == ("public.b of north",)


def test_the_last_beginning_before_the_end_is_meant(log: RecordedLog, composed: Compose) -> None:
    for at, state in (("17:00:00", "ALARM"), ("17:30:00", "OK"), ("18:01:00", "ALARM"), ("18:40:00", "ALARM")):
        log.write(
            at, group=OWN_GROUP, event="message_published", alarm="vistafresca-sandbox-main-views-late", state=state,
            state_changed_at=f"2026-11-25T{at}+00:00", views=["public.b"],
        )  # fmt: skip
    log.write(
        "18:20:00", group=OWN_GROUP, event="message_published", alarm="vistafresca-sandbox-main-heartbeat",
        state="ALARM", state_changed_at="2026-11-25T18:20:00+00:00", views=[],
    )  # fmt: skip
    message = composed(alarm("views-late", state="OK"))
    assert message.subject == "OK main in sandbox: views-late is over after 30 min"


def test_what_the_log_hands_out_beyond_the_events_asked_for_is_passed_over(log: RecordedLog) -> None:
    a_run(log, run_id=1, began="18:30:00", ended="18:30:05")
    lines = Log(client=log).lines(GROUP, ["run_finished"], since=AT - timedelta(minutes=5))
    assert [line.event for line in lines] == ["run_finished"]


def test_where_many_databases_share_a_log_each_ones_latest_run_counts(log: RecordedLog, composed: Compose) -> None:
    """layout = "map". Runs of different databases may have the same number; their streams tell them apart."""
    shared = {"service": "sandbox-fleet", "environment": "sandbox"}
    a_failing_view(log, "public.mended", run_id=16, clock="18:20:05", database="north", **shared)
    a_failing_view(log, "public.b", run_id=17, clock="18:30:05", database="north", **shared)
    a_failing_view(log, "public.b", run_id=18, clock="18:30:06", database="south", **shared)
    message = composed(alarm("views-late"))
    assert message.views == ("public.b of north", "public.b of south")


def test_databases_that_failed_are_named_by_their_latest_run(log: RecordedLog, composed: Compose) -> None:
    finished = {"event": "run_finished", "kind": "scheduled"}
    log.write("18:20:05", **finished, database="north", exit_code=1, message="2 of 3 views failed")
    log.write("18:20:06", **finished, database="south", exit_code=1, message="1 of 3 views failed")
    log.write("18:30:05", **finished, database="north", exit_code=0, message="3 views refreshed")
    log.write("18:30:06", event="run_failed", database="east", exit_code=2, message="connection refused")
    text = composed(alarm("databases-failed")).text
    assert "main in sandbox: east and south did not end well" in text
    assert "- east, exit code 2, at 2026-11-25 18:30:06 UTC\n  connection refused" in text
    assert "- south, exit code 1, at 2026-11-25 18:20:06 UTC\n  1 of 3 views failed" in text
    assert "north" not in text
    assert "WhichFailed" in text
