"""request_refresh() and its trigger: who may ask for what, and what becomes of the asker's own transaction."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view

QUEUE = "SELECT view_name, priority, reason, refresh_requested FROM bi_refresh.mv_refresh_triggers ORDER BY id"
TRIGGER = "CREATE TRIGGER ask AFTER INSERT ON source {when} EXECUTE FUNCTION bi_refresh.request_refresh_on_change({})"


def add_trigger(database: Database, arguments: str, *, when: str = "FOR EACH STATEMENT") -> None:
    database.execute(TRIGGER.format(arguments, when=when))


def warnings(database: Database, statement: str) -> list[tuple[str, str | None]]:
    """What the server warns of while it runs the statement: message and hint."""
    said: list[tuple[str, str | None]] = []
    with database.connect() as connection:
        connection.add_notice_handler(lambda notice: said.append((notice.message_primary or "", notice.message_hint)))
        connection.execute(statement.encode())
    return said


# ---- request_refresh() ---------------------------------------------------------------------------


def test_each_request_is_an_entry_of_its_own_with_who_asked_and_why(database: Database, make_role: MakeRole) -> None:
    view = make_view(database, "a")
    asker = make_role()
    database.execute(f'GRANT USAGE ON SCHEMA bi_refresh TO "{asker}"')
    database.execute(f'GRANT EXECUTE ON FUNCTION bi_refresh.request_refresh(text, text, text) TO "{asker}"')
    with psycopg.connect(dsn_as(database, asker), autocommit=True) as connection:
        first = connection.execute("SELECT bi_refresh.request_refresh('a', 'high', 'a large sale')").fetchone()
        second = connection.execute("SELECT bi_refresh.request_refresh('public.a')").fetchone()
    assert database.rows("SELECT id, requested_by FROM bi_refresh.mv_refresh_triggers ORDER BY id") == [
        (*(first or ()), asker),
        (*(second or ()), asker),
    ]
    assert database.rows(QUEUE) == [(view, "high", "a large sale", True), (view, "normal", None, True)]
    database.execute(f'DROP OWNED BY "{asker}"')


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("sales.mv_dayly", '"sales.mv_dayly" is not a managed view', "Did you mean sales.mv_daily?"),
        ("MV_Daily_", '"MV_Daily_" is not a managed view', "Did you mean sales.mv_daily?"),
        ("zzz", '"zzz" is not a managed view', "Add it to views.toml and run vistafresca apply."),
        ("twice", '"twice" may be any of other.twice, public.twice', "Write it with its schema."),
        (None, '"NULL" is not a managed view', "Add it to views.toml and run vistafresca apply."),
    ],
)
def test_a_view_that_is_not_managed_is_refused_with_the_nearest_names(
    database: Database, name: str | None, message: str, hint: str
) -> None:
    database.manage("sales.mv_daily", "public.twice", "other.twice")
    with pytest.raises(psycopg.errors.UndefinedObject) as caught:
        database.rows("SELECT bi_refresh.request_refresh(%s)", name)
    assert (caught.value.diag.message_primary, caught.value.diag.message_hint) == (message, hint)


@pytest.mark.parametrize("priority", ["urgent", None])
def test_a_priority_is_one_of_four(database: Database, priority: str | None) -> None:
    make_view(database, "a")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown priority") as caught:
        database.rows("SELECT bi_refresh.request_refresh('a', %s)", priority)
    assert caught.value.diag.message_hint == "One of: low, normal, high, critical."
    assert database.rows(QUEUE) == []


def test_a_request_for_a_disabled_view_waits_and_the_asker_is_told(database: Database) -> None:
    make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    ((message, _),) = warnings(database, "SELECT bi_refresh.request_refresh('a')")
    assert message.startswith("public.a is disabled: the request waits")
    assert len(database.rows(QUEUE)) == 1
    assert database.value("SELECT bi_refresh.process_pending_mv_refreshes()") == 0


def test_asking_waits_for_nobody(database: Database) -> None:
    """Neither for a refresh under way, nor for other requests, nor for `vistafresca apply`."""
    make_view(database, "a")
    with database.connect(autocommit=False) as refresher, database.connect(autocommit=False) as other_asker:
        refresher.execute("UPDATE bi_refresh.view_policy SET target_lag = '1 hour'")
        refresher.execute("SELECT bi_refresh.request_refresh('a')")
        refresher.execute("SELECT bi_refresh.refresh_bi_views()")
        other_asker.execute("SELECT bi_refresh.request_refresh('a')")
        with database.connect() as asker:
            asker.execute("SET lock_timeout = 1")
            asker.execute("SELECT bi_refresh.request_refresh('a')")


# ---- The trigger ---------------------------------------------------------------------------------


def test_a_writer_without_any_right_here_makes_a_request_with_its_change(
    database: Database, make_role: MakeRole
) -> None:
    view = make_view(database, "a")
    add_trigger(database, "'a', 'critical', 'a large sale'", when="FOR EACH ROW WHEN (NEW.id >= 10000)")
    writer = make_role()
    database.execute(f'GRANT INSERT ON source TO "{writer}"')
    with psycopg.connect(dsn_as(database, writer)) as connection:
        connection.execute("INSERT INTO source VALUES (10000, 'rolled back')")
        connection.rollback()
        connection.execute("INSERT INTO source VALUES (10, 'small'), (12345, 'large')")
        assert database.rows(QUEUE) == []
        connection.commit()
    assert database.rows(QUEUE) == [(view, "critical", "a large sale", True)]
    assert database.value("SELECT requested_by FROM bi_refresh.mv_refresh_triggers") == writer
    database.execute(f'DROP OWNED BY "{writer}"')


def test_the_reason_says_what_happened_to_which_table_unless_one_is_given(database: Database) -> None:
    view = make_view(database, "a")
    database.execute(
        "CREATE TRIGGER ask AFTER INSERT OR DELETE OR TRUNCATE ON source FOR EACH STATEMENT"
        " EXECUTE FUNCTION bi_refresh.request_refresh_on_change('public.a')"
    )
    database.execute("INSERT INTO source SELECT n, 'x' FROM generate_series(1, 1000) AS n")
    database.execute("DELETE FROM source WHERE id = 1")
    database.execute("TRUNCATE source")
    assert database.rows(QUEUE) == [
        (view, "normal", "insert of public.source", True),
        (view, "normal", "delete of public.source", True),
        (view, "normal", "truncate of public.source", True),
    ]


def test_a_trigger_before_the_change_lets_the_change_through(database: Database) -> None:
    make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'old'), (2, 'old')")
    database.execute(
        "CREATE TRIGGER ask BEFORE INSERT OR UPDATE OR DELETE ON source FOR EACH ROW"
        " EXECUTE FUNCTION bi_refresh.request_refresh_on_change('a')"
    )
    database.execute("INSERT INTO source VALUES (3, 'new')")
    database.execute("UPDATE source SET label = 'new' WHERE id = 2")
    database.execute("DELETE FROM source WHERE id = 1")
    assert database.rows("SELECT id, label FROM source ORDER BY id") == [(2, "new"), (3, "new")]
    assert len(database.rows(QUEUE)) == 3


def test_a_view_that_is_no_longer_managed_warns_the_writer_and_fails_nothing(database: Database) -> None:
    make_view(database, "a")
    add_trigger(database, "'public.a'")
    database.execute("DELETE FROM bi_refresh.view_policy")
    assert warnings(database, "INSERT INTO source VALUES (1, 'sold')") == [
        (
            'trigger ask on public.source asks for no refresh: "public.a" is not a managed view',
            "Add it to views.toml and run vistafresca apply.",
        )
    ]
    assert database.rows("SELECT label FROM source") == [("sold",)]
    assert database.rows(QUEUE) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "trigger ask on public.source has 0 arguments"),
        ("'a', 'high', 'why', 'and more'", "trigger ask on public.source has 4 arguments"),
        ("'a', 'urgent'", "unknown priority: urgent"),
    ],
)
def test_arguments_that_never_make_sense_fail_at_the_first_use(
    database: Database, arguments: str, message: str
) -> None:
    make_view(database, "a")
    add_trigger(database, arguments)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message):
        database.execute("INSERT INTO source VALUES (1, 'x')")
