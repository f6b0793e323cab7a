"""A deployment that was rolled back: an older task on a newer database, with real views.

The previous release's task on today's schema, and on a later one that only adds; and today's own on such a later one,
as it will be when it is the previous release.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from refresh_task.database.sample_data import generate_sample_data
from refresh_task.migrations import migrate_up
from refresh_task.migrations.runner import SQL_FOLDER
from tests.fix_database import Database, create_database, drop_database
from tests.fix_task import CRON, ROOT, Finished, RunTask, environment

SYSTEMS = sorted(folder.parent.name for folder in SQL_FOLDER.glob("systems/*/migrations"))
LATER = "bi_refresh_9999"

_RELATIONS = "SELECT relname FROM pg_class WHERE relnamespace = 'bi_refresh'::regnamespace AND relkind = %s"
_COLUMNS = """
    SELECT quote_ident(attname) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

Task = Callable[..., Finished]
"""Call it with arguments of the command line."""


@pytest.fixture(scope="module")
def todays(migrated_template: Database, server: object) -> Iterator[Database]:  # noqa: ARG001  # one per session
    """Today's schema with every source system and sample rows; to be cloned, never used."""
    database = create_database(migrated_template.server, template=migrated_template.name)
    with database.session() as session:
        migrate_up(session, systems=SYSTEMS)
    with database.session() as session:
        for system in SYSTEMS:
            generate_sample_data(session, system, 500)
    yield database
    drop_database(database)


def add_all_sorts(database: Database, *, required_in_view_policy: bool) -> None:
    """A later revision, of the kinds that are allowed, recorded as by Alembic: columns, a table, a function, views."""
    tables = {table for (table,) in database.rows(_RELATIONS, "r")} - {"migration"}
    assert len(tables) > 8
    for table in tables:
        database.execute(f"ALTER TABLE bi_refresh.{table} ADD COLUMN later text")
        if required_in_view_policy or table != "view_policy":
            database.execute(f"ALTER TABLE bi_refresh.{table} ADD COLUMN later_too jsonb NOT NULL DEFAULT '{{}}'")
    for (view,) in database.rows(_RELATIONS, "v"):
        columns = ", ".join(name for (name,) in database.rows(_COLUMNS, f"bi_refresh.{view}"))
        definition = database.value("SELECT pg_get_viewdef(%s::regclass)", f"bi_refresh.{view}").rstrip(";")
        database.execute(
            f"CREATE OR REPLACE VIEW bi_refresh.{view} AS SELECT {columns}, 'x' AS later FROM ({definition}) AS former"
        )
    database.execute(
        "CREATE TABLE bi_refresh.later (id integer PRIMARY KEY);"
        "CREATE FUNCTION bi_refresh.later(view_name text) RETURNS text LANGUAGE sql AS 'SELECT view_name';"
        "DELETE FROM bi_refresh.migration WHERE version_num LIKE 'bi_refresh_%';"
        f"INSERT INTO bi_refresh.migration VALUES ('{LATER}')"
    )


@pytest.fixture(params=["previous on today's", "previous on a later one", "today's on a later one"])
def which(request: pytest.FixtureRequest) -> str:
    """Which task on which schema."""
    return str(request.param)


@pytest.fixture
def newer_database(todays: Database, which: str) -> Iterator[Database]:
    """A newer schema, with all systems' views and their sample rows."""
    database = create_database(todays.server, template=todays.name)
    if "later" in which:
        # The first release wrote NULL to every column of view_policy that it did not know. Drop this exception with it.
        add_all_sorts(database, required_in_view_policy=which.startswith("today"))
    yield database
    drop_database(database)


@pytest.fixture
def older_task(request: pytest.FixtureRequest, newer_database: Database, which: str, vistafresca: RunTask) -> Task:
    """The older task's command line, in its own folder, as its image has it."""
    folder: Path = request.getfixturevalue("previous_release") if which.startswith("previous") else ROOT

    def call(*arguments: str, **variables: str) -> Finished:
        return vistafresca(newer_database, *arguments, cwd=folder, PYTHONPATH=str(folder), **variables)

    return call


def test_the_previous_release_s_code_is_what_runs(previous_release: Path) -> None:
    """And not today's, which the virtual environment has installed."""
    done = subprocess.run(
        [sys.executable, "-c", "import refresh_task.task; print(refresh_task.task.__file__)"],
        cwd=previous_release,
        env=environment(None, PYTHONPATH=str(previous_release)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == previous_release / "refresh_task/task.py"


def test_an_older_task_works_on_a_newer_schema(older_task: Task, newer_database: Database) -> None:
    database = newer_database
    files = ["views.toml", *(f"sql/systems/{system}/views.toml" for system in SYSTEMS)]
    assert_well(older_task("apply", *(word for file in files for word in ("--file", file))))
    views = {name for (name,) in database.rows("SELECT view_name FROM bi_refresh.view_policy WHERE enabled")}
    assert len(views) >= len(SYSTEMS)

    assert_well(older_task("plan", "--json"))
    first = older_task("run", **CRON)
    assert_well(first)
    assert {event["view"] for event in first.events("step_finished")} == views
    assert {event["status"] for event in first.events("step_finished")} == {"completed"}

    # What changed is refreshed, by the schedule's run and by hand.
    changed = "fluxion.mv_ubicaciones_summary_regional"
    database.execute(
        "UPDATE fluxion.ubicaciones SET activo = false WHERE id = (SELECT min(id) FROM fluxion.ubicaciones)"
    )
    assert_well(older_task("refresh", changed))
    assert_well(older_task("request", changed))
    assert_well(older_task("run", "--requested", VISTAFRESCA_TRIGGER_TYPE="event"))
    second = older_task("run", **CRON)
    assert_well(second)

    status = older_task("status", "--json")
    assert_well(status)
    assert changed in status.stdout
    history = older_task("history", "--json")
    assert_well(history)
    assert len(json.loads(history.stdout)) > len(views)
    assert_well(older_task("doctor", "--json"), exit_codes=(0, 1))  # 1: it found something to say of the demo's views
    for view in views:
        definition = database.value("SELECT pg_get_viewdef(%s::regclass)", view).rstrip(";")
        assert database.value(f"SELECT count(*) FROM ((TABLE {view}) EXCEPT ALL ({definition})) AS missing") == 0, view


def test_its_migrate_leaves_the_newer_schema_alone(older_task: Task, newer_database: Database, which: str) -> None:
    """And says so, from the version on that can; an earlier one fails, changes nothing, and a rollback goes on."""
    recorded = newer_database.rows("TABLE bi_refresh.migration ORDER BY 1")
    result = older_task("migrate", *(word for system in SYSTEMS for word in ("--system", system)))
    assert newer_database.rows("TABLE bi_refresh.migration ORDER BY 1") == recorded
    if which == "previous on a later one":
        assert result.exit_code in {0, 2}
    else:
        assert_well(result)
    if which == "today's on a later one":
        assert "schema_outdated" not in older_task("doctor", "--json").stdout
        assert result.stdout.startswith(f"nothing done: the database has {LATER}")
    assert_well(older_task("run", **CRON))


def assert_well(result: Finished, exit_codes: tuple[int, ...] = (0,)) -> None:
    assert result.exit_code in exit_codes, result.stdout + result.stderr
