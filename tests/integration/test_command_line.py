"""status, history and the command line as a whole; apply, migrate and the exit codes have files of their own."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import pytest

from refresh_task import __version__
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_views import make_view


@pytest.fixture
def refreshed(database: Database) -> Database:
    """A database with the view public.a, refreshed once by psql, and the view public.b, which never was."""
    make_view(database, "a")
    make_view(database, "b")
    database.execute("INSERT INTO source VALUES (1, 'x'), (2, 'y')")
    database.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['a'], 'manual', 'me [/] you')")
    return database


# ---- status --------------------------------------------------------------------------------------


def test_status_shows_each_view_and_its_freshness(refreshed: Database, command_line: CommandLine) -> None:
    result = command_line(refreshed, "status")
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()}
    assert lines["public.a"][1] == "fresh"
    assert {"2", "completed"} <= set(lines["public.a"])
    assert lines["public.b"][1:3] == ["very_stale", "unknown"]
    assert "never" in lines["public.b"]


def test_status_fails_while_a_view_is_late_and_not_when_it_is_disabled(
    refreshed: Database, command_line: CommandLine
) -> None:
    assert command_line(refreshed, "status").exit_code == 1
    refreshed.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.b'")
    result = command_line(refreshed, "status")
    assert result.exit_code == 0
    assert "disabled" in result.stdout


def test_a_failing_view_that_was_disabled_troubles_nobody(refreshed: Database, command_line: CommandLine) -> None:
    refreshed.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.b'")
    refreshed.execute("DROP MATERIALIZED VIEW b")
    refreshed.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['b'], 'cron', 'the rule')")
    refreshed.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['a'], 'cron', 'the rule')")
    assert refreshed.value("SELECT consecutive_failures FROM bi_refresh.view_status WHERE view_name = 'public.b'") == 1
    assert command_line(refreshed, "status").exit_code == 0


def test_status_explains_a_failure_with_its_remedy(refreshed: Database, command_line: CommandLine) -> None:
    refreshed.execute("DROP INDEX a_key")
    refreshed.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['a'], 'cron', 'the rule')")

    result = command_line(refreshed, "status")
    assert result.exit_code == 1
    assert "public.a fails since 20" in result.stdout
    assert "public.a has no unique index on plain columns" in result.stdout
    assert "CREATE UNIQUE INDEX ON public.a" in result.stdout


def test_status_as_json_has_every_column(refreshed: Database, command_line: CommandLine) -> None:
    result = command_line(refreshed, "status", "--json")
    a, b = result.json
    assert (a["name"], a["freshness"], a["target_lag"], a["rows_total"]) == ("public.a", "fresh", 900.0, 2)
    assert datetime.fromisoformat(a["data_timestamp"]).tzinfo is not None
    assert (b["name"], b["data_timestamp"], b["lag_s"]) == ("public.b", None, None)
    assert result.exit_code == 1


def test_status_without_views_says_how_to_declare_some(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "status")
    assert (result.exit_code, "vistafresca apply" in result.stdout) == (0, True)
    assert command_line(database, "status", "--json").json == []


# ---- history -------------------------------------------------------------------------------------


def test_history_shows_attempts_with_what_changed(refreshed: Database, command_line: CommandLine) -> None:
    result = command_line(refreshed, "history")
    (line,) = [line for line in result.stdout.splitlines() if "public.a" in line]
    assert {"completed", "2", "0", "manual"} <= set(line.split())


def test_history_shows_names_as_they_were_written(refreshed: Database, command_line: CommandLine) -> None:
    """Brackets included, which rich takes for markup: this one would end the command with an error."""
    refreshed.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['[/] nowhere'])")
    result = command_line(refreshed, "history")
    assert (result.exit_code, result.stderr) == (0, "")
    assert '[/] nowhere failed: "[/] nowhere" is not a managed view' in result.stdout


def test_history_is_newest_first_and_can_be_narrowed(refreshed: Database, command_line: CommandLine) -> None:
    refreshed.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['b', 'nowhere'])")

    def names(*arguments: str) -> list[tuple[str, str]]:
        return [
            (entry["view_name"], entry["status"])
            for entry in command_line(refreshed, "history", "--json", *arguments).json
        ]

    everything = names()
    assert everything[-1] == ("public.a", "completed")
    assert sorted(everything[:2]) == [("nowhere", "failed"), ("public.b", "completed")]
    assert names("b") == names("public.b") == [("public.b", "completed")]
    assert names("--status", "failed") == [("nowhere", "failed")]
    assert names("--limit", "1") == everything[:1]


def test_history_without_attempts_says_so(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "history")
    assert (result.exit_code, result.stdout.strip()) == (0, "No attempt is recorded.")
    assert command_line(database, "history", "--json").json == []


# ---- The command as a whole ----------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["status"], ["history"], ["migrate", "list"], ["apply", "--dry-run"]])
def test_errors_go_to_standard_error_and_leave_json_readers_an_empty_output(
    arguments: list[str], command_line: CommandLine
) -> None:
    result = command_line(None, *arguments, "--json", DATABASE_URL="host=/nowhere dbname=shop")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: PostgreSQL shop at /nowhere:5432: cannot connect: ")
    assert result.stderr.rstrip().endswith("and that it is up.")


def test_a_wrong_argument_is_a_matter_of_usage(command_line: CommandLine) -> None:
    result = command_line(None, "history", "--limit", "0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--limit" in result.stderr
    assert command_line(None, "refesh").exit_code == 2


def test_a_wrong_setting_is_named(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "status", VISTAFRESCA_INTERVAL_S="ten")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: VISTAFRESCA_INTERVAL_S: 'ten' is not a number.\n")


def test_a_defect_is_not_taken_for_a_late_view(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own exit code for an exception is 1, which says that a view is late."""

    def fail(_session: object) -> None:
        raise RuntimeError("a defect")

    # By its module: in the package, the name is the command's.
    monkeypatch.setattr(sys.modules["refresh_task.command_line.status"], "read_view_status", fail)
    result = command_line(database, "status")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "RuntimeError: a defect" in result.stderr


def test_help_and_version_need_no_database(command_line: CommandLine) -> None:
    result = command_line(None, "--help")
    assert result.exit_code == 0
    assert {"run", "status", "history", "migrate", "apply"} <= {line.split()[0] for line in _commands(result.stdout)}
    assert command_line(None, "--version").stdout.strip() == f"vistafresca, version {__version__}"


def _commands(help_text: str) -> list[str]:
    return [line for line in help_text.partition("Commands:")[2].splitlines() if line.strip()]


def test_json_writes_names_as_they_are(database: Database, command_line: CommandLine) -> None:
    database.manage('public."año"')
    result = command_line(database, "status", "--json")
    assert "año" in result.stdout
    assert json.loads(result.stdout)[0]["name"] == 'public."año"'
