"""Check-ins and error events, received by a Sentry of our own; and a Sentry that is down, slow or misconfigured."""

from __future__ import annotations

import socket

import pytest

from refresh_task import __version__
from tests.fix_database import Database
from tests.fix_metadata import DIGEST, Metadata
from tests.fix_sentry import Sentry
from tests.fix_task import RunTask
from tests.fix_views import make_view, make_view_with_duplicate_keys

CRON = {"VISTAFRESCA_TRIGGER_TYPE": "cron"}


def test_a_fresh_run_checks_in_ok_under_one_id_and_declares_its_monitor(
    database: Database, run_task: RunTask, sentry: Sentry
) -> None:
    make_view(database, "a")
    result = run_task(database, **CRON, SENTRY_DSN=sentry.dsn, VISTAFRESCA_SENTRY_MONITOR_SLUG="refresh-test")
    assert result.exit_code == 0
    assert [check_in["status"] for check_in in sentry.check_ins] == ["in_progress", "ok"]
    assert len({check_in["check_in_id"] for check_in in sentry.check_ins}) == 1
    assert {check_in["monitor_slug"] for check_in in sentry.check_ins} == {"refresh-test"}
    assert sentry.check_ins[-1]["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "*/10 * * * *"},
        "timezone": "UTC",
        "checkin_margin": 3,
        "max_runtime": 10,
        "failure_issue_threshold": 2,
        "recovery_threshold": 1,
    }
    assert sentry.events == []


def test_a_failed_view_checks_in_error_and_sends_one_event_per_view_and_cause(
    database: Database, run_task: RunTask, sentry: Sentry
) -> None:
    make_view(database, "a")
    broken = make_view_with_duplicate_keys(database, "b")
    result = run_task(database, **CRON, SENTRY_DSN=sentry.dsn)
    assert result.exit_code == 1
    assert [check_in["status"] for check_in in sentry.check_ins] == ["in_progress", "error"]
    failure, late = sentry.events
    assert failure["fingerprint"] == ["vistafresca", "vistafresca", broken, "23505"]
    assert "Key (id)=(7) already exists" in failure["message"]
    assert "bi_refresh.duplicate_keys" in failure["message"]
    assert late["fingerprint"][-1] == "late"
    assert [event["extra"]["runbook"] for event in (failure, late)] == [
        "docs/runbook.md#views-failed",
        "docs/runbook.md#views-late",
    ]
    assert f"{broken} is late: its data is of unknown age" in late["message"]


def test_a_run_that_cannot_be_carried_out_checks_in_error(
    empty_database: Database, run_task: RunTask, sentry: Sentry
) -> None:
    result = run_task(empty_database, **CRON, SENTRY_DSN=sentry.dsn)
    assert result.exit_code == 2
    assert [check_in["status"] for check_in in sentry.check_ins] == ["error"]
    assert "vistafresca migrate" in sentry.events[0]["message"]


def test_a_manual_run_says_nothing_about_the_schedule(database: Database, run_task: RunTask, sentry: Sentry) -> None:
    make_view(database, "a")
    assert run_task(database, SENTRY_DSN=sentry.dsn).exit_code == 0
    assert sentry.check_ins == []


@pytest.mark.parametrize(
    "dsn", ["https://top-secret-key.example", "https://top-secret-key@host:port/1", "https://top-secret-key:x@[bad/1"]
)
def test_a_malformed_dsn_is_reported_without_its_text_and_changes_nothing(
    database: Database, run_task: RunTask, dsn: str
) -> None:
    make_view(database, "a")
    result = run_task(database, **CRON, SENTRY_DSN=dsn)
    assert result.exit_code == 0
    assert "malformed" in result.event("reporter_failed")["message"]
    assert "top-secret-key" not in result.stdout + result.stderr


def test_a_sentry_that_accepts_and_never_answers_changes_neither_outcome_nor_metrics(
    database: Database, run_task: RunTask
) -> None:
    make_view(database, "a")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = run_task(database, **CRON, SENTRY_DSN=f"http://public@127.0.0.1:{silent.getsockname()[1]}/1")
    assert result.exit_code == 0
    assert result.metrics["RunCompleted"] == 1


def test_a_sentry_that_is_down_changes_neither_outcome_nor_metrics(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = run_task(database, **CRON, SENTRY_DSN=f"http://public@127.0.0.1:{port}/1")
    assert result.exit_code == 0
    assert result.metrics["RunCompleted"] == 1


def test_without_a_dsn_the_check_in_is_written_to_the_log(database: Database, run_task: RunTask) -> None:
    make_view(database, "a")
    statuses = [line["check_in"]["status"] for line in run_task(database, **CRON).events("check_in_not_sent")]
    assert statuses == ["in_progress", "ok"]


def test_on_ecs_the_log_and_sentry_s_release_say_which_image_runs(
    database: Database, run_task: RunTask, sentry: Sentry, metadata: Metadata
) -> None:
    make_view_with_duplicate_keys(database, "b")
    result = run_task(database, **CRON, SENTRY_DSN=sentry.dsn, ECS_CONTAINER_METADATA_URI_V4=metadata.uri)
    started = result.event("run_started")
    assert (started["version"], started["image_digest"]) == (__version__, DIGEST)
    assert {event["release"] for event in sentry.events} == {f"vistafresca@{__version__}+{DIGEST[7:19]}"}
    assert len(metadata.asked) == 1


def test_an_endpoint_of_ecs_that_never_answers_changes_no_outcome(
    database: Database, run_task: RunTask, metadata: Metadata
) -> None:
    make_view(database, "a")
    metadata.stalls_after = 0
    result = run_task(database, **CRON, ECS_CONTAINER_METADATA_URI_V4=metadata.uri)
    assert result.exit_code == 0
    assert "image" in [line.get("topic") for line in result.events("remark")]
