"""vistafresca migrate: the same database by every way, nothing by halves, and nothing left behind."""

from __future__ import annotations

import io
import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import alembic.command
import psycopg
import pytest

from refresh_task import __version__, migrations
from refresh_task.errors import ConfigurationError, VistafrescaError
from refresh_task.migrations import runner
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import CRON, RunTask, StartTask, finish
from tests.fix_views import REFRESH_ALL, make_slow_view, make_view, wait_until_sleeping

CORE = ("bi_refresh_0001", "bi_refresh_0002", "bi_refresh_0003", "bi_refresh_0004")
SYSTEMS = sorted(folder.parent.name for folder in runner.SQL_FOLDER.glob("systems/*/migrations"))
OTHER_SESSION_WAITS = """
    SELECT true FROM pg_locks AS l
    JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
    WHERE l.locktype = 'advisory' AND NOT l.granted
"""


def dump(database: Database) -> str:
    """The whole schema as pg_dump writes it, without the lines that differ from dump to dump."""
    result = subprocess.run(
        [database.server.program("pg_dump"), "--schema-only", database.dsn],
        check=True,
        capture_output=True,
        text=True,
        env={},
    )
    return re.sub(r"(?m)^\\(un)?restrict .*\n", "", result.stdout)


def up(database: Database, *systems: str) -> tuple[str, ...]:
    with database.session() as session:
        return migrations.migrate_up(session, systems=systems)


def down(database: Database, revision: str) -> tuple[str, ...]:
    with database.session() as session:
        return migrations.migrate_down(session, revision)


def applied(database: Database) -> set[str]:
    with database.session() as session:
        return {migration.revision for migration in migrations.list_migrations(session) if migration.is_applied}


# ---- The same by every way -----------------------------------------------------------------------


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


def revisions_of(system: str) -> list[str]:
    files = sorted((runner.SQL_FOLDER / "systems" / system / "migrations").glob("*.py"))
    return [file.name[: len(f"{system}_0001")] for file in files]


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


# ---- Nothing by halves ---------------------------------------------------------------------------

NewMigration = Callable[[str], None]


@pytest.fixture
def new_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewMigration:
    """Call it with SQL: the core then has one more migration, in a copy of sql/."""
    folder = tmp_path / "sql"

    def make(statements: str) -> None:
        subprocess.run(["cp", "-R", str(runner.SQL_FOLDER), str(folder)], check=True)
        for cache in folder.rglob("__pycache__"):
            subprocess.run(["rm", "-r", str(cache)], check=True)
        stem = folder / "bi_refresh" / "migrations" / "bi_refresh_9999_new"
        first = next(stem.parent.glob("bi_refresh_0001*.py")).read_text()
        (head,) = {
            script.revision for script in runner._scripts().get_revisions("bi_refresh@head") if script is not None
        }
        stem.with_suffix(".py").write_text(
            first.replace('"bi_refresh_0001"', '"bi_refresh_9999"')
            .replace("down_revision = None", f"down_revision = {head!r}")
            .replace('branch_labels = ("bi_refresh",)', "branch_labels = None")
        )
        stem.with_suffix(".up.sql").write_text(statements)
        stem.with_suffix(".down.sql").write_text("")
        monkeypatch.setattr(runner, "SQL_FOLDER", folder)

    return make


def test_a_migration_that_fails_changes_nothing_and_is_named(
    database: Database, new_migration: NewMigration, command_line: CommandLine
) -> None:
    before = dump(database)
    new_migration("CREATE TABLE bi_refresh.half (id integer); INSERT INTO bi_refresh.half VALUES ('x');")
    result = command_line(database, "migrate", "--system", "fluxion")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "error: bi_refresh_9999_new.up.sql: it failed, and nothing was changed: invalid input syntax for type integer"
    )
    assert result.stderr.endswith("Mend the cause and run it again.\n")
    assert dump(database) == before


def test_a_first_migration_that_fails_leaves_not_even_the_schema(
    empty_database: Database, new_migration: NewMigration
) -> None:
    before = dump(empty_database)
    new_migration("SELECT 1 / 0;")
    with pytest.raises(VistafrescaError, match="division by zero"):
        up(empty_database)
    assert dump(empty_database) == before


