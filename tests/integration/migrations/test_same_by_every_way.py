"""The same database by every way, and nothing left behind."""

from __future__ import annotations

import alembic.command
import pytest

from refresh_task import migrations
from refresh_task.migrations import runner
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.migrations.migrating import (
    CORE,
    SYSTEMS,
    applied,
    down,
    dump,
    revisions_of,
    up,
)


def test_down_and_up_again_gives_the_fresh_schema(empty_database: Database, fluxion_database: Database) -> None:
    up(empty_database, "fluxion")
    assert down(empty_database, "bi_refresh_0001")
    assert applied(empty_database) == set()
    up(empty_database, "fluxion")
    assert dump(empty_database) == dump(fluxion_database)


def test_one_revision_at_a_time_gives_the_fresh_schema(empty_database: Database, database: Database) -> None:
    """As a database that was migrated at every release, each time with the functions of that day."""
    scripts = runner._scripts()
    revisions = [script.revision for script in scripts.walk_revisions() if script is not None]
    for revision in reversed(revisions):
        with empty_database.session() as session, runner._transaction(session) as connection:
            connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS bi_refresh")
            alembic.command.upgrade(runner._configuration(connection), revision)
    up(empty_database)
    up(database, *SYSTEMS)
    assert dump(empty_database) == dump(database)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_core_alone_is_not_touched_by_a_system_that_came_and_went(
    empty_database: Database, database: Database, system: str
) -> None:
    """Neither are the aliases of the core, while those of the system go with it."""
    up(database)
    with database.session() as session:
        migrations.create_public_aliases(session)
    up(empty_database, system)
    with empty_database.session() as session:
        migrations.create_public_aliases(session)
    assert sorted(down(empty_database, f"{system}_0001")) == revisions_of(system)
    assert dump(empty_database) == dump(database)


def test_down_leaves_nothing_behind(empty_database: Database, command_line: CommandLine) -> None:
    """Neither with the public aliases nor with a source system; the server's roles stay, for its other databases."""
    before = dump(empty_database)
    assert command_line(empty_database, "migrate", "--system", "fluxion", "--public-aliases").exit_code == 0
    assert dump(empty_database) != before
    result = command_line(empty_database, "migrate", "down", "bi_refresh_0001", "--yes")
    assert result.stdout.splitlines() == [
        "undone: bi_refresh_0001",
        "undone: bi_refresh_0002",
        "undone: bi_refresh_0003",
        "undone: bi_refresh_0004",
        "undone: fluxion_0001",
        "undone: fluxion_0002",
    ]
    assert dump(empty_database) == before


def test_migrating_again_changes_nothing(empty_database: Database) -> None:
    assert up(empty_database, "fluxion") == (*CORE, "fluxion_0001", "fluxion_0002")
    before = dump(empty_database)
    assert up(empty_database) == ()
    assert dump(empty_database) == before


def test_migrating_again_keeps_what_is_known_of_the_views(database: Database) -> None:
    database.manage("public.a")
    database.execute("SELECT bi_refresh.refresh_bi_views(NULL, 'cron', 'the rule')")
    tables = ["view_policy", "view_state", "mv_refresh_log"]
    before = [database.rows(f"TABLE bi_refresh.{table}") for table in tables]
    assert all(before)
    up(database)
    assert [database.rows(f"TABLE bi_refresh.{table}") for table in tables] == before


def test_a_function_that_somebody_changed_comes_back(database: Database) -> None:
    before = dump(database)
    database.execute("CREATE OR REPLACE FUNCTION bi_refresh.remedy(view_name text, failure_sqlstate text)"
                     " RETURNS text LANGUAGE sql AS $$ SELECT 'no idea' $$")  # fmt: skip
    assert dump(database) != before
    assert up(database) == ()
    assert dump(database) == before
