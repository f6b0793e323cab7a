"""Load guards against a real server. (Replica lag needs a replica: the limit itself is tested without one.)"""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from refresh_task.model import Delayed, Remark, Status
from refresh_task.refresh.guards import Load, LoadReader
from refresh_task.settings import Settings
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, outcomes, remarks, step

_OLD: dict[str, Any] = {"max_transaction_age_s": 0.01}


def _age(database: Database) -> None:
    """Return when the oldest transaction is older than the limit."""
    database.wait_for(
        "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'report' "
        "AND backend_xid IS NOT NULL AND clock_timestamp() - xact_start > interval '50 ms'"
    )


def test_steps_wait_for_an_old_transaction_and_then_go_on(database: Database, executor: Executor) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False, application_name="report") as old:
        old.execute("CREATE TEMP TABLE scratch ()")
        _age(database)
        pid = old.info.backend_pid
        with executor.started(step(view), load_wait_s=60, **_OLD) as run:
            delay = run.wait_for(Delayed)
            assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0
            old.rollback()
            events = run.end()
    assert isinstance(delay, Delayed)
    assert f"session {pid} (report), since 20" in delay.reason
    assert outcomes(events)[view].status is Status.COMPLETED
    assert [event.waited_s > 0 for event in events if isinstance(event, Delayed)] == [False, True]


def test_steps_that_waited_in_vain_are_left_to_the_next_run(database: Database, executor: Executor) -> None:
    views = [make_view(database, "a"), make_view(database, "b")]
    with database.connect(autocommit=False, application_name="report") as old:
        old.execute("CREATE TEMP TABLE scratch ()")
        _age(database)
        told = executor.outcomes(*map(step, views), load_wait_s=0, **_OLD)
    assert {outcome.status for outcome in told.values()} == {Status.SKIPPED}
    assert all(str(outcome.reason).startswith("left to the next run: a transaction") for outcome in told.values())
    assert database.value("SELECT max(consecutive_failures) FROM bi_refresh.view_status") == 0


def test_an_interruption_ends_the_waiting(database: Database, executor: Executor) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False, application_name="report") as old:
        old.execute("CREATE TEMP TABLE scratch ()")
        _age(database)
        with executor.started(step(view), load_wait_s=3600, **_OLD) as run:
            run.wait_for(Delayed)
            run.interrupt()
            told = outcomes(run.end())
    assert told[view].reason == "SIGTERM came before its turn"
    assert run.was_cut_short


def test_a_prepared_transaction_is_seen(database: Database) -> None:
    with database.connect() as other:
        other.execute("BEGIN; CREATE TABLE half_done (); PREPARE TRANSACTION 'half done'")
    try:
        load = _load(database, max_transaction_age_s=0.001)
    finally:
        database.execute("ROLLBACK PREPARED 'half done'")
    assert load.holder == "prepared transaction 'half done'"


def test_a_vacuum_is_no_load(database: Database) -> None:
    """Its snapshot keeps no dead row, however long it takes."""
    database.execute("CREATE TABLE big AS SELECT n FROM generate_series(1, 100000) AS n")
    with database.connect() as vacuuming:
        vacuuming.execute("SET vacuum_cost_delay = '100ms'")
        vacuuming.execute("SET vacuum_cost_limit = 1")
        thread = threading.Thread(target=_vacuum_until_cancelled, args=(vacuuming,))
        thread.start()
        try:
            database.wait_for(
                "SELECT true FROM pg_stat_progress_vacuum AS v JOIN pg_stat_activity AS a USING (pid) "
                f"WHERE v.pid = {vacuuming.info.backend_pid} AND a.backend_xmin IS NOT NULL AND v.heap_blks_scanned > 0"
            )
            load = _load(database, max_transaction_age_s=0.001)
        finally:
            vacuuming.cancel_safe()
            thread.join()
    assert load.transaction_age_s is None


def _vacuum_until_cancelled(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("VACUUM big")


def test_our_own_refreshes_are_no_load(database: Database, executor: Executor) -> None:
    """The one under way is older than the limit when the next is about to begin."""
    gated, other = make_gated_view(database, "a"), make_view(database, "b")
    with closed_gate(database) as wait_for_waiter, executor.started(step(gated)):
        load = _load(database, max_transaction_age_s=0.001, our_pids=[wait_for_waiter()])
        assert load.transaction_age_s is None
    assert executor.outcomes(step(other), load_wait_s=0, max_transaction_age_s=3600)[other].status is Status.COMPLETED


def _load(database: Database, *, our_pids: list[int] | None = None, **limits: Any) -> Load:
    with database.session() as control:
        load, remarks_ = LoadReader(control, Settings(**limits), lambda: our_pids or []).read()
    assert remarks_ == []
    return load


def test_what_the_role_may_not_see_is_not_guarded_and_said_once(database: Database, make_role: MakeRole) -> None:
    views = [make_view(database, "a"), make_view(database, "b")]
    as_role = Executor(database, dsn_as(database, make_role("bi_refresh_refresher")))
    events = as_role.run(*map(step, views), max_replica_lag_s=1, max_transaction_age_s=1, min_free_storage_gib=1)
    assert {outcome.status for outcome in outcomes(events).values()} == {Status.COMPLETED}
    said = [event.message for event in events if isinstance(event, Remark)]
    assert [message.partition(" is not known")[0] for message in said] == [
        "replica lag", "transaction age", "free storage",
    ]  # fmt: skip
    assert "pg_read_all_stats" in said[0]
    assert "VISTAFRESCA_DB_INSTANCE" in said[2]
    assert remarks(events).keys() == {"guard_unknown"}


def test_no_replica_means_no_lag(database: Database) -> None:
    assert _load(database, max_replica_lag_s=1) == Load()