def test_a_new_migration_is_applied_to_a_database_that_has_the_older_ones(
    database: Database, new_migration: NewMigration
) -> None:
    """With a body that a runner which splits at semicolons, or formats with %, would break."""
    new_migration(
        "CREATE FUNCTION bi_refresh.odd(t text) RETURNS boolean LANGUAGE plpgsql AS $body$\n"
        "BEGIN -- a ; and a ' and a %(name)s\n  RETURN t LIKE 'a;%' AND t ~ ':b';\nEND\n$body$;\n"
        "CREATE TABLE bi_refresh.newer (id integer DEFAULT 7 % 4);"
    )
    assert up(database) == ("bi_refresh_9999",)
    assert database.value("SELECT bi_refresh.odd('a; :b')")
    assert applied(database) == {*CORE, "bi_refresh_9999"}


def test_a_role_that_may_not_migrate_is_told_and_changes_nothing(
    empty_database: Database, make_role: MakeRole, command_line: CommandLine
) -> None:
    url = dsn_as(empty_database, make_role())
    result = command_line(None, "migrate", DATABASE_URL=url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "permission denied for database" in result.stderr
    assert empty_database.value("SELECT to_regnamespace('bi_refresh')") is None


def test_two_migrations_at_once_follow_each_other(empty_database: Database, database: Database) -> None:
    """Two deployments, or a deployment and a person: the second waits for the first, and finds nothing left to do."""
    outcomes: dict[str, object] = {}

    def migrate(name: str) -> None:
        try:
            outcomes[name] = up(empty_database)
        except VistafrescaError as error:
            outcomes[name] = error

    with empty_database.connect() as in_the_way:
        in_the_way.execute("BEGIN")
        in_the_way.execute(runner._MIGRATION_LOCK.encode())
        threads = [threading.Thread(target=migrate, args=(name,)) for name in ("one", "other")]
        for thread in threads:
            thread.start()
        empty_database.wait_for(f"SELECT true WHERE (SELECT count(*) FROM ({OTHER_SESSION_WAITS}) AS w) = 2")
        assert outcomes == {}
        in_the_way.execute("ROLLBACK")
        for thread in threads:
            thread.join()

    assert sorted(map(repr, outcomes.values())) == [repr(CORE), "()"]
    assert dump(empty_database) == dump(database)


def test_one_migration_back_and_up_again_keeps_the_views_and_their_history(
    empty_database: Database, database: Database
) -> None:
    make_view(database, "a")
    database.execute("INSERT INTO bi_refresh.view_policy (view_name, target_lag) VALUES ('public.b', NULL)")
    database.rows(REFRESH_ALL)
    known = "SELECT view_name, view_oid, data_timestamp, last_success_at, rows_total FROM bi_refresh.view_state"
    logged = "SELECT id, view_name, status, data_timestamp, error FROM bi_refresh.mv_refresh_log ORDER BY id"
    before = [database.rows(known), database.rows(logged)]

    assert set(down(database, "bi_refresh_0002")) == set(CORE[1:])
    assert [database.rows(known), database.rows(logged)] == before
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy WHERE target_lag IS NULL") == 0

    assert up(database) == CORE[1:]
    assert [database.rows(known), database.rows(logged)] == before
    assert database.value("SELECT global_data_timestamp = data_timestamp FROM bi_refresh.view_state LIMIT 1")
    database.execute("DROP MATERIALIZED VIEW a; DROP TABLE source")
    up(empty_database)
    assert dump(database) == dump(empty_database)


def test_the_newest_migration_back_keeps_the_triggers_that_ask_for_refreshes(
    database: Database, command_line: CommandLine
) -> None:
    """And takes the aliases with it, whose columns an older version does not have."""
    view = make_view(database, "a")
    database.execute(
        "CREATE TRIGGER ask AFTER INSERT ON source FOR EACH STATEMENT"
        " EXECUTE FUNCTION bi_refresh.request_refresh_on_change('public.a')"
    )
    before = dump(database)
    command_line(database, "migrate", "--public-aliases")
    with_aliases = dump(database)

    assert down(database, CORE[-1]) == (CORE[-1],)
    for name in ("mv_refresh_log", "mv_refresh_metrics"):
        assert database.value("SELECT to_regclass(%s)", f"public.{name}") is None
    assert database.value("SELECT to_regproc('public.refresh_bi_views')") is None
    database.execute("INSERT INTO source VALUES (1, 'x')")
    assert database.rows("SELECT view_name FROM bi_refresh.mv_refresh_triggers") == [(view,)]

    up(database)
    assert dump(database) == before
    command_line(database, "migrate", "--public-aliases")
    assert dump(database) == with_aliases


# ---- While runs go on ----------------------------------------------------------------------------

RUN_LOCK = 1447449173


def test_a_migration_waits_for_the_run_under_way_and_both_succeed(
    database: Database, new_migration: NewMigration, start_task: StartTask, run_task: RunTask
) -> None:
    """It alters a table that a refresh reads to its end. It waits longer than any lock may be waited for, since the run
    has a deadline; a run that starts meanwhile steps back, as before another run, and fails nothing."""
    make_slow_view(database, "slow")
    database.execute("UPDATE slowness SET seconds = 3600")
    new_migration("ALTER TABLE bi_refresh.view_policy ADD COLUMN later text;")
    run = start_task(database, **CRON)
    sleeping = wait_until_sleeping(database)
    said: list[str] = []

    def migrate() -> None:
        with database.session(lock_timeout_s=0.1) as session:
            said.extend(migrations.migrate_up(session, on_wait=lambda: said.append("waiting")))

    thread = threading.Thread(target=migrate)
    thread.start()
    database.wait_for(OTHER_SESSION_WAITS)
    assert said == ["waiting"]
    beside = run_task(database, **CRON)
    assert (beside.exit_code, len(beside.events("run_skipped"))) == (0, 1)
    database.wait_for(f"{OTHER_SESSION_WAITS} AND clock_timestamp() - l.waitstart > interval '0.3 s'")
    database.execute("UPDATE slowness SET seconds = 0")
    database.execute("SELECT pg_cancel_backend(%s)", sleeping)

    thread.join()
    finished = finish(run)
    assert said == ["waiting", "bi_refresh_9999"]
    assert finished.event("step_failed")["view"] == "public.slow"  # cancelled by this test
    assert database.value("SELECT count(later) FROM bi_refresh.view_policy") == 0


def test_a_migration_with_nothing_new_waits_for_no_run(database: Database) -> None:
    with database.connect() as in_the_way:
        in_the_way.execute("SELECT pg_advisory_lock(%s, 0)", [RUN_LOCK])
        with database.session() as session:
            assert migrations.migrate_up(session, on_wait=lambda: pytest.fail("it waits")) == ()


def test_a_run_that_starts_during_a_migration_steps_back(database: Database, run_task: RunTask) -> None:
    with database.session() as session, runner._transaction(session) as connection:
        runner._keep_runs_out(connection, lambda: pytest.fail("there is no run"))
        assert run_task(database, **CRON).event("run_skipped")
    assert run_task(database, **CRON).event("run_finished")


# ---- An older version on a newer database, and a newer on an older -------------------------------


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


# ---- list, down, and what is refused -------------------------------------------------------------


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


# ---- Public aliases ------------------------------------------------------------------------------


def test_aliases_stand_for_the_real_names(database: Database, command_line: CommandLine) -> None:
    result = command_line(database, "migrate", "--public-aliases")
    assert result.stdout.splitlines()[1:] == [
        "public.refresh_bi_views stands for bi_refresh.refresh_bi_views(text[],text,text)",
        "public.process_pending_mv_refreshes stands for bi_refresh.process_pending_mv_refreshes()",
        "public.mv_health_check stands for bi_refresh.mv_health_check()",
        "public.get_mv_stats stands for bi_refresh.get_mv_stats()",
        "public.refresh_all_mv stands for bi_refresh.refresh_all_mv()",
        "public.mv_refresh_metrics stands for bi_refresh.mv_refresh_metrics",
        "public.mv_refresh_log stands for bi_refresh.mv_refresh_log",
        "public.mv_refresh_run stands for bi_refresh.mv_refresh_run",
        "public.mv_refresh_triggers stands for bi_refresh.mv_refresh_triggers",
    ]
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT 1 AS id; CREATE UNIQUE INDEX ON a (id)")
    database.manage("public.a")
    assert database.rows("SELECT vista_nombre, status FROM refresh_bi_views()") == [("public.a", "SUCCESS")]
    assert database.rows("SELECT vista_nombre, status FROM refresh_bi_views(ARRAY['a'], 'cron', 'me')") == [
        ("public.a", "SUCCESS")
    ]
    assert database.rows("SELECT triggered_by FROM mv_refresh_log ORDER BY id DESC LIMIT 1") == [("me",)]


def test_making_aliases_twice_changes_nothing(database: Database, command_line: CommandLine) -> None:
    first = command_line(database, "migrate", "--public-aliases", "--json").json["aliases"]
    before = dump(database)
    assert command_line(database, "migrate", "--public-aliases", "--json").json["aliases"] == first
    assert dump(database) == before
    assert [alias["is_in_the_way"] for alias in first] == [False] * 9


def test_an_alias_never_takes_another_s_name(database: Database, command_line: CommandLine) -> None:
    """Whatever its kind: a table, or a function with other parameters, which a call could not be told from."""
    database.execute("CREATE TABLE public.mv_refresh_log (mine integer); INSERT INTO mv_refresh_log VALUES (42)")
    database.execute("CREATE FUNCTION public.refresh_bi_views() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    result = command_line(database, "migrate", "--public-aliases")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        "in the way: public.refresh_bi_views(), so bi_refresh.refresh_bi_views(text[],text,text) has no alias",
        "public.process_pending_mv_refreshes stands for bi_refresh.process_pending_mv_refreshes()",
        "public.mv_health_check stands for bi_refresh.mv_health_check()",
        "public.get_mv_stats stands for bi_refresh.get_mv_stats()",
        "public.refresh_all_mv stands for bi_refresh.refresh_all_mv()",
        "public.mv_refresh_metrics stands for bi_refresh.mv_refresh_metrics",
        "in the way: public.mv_refresh_log, so bi_refresh.mv_refresh_log has no alias",
        "public.mv_refresh_run stands for bi_refresh.mv_refresh_run",
        "public.mv_refresh_triggers stands for bi_refresh.mv_refresh_triggers",
    ]
    assert database.value("SELECT mine FROM mv_refresh_log") == 42
    assert database.value("SELECT refresh_bi_views()") == "mine"


def test_the_log_s_alias_has_the_documents_columns_besides(database: Database, command_line: CommandLine) -> None:
    """The queries are the document's own. An alias of an older version has its columns added."""
    database.execute("SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_log'::regclass)")
    own = (
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    )
    ours = database.value(own, "bi_refresh.mv_refresh_log")
    assert database.value(own, "public.mv_refresh_log") == ours

    command_line(database, "migrate", "--public-aliases")
    documents = "refresh_started_at refresh_completed_at refresh_duration_ms rows_affected error_message"
    assert database.value(own, "public.mv_refresh_log") == f"{ours} {documents}"

    view = make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'x'), (2, 'y')")
    database.rows(REFRESH_ALL)
    database.execute("DROP MATERIALIZED VIEW a")
    database.rows(REFRESH_ALL)
    ((log_id, duration_ms, started_at, finished_at),) = database.rows(
        "SELECT id, duration_ms, started_at, finished_at FROM bi_refresh.mv_refresh_log WHERE status = 'completed'"
    )
    assert database.rows(
        "SELECT id, view_name, refresh_started_at, refresh_completed_at, rows_affected, error_message"
        " FROM mv_refresh_log WHERE status = 'completed'"
    ) == [(log_id, view, started_at, finished_at, 2, None)]
    assert database.rows(
        "SELECT AVG(refresh_duration_ms), MAX(refresh_duration_ms), COUNT(*) FROM mv_refresh_log"
        " WHERE status = 'completed' AND refresh_started_at >= NOW() - INTERVAL '24 hours'"
    ) == [(duration_ms, duration_ms, 1)]
    assert database.rows("SELECT rows_affected FROM mv_refresh_log WHERE status = 'failed'") == [(None,)]
    assert "not exist" in database.value("SELECT error_message FROM mv_refresh_log WHERE status = 'failed'")


