"""vistafresca request, refresh and resume; what status and history say of requests and suspensions."""

from __future__ import annotations

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import RunTask
from tests.fix_views import last_log, last_statuses, make_view, make_view_with_duplicate_keys

SUSPEND = """
    INSERT INTO bi_refresh.view_state (view_name, consecutive_failures, failing_since, suspended_at, probe_at)
    VALUES (%s, 5, '2026-11-20 10:00Z', '2026-11-20 11:00Z', '2026-11-20 12:00Z')
"""


def test_request_prints_the_number_of_its_entry(database: Database, command_line: CommandLine) -> None:
    view = make_view(database, "a")
    result = command_line(database, "request", "a", "--priority", "high", "--reason", "a large sale")
    assert (result.exit_code, result.stderr) == (0, "")
    assert database.rows("SELECT id::text, view_name, priority, reason FROM bi_refresh.mv_refresh_triggers") == [
        (result.stdout.strip(), view, "high", "a large sale")
    ]
    assert command_line(database, "request", "a", "--json").json["view"] == view


def test_a_request_for_a_disabled_view_says_that_it_waits(database: Database, command_line: CommandLine) -> None:
    make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    result = command_line(database, "request", "a")
    assert result.exit_code == 0
    assert result.stderr.startswith("public.a is disabled: the request waits")
    assert result.stdout.strip().isdigit()


@pytest.mark.parametrize("command", ["request", "refresh", "resume"])
def test_a_misspelt_view_is_answered_with_the_nearest_name(
    database: Database, command_line: CommandLine, command: str
) -> None:
    database.manage("sales.mv_daily")
    result = command_line(database, command, "mv_dayly")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: mv_dayly: is not a managed view.\nDid you mean sales.mv_daily?\n"


def test_a_misspelt_name_among_others_changes_nothing(database: Database, command_line: CommandLine) -> None:
    view = make_view(database, "a")
    database.execute(SUSPEND, view)
    assert command_line(database, "resume", "a", "nowhere").exit_code == 2
    assert database.value("SELECT suspended_at IS NOT NULL FROM bi_refresh.view_state")


def test_an_unknown_priority_is_a_matter_of_usage(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "request", "a", "--priority", "urgent")
    assert result.exit_code == 2
    assert "'low', 'normal', 'high', 'critical'" in result.stderr


