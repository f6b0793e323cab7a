"""vistafresca migrate: list, up and down, and what is refused."""

from __future__ import annotations

import io

import pytest

from refresh_task.errors import ConfigurationError
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.migrations.migrating import (
    CORE,
    SYSTEMS,
    dump,
    revisions_of,
    up,
)


def test_list_says_what_is_there(empty_database: Database, command_line: CommandLine) -> None:
    before = dump(empty_database)
    listed = command_line(empty_database, "migrate", "list", "--json").json
    assert [(row["revision"], row["branch"], row["is_applied"]) for row in listed] == [
        *((revision, "bi_refresh", False) for revision in CORE),
        *((revision, system, False) for system in SYSTEMS for revision in revisions_of(system)),
    ]
    assert dump(empty_database) == before

    up(empty_database)
    shown = command_line(empty_database, "migrate", "list").stdout.splitlines()
    (core,) = [line for line in shown if "bi_refresh_0001" in line]
    (fluxion,) = [line for line in shown if "fluxion_0001" in line]
    assert core.split()[:3] == ["bi_refresh_0001", "bi_refresh", "yes"]
    assert fluxion.split()[:3] == ["fluxion_0001", "fluxion", "no"]


def test_up_says_what_it_did_and_is_the_default(empty_database: Database, command_line: CommandLine) -> None:
    assert command_line(empty_database, "migrate").stdout == "".join(f"applied: {revision}\n" for revision in CORE)
    assert command_line(empty_database, "migrate", "up").stdout.startswith("up to date; ")
    assert command_line(empty_database, "migrate", "up", "--json").json == {"applied": [], "aliases": [], "newer": []}
    answer = command_line(empty_database, "migrate", "--system", "fluxion", "--json").json
    assert answer["applied"] == ["fluxion_0001", "fluxion_0002"]


def test_down_asks_first(database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(database)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    result = command_line(database, "migrate", "down", "bi_refresh_0001", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"with its data, on PostgreSQL {database.name} at" in result.stderr
    assert dump(database) == before

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    result = command_line(database, "migrate", "down", "bi_refresh_0001", "--json")
    assert result.json == {"undone": [*CORE]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["down"], "migrate down needs the REVISION"),
        (["up", "bi_refresh_0001"], "nothing else takes one"),
        (["down", "bi_refresh_0042", "--yes"], "bi_refresh_0042: this database has no such migration"),
        (["down", "fluxion_0001", "--yes"], "fluxion_0001: this database has no such migration"),
        (
            ["--system", "flexion"],
            f"flexion: there is no such source system.\nThe known ones are: {', '.join(SYSTEMS)}.",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    database: Database, command_line: CommandLine, arguments: list[str], message: str
) -> None:
    before = dump(database)
    result = command_line(database, "migrate", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert dump(database) == before


def test_an_unknown_system_is_an_error_of_configuration(empty_database: Database) -> None:
    with pytest.raises(ConfigurationError):
        up(empty_database, "..")
    assert empty_database.value("SELECT to_regnamespace('bi_refresh')") is None
