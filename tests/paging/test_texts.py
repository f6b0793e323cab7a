"""What a person reads, word for word, with the stack's own descriptions."""

from __future__ import annotations

from tests.paging.conftest import Compose, description_of
from tests.paging.notifications import TASK, alarm, stopped_task
from tests.paging.recorded_log import OWN_GROUP, RecordedLog, a_failing_view, a_run


def test_a_view_fails_again_and_again(log: RecordedLog, composed: Compose) -> None:
    a_run(log, run_id=17, began="18:30:01", ended="18:30:06")
    a_failing_view(log)
    message = composed(alarm("failing-repeatedly", threshold=2, description=description_of("failing-repeatedly")))
    assert message.subject == "ALARM main in sandbox: public.b fails again and again"
    expected = """\
main in sandbox: public.b fails again and again (since 2026-11-25 18:20:04 UTC).

What happened: A view has failed in 2 or more scheduled runs in a row; readers see its last good data.
To which views: public.b.

- public.b
  failing since 2026-11-25 18:20:04 UTC (2 scheduled runs in a row)
  late since 2026-11-25 18:25:02 UTC
  readers see data of 2026-11-25 18:10:02 UTC, 20 min old at 2026-11-25 18:30:05 UTC; its target lag is 15 min
  why: Key (id)=(7) already exists.
  remedy: List them: SELECT * FROM bi_refresh.duplicate_keys('public.b')

Since when: 2026-11-25 18:20:04 UTC; the alarm fired at 2026-11-25 18:31:00 UTC.
What to do first: Mend the cause named with the view (output Status shows it, too); then output RunNow.
Runbook: docs/runbook.md#failing-repeatedly

Read from: run 17, log stream run/refresh/17 of /aws/ecs/sandbox-main-bi-refresh
CloudWatch: vistafresca-sandbox-main-failing-repeatedly is in state ALARM: Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the threshold (2)."""  # noqa: E501  as it is sent
    assert message.text == expected


