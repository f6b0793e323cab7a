"""What the group roles may do: bi_refresh_refresher runs the task, bi_refresh_reader looks, bi_refresh_operator is the
API's."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import RunTask
from tests.fix_views import make_view, make_view_with_duplicate_keys


def test_a_refresher_does_a_whole_run(database: Database, make_role: MakeRole, run_task: RunTask) -> None:
    """It owns nothing and may read no view: the owner's function refreshes for it. With a failure to be recorded, rows
    of a killed task to be marked, and old ones to be removed."""
    good, bad = make_view(database, "a"), make_view_with_duplicate_keys(database, "b")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid, created_at)"
        " VALUES ('public.a', 'cron', 'a killed task', 0, now() - interval '1 day'),"
        " ('public.a', 'cron', 'years ago', 0, now() - interval '5 years')"
    )
    role = make_role("bi_refresh_refresher")

    result = run_task(None, DATABASE_URL=dsn_as(database, role), VISTAFRESCA_TRIGGER_TYPE="cron")

    assert (result.exit_code, result.stderr) == (1, "")
    assert result.event("step_finished")["view"] == good
    assert result.event("step_failed")["view"] == bad
    assert "duplicate" in result.event("step_failed")["message"]
    assert result.event("rows_abandoned")["views"] == [good, good]
    assert not result.events("housekeeping_failed")
    assert database.rows("SELECT label FROM a") == [("new",)]
    assert database.rows("SELECT triggered_by, status FROM bi_refresh.mv_refresh_log ORDER BY view_name, id") == [
        ("a killed task", "abandoned"),
        ("vistafresca run", "completed"),
        ("vistafresca run", "failed"),
    ]
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_state WHERE view_name = %s", bad) == 1


def test_a_refresher_shows_status_and_history(
    database: Database, make_role: MakeRole, command_line: CommandLine
) -> None:
    make_view(database, "a")
    database.execute("SELECT bi_refresh.refresh_bi_views()")
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    assert command_line(None, "status", DATABASE_URL=url).exit_code == 0
    assert len(command_line(None, "history", "--json", DATABASE_URL=url).json) == 1


def test_a_reader_shows_status_and_history_and_cannot_run(
    database: Database, make_role: MakeRole, command_line: CommandLine, run_task: RunTask
) -> None:
    make_view(database, "a")
    database.execute("SELECT bi_refresh.refresh_bi_views()")
    role = make_role("bi_refresh_reader")
    url = dsn_as(database, role)
    assert command_line(None, "status", DATABASE_URL=url).exit_code == 0
    assert command_line(None, "status", "--json", DATABASE_URL=url).json[0]["freshness"] == "fresh"
    assert len(command_line(None, "history", "--json", DATABASE_URL=url).json) == 1

    result = run_task(None, DATABASE_URL=url)
    assert result.exit_code == 2
    failed = result.event("run_failed")
    assert "permission denied" in failed["message"]
    assert failed["remedy"] == f'As the schema\'s owner: GRANT bi_refresh_refresher TO "{role}";'
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_run") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM bi_refresh.refresh_bi_views()",
        "SELECT bi_refresh.record_failure(1, 'failed', NULL, 'x')",
        "SELECT bi_refresh.mark_abandoned(0)",
        "SELECT bi_refresh.purge_log(interval '0')",
        "SELECT * FROM bi_refresh.refresh_all_mv()",
        "SELECT bi_refresh.request_refresh('a')",
        "SELECT bi_refresh.reschedule(ARRAY['a'], '0 1 * * *', 'UTC')",
        "SELECT * FROM bi_refresh.claim_manual_refresh('a', 'me', 10, interval '1 hour')",
        "INSERT INTO bi_refresh.mv_refresh_run (trigger_type, triggered_by) VALUES ('manual', 'me')",
        "UPDATE bi_refresh.mv_refresh_log SET status = 'completed'",
        "UPDATE bi_refresh.view_state SET data_timestamp = now()",
        "DELETE FROM bi_refresh.view_policy",
    ],
)
def test_a_reader_changes_nothing(database: Database, make_role: MakeRole, statement: str) -> None:
    url = dsn_as(database, make_role("bi_refresh_reader"))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT bi_refresh.record_success(1, now(), 0, 0, 0)",
        "SELECT bi_refresh.execute_refresh(1, 'exclusive', 'because')",
        "SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_log'::regclass)",
        "SELECT bi_refresh.reschedule(ARRAY['a'], '0 1 * * *', 'UTC')",
        "SELECT bi_refresh.drop_public_aliases('bi_refresh')",
        "UPDATE bi_refresh.view_state SET data_timestamp = now()",
        "INSERT INTO bi_refresh.view_policy (view_name) VALUES ('pg_catalog.mine')",
        "DELETE FROM bi_refresh.mv_refresh_log",
        "SELECT * FROM public.a",
        "CREATE TABLE bi_refresh.mine ()",
    ],
)
def test_a_refresher_has_no_more_than_a_run_needs(database: Database, make_role: MakeRole, statement: str) -> None:
    make_view(database, "a")
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_an_operator_does_what_the_api_is_for(
    database: Database, make_role: MakeRole, command_line: CommandLine
) -> None:
    view = make_view(database, "a")
    url = dsn_as(database, make_role("bi_refresh_operator"))
    assert command_line(None, "refresh", "a", DATABASE_URL=url).exit_code == 0
    assert command_line(None, "status", DATABASE_URL=url).exit_code == 0
    assert command_line(None, "plan", DATABASE_URL=url).exit_code == 0
    assert len(command_line(None, "history", "--json", DATABASE_URL=url).json) == 1
    with psycopg.connect(url, autocommit=True) as connection:

        def ask(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query.encode()).fetchall()

        assert ask("SELECT view_name, status FROM bi_refresh.refresh_all_mv()") == [(view, "completed")]
        assert ask("SELECT status FROM bi_refresh.refresh_bi_views(ARRAY['a'])") == [("SUCCESS",)]
        assert ask("SELECT view_name, needs_refresh FROM bi_refresh.mv_health_check()") == [(view, False)]
        assert ask("SELECT view_name, last_status FROM bi_refresh.get_mv_stats()") == [(view, "completed")]
        assert ask("SELECT successful FROM bi_refresh.mv_refresh_metrics")
        assert ask("SELECT granted FROM bi_refresh.claim_manual_refresh('a', 'ceo', 10, interval '1 hour')") == [
            (True,)
        ]
        assert ask("SELECT bi_refresh.request_refresh('a') > 0") == [(True,)]
        ask("SELECT bi_refresh.reschedule(ARRAY['a'], '30 2 * * *', 'America/Bogota')")
        assert ask("SELECT endpoint, schedule_override -> 0 ->> 'cron' FROM bi_refresh.view_policy") == [
            (None, "30 2 * * *")
        ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bi_refresh.view_policy SET schedule_override = '[]'",
        "UPDATE bi_refresh.view_policy SET endpoint = '{}'",
        "DELETE FROM bi_refresh.manual_refresh_claim",
        "INSERT INTO bi_refresh.manual_refresh_claim (view_name, claimed_by) VALUES ('a', 'another')",
        "DELETE FROM bi_refresh.mv_refresh_log",
        "SELECT bi_refresh.mark_abandoned(0)",
        "SELECT bi_refresh.purge_log(interval '0')",
        "SELECT bi_refresh.adopt_views()",
        "SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_log'::regclass)",
        "SELECT * FROM public.a",
    ],
)
def test_an_operator_has_no_more_than_the_api_needs(database: Database, make_role: MakeRole, statement: str) -> None:
    """What it may read of the views that it publishes, their owner grants."""
    make_view(database, "a")
    url = dsn_as(database, make_role("bi_refresh_operator"))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_view_s_query_runs_with_its_owner_s_rights_whoever_refreshes_it(
    database: Database, make_role: MakeRole
) -> None:
    """Not with those of the owner of bi_refresh: a view could otherwise lend its author the superuser's rights
    (CVE-2024-0985 was about that)."""
    author = make_role()
    database.execute(f'GRANT CREATE ON SCHEMA public TO "{author}"')
    with psycopg.connect(dsn_as(database, author), autocommit=True) as connection:
        connection.execute("CREATE MATERIALIZED VIEW who AS SELECT 1 AS id, current_user::text AS who WITH NO DATA")
    database.manage("public.who")
    with psycopg.connect(dsn_as(database, make_role("bi_refresh_refresher")), autocommit=True) as connection:
        refreshed = connection.execute("SELECT status FROM bi_refresh.refresh_bi_views()").fetchall()
    assert refreshed == [("SUCCESS",)]
    assert database.rows("SELECT who FROM who") == [(author,)]
    database.execute(f'DROP MATERIALIZED VIEW who; REVOKE ALL ON SCHEMA public FROM "{author}"')


def test_no_function_of_ours_is_everybody_s(fluxion_database: Database) -> None:
    """PostgreSQL lets PUBLIC execute every new function."""
    assert (
        fluxion_database.rows(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace = 'bi_refresh'::regnamespace"
            " AND has_function_privilege('public', p.oid, 'EXECUTE')"
        )
        == []
    )


@pytest.mark.parametrize(
    "bait",
    [
        "CREATE INDEX bait ON {schema}.mv (id) WHERE {schema}.evil(1) = 1",
        "CREATE STATISTICS {schema}.bait ON (id + {schema}.evil(1)) FROM {schema}.mv; ANALYZE {schema}.mv",
    ],
)
def test_a_views_owner_cannot_run_code_as_the_owner_of_bi_refresh(
    database: Database, make_role: MakeRole, bait: str
) -> None:
    """Planning a query on the view, to count its rows, would fold the expressions of its indexes and statistics."""
    author = make_role()
    schema = f"s_{author}"
    database.execute(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{author}"')
    statements = f"""
        CREATE TABLE {schema}.ran_as (who text);
        CREATE FUNCTION {schema}.inner() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
            BEGIN INSERT INTO {schema}.ran_as VALUES (current_user); RETURN 1; END $$;
        CREATE FUNCTION {schema}.evil(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
            $$ BEGIN RETURN {schema}.inner(); END $$;
        CREATE MATERIALIZED VIEW {schema}.mv AS SELECT 1 AS id;
        CREATE UNIQUE INDEX ON {schema}.mv (id);
        {bait.format(schema=schema)};
        TRUNCATE {schema}.ran_as;
    """
    with psycopg.connect(dsn_as(database, author), autocommit=True) as connection:
        connection.execute(statements.encode())
    database.manage(f"{schema}.mv")
    with psycopg.connect(dsn_as(database, make_role("bi_refresh_refresher")), autocommit=True) as connection:
        assert connection.execute("SELECT status FROM bi_refresh.refresh_bi_views()").fetchall() == [("SUCCESS",)]
    assert {who for (who,) in database.rows(f"SELECT who FROM {schema}.ran_as")} <= {author}
    database.execute(f'DROP SCHEMA "{schema}" CASCADE')


def test_only_a_views_owner_may_list_its_duplicate_keys(database: Database, make_role: MakeRole) -> None:
    """It runs the view's query with the caller's rights: an author's trap for whoever follows the remedy."""
    author = make_role()
    database.execute(f'CREATE SCHEMA "s_{author}" AUTHORIZATION "{author}"')
    with psycopg.connect(dsn_as(database, author), autocommit=True) as connection:
        connection.execute(f"CREATE MATERIALIZED VIEW s_{author}.mv AS SELECT 1 AS id".encode())
        connection.execute(f"CREATE UNIQUE INDEX ON s_{author}.mv (id)".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only the owner of"):
        database.rows(f"SELECT * FROM bi_refresh.duplicate_keys('s_{author}.mv')")
    database.execute(f'DROP SCHEMA "s_{author}" CASCADE')


def test_a_view_in_a_schema_that_the_task_may_not_use_is_refreshed_like_any_other(
    database: Database, make_role: MakeRole, run_task: RunTask, command_line: CommandLine
) -> None:
    make_view(database, "a")
    database.execute("CREATE SCHEMA private")
    database.execute("CREATE MATERIALIZED VIEW private.b AS SELECT 1 AS id")
    database.execute("CREATE UNIQUE INDEX ON private.b (id)")
    database.manage("private.b")
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    assert run_task(None, DATABASE_URL=url).exit_code == 0
    assert command_line(None, "status", DATABASE_URL=url).exit_code == 0
    url = dsn_as(database, make_role("bi_refresh_reader"))
    assert command_line(None, "status", DATABASE_URL=url).exit_code == 0
