"""An older version on a newer database, and a newer on an older."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refresh_task import __version__
from refresh_task.migrations import runner
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_task import RunTask
from tests.fix_views import make_view
from tests.integration.migrations.migrating import (
    CORE,
    NewMigration,
    down,
    dump,
    up,
)


def test_an_older_version_leaves_a_newer_database_alone(
    database: Database, new_migration: NewMigration, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a deployment that is rolled back runs: no failure, and no older function in place of a newer one."""
    older = runner.SQL_FOLDER
    new_migration("CREATE TABLE bi_refresh.later (id integer);")
    up(database, "fluxion")
    database.execute("CREATE OR REPLACE FUNCTION bi_refresh.remedy(view_name text, failure_sqlstate text)"
                     " RETURNS text LANGUAGE sql AS $$ SELECT 'newer' $$")  # fmt: skip
    before = dump(database)
    monkeypatch.setattr(runner, "SQL_FOLDER", older)

    result = command_line(database, "migrate", "--system", "fluxion", "--public-aliases")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"nothing done: the database has bi_refresh_9999, which this version ({__version__}) does not know, so a newer "
        "one migrated it. This version works on it as it is.\n"
    )
    assert command_line(database, "migrate", "--json").json == {
        "applied": [],
        "aliases": [],
        "newer": ["bi_refresh_9999"],
    }
    listed = {row["revision"]: row for row in command_line(database, "migrate", "list", "--json").json}
    assert all(listed[revision]["is_applied"] for revision in (*CORE, "fluxion_0001", "bi_refresh_9999"))
    assert (listed["bi_refresh_9999"]["branch"], listed["bi_refresh_9999"]["description"]) == (
        "bi_refresh",
        "not of this version",
    )
    assert not listed["teloo_0001"]["is_applied"]
    assert dump(database) == before


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        (["bi_refresh_0002", "fluxion_0099"], "lacks what comes after bi_refresh_0002: neither is the older"),
        ([CORE[-1], "mine_0001"], "does not know mine_0001, nor any folder of sql/ that it belongs to"),
    ],
)
def test_a_database_that_is_not_plainly_newer_is_refused(
    database: Database, command_line: CommandLine, recorded: list[str], message: str
) -> None:
    database.execute("DELETE FROM bi_refresh.migration")
    for revision in recorded:
        database.execute("INSERT INTO bi_refresh.migration VALUES (%s)", revision)
    before = dump(database)
    result = command_line(database, "migrate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Migrate with a version that has them all." in result.stderr
    assert dump(database) == before


@pytest.mark.parametrize("command", ["run", "status", "plan", "history", "apply", "request", "refresh"])
def test_a_newer_version_on_an_older_schema_says_what_to_run(
    database: Database, vistafresca: RunTask, tmp_path: Path, command: str
) -> None:
    """As between a deployment and its migration; whichever migration is the newest."""
    view = make_view(database, "a")
    down(database, CORE[-1])
    views_file = tmp_path / "views.toml"
    views_file.write_text(f'[[view]]\nname = "{view}"\n')
    arguments = {"apply": ["--file", str(views_file)], "request": [view], "refresh": [view]}.get(command, [])
    result = vistafresca(database, command, *arguments)
    assert result.exit_code == 2
    assert re.search("schema is older|schema, or an older one", result.stdout + result.stderr)
    assert "Run: vistafresca migrate" in result.stdout + result.stderr
