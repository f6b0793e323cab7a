"""With bi_refresh: the real policies, state and history; what is planned is what the run then does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import RunTask
from tests.fix_views import last_statuses, make_view
from tests.integration.plan_command.conftest import MakePreview, by_view

_AN_HOUR_AGO = (
    "UPDATE bi_refresh.view_state SET data_timestamp = now() - interval '1 hour',"
    "global_data_timestamp = now() - interval '1 hour'"
)


@pytest.fixture
def views(database: Database) -> Database:
    """public.b reads public.a; public.lone is not managed."""
    make_view(database, "a")
    make_view(database, "b", query="SELECT id FROM a")
    database.execute("CREATE MATERIALIZED VIEW lone AS SELECT 1 AS id")
    return database


def test_what_is_planned_is_what_the_run_does(views: Database, preview: MakePreview, run_task: RunTask) -> None:
    said = preview(views)
    assert (said["installed"], said["policies_from"], said["unmanaged"]) == (True, "database", ["public.lone"])
    assert said["waves"] == [["public.a"], ["public.b"]]

    assert run_task(views).exit_code == 0
    logged = views.rows("SELECT view_name FROM bi_refresh.mv_refresh_log ORDER BY id")
    assert [view for (view,) in logged] == [step["view"] for step in said["steps"]]


def test_what_is_not_due_is_left_alone_until_when(
    views: Database, preview: MakePreview, run_task: RunTask, command_line: CommandLine
) -> None:
    views.execute("UPDATE bi_refresh.view_policy SET target_lag = interval '1 hour'")
    run_task(views)
    said = preview(views)
    assert said["steps"] == []
    undue = by_view(said["undue"])
    assert set(undue) == {"public.a", "public.b"}
    assert "target 60 min" in undue["public.a"]["reason"]
    assert datetime.fromisoformat(undue["public.a"]["next_due_at"]) > datetime.fromisoformat(said["now"])
    assert command_line(views, "plan").stdout.splitlines()[-1] == "0 steps in 0 waves; 2 views left alone."


def test_what_is_decided_in_the_steps_own_snapshot_is_said(
    views: Database, preview: MakePreview, run_task: RunTask
) -> None:
    run_task(views)
    views.execute(_AN_HOUR_AGO)
    step = by_view(preview(views)["steps"])["public.a"]
    assert step["fingerprinting"] == "check"
    assert step["look"].startswith("skipped if its fingerprint is unchanged (about ")
    run_task(views)
    assert last_statuses(views)["public.a"] == "skipped"


def test_what_certainly_changed_is_said(views: Database, preview: MakePreview, run_task: RunTask) -> None:
    inserted = "SELECT true FROM pg_stat_all_tables WHERE relid = 'source'::regclass AND n_tup_ins > {}"
    views.execute("INSERT INTO source VALUES (1, 'x')")
    # up to PostgreSQL 14 the counters of a new database begin with the first report, and "since when" changes with it
    views.wait_for(inserted.format(0))
    run_task(views)
    views.execute(_AN_HOUR_AGO)
    views.execute("INSERT INTO source VALUES (2, 'y')")
    views.wait_for(inserted.format(1))
    assert by_view(preview(views)["steps"])["public.a"]["look"] == "certainly changed: public.source"


def test_what_a_pattern_finds_is_shown_as_adopted(
    views: Database, preview: MakePreview, command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "views.toml"
    file.write_text('[[view]]\npattern = "public.l*"\npriority = "high"\n[[view]]\nname = "public.a"\n')
    command_line(views, "apply", "--file", str(file))
    views.execute("CREATE MATERIALIZED VIEW later AS SELECT id FROM lone")
    said = preview(views)
    assert said["adopted"] == ["public.later"]
    assert said["waves"] == [["public.lone", "public.a"], ["public.later"]]
    assert by_view(said["steps"])["public.later"]["priority"] == "high"
    assert "Taken up first, by the patterns of views.toml: public.later." in command_line(views, "plan").stdout
    assert views.value("SELECT count(*) FROM bi_refresh.view_policy WHERE view_name = 'public.later'") == 0


def test_an_adopted_view_that_fits_no_pattern_any_more_is_left_out(views: Database, preview: MakePreview) -> None:
    views.execute("UPDATE bi_refresh.view_policy SET pattern = 'gone.*' WHERE view_name = 'public.b'")
    assert set(by_view(preview(views)["steps"])) == {"public.a"}


def test_a_file_is_planned_with_the_state_there_is(
    views: Database, preview: MakePreview, run_task: RunTask, tmp_path: Path
) -> None:
    run_task(views)
    before = views.rows("SELECT * FROM bi_refresh.view_policy ORDER BY view_name")
    file = tmp_path / "views.toml"
    file.write_text(
        '[[view]]\nname = "public.a"\ntarget_lag = "5 hours"\n[[view]]\nname = "public.lone"\ntarget_lag = "1 day"\n'
    )
    said = preview(views, "--file", str(file))
    assert [step["view"] for step in said["steps"]] == ["public.lone"]
    assert by_view(said["steps"])["public.lone"]["due_by"] == "never refreshed"
    assert "target 5 h" in by_view(said["undue"])["public.a"]["reason"]
    assert said["unmanaged"] == ["public.b"]
    assert views.rows("SELECT * FROM bi_refresh.view_policy ORDER BY view_name") == before


def test_a_declared_dependency_is_part_of_the_tree(
    views: Database, command_line: CommandLine, preview: MakePreview
) -> None:
    make_view(views, "c", query="SELECT 3 AS id")
    views.execute("UPDATE bi_refresh.view_policy SET depends_on = '{public.b}' WHERE view_name = 'public.c'")
    text = command_line(views, "plan").stdout
    assert "public.b by depends_on" in text
    assert {"view": "public.c", "upstream": "public.b", "through": [], "is_declared": True} in preview(views)["edges"]


def test_an_unmanaged_view_in_between_is_said_to_be_so(views: Database, command_line: CommandLine) -> None:
    make_view(views, "c", query="SELECT id FROM lone")
    assert "public.lone (not managed)" in command_line(views, "plan").stdout


def test_a_view_that_nobody_keeps_fresh_cannot_be_asked_for(views: Database, command_line: CommandLine) -> None:
    result = command_line(views, "plan", "lone")
    assert result.exit_code == 2
    assert "no view of this name that is kept fresh" in result.stderr


def test_an_older_schema_says_what_to_do(views: Database, command_line: CommandLine) -> None:
    views.execute("DROP TABLE bi_refresh.incremental_view CASCADE")
    result = command_line(views, "plan")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Run: vistafresca migrate" in result.stderr


def test_a_role_that_may_not_read_the_policies_is_told_which_grant_it_needs(
    views: Database, command_line: CommandLine, make_role: MakeRole
) -> None:
    """Planning by default policies instead would be a wrong answer."""
    role = make_role()
    result = command_line(None, "plan", DATABASE_URL=dsn_as(views, role))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "GRANT bi_refresh_" in result.stderr
    views.execute(f"GRANT bi_refresh_refresher TO {role}")
    assert command_line(None, "plan", DATABASE_URL=dsn_as(views, role)).exit_code == 0
