"""What becomes of views whose upstream was not refreshed, and of steps that cannot be begun."""

from __future__ import annotations

import pytest

from refresh_task.model import Status, StepStarted, Strategy
from tests.fix_database import Database
from tests.fix_views import last_log, make_view, make_view_with_duplicate_keys
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, outcomes, step


def test_everything_that_reads_a_failed_view_says_so_and_is_not_attempted(
    database: Database, executor: Executor
) -> None:
    failed = make_view_with_duplicate_keys(database, "a")
    reader = make_view(database, "b", query="SELECT id FROM a")
    last = make_view(database, "c", query="SELECT id FROM b")
    other = make_view(database, "d")
    events = executor.run(step(failed), step(reader, upstream=(failed,)), step(last, upstream=(reader,)), step(other))
    told = outcomes(events)
    assert {view: outcome.status for view, outcome in told.items()} == {
        failed: Status.FAILED, reader: Status.UPSTREAM_FAILED, last: Status.UPSTREAM_FAILED, other: Status.COMPLETED,
    }  # fmt: skip
    assert {event.step.view for event in events if isinstance(event, StepStarted)} == {failed, other}
    assert str(told[reader].message).startswith(
        f"not refreshed: it reads {failed}, which failed (23505): duplicate key"
    )
    assert f"it reads {reader}, which was not refreshed, for {failed} failed (23505)" in str(told[last].message)
    for view in (reader, last):
        assert str(told[view].remedy).startswith(f"Mend {failed} first: As its owner")
        entry = last_log(database, view)
        assert (entry["status"], entry["error"], entry["remedy"]) == (
            "upstream_failed", told[view].message, told[view].remedy,
        )  # fmt: skip
    failures = dict(database.rows("SELECT view_name, consecutive_failures FROM bi_refresh.view_status"))
    assert failures == {failed: 1, reader: 0, last: 0, other: 0}


def test_what_reads_a_suspended_view_is_not_refreshed(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    reader = make_view(database, "b", query="SELECT id FROM a")
    reason = "suspended since Monday, next try on Tuesday"
    told = executor.outcomes(
        step("public.a", strategy=Strategy.SKIP, reason=reason), step(reader, upstream=("public.a",))
    )
    assert (told["public.a"].status, told["public.a"].reason) == (Status.SKIPPED, reason)
    assert told[reader].message == f"not refreshed: it reads public.a, which was left alone: {reason}"
    assert told[reader].remedy == "Mend public.a first. See why: vistafresca status."


def test_a_step_with_a_problem_is_a_failure_with_its_remedy_and_is_not_attempted(
    database: Database, executor: Executor
) -> None:
    """Two that are said to read each other: neither waits for the other."""
    views = [make_view(database, "a"), make_view(database, "b")]
    problem = {"problem": "a and b read each other", "remedy": "Take one out of depends_on."}
    told = executor.outcomes(
        step(views[0], upstream=(views[1],), **problem), step(views[1], upstream=(views[0],), **problem)
    )
    for view in views:
        outcome, entry = told[view], last_log(database, view)
        assert (outcome.status, outcome.message, outcome.remedy) == (Status.FAILED, *problem.values())
        assert (entry["status"], entry["error"], entry["remedy"]) == ("failed", *problem.values())
    assert database.value("SELECT min(consecutive_failures) FROM bi_refresh.view_status") == 1


@pytest.mark.parametrize("connections", [1, 3])
def test_a_cancelled_view_keeps_what_reads_it_from_being_refreshed(
    connections: int, database: Database, executor: Executor
) -> None:
    gated = make_gated_view(database, "a")
    reader = make_view(database, "b", query="SELECT id FROM a")
    with (
        closed_gate(database) as wait_for_waiter,
        executor.started(step(gated), step(reader, upstream=(gated,)), connections=connections) as run,
    ):
        database.execute("SELECT pg_cancel_backend(%s)", wait_for_waiter())
        told = outcomes(run.end())
    assert [outcome.status for outcome in told.values()] == [Status.CANCELLED, Status.UPSTREAM_FAILED]
    assert f"it reads {gated}, which was cancelled (57014)" in str(told[reader].message)
    assert not run.was_cut_short