def test_views_are_late(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(log)
    a_failing_view(
        log,
        "public.a",
        conditions=["late"],
        failing_since=None,
        last_status="upstream_failed",
        late_since="2026-11-25T18:00:00+00:00",
        last_message="not refreshed: it reads public.b, which failed",
        remedy="Mend public.b first.",
    )
    message = composed(alarm("views-late", description=description_of("views-late")))
    expected = """\
main in sandbox: public.a and public.b are older than their target lag (since 2026-11-25 18:00:00 UTC).

What happened: 1 or more views are older than their target lag: people are reading late data.
To which views: public.a, public.b.

- public.a
  late since 2026-11-25 18:00:00 UTC
  readers see data of 2026-11-25 18:10:02 UTC, 20 min old at 2026-11-25 18:30:05 UTC; its target lag is 15 min
  its last attempt: upstream_failed: not refreshed: it reads public.b, which failed
  remedy: Mend public.b first.
- public.b
  failing since 2026-11-25 18:20:04 UTC (2 scheduled runs in a row)
  late since 2026-11-25 18:25:02 UTC
  readers see data of 2026-11-25 18:10:02 UTC, 20 min old at 2026-11-25 18:30:05 UTC; its target lag is 15 min
  why: Key (id)=(7) already exists.
  remedy: List them: SELECT * FROM bi_refresh.duplicate_keys('public.b')

Since when: 2026-11-25 18:00:00 UTC; the alarm fired at 2026-11-25 18:31:00 UTC.
What to do first: Tell the readers. Then mend what is named with each view; output Status shows it, too.
Runbook: docs/runbook.md#views-late

Read from: run 17, log stream run/refresh/17 of /aws/ecs/sandbox-main-bi-refresh
CloudWatch: vistafresca-sandbox-main-views-late is in state ALARM: Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the threshold (1.0)."""  # noqa: E501  as it is sent
    assert message.text == expected


def test_a_view_is_suspended(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(
        log,
        conditions=["late", "failing", "suspended"],
        consecutive_failures=5,
        suspended_since="2026-11-25T18:30:04+00:00",
        probe_at="2026-11-25T19:30:04+00:00",
        remedy="Once it is mended: vistafresca resume public.b",
    )
    message = composed(alarm("view-suspended", description=description_of("view-suspended")))
    expected = """\
main in sandbox: public.b is suspended (since 2026-11-25 18:30:04 UTC).

What happened: 1 or more views failed so often that they are left alone, but for a try from time to time; readers see their last good data.
To which views: public.b.

- public.b
  failing since 2026-11-25 18:20:04 UTC (5 scheduled runs in a row)
  suspended since 2026-11-25 18:30:04 UTC; it is tried again at 2026-11-25 19:30:04 UTC
  late since 2026-11-25 18:25:02 UTC
  readers see data of 2026-11-25 18:10:02 UTC, 20 min old at 2026-11-25 18:30:05 UTC; its target lag is 15 min
  why: Key (id)=(7) already exists.
  remedy: Once it is mended: vistafresca resume public.b

Since when: 2026-11-25 18:30:04 UTC; the alarm fired at 2026-11-25 18:31:00 UTC.
What to do first: Mend the cause named with the view; then: vistafresca resume VIEW.
Runbook: docs/runbook.md#view-suspended

Read from: run 17, log stream run/refresh/17 of /aws/ecs/sandbox-main-bi-refresh
CloudWatch: vistafresca-sandbox-main-view-suspended is in state ALARM: Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the threshold (1.0)."""  # noqa: E501  as it is sent
    assert message.text == expected


def test_a_view_is_distrusted(log: RecordedLog, composed: Compose) -> None:
    a_failing_view(
        log,
        conditions=["distrusted"],
        distrusted_since="2026-11-25T18:30:04+00:00",
        distrust_reason="2 of 50 sampled slices differ",
        late_since=None,
        failing_since=None,
        consecutive_failures=0,
        last_status="completed",
        last_message="in full: it is distrusted: 2 of 50 sampled slices differ",
        remedy=None,
    )
    message = composed(alarm("incremental-mismatch", description=description_of("incremental-mismatch")))
    text = message.text.splitlines()
    assert text[0] == "main in sandbox: public.b differed from its definition (since 2026-11-25 18:30:04 UTC)."
    assert text[2].startswith("What happened: A comparison found other rows in an incremental view than its definition")
    assert "- public.b" in text
    assert "  distrusted since 2026-11-25 18:30:04 UTC: 2 of 50 sampled slices differ" in text
    assert any(line.startswith("  its last attempt: completed: in full: it is distrusted") for line in text)
    assert any("vistafresca incremental enable VIEW" in line for line in text)
    assert "Runbook: docs/runbook.md#incremental-mismatch" in text


def test_no_run_completes(log: RecordedLog, composed: Compose) -> None:
    a_run(log, run_id=17, began="18:00:01", ended="18:00:06")
    a_run(log, run_id=18, began="18:10:01")
    log.write(
        "18:20:03",
        stream="run/refresh/19",
        event="run_failed",
        kind="scheduled",
        message="PostgreSQL shop at db:5432: connection refused. Start it.",
    )
    message = composed(alarm("heartbeat", description=description_of("heartbeat")))
    expected = """\
main in sandbox: no run has completed (since 2026-11-25 18:00:06 UTC).

What happened: No run has completed for 29 to 30 minutes, so every view is growing old.
To which views: all of main.

- Scheduled runs
  the last one that completed: run 17 at 2026-11-25 18:00:06 UTC
  run 18 began at 2026-11-25 18:10:01 UTC and has not ended (task 18)
  1 run since failed before refreshing anything, the last at 2026-11-25 18:20:03 UTC: PostgreSQL shop at db:5432: connection refused. Start it.

Since when: 2026-11-25 18:00:06 UTC; the alarm fired at 2026-11-25 18:31:00 UTC.
What to do first: See whether runs start at all (output FollowLogs). If not: is the rule enabled, and can ECS start tasks?
Runbook: docs/runbook.md#heartbeat

Read from: the events of runs in /aws/ecs/sandbox-main-bi-refresh
CloudWatch: vistafresca-sandbox-main-heartbeat is in state ALARM: Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the threshold (1.0)."""  # noqa: E501  as it is sent
    assert message.text == expected


def test_a_task_cannot_start(log: RecordedLog, composed: Compose) -> None:
    a_run(log, run_id=17, began="18:20:01", ended="18:20:06")
    event = stopped_task(
        "task-not-started",
        exit_code=None,
        stopCode="TaskFailedToStart",
        stoppedReason="CannotPullContainerError: pull image manifest has been retried 5 time(s): not found",
    )
    message = composed(event | {"description": description_of("task-not-started")})
    expected = """\
main in sandbox: a refresh task could not start (at 2026-11-25 18:30:01 UTC).

What happened: A refresh task could not start, so this run did not happen.
To which views: all of main.
Why, says ECS: CannotPullContainerError: pull image manifest has been retried 5 time(s): not found

- Scheduled runs
  the last one that completed: run 17 at 2026-11-25 18:20:06 UTC
  no scheduled run has begun since

Since when: 2026-11-25 18:30:01 UTC. Started by: events-rule/sandbox-main-bi-vie. Task: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
What to do first: If the reason names the image, a secret or the network, repair that; if capacity, the next run tries again.
Runbook: docs/runbook.md#task-not-started

Read from: the events of runs in /aws/ecs/sandbox-main-bi-refresh"""  # noqa: E501  as it is sent
    assert message.text == expected


def test_a_task_is_killed_while_it_refreshes_a_view(log: RecordedLog, composed: Compose) -> None:
    stream = f"run/refresh/{TASK}"
    log.write("18:29:00", stream=stream, event="step_started", view="public.a", level="INFO")
    log.write("18:29:05", stream=stream, event="step_finished", view="public.a", level="INFO")
    log.write("18:29:05", stream=stream, event="step_started", view="public.b", level="INFO")
    log.write("18:29:40", stream=stream, event="step_retried", level="WARNING", message="public.b: try 1 failed")
    log.write("18:29:41", stream=stream, text='{"_aws": {}, "ViewsFailed": [0.0]}')
    log.write("18:29:59", stream=stream, text="MemoryError: nothing left")
    event = stopped_task(
        "task-exited",
        exit_code=137,
        stopCode="EssentialContainerExited",
        stoppedReason="Essential container in task exited",
        container_reason="OutOfMemoryError: Container killed due to memory usage",
    )
    message = composed(event | {"description": description_of("task-exited")})
    assert (
        message.subject
        == "task-exited main in sandbox: a refresh task ended with exit code 137 while refreshing public.b"
    )
    expected = """\
main in sandbox: a refresh task ended with exit code 137 while refreshing public.b (at 2026-11-25 18:30:01 UTC).

What happened: A refresh task was killed or crashed; what it was refreshing keeps its last good data.
Exit code 137: killed: for want of memory, or since it did not end within the stop timeout.
To which views: public.b.
Why, says ECS: Essential container in task exited; OutOfMemoryError: Container killed due to memory usage

- public.b
  it was being refreshed when the task ended, and keeps its last good data
- The last warnings and errors of its log
  step_retried: public.b: try 1 failed
  MemoryError: nothing left

Since when: 2026-11-25 18:30:01 UTC. Started by: events-rule/sandbox-main-bi-vie. Task: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
What to do first: If memory ran out, raise task.memory_mib; otherwise read the end of its log. The next run goes on where this one ended.
Runbook: docs/runbook.md#task-exited

Read from: log stream run/refresh/0f1e2d3c4b5a69788796a5b4c3d2e1f0 of /aws/ecs/sandbox-main-bi-refresh"""  # noqa: E501  as it is sent
    assert message.text == expected


def test_it_is_over(log: RecordedLog, composed: Compose) -> None:
    log.write(
        "18:00:02",
        group=OWN_GROUP,
        event="message_published",
        alarm="vistafresca-sandbox-main-views-late",
        state="ALARM",
        state_changed_at="2026-11-25T17:59:59+00:00",
        views=["public.a", "public.b"],
    )
    message = composed(alarm("views-late", state="OK", description=description_of("views-late")))
    assert message.subject == "OK main in sandbox: views-late is over after 31 min"
    expected = """\
main in sandbox: views-late is over after 31 min.

What it was: 1 or more views are older than their target lag: people are reading late data.
To which views: public.a, public.b.
How long: From 2026-11-25 17:59:59 UTC to 2026-11-25 18:31:00 UTC.
What to do first: Nothing. If you told anybody that data is late, tell them that this is over.
Runbook, should it come back: docs/runbook.md#views-late

CloudWatch: vistafresca-sandbox-main-views-late is in state OK: Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the threshold (1.0)."""  # noqa: E501  as it is sent
    assert message.text == expected
