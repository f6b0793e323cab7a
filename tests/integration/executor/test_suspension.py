"""A view that fails again and again: suspended, tried once in a while, resumed. The clock is moved in view_state."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from refresh_task.model import Status, TriggerType
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import last_log, make_view, make_view_with_duplicate_keys
from tests.integration.executor.driver import Executor, outcomes, step

VIEW = "public.a"


def _state(database: Database) -> dict[str, Any]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute(
            "SELECT consecutive_failures, failing_since, suspended_at, probe_at, probe_at - clock_timestamp() AS wait "
            "FROM bi_refresh.view_state"
        ).fetchone()
    return dict(row or {})


def _fail(executor: Executor, times: int = 1, trigger_type: TriggerType = TriggerType.CRON) -> None:
    for _ in range(times):
        with executor.started(step(VIEW), trigger_type=trigger_type) as run:
            assert outcomes(run.end())[VIEW].status is Status.FAILED


def _about(wait: timedelta, hours: float) -> bool:
    return timedelta(hours=hours) - timedelta(minutes=1) < wait <= timedelta(hours=hours)


@pytest.fixture
def broken(database: Database) -> str:
    """A view that fails, with the usual policy: suspended after five failures, tried again after an hour."""
    return make_view_with_duplicate_keys(database, "a")


@pytest.mark.usefixtures("broken")
def test_the_fifth_failure_in_a_row_suspends_a_view_and_says_so(database: Database, executor: Executor) -> None:
    _fail(executor, 4)
    assert (_state(database)["consecutive_failures"], _state(database)["suspended_at"]) == (4, None)
    assert "suspended" not in str(last_log(database, VIEW)["remedy"])
    _fail(executor)
    state, remedy = _state(database), str(last_log(database, VIEW)["remedy"])
    assert state["suspended_at"] is not None
    assert _about(state["wait"], 1)
    assert "bi_refresh.duplicate_keys" in remedy  # the cause's own remedy stays
    assert "It has failed 5 times in a row and is suspended" in remedy
    assert "vistafresca resume public.a" in remedy
    said = re.search(r"the next try is at ([\d: -]+) UTC", remedy)
    assert said is not None
    assert datetime.fromisoformat(said[1]).replace(tzinfo=UTC) == state["probe_at"].replace(microsecond=0)


@pytest.mark.usefixtures("broken")
def test_each_failing_probe_doubles_the_wait_up_to_a_day(database: Database, executor: Executor) -> None:
    _fail(executor, 5)
    since = _state(database)["suspended_at"]
    waits = []
    for _ in range(6):
        _fail(executor)
        waits.append(_state(database)["wait"])
    assert all(_about(wait, hours) for wait, hours in zip(waits, (2, 4, 8, 16, 24, 24), strict=True)), waits
    assert _state(database)["suspended_at"] == since


@pytest.mark.usefixtures("broken")
def test_a_policys_own_wait_may_be_longer_than_a_day(database: Database, executor: Executor) -> None:
    database.execute("UPDATE bi_refresh.view_policy SET suspend_after = 1, probe_after = '3 days'")
    _fail(executor, 2)
    assert _about(_state(database)["wait"], 72)


@pytest.mark.usefixtures("broken")
def test_manual_failures_do_not_count(database: Database, executor: Executor) -> None:
    _fail(executor, 4)
    _fail(executor, 3, TriggerType.MANUAL)
    assert (_state(database)["consecutive_failures"], _state(database)["suspended_at"]) == (4, None)
    _fail(executor, 1, TriggerType.EVENT)
    assert _state(database)["suspended_at"] is not None


@pytest.mark.usefixtures("broken")
def test_a_success_ends_a_suspension(database: Database, executor: Executor) -> None:
    _fail(executor, 5)
    database.execute("DELETE FROM twice WHERE label = 'other'")
    assert executor.outcomes(step(VIEW))[VIEW].status is Status.COMPLETED
    state = _state(database)
    assert (state["consecutive_failures"], state["failing_since"]) == (0, None)
    assert (state["suspended_at"], state["probe_at"]) == (None, None)


@pytest.mark.usefixtures("broken")
def test_callers_from_psql_are_promised_no_suspension_that_does_not_hold_for_them(database: Database) -> None:
    for _ in range(6):
        database.rows("SELECT * FROM bi_refresh.refresh_bi_views(trigger_type => 'cron')")
    assert (_state(database)["consecutive_failures"], _state(database)["suspended_at"]) == (6, None)


def test_upstream_failures_never_count(database: Database, executor: Executor, broken: str) -> None:
    reader = make_view(database, "b", query="SELECT id FROM a")
    for _ in range(6):
        executor.run(step(broken), step(reader, upstream=(broken,)))
    assert database.rows(
        "SELECT view_name, consecutive_failures, suspended_at IS NULL FROM bi_refresh.view_status ORDER BY 1"
    ) == [(broken, 6, False), (reader, 0, True)]


# ---- resume_view ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("broken")
def test_resume_forgets_the_failures_and_says_whether_it_was_suspended(database: Database, executor: Executor) -> None:
    _fail(executor, 5)
    assert database.value("SELECT bi_refresh.resume_view('a')") is True
    state = _state(database)
    assert (state["consecutive_failures"], state["failing_since"]) == (0, None)
    assert (state["suspended_at"], state["probe_at"]) == (None, None)
    assert database.value("SELECT bi_refresh.resume_view('public.a')") is False


def test_resume_of_a_view_that_was_never_refreshed_is_no_error(database: Database) -> None:
    make_view(database, "a")
    assert database.value("SELECT bi_refresh.resume_view('public.a')") is False


def test_resume_of_an_unknown_view_says_what_to_do(database: Database) -> None:
    make_view(database, "sales")
    with pytest.raises(psycopg.errors.UndefinedObject, match=r'"public\.sale" is not a managed view') as refused:
        database.value("SELECT bi_refresh.resume_view('public.sale')")
    assert "public.sales" in str(refused.value.diag.message_hint)


@pytest.mark.usefixtures("broken")
def test_the_task_s_role_may_resume(database: Database, executor: Executor, make_role: MakeRole) -> None:
    _fail(executor, 5)
    with psycopg.connect(dsn_as(database, make_role("bi_refresh_refresher")), autocommit=True) as task:
        assert task.execute("SELECT bi_refresh.resume_view('a')").fetchone() == (True,)
