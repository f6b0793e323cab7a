"""Checks of a view's new contents, inside the transaction that made them."""

from __future__ import annotations

import psycopg
import pytest

from refresh_task.model import Outcome, Status
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, outcomes, step

VIEW = "public.a"


@pytest.fixture
def filled(database: Database) -> str:
    """A view of ten rows."""
    make_view(database, "a")
    database.execute("INSERT INTO source SELECT n, 'row' FROM generate_series(1, 10) AS n")
    database.rows("SELECT bi_refresh.refresh_bi_views()")
    return VIEW


def _refreshed(executor: Executor, policy: str) -> Outcome:
    with executor.database.connect() as connection:
        connection.execute(f"UPDATE bi_refresh.view_policy SET {policy}".encode())
    return executor.outcomes(step(VIEW))[VIEW]


@pytest.mark.parametrize(
    ("policy", "kept", "problem"),
    [
        ("must_not_be_empty = true", 0, "must_not_be_empty: it would have no rows"),
        ("max_row_drop_percent = 20", 7, "max_row_drop_percent: 10 rows would become 7, 30.0 % fewer; at most 20 %"),
        ("custom_checks = ARRAY['SELECT count(*) = 10 FROM public.a']", 5, "count(*) = 10 FROM public.a gave false"),
        ("custom_checks = ARRAY['SELECT max(id) > 0 FROM public.a']", 0, "gave NULL"),
        ("custom_checks = ARRAY['SELECT true FROM public.a']", 5, "raised: more than one row"),
        ("custom_checks = ARRAY['SELECT 1 / 0 = 1']", 10, "raised: division by zero"),
        ("custom_checks = ARRAY['SELECT true', 'SELECT false -- the second;']", 10, "false -- the second; gave false"),
        ("custom_checks = ARRAY['SELECT count(*) > 0 FROM a']", 10, 'raised: relation "a" does not exist'),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("filled")
def test_a_failing_check_keeps_the_last_good_data_and_is_named(
    policy: str, kept: int, problem: str, database: Database, executor: Executor
) -> None:
    database.execute("DELETE FROM source WHERE id > %s", kept)
    outcome = _refreshed(executor, policy)
    assert (outcome.status, outcome.sqlstate) == (Status.FAILED, "VF001")
    assert str(outcome.message).startswith(f"{VIEW} failed a check and was not changed: ")
    assert problem in str(outcome.message)
    assert "The view keeps its last good data." in outcome.explanation
    assert database.value("SELECT count(*) FROM a") == 10


@pytest.mark.parametrize(
    "policy",
    [
        "must_not_be_empty = true",
        "max_row_drop_percent = 50",
        "custom_checks = ARRAY['SELECT count(*) = 5 FROM public.a']",
        "custom_checks = ARRAY['SELECT true; ', E'SELECT count(*) > 0 FROM public.a -- why\\n']",
    ],
)
@pytest.mark.usefixtures("filled")
def test_a_check_that_holds_lets_the_refresh_be_seen(policy: str, database: Database, executor: Executor) -> None:
    database.execute("DELETE FROM source WHERE id > 5")
    assert _refreshed(executor, policy).status is Status.COMPLETED
    assert database.value("SELECT count(*) FROM a") == 5


def test_a_first_refresh_has_nothing_to_be_compared_with(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    assert _refreshed(executor, "max_row_drop_percent = 0").status is Status.COMPLETED


@pytest.mark.usefixtures("filled")
def test_a_long_check_is_shortened_in_the_message(executor: Executor) -> None:
    outcome = _refreshed(executor, "custom_checks = ARRAY['SELECT false /* ' || repeat('x', 1000) || ' */']")
    assert "xxx... gave false" in str(outcome.message)
    assert len(str(outcome.message)) < 400


@pytest.mark.usefixtures("filled")
def test_a_cancel_during_a_check_is_a_cancel(database: Database, executor: Executor) -> None:
    make_gated_view(database, "gated")
    database.execute(
        "UPDATE bi_refresh.view_policy SET custom_checks = ARRAY['SELECT public.pass_gate() IS NOT NULL'] "
        "WHERE view_name = 'public.a'"
    )
    with closed_gate(database) as wait_for_waiter, executor.started(step(VIEW)) as run:
        wait_for_waiter()
        run.interrupt()
        assert outcomes(run.end())[VIEW].status is Status.CANCELLED


def test_a_views_owner_cannot_make_a_check_run_code_as_the_owner_of_bi_refresh(
    database: Database, executor: Executor, make_role: MakeRole
) -> None:
    author = make_role()
    make_view(database, "a")
    database.execute(f"""
        CREATE FUNCTION bait(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
        CREATE INDEX ON a (id) WHERE bait(1) = 1;
        GRANT SELECT ON source TO "{author}";
        GRANT CREATE ON SCHEMA public TO "{author}";
        ALTER MATERIALIZED VIEW a OWNER TO "{author}";
    """)
    outcome = _refreshed(executor, "custom_checks = ARRAY['SELECT count(*) = 0 FROM public.a']")
    database.execute(
        f'DROP MATERIALIZED VIEW a; REVOKE ALL ON source FROM "{author}"; REVOKE ALL ON SCHEMA public FROM "{author}"'
    )
    assert (outcome.status, outcome.sqlstate) == (Status.FAILED, "VF001")
    assert "it cannot be checked safely" in str(outcome.message)


def test_a_view_that_is_not_managed_has_no_checks(database: Database) -> None:
    assert database.rows("SELECT bi_refresh.run_checks('public.unknown', 10, 0)") == [("",)]


def test_the_task_s_role_may_not_run_checks_by_itself(database: Database, make_role: MakeRole) -> None:
    """They run with the rights of whoever calls: only a refresh does."""
    with (
        psycopg.connect(dsn_as(database, make_role("bi_refresh_refresher")), autocommit=True) as task,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        task.execute("SELECT bi_refresh.run_custom_check('SELECT true')")
