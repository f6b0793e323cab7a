"""vistafresca apply: the difference between views.toml and the database, shown and written, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view

POLICIES = "SELECT view_name, enabled, target_lag::text, statement_timeout::text FROM bi_refresh.view_policy ORDER BY 1"


@pytest.fixture
def views(database: Database) -> Database:
    """A database with the views public.a, b and c, none of them managed."""
    for name in "abc":
        make_view(database, name)
    database.execute("DELETE FROM bi_refresh.view_policy")
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def _declare(file: Path, **views: str) -> None:
    file.write_text("".join(f'[[view]]\nname = "public.{name}"\n{keys}\n' for name, keys in views.items()))


def test_policies_are_added_changed_and_removed(views: Database, file: Path, command_line: CommandLine) -> None:
    _declare(file, a='target_lag = "1 hour"', b="", c='timeout = "1 minute"')
    first = command_line(views, "apply", "--file", str(file))
    assert first.exit_code == 0
    assert first.stdout.splitlines() == [
        "+ public.a: target_lag 1:00:00, timeout as the task's setting, enabled true",
        "+ public.b: target_lag 0:15:00, timeout as the task's setting, enabled true",
        "+ public.c: target_lag 0:15:00, timeout 0:01:00, enabled true",
        "3 of 3 declared policies changed.",
    ]

    _declare(file, a='target_lag = "2 hours"\ntimeout = "1 minute"', c='timeout = "1 minute"\nenabled = false')
    second = command_line(views, "apply", "--file", str(file))
    assert second.stdout.splitlines()[:3] == [
        "~ public.a: target_lag 1:00:00 → 2:00:00, timeout as the task's setting → 0:01:00",
        "- public.b: no longer declared: it will not be refreshed any more; its data and its log stay",
        "~ public.c: enabled true → false",
    ]
    assert views.rows(POLICIES) == [
        ("public.a", True, "02:00:00", "00:01:00"),
        ("public.c", False, "00:15:00", "00:01:00"),
    ]


def test_applying_twice_changes_nothing(views: Database, file: Path, command_line: CommandLine) -> None:
    _declare(file, a="", b='target_lag = "3 days"')
    command_line(views, "apply", "--file", str(file))
    before = views.rows("SELECT xmin::text, view_name FROM bi_refresh.view_policy ORDER BY 2")

    assert command_line(views, "apply", "--file", str(file)).stdout == "0 of 2 declared policies changed.\n"
    assert views.rows("SELECT xmin::text, view_name FROM bi_refresh.view_policy ORDER BY 2") == before


def test_what_is_known_of_a_view_survives_a_change_of_its_policy(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    _declare(file, a="")
    command_line(views, "apply", "--file", str(file))
    views.execute("SELECT bi_refresh.refresh_bi_views()")
    known = views.rows("SELECT * FROM bi_refresh.view_state")
    _declare(file, a='target_lag = "1 hour"')
    command_line(views, "apply", "--file", str(file))
    assert views.rows("SELECT * FROM bi_refresh.view_state") == known != []


def test_a_dry_run_shows_the_difference_and_changes_nothing(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    _declare(file, a="")
    result = command_line(views, "apply", "--file", str(file), "--dry-run")
    assert result.stdout.splitlines()[0].startswith("+ public.a: ")
    assert result.stdout.splitlines()[-1] == "1 of 1 declared policy would change."
    assert views.rows(POLICIES) == []


def test_several_files_together_are_what_is_declared(
    views: Database, tmp_path: Path, command_line: CommandLine
) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    _declare(first, a="")
    _declare(second, b="")
    assert command_line(views, "apply", "--file", str(first), "--file", str(second)).exit_code == 0
    assert [row[0] for row in views.rows(POLICIES)] == ["public.a", "public.b"]

    variable = f"{first}:{second}"
    assert command_line(views, "apply", VISTAFRESCA_VIEWS_FILE=variable).stdout.startswith("0 of 2")
    assert command_line(views, "apply", "--file", str(first)).stdout.startswith("- public.b: ")


def test_a_view_declared_in_two_files_is_refused(views: Database, tmp_path: Path, command_line: CommandLine) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    _declare(first, a="", b="")
    _declare(second, b="")
    result = command_line(views, "apply", "--file", str(first), "--file", str(second))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert f"{second}: public.b is declared twice" in result.stderr


@pytest.mark.parametrize(
    ("name", "remedy"), [("public.aa", "Did you mean public.a?"), ("sales.mv_daily_revenue", "Create it first")]
)
def test_an_unknown_view_is_named_and_nothing_is_applied(
    views: Database, file: Path, command_line: CommandLine, name: str, remedy: str
) -> None:
    """Not even the views before it: the file is one change."""
    _declare(file, a="")
    file.write_text(f'{file.read_text()}[[view]]\nname = "{name}"\n')
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, result.stdout, views.rows(POLICIES)) == (2, "", [])
    assert result.stderr.startswith(f"error: {name}: ")
    assert remedy in result.stderr


def test_a_refused_change_takes_the_others_back(views: Database, file: Path, command_line: CommandLine) -> None:
    """The second of three writes fails in the database."""
    views.execute("ALTER TABLE bi_refresh.view_policy ADD CONSTRAINT not_b CHECK (view_name <> 'public.b')")
    _declare(file, a="", b="", c="")
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, result.stdout, views.rows(POLICIES)) == (2, "", [])
    assert 'violates check constraint "not_b"' in result.stderr


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('target_leg = "1 hour"', "view public.a: unknown key 'target_leg'.\nDid you mean 'target_lag'?"),
        ('target_lag = "soon"', "view public.a: target_lag: 'soon' is not a duration such as \"15 minutes\""),
    ],
)
def test_a_mistake_in_the_file_changes_nothing(
    views: Database, file: Path, command_line: CommandLine, keys: str, message: str
) -> None:
    _declare(file, b="", a=keys)
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert f"error: {file}, {message}" in result.stderr


def test_a_view_without_a_unique_index_is_applied_with_the_statement_that_mends_it(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    views.execute("DROP INDEX a_key; DROP INDEX b_key; INSERT INTO source VALUES (1, 'x'), (2, 'x')")
    views.execute("REFRESH MATERIALIZED VIEW a; ANALYZE a")
    _declare(file, a="", b="", c="")
    result = command_line(views, "apply", "--file", str(file))
    assert result.exit_code == 0
    assert "! public.a has no unique index on plain columns: its refreshes will fail until it has." in result.stdout
    assert "    CREATE UNIQUE INDEX ON public.a (id);" in result.stdout
    assert (
        "    CREATE UNIQUE INDEX ON public.b (<the columns that identify a row, out of: id, label>);" in result.stdout
    )
    assert "! public.c" not in result.stdout
    views.execute("CREATE UNIQUE INDEX ON public.a (id);")
    assert "! public.a" not in command_line(views, "apply", "--file", str(file)).stdout


def test_json_says_what_a_person_reads(views: Database, file: Path, command_line: CommandLine) -> None:
    views.execute("DROP INDEX a_key")
    _declare(file, a="")
    dry, applied = (
        command_line(views, "apply", "--file", str(file), "--json", *more).json for more in (["--dry-run"], [])
    )
    assert (dry["applied"], applied["applied"]) == (False, True)
    assert dry["changes"] == applied["changes"]
    assert [(change["sign"], change["view"]) for change in applied["changes"]] == [("+", "public.a")]
    assert applied["missing_unique_indexes"]["public.a"].startswith("CREATE UNIQUE INDEX ON public.a")


def test_a_quoted_name_is_found(views: Database, file: Path, command_line: CommandLine) -> None:
    views.execute('CREATE MATERIALIZED VIEW "Ventas del mes" AS SELECT 1 AS id')
    file.write_text("[[view]]\nname = 'public.\"Ventas del mes\"'\n")
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0
    assert views.rows(POLICIES)[0][0] == 'public."Ventas del mes"'


def test_only_the_owner_writes_policies(
    views: Database, file: Path, command_line: CommandLine, make_role: MakeRole
) -> None:
    """The task's role may look at the difference; being granted that role, the usual remedy, would not help it."""
    _declare(file, a="")
    url = dsn_as(views, make_role("bi_refresh_refresher"))
    assert command_line(None, "apply", "--file", str(file), "--dry-run", DATABASE_URL=url).exit_code == 0

    result = command_line(None, "apply", "--file", str(file), DATABASE_URL=url)
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert "permission denied for table view_policy" in result.stderr
    assert "Connect as the schema's owner" in result.stderr


def test_an_empty_file_does_not_remove_every_policy_unless_told_to(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    make_view(database, "a")
    (tmp_path / "views.toml").write_text("[defaults]\n")
    file = ("--file", str(tmp_path / "views.toml"))
    refused = command_line(database, "apply", *file)
    assert refused.exit_code == 2
    assert "all 1 policies would be removed" in refused.stderr
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy") == 1
    assert command_line(database, "apply", *file, "--allow-empty").exit_code == 0
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy") == 0