def test_refresh_makes_the_named_views_anew_and_no_others(database: Database, vistafresca: RunTask) -> None:
    view, other = make_view(database, "a"), make_view(database, "b")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    result = vistafresca(database, "refresh", "a", "public.a", "--output", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert last_statuses(database) == {view: "completed"}
    assert last_log(database, view)["trigger_type"] == "manual"
    assert {line["kind"] for line in result.lines if "event" in line} == {"manual"}
    assert not {"RunCompleted", "RequestedRunCompleted", "RunDuration"} & set(result.metrics)
    assert other in result.event("run_finished")["late_views_lag_s"]

    again = vistafresca(database, "refresh", "a", "--output", "table")
    assert (again.exit_code, "nothing changed since" in again.stdout) == (0, True)
    forced = vistafresca(database, "refresh", "a", "--force", "--output", "table")
    assert (forced.exit_code, "completed" in forced.stdout) == (0, True)  # due or not, changed or not


def test_a_disabled_view_is_not_passed_over_in_silence(database: Database, command_line: CommandLine) -> None:
    make_view(database, "a"), make_view(database, "b")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = view_name = 'public.a'")
    result = command_line(database, "refresh", "a", "b")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: public.b: is disabled.\nSet enabled = true")
    assert last_statuses(database) == {}


def test_a_named_view_that_fails_is_told_and_counts_against_nobody(database: Database, vistafresca: RunTask) -> None:
    broken = make_view_with_duplicate_keys(database, "a")
    result = vistafresca(database, "refresh", "a", "--output", "table")
    assert result.exit_code == 1
    assert f"{broken} failed: " in result.stdout
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 0


def test_resume_ends_a_suspension_and_says_whether_there_was_one(database: Database, command_line: CommandLine) -> None:
    suspended, healthy = make_view(database, "a"), make_view(database, "b")
    database.execute(SUSPEND, suspended)
    result = command_line(database, "resume", "a", "b")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "public.a is resumed: the next run tries it.\npublic.b was not suspended.\n"
    assert database.rows("SELECT suspended_at, consecutive_failures FROM bi_refresh.view_state") == [(None, 0)]
    assert command_line(database, "resume", "b", "--json").json == [{"view": healthy, "was_suspended": False}]


def test_a_refresher_requests_and_resumes(database: Database, make_role: MakeRole, command_line: CommandLine) -> None:
    make_view(database, "a")
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    assert command_line(None, "request", "a", DATABASE_URL=url).exit_code == 0
    assert command_line(None, "resume", "a", DATABASE_URL=url).exit_code == 0


# ---- status and history --------------------------------------------------------------------------


def test_status_names_its_database(database: Database, command_line: CommandLine) -> None:
    assert command_line(database, "status").stdout.startswith(f"PostgreSQL {database.name} at ")


def test_status_says_what_is_suspended_since_when_until_when_and_how_to_end_it(
    database: Database, command_line: CommandLine
) -> None:
    view = make_view(database, "a")
    database.execute(SUSPEND, view)
    result = command_line(database, "status")
    assert (
        "public.a is suspended since 2026-11-20 11:00:00 UTC, after 5 failures in a row. It is tried again at "
        "2026-11-20 12:00:00 UTC; once it is mended: vistafresca resume public.a"
    ) in result.stdout
    assert result.exit_code == 1
    (as_json,) = command_line(database, "status", "--json").json
    assert as_json["suspended_at"].startswith("2026-11-20T11:00:00")


def test_status_says_what_waits_in_the_event_queue(database: Database, command_line: CommandLine) -> None:
    make_view(database, "a")
    for _ in range(2):
        command_line(database, "request", "a")
    assert "public.a: 2 requests wait since 20" in command_line(database, "status").stdout
    (as_json,) = command_line(database, "status", "--json").json
    assert as_json["waiting_requests"] == 2


def test_status_says_when_a_view_is_younger_than_what_it_was_made_from(
    database: Database, command_line: CommandLine
) -> None:
    make_view(database, "a")
    database.execute("SELECT bi_refresh.refresh_bi_views()")
    assert "was made" not in command_line(database, "status").stdout
    database.execute("UPDATE bi_refresh.view_state SET global_data_timestamp = now() - interval '3 hours'")
    result = command_line(database, "status")
    assert "public.a was made" in result.stdout
    assert "from views whose data is 3 h old." in result.stdout
    (as_json,) = command_line(database, "status", "--json").json
    assert as_json["lag_s"] > as_json["local_lag_s"]


def test_a_table_of_80_columns_keeps_its_figures(database: Database, vistafresca: RunTask) -> None:
    make_view(database, "mv_a_rather_long_name_for_a_view")
    database.execute("SELECT bi_refresh.refresh_bi_views()")
    for command in ("status", "history"):
        result = vistafresca(database, command, COLUMNS="80", FORCE_COLOR="1", TERM="dumb")
        rows = [line for line in result.stdout.splitlines() if "completed" in line]
        assert rows
        assert all("…" not in row for row in rows)


def test_history_can_be_narrowed_to_upstream_failures(database: Database, command_line: CommandLine) -> None:
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, reason, strategy)"
        " VALUES ('public.a', 'cron', 'me', 'upstream_failed', 'it reads public.b, which failed', 'skip')"
    )
    result = command_line(database, "history", "--status", "upstream_failed")
    assert "public.a upstream_failed: it reads public.b, which failed" in result.stdout
    (entry,) = command_line(database, "history", "--status", "upstream_failed", "--json").json
    assert (entry["attempts"], entry["requests_served"]) == (1, None)
