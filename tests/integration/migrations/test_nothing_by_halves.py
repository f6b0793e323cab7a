"""A migration that fails, two at once, and one back and up again."""

from __future__ import annotations

import threading

import pytest

from refresh_task.errors import VistafrescaError
from refresh_task.migrations import runner
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import REFRESH_ALL, make_view
from tests.integration.migrations.migrating import (
    CORE,
    OTHER_SESSION_WAITS,
    NewMigration,
    applied,
    down,
    dump,
    up,
)


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
