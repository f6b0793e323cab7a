"""Migrations wait for runs, and runs for migrations."""

from __future__ import annotations

import threading

import pytest

from refresh_task import migrations
from refresh_task.migrations import runner
from tests.fix_database import Database
from tests.fix_task import CRON, RunTask, StartTask, finish
from tests.fix_views import make_slow_view, wait_until_sleeping
from tests.integration.migrations.migrating import (
    OTHER_SESSION_WAITS,
    NewMigration,
)

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
    database.wait_for(f"{OTHER_SESSION_WAITS} AND clock_timestamp() - waitstart > interval '0.3 s'")
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
