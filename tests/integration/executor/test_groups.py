"""Consistency groups: all members of one snapshot, or none refreshed."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import psycopg
import pytest

from refresh_task.model import Status, StepRetried, StepStarted
from tests.fix_database import Database
from tests.fix_views import last_log, make_slow_view, make_view, make_view_with_duplicate_keys
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, outcomes, step

_ROUNDS = 15


def _make_sums(database: Database) -> list[str]:
    """Two views that add up the same table in two ways, so that their totals are equal in any one snapshot."""
    database.execute("CREATE TABLE payment (account integer NOT NULL, amount integer NOT NULL)")
    database.execute("INSERT INTO payment SELECT n %% 10, n FROM generate_series(1, 1000) AS n".replace("%%", "%"))
    return [
        make_view(database, "by_account", query="SELECT account AS id, sum(amount) AS amount FROM payment GROUP BY 1"),
        make_view(database, "in_all", query="SELECT 1 AS id, sum(amount) AS amount FROM payment"),
    ]


def test_a_reader_never_sees_a_torn_group_while_others_write(database: Database, executor: Executor) -> None:
    views = _make_sums(database)
    stop = threading.Event()
    totals: list[tuple[int, int]] = []

    def write() -> None:
        with database.connect() as writer:
            while not stop.is_set():
                writer.execute("INSERT INTO payment SELECT (random() * 9)::integer, 1 FROM generate_series(1, 5)")

    def read() -> None:
        with database.connect(autocommit=False) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                by_account = reader.execute("SELECT sum(amount)::bigint FROM by_account").fetchone()
                in_all = reader.execute("SELECT amount::bigint FROM in_all").fetchone()
                assert by_account
                assert in_all
                totals.append((by_account[0], in_all[0]))
                reader.rollback()

    threads = [threading.Thread(target=work) for work in (write, write, read, read)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(_ROUNDS):
            told = executor.outcomes(*(step(view, group="sums") for view in views))
            assert {outcome.status for outcome in told.values()} == {Status.COMPLETED}
            timestamps = database.rows("SELECT DISTINCT data_timestamp FROM bi_refresh.view_state")
            assert len(timestamps) == 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len({total for total, _ in totals}) > 1
    assert [pair for pair in totals if pair[0] != pair[1]] == []


def test_a_group_is_one_statement_with_one_row_for_each_member(database: Database, executor: Executor) -> None:
    views = _make_sums(database)
    reader = make_view(database, "reader", query="SELECT id FROM by_account")
    events = executor.run(
        *(step(view, group="sums") for view in views), step(reader, upstream=tuple(views)), connections=1
    )
    assert [event.step.view for event in events if isinstance(event, StepStarted)] == [*views, reader]
    entries = [last_log(database, view) for view in views]
    assert len({entry["backend_pid"] for entry in entries}) == 1
    assert len({entry["data_timestamp"] for entry in entries}) == 1
    assert [entry["plan"]["on_error"] for entry in entries] == ["raise", "raise"]  # type: ignore[index]


def test_one_failing_member_keeps_the_old_data_of_all(database: Database, executor: Executor) -> None:
    good, bad = make_view(database, "a"), make_view_with_duplicate_keys(database, "b")
    reader = make_view(database, "c", query="SELECT id FROM a")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    told = executor.outcomes(step(good, group="g"), step(bad, group="g"), step(reader, upstream=(good,)))

    assert (told[bad].status, told[bad].sqlstate) == (Status.FAILED, "23505")
    assert "Key (id)=(7) already exists" in str(told[bad].message)
    assert "bi_refresh.duplicate_keys" in str(told[bad].remedy)
    assert (told[good].status, told[good].reason) == (Status.SKIPPED, f"its group g was rolled back: {bad} failed")
    assert told[reader].status is Status.UPSTREAM_FAILED
    assert f"{bad} failed (23505)" in str(told[reader].message)
    assert database.rows("SELECT * FROM a") == []
    failures = dict(database.rows("SELECT view_name, consecutive_failures FROM bi_refresh.view_status"))
    assert failures == {good: 0, bad: 1, reader: 0}


def test_a_group_is_tried_again_as_a_whole(database: Database, executor: Executor) -> None:
    first, second = make_view(database, "a"), make_view(database, "b")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    with database.connect(autocommit=False) as blocker:
        blocker.execute("REFRESH MATERIALIZED VIEW b")
        steps = [step(view, group="g") for view in (first, second)]
        with executor.started(*steps, lock_timeout_s=0.1, max_attempts=10, retry_backoff_s=0.2) as run:
            retry = run.wait_for(StepRetried)
            blocker.rollback()
            told = outcomes(run.end())
    assert isinstance(retry, StepRetried)
    assert (retry.view, retry.sqlstate) == (second, "55P03")
    assert {outcome.status for outcome in told.values()} == {Status.COMPLETED}
    assert len({outcome.attempts for outcome in told.values()}) == 1
    assert told[first].attempts > 1
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 2


def test_the_longest_timeout_of_its_members_is_the_groups(database: Database, executor: Executor) -> None:
    quick, slow = make_view(database, "a"), make_slow_view(database, "b")
    told = executor.outcomes(
        step(quick, group="g", statement_timeout_s=0.01), step(slow, group="g", statement_timeout_s=1)
    )
    assert (told[slow].status, told[slow].sqlstate) == (Status.FAILED, "57014")
    assert "statement timeout (1s)" in str(told[slow].message)
    assert told[quick].status is Status.SKIPPED


def test_an_interrupted_group_is_cancelled_and_nothing_of_it_stays(database: Database, executor: Executor) -> None:
    quick, gated = make_view(database, "a"), make_gated_view(database, "b")
    database.execute("INSERT INTO source VALUES (1, 'new')")
    with (
        closed_gate(database) as wait_for_waiter,
        executor.started(step(quick, group="g"), step(gated, group="g")) as run,
    ):
        wait_for_waiter()
        run.interrupt()
        told = outcomes(run.end())
    assert (told[gated].status, told[quick].status) == (Status.CANCELLED, Status.SKIPPED)
    assert told[quick].reason == f"its group g was rolled back: {gated} was cancelled"
    assert database.rows("SELECT * FROM a") == []
    assert database.value("SELECT max(consecutive_failures) FROM bi_refresh.view_status") == 0


def test_a_killed_server_process_does_not_say_which_member_it_was(database: Database, executor: Executor) -> None:
    views = [make_view(database, "a"), make_gated_view(database, "b")]
    with ExitStack() as gate:
        wait_for_waiter = gate.enter_context(closed_gate(database))
        with executor.started(*(step(view, group="g") for view in views), max_attempts=1) as run:
            database.execute("SELECT pg_terminate_backend(%s)", wait_for_waiter())
            told = outcomes(run.end())
    assert [(told[view].status, told[view].sqlstate) for view in views] == [(Status.FAILED, "57P01")] * 2


@pytest.mark.parametrize("blocked", ["public.a", "public.b"])
def test_a_group_is_not_begun_without_what_a_member_reads(blocked: str, database: Database, executor: Executor) -> None:
    views = [make_view(database, "a"), make_view(database, "b")]
    broken = make_view_with_duplicate_keys(database, "broken")
    steps = [step(view, group="g", upstream=(broken,) if view == blocked else ()) for view in views]
    told = executor.outcomes(step(broken), *steps)
    (other,) = set(views) - {blocked}
    assert told[blocked].status is Status.UPSTREAM_FAILED
    assert told[other].status is Status.SKIPPED
    assert f"its group g was not begun, for {broken} failed (23505)" in str(told[other].reason)


def test_a_member_that_another_session_refreshes_holds_up_its_group_and_does_not_tear_it(
    database: Database, executor: Executor
) -> None:
    views = _make_sums(database)
    database.execute("INSERT INTO payment VALUES (1, 1)")
    with database.connect(autocommit=False) as other:
        other.execute("SELECT bi_refresh.refresh_bi_views(ARRAY['public.in_all'])")
        told = executor.outcomes(*(step(view, group="sums") for view in views), max_attempts=2, lock_timeout_s=1)
        other.rollback()
    assert Status.COMPLETED not in {outcome.status for outcome in told.values()}
    assert database.value("SELECT (SELECT sum(amount) FROM by_account) = (SELECT amount FROM in_all)")