def test_the_documents_functions_and_metrics_have_aliases(database: Database, command_line: CommandLine) -> None:
    command_line(database, "migrate", "--public-aliases")
    view = make_view(database, "a")
    assert database.rows("SELECT view_name, status FROM refresh_all_mv()") == [(view, "completed")]
    assert database.rows("SELECT view_name, needs_refresh FROM mv_health_check()") == [(view, False)]
    assert database.rows("SELECT view_name, last_status FROM get_mv_stats()") == [(view, "completed")]
    assert database.rows("SELECT total_refreshes, successful, failed FROM mv_refresh_metrics") == [(1, 1, 0)]
    assert database.rows("SELECT process_pending_mv_refreshes()") == [(0,)]
    assert database.rows("SELECT count(*) FROM mv_refresh_triggers") == [(0,)]


def test_a_system_s_views_and_functions_may_have_aliases(
    fluxion_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """By a public_aliases.sql of its own; they go with the system, and nobody else's do."""
    database, folder = fluxion_database, tmp_path / "sql"
    subprocess.run(["cp", "-R", str(runner.SQL_FOLDER), str(folder)], check=True)
    system = folder / "systems" / "fluxion"
    (system / "public_aliases.sql").write_text(
        "SELECT bi_refresh.create_public_alias('fluxion.mv_ubicaciones_summary_regional'::regclass)"
        " UNION ALL SELECT bi_refresh.create_public_alias('fluxion.generate_sample_data(bigint, date)'::regprocedure)"
    )
    (undo,) = (system / "migrations").glob("fluxion_0001*.down.sql")
    undo.write_text(f"SELECT bi_refresh.drop_public_aliases('fluxion');\n{undo.read_text()}")
    monkeypatch.setattr(runner, "SQL_FOLDER", folder)
    before = dump(database)

    result = command_line(database, "migrate", "--public-aliases")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-2:] == [
        "public.mv_ubicaciones_summary_regional stands for fluxion.mv_ubicaciones_summary_regional",
        "public.generate_sample_data stands for fluxion.generate_sample_data(bigint,date)",
    ]
    assert ("ventas", 10) in database.rows("SELECT * FROM generate_sample_data(10)")
    database.execute("REFRESH MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional")
    both = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM fluxion.{})"
    ((alias_rows, rows),) = database.rows(both.format(*["mv_ubicaciones_summary_regional"] * 2))
    assert alias_rows == rows > 0

    assert command_line(database, "migrate", "down", "fluxion_0001", "--yes").exit_code == 0
    assert database.value("SELECT to_regclass('public.mv_ubicaciones_summary_regional')") is None
    assert database.value("SELECT to_regproc('public.generate_sample_data')") is None
    assert database.value("SELECT to_regproc('public.refresh_all_mv') IS NOT NULL")
    database.execute("SELECT bi_refresh.drop_public_aliases('bi_refresh')")
    up(database, "fluxion")
    assert dump(database) == before


def test_dropping_aliases_leaves_what_another_role_marked_as_one(database: Database, make_role: MakeRole) -> None:
    author = make_role()
    database.execute(f'GRANT CREATE ON SCHEMA public TO "{author}"')
    mark = "'Vistafresca: another name for bi_refresh.x'"
    with psycopg.connect(dsn_as(database, author), autocommit=True) as connection:
        connection.execute(f"CREATE VIEW public.x AS SELECT 1 AS id; COMMENT ON VIEW public.x IS {mark}".encode())
    database.execute("SELECT bi_refresh.drop_public_aliases('bi_refresh')")
    assert database.value("SELECT id FROM public.x") == 1
    database.execute(f'DROP VIEW public.x; REVOKE ALL ON SCHEMA public FROM "{author}"')


def test_going_down_leaves_others_objects_of_the_same_names(database: Database, command_line: CommandLine) -> None:
    database.execute("CREATE FUNCTION public.refresh_bi_views() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$")
    command_line(database, "migrate", "--public-aliases")
    assert command_line(database, "migrate", "down", "bi_refresh_0001", "--yes").exit_code == 0
    assert database.value("SELECT refresh_bi_views()") == "mine"
    assert database.value("SELECT to_regclass('public.mv_refresh_run')") is None
