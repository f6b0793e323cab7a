"""What keeps captures right, says what is wrong with them, and ends them."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest

from refresh_task.errors import VistafrescaError
from refresh_task.migrations import migrate_down
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import CRON, RunTask
from tests.integration.incremental.capture.captured import Captured, capture, claim, give_up, maintain

_LEFT = """
    SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace = 'bi_refresh_incremental'::regnamespace
    UNION ALL SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'bi_refresh_incremental'::regnamespace
    UNION ALL SELECT g.tgname FROM pg_trigger AS g WHERE g.tgname LIKE 'bi_refresh_capture%%'
    UNION ALL SELECT id::text FROM bi_refresh.captured_table
"""


@pytest.fixture
def facts(database: Database) -> Captured:
    """A captured table with one row."""
    database.execute("CREATE TABLE facts (id integer, amount integer); INSERT INTO facts VALUES (1, 10)")
    return capture(database, "facts", "id")


def sync(database: Database) -> list[tuple[str, str]]:
    return [(relation, action) for relation, action in database.rows("SELECT * FROM bi_refresh.sync_captures()")]


_LOSSES = {
    "DROP TRIGGER bi_refresh_capture_update_{id} ON facts": (
        "public.facts has no trigger bi_refresh_capture_update_{id}"
    ),
    "ALTER TABLE facts DISABLE TRIGGER bi_refresh_capture_insert_{id}": (
        "the trigger bi_refresh_capture_insert_{id} on public.facts is not enabled always, or not as it was made"
    ),
    "ALTER TABLE facts ENABLE TRIGGER bi_refresh_capture_insert_{id}": (
        "the trigger bi_refresh_capture_insert_{id} on public.facts is not enabled always, or not as it was made"
    ),
    "ALTER TABLE facts DISABLE TRIGGER ALL": (
        "the trigger bi_refresh_capture_delete_{id} on public.facts is not enabled always, or not as it was made"
    ),
    (
        "DROP TRIGGER bi_refresh_capture_update_{id} ON facts;"
        " CREATE TRIGGER bi_refresh_capture_update_{id} AFTER UPDATE ON facts REFERENCING NEW TABLE AS new_rows"
        " OLD TABLE AS old_rows FOR EACH STATEMENT WHEN (false)"
        " EXECUTE FUNCTION bi_refresh_incremental.capture_{id}_update();"
        " ALTER TABLE facts ENABLE ALWAYS TRIGGER bi_refresh_capture_update_{id}"
    ): "the trigger bi_refresh_capture_update_{id} on public.facts is not enabled always, or not as it was made",
    (
        "CREATE OR REPLACE FUNCTION bi_refresh_incremental.capture_{id}_update() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER AS 'BEGIN RETURN NULL; END'"
    ): "the function bi_refresh_incremental.capture_{id}_update() is not as it was made",
}


def test_what_is_lost_is_said_and_put_back(database: Database, facts: Captured) -> None:
    maintain(database, facts)
    assert sync(database) == []
    for loss, problem in _LOSSES.items():
        assert facts.problems() == []
        before = facts.structure()
        database.execute(loss.format(id=facts.id))
        assert facts.problems() == [problem.format(id=facts.id)]
        assert sync(database) == [("public.facts", "captured")]
        assert facts.structure() != before  # even though all is well again
    with database.connect() as writer:
        assert facts.entries_of(writer, "UPDATE facts SET id = 2") == Counter([(1, 2), (-1, 1)])


def test_problems_are_those_of_the_caller_s_snapshot(database: Database, facts: Captured) -> None:
    with database.connect() as earlier:
        earlier.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        earlier.execute("SELECT FROM bi_refresh.captured_table")
        database.execute(f"DROP TRIGGER bi_refresh_capture_update_{facts.id} ON facts")
        problems = "SELECT * FROM bi_refresh.capture_problems(%s)"
        assert earlier.execute(problems, [[facts.id]]).fetchall() == []
        earlier.execute("COMMIT")
        assert len(earlier.execute(problems, [[facts.id]]).fetchall()) == 1


def test_what_is_not_there_is_a_problem(database: Database, facts: Captured) -> None:
    database.execute("DROP TABLE facts")
    (problem,) = facts.problems()
    assert problem.startswith("the table with OID ")
    assert database.rows("SELECT problem FROM bi_refresh.capture_problems('{77}')") == [
        ("nothing is captured under the number 77",)
    ]


# ---- The end -------------------------------------------------------------------------------------


def test_with_the_last_view_everything_goes(database: Database, facts: Captured) -> None:
    first, second = maintain(database, facts), maintain(database, facts, view="public.b")
    database.execute("INSERT INTO facts VALUES (2, 20)")
    give_up(database, first)
    assert sync(database) == []
    give_up(database, second)
    assert sync(database) == [("public.facts", "released")]
    assert database.rows(_LEFT) == []
    database.execute("INSERT INTO facts VALUES (3, 30); TRUNCATE facts")


def test_a_table_that_is_gone_is_released(database: Database, facts: Captured) -> None:
    database.execute(f"DROP TABLE {facts.table}")
    ((_, action),) = sync(database)
    assert action == "released"
    assert database.rows(_LEFT) == []


def test_nothing_is_released_while_a_view_is_being_enabled(database: Database, facts: Captured) -> None:
    """It may have had its tables captured a moment ago, and is about to say so."""
    database.manage("public.a")
    database.execute(
        "INSERT INTO bi_refresh.incremental_view (view_name, status, query) VALUES ('public.a', 'enabling', '')"
    )
    assert sync(database) == []
    assert facts.problems() == []


def test_a_table_in_use_for_long_is_released_later_and_bothers_no_writer(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    with database.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO facts VALUES (2, 20)")
        give_up(database, table)
        ((relation, action),) = sync(database)
        assert relation == "public.facts"
        assert action.startswith("is still captured: a transaction that uses public.facts did not end within 300 ms")
        assert f"process {writer.info.backend_pid} of postgres since" in action
        # whatever happens to its columns
        writer.commit()
        database.execute("ALTER TABLE facts ALTER COLUMN id TYPE bigint; INSERT INTO facts VALUES (99999999999, 0)")
    assert database.value(f"SELECT bool_or(bi_refresh_weight = 1) FROM {facts.log}")
    assert sync(database) == [("public.facts", "released")]
    assert database.rows(_LEFT) == []


def test_a_capture_that_is_asked_for_again_before_it_was_released_loses_nothing(
    database: Database, facts: Captured
) -> None:
    """Its triggers never stopped, so what a writer did meanwhile and commits late is known: as "everything"."""
    with database.connect(autocommit=False) as writer:
        writer.execute("SELECT FROM facts")
        assert sync(database)[0][1].startswith("is still captured: ")
        writer.execute("INSERT INTO facts VALUES (2, 20)")
        database.execute("ALTER FUNCTION bi_refresh.capture_table(oid, name[]) SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            capture(database, "facts", "id")
        writer.commit()
    again = capture(database, "facts", "id")
    assert again.id == facts.id
    table = maintain(database, again)
    with database.connect() as refresher:
        assert claim(refresher, table)[facts.id].is_everything


# ---- Who may -------------------------------------------------------------------------------------


def test_a_table_in_use_for_long_is_named_with_who_uses_it(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer)")
    database.execute("ALTER FUNCTION bi_refresh.set_capture_triggers(integer, boolean) SET lock_timeout = '50ms'")
    with database.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO facts VALUES (3)")
        with pytest.raises(psycopg.errors.LockNotAvailable) as raised:
            capture(database, "facts", "id")
        pid = writer.info.backend_pid
    assert "changes of public.facts cannot be set: a transaction that uses it did not end within 5 s" in str(
        raised.value
    )
    assert f"process {pid} of postgres since" in str(raised.value)
    assert database.rows(_LEFT) == []


def test_somebody_elses_table_is_named_with_the_grant(database: Database, make_role: MakeRole) -> None:
    owner = make_role()
    database.execute("CREATE TABLE facts (id integer)")
    with database.connect(autocommit=False) as connection:
        connection.execute(f"ALTER FUNCTION bi_refresh.capture_table(oid, name[]) OWNER TO {owner}".encode())
        connection.execute(f"GRANT ALL ON SCHEMA bi_refresh, bi_refresh_incremental TO {owner}".encode())
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA bi_refresh TO {owner}".encode())
        connection.execute(f"GRANT ALL ON ALL FUNCTIONS IN SCHEMA bi_refresh TO {owner}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            connection.execute("SELECT bi_refresh.capture_table('facts'::regclass, '{id}')")
        connection.rollback()
    assert f"changes of public.facts cannot be captured: {owner} is not its owner" in str(raised.value)
    assert f"GRANT postgres TO {owner};" in str(raised.value.diag.message_hint)


def test_a_migration_back_waits_for_captures_to_end(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    with (
        database.session() as session,
        pytest.raises(VistafrescaError, match="views are refreshed incrementally: public"),
    ):
        migrate_down(session, "bi_refresh_0004")
    give_up(database, table)
    with database.session() as session:
        assert migrate_down(session, "bi_refresh_0004") == ("bi_refresh_0004",)
    database.execute("INSERT INTO facts VALUES (3, 30)")
    assert database.value("SELECT to_regnamespace('bi_refresh_incremental') IS NULL")


def test_a_run_keeps_captures_and_hands_out_what_they_hold(
    database: Database, facts: Captured, run_task: RunTask
) -> None:
    maintain(database, facts)
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    database.execute("INSERT INTO facts VALUES (2, 20); ALTER TABLE facts DISABLE TRIGGER ALL")
    result = run_task(database, **CRON)
    (remark,) = [event for event in result.events("remark") if event["topic"] == "captures"]
    assert "changes of public.facts are captured everywhere again" in remark["message"]
    assert facts.entries() == Counter()
    assert database.value(f"SELECT count(*) FROM {facts.pending}") == 1


def test_the_task_s_role_keeps_captures_and_readers_ask_about_them(
    database: Database, facts: Captured, make_role: MakeRole
) -> None:
    maintain(database, facts)
    task, reader = make_role("bi_refresh_refresher"), make_role("bi_refresh_reader")
    with psycopg.connect(dsn_as(database, task), autocommit=True) as connection:
        connection.execute("SELECT * FROM bi_refresh.sync_captures()")
        connection.execute("SELECT bi_refresh.distribute_changes()")
    for role in (task, reader):
        with psycopg.connect(dsn_as(database, role), autocommit=True) as connection:
            assert connection.execute("SELECT bi_refresh.changes_waiting('public.a')").fetchone() == (False,)
            assert connection.execute("SELECT * FROM bi_refresh.capture_problems(%s)", [[facts.id]]).fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"TABLE {facts.log}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT bi_refresh.capture_table('facts'::regclass, '{id}')")
