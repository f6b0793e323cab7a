"""Steps beside each other: what begins when, on how many sessions, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from refresh_task.errors import StatementFailedError
from refresh_task.model import Event, Outcome, Status, StepStarted
from tests.fix_database import Database
from tests.fix_views import last_log, last_statuses, make_slow_view, make_view
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, make_slow_views, outcomes, step

_SLEEPING = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def _wait_for_sleepers(database: Database, count: int) -> None:
    database.wait_for(f"SELECT true WHERE (SELECT count(*) FROM {_SLEEPING}) = {count}")


def _started(events: Sequence[Event]) -> list[str]:
    return [event.step.view for event in events if isinstance(event, StepStarted)]


def test_independent_views_are_refreshed_at_once_on_as_many_connections_as_allowed(
    database: Database, executor: Executor
) -> None:
    views = make_slow_views(database, "a", "b", "c")
    with executor.started(*map(step, views), connections=2) as run:
        _wait_for_sleepers(database, 2)
        assert last_statuses(database) == {views[0]: "running", views[1]: "running"}
        assert _started(run.events) == views[:2]
        database.execute("DELETE FROM slowness")  # for the third
        database.rows(f"SELECT pg_cancel_backend(pid) FROM {_SLEEPING}")
        assert [outcome.status for outcome in outcomes(run.end()).values()] == [
            Status.CANCELLED, Status.CANCELLED, Status.COMPLETED,
        ]  # fmt: skip
    assert database.value("SELECT count(DISTINCT backend_pid) FROM bi_refresh.mv_refresh_log") == 2


def test_a_view_begins_when_what_it_reads_has_ended_and_not_when_the_wave_has(
    database: Database, executor: Executor
) -> None:
    """a and slow could begin at once; b reads a only, and does not wait for slow."""
    slow = make_slow_view(database, "slow")
    make_view(database, "a")
    make_view(database, "b", query="SELECT id, label FROM a")
    database.execute("INSERT INTO source VALUES (1, 'through a')")
    with executor.started(step(slow), step("public.a"), step("public.b", upstream=("public.a",)), connections=2):
        _wait_for_sleepers(database, 1)
        database.wait_for("SELECT true FROM b WHERE label = 'through a'")
        assert last_statuses(database) == {slow: "running", "public.a": "completed", "public.b": "completed"}


def test_a_view_does_not_begin_before_what_it_reads_has_ended(database: Database, executor: Executor) -> None:
    upstream = make_slow_view(database, "a", seconds=0.5)
    make_view(database, "b", query="SELECT id FROM a")
    told = executor.run(step("public.b", upstream=(upstream,)), step(upstream))
    kinds = [(type(event), event.view if isinstance(event, Outcome) else event.step.view) for event in told]  # type: ignore[union-attr]
    assert kinds == [
        (StepStarted, upstream), (Outcome, upstream), (StepStarted, "public.b"), (Outcome, "public.b"),
    ]  # fmt: skip


def test_one_connection_takes_one_view_after_the_other_in_the_order_of_the_plan(
    database: Database, executor: Executor
) -> None:
    views = [make_view(database, name) for name in ("c", "a", "b")]
    events = executor.run(*map(step, views), connections=1)
    assert list(outcomes(events)) == _started(events) == views
    assert database.value("SELECT count(DISTINCT backend_pid) FROM bi_refresh.mv_refresh_log") == 1


def test_no_session_is_opened_that_no_step_needs(database: Database, executor: Executor) -> None:
    views = [make_view(database, "a"), make_view(database, "b", query="SELECT id FROM a")]
    opened: list[object] = []

    def open_worker() -> object:
        opened.append(executor.worker())
        return opened[-1]

    executor.run(step(views[0]), step(views[1], upstream=(views[0],)), open_worker=open_worker, connections=8)
    assert len(opened) == 1
    executor.run(open_worker=open_worker)
    assert len(opened) == 1


def test_steps_run_under_repeatable_read_and_the_control_session_does_not(
    database: Database, executor: Executor
) -> None:
    make_view(database, "a", query="SELECT 1 AS id, current_setting('transaction_isolation') AS label")
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'serializable'")
    executor.run(step("public.a"))
    assert database.value("SELECT label FROM a") == "repeatable read"
    with database.session() as control:
        assert control._connection.execute("SHOW transaction_isolation").fetchone() == {
            "transaction_isolation": "read committed"
        }


def test_the_plan_is_in_the_log_row_before_the_work(database: Database, executor: Executor) -> None:
    slow = make_slow_view(database, "a")
    with executor.started(step(slow)):
        _wait_for_sleepers(database, 1)
        entry = last_log(database, slow)
    assert (entry["status"], entry["attempts"]) == ("running", 1)
    assert entry["plan"] == {
        "strategy": "concurrent", "reason": "a test", "due_by": "target lag", "fingerprinting": "none",
        "change_detection": "fingerprint", "on_error": "raise_transient",
    }  # fmt: skip


def test_an_interruption_cancels_all_that_is_under_way_and_leaves_nothing_running(
    database: Database, executor: Executor
) -> None:
    slow = make_slow_views(database, "a", "b", "c")
    later = make_view(database, "z")
    with executor.started(*map(step, slow), step(later, upstream=tuple(slow)), connections=3) as run:
        _wait_for_sleepers(database, 3)
        run.interrupt()
        told = outcomes(run.end())
    assert {view: outcome.status for view, outcome in told.items()} == {
        **dict.fromkeys(slow, Status.CANCELLED), later: Status.SKIPPED,
    }  # fmt: skip
    assert all("SIGTERM came after" in str(told[view].message) for view in slow)
    assert told[later].reason == "SIGTERM came before its turn"
    assert run.was_cut_short
    assert last_statuses(database) == {**dict.fromkeys(slow, "cancelled"), later: "skipped"}
    database.wait_until_alone(timeout_s=2)
    assert database.value("SELECT max(consecutive_failures) FROM bi_refresh.view_status") == 0


def test_a_lost_control_session_ends_the_run_and_whatever_is_under_way(database: Database, executor: Executor) -> None:
    slow, quick = make_slow_view(database, "a"), make_view(database, "b")
    with executor.started(step(slow), step(quick), connections=1) as run:
        _wait_for_sleepers(database, 1)
        (control,) = database.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientRead'"
        )
        database.execute("SELECT pg_terminate_backend(%s)", control[0])
        database.rows(f"SELECT pg_cancel_backend(pid) FROM {_SLEEPING}")
        with pytest.raises(StatementFailedError) as lost:
            run.end()
    assert lost.value.connection_lost
    database.wait_until_alone(timeout_s=2)


def test_other_views_under_way_are_cancelled_when_the_control_session_is_lost(
    database: Database, executor: Executor
) -> None:
    """Without the run lock another run may begin: nothing of ours is to be in its way for half a minute."""
    views = [make_gated_view(database, "a"), make_gated_view(database, "b")]
    with (
        closed_gate(database) as wait_for_waiter,
        executor.started(*map(step, views), connections=2, lock_timeout_s=3600) as run,
    ):
        database.wait_for(
            "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' "
            "HAVING count(*) = 2"
        )
        (control,) = database.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientRead' "
            "AND application_name = 'vistafresca'"
        )
        database.execute("SELECT pg_terminate_backend(%s)", control[0])
        database.execute("SELECT pg_cancel_backend(%s)", wait_for_waiter())
        with pytest.raises(StatementFailedError):
            run.end()
    database.wait_until_alone(timeout_s=2)


def test_what_reads_a_view_that_another_session_refreshes_is_not_held_up(
    database: Database, executor: Executor
) -> None:
    """Skipped is not failed: the other session brings the view up to date."""
    make_view(database, "a")
    make_view(database, "b", query="SELECT id FROM a")
    with database.connect(autocommit=False) as other:
        other.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['public.a'])")
        told = executor.outcomes(step("public.a"), step("public.b", upstream=("public.a",)))
    assert [outcome.status for outcome in told.values()] == [Status.SKIPPED, Status.COMPLETED]
