"""The common check of all views that touch triggers watch: one statement before their steps."""

from __future__ import annotations

import pytest

from refresh_task.model import ChangeDetection, Fingerprinting, Plan, Status, Step, StepStarted, Strategy
from refresh_task.refresh.verification import verifiable
from tests.fix_database import Database
from tests.fix_views import make_view
from tests.integration.executor.driver import Executor, outcomes, remarks, step


def _watched(view: str, **changes: object) -> Step:
    usual = {"change_detection": ChangeDetection.TOUCH, "fingerprinting": Fingerprinting.CHECK}
    return step(view, **{**usual, **changes})


@pytest.fixture
def views(database: Database, executor: Executor) -> list[str]:
    """Two watched views over one table, one over another; refreshed with their fingerprints kept."""
    database.execute("CREATE TABLE other (id integer, label text)")
    made = [
        make_view(database, "a"),
        make_view(database, "b"),
        make_view(database, "c", query="SELECT id, label FROM other"),
    ]
    database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch'")
    database.rows("SELECT * FROM bi_refresh.sync_touch_triggers()")
    told = executor.outcomes(*(_watched(view, fingerprinting=Fingerprinting.KEEP) for view in made))
    assert {outcome.status for outcome in told.values()} == {Status.COMPLETED}
    return made


def test_unchanged_views_are_done_by_one_statement_and_the_others_take_their_steps(
    database: Database, executor: Executor, views: list[str]
) -> None:
    database.execute("INSERT INTO other VALUES (1, 'new')")
    events = executor.run(*map(_watched, views), connections=1)
    assert [event.step.view for event in events if isinstance(event, StepStarted)] == [views[2]]
    assert {view: outcome.status for view, outcome in outcomes(events).items()} == {
        views[0]: Status.SKIPPED, views[1]: Status.SKIPPED, views[2]: Status.COMPLETED,
    }  # fmt: skip
    assert database.rows("SELECT label FROM c") == [("new",)]
    assert remarks(events) == {}
    newest_run = "run_id = (SELECT max(id) FROM bi_refresh.mv_refresh_run)"
    assert database.value(f"SELECT count(*) FROM bi_refresh.mv_refresh_log WHERE {newest_run}") == len(views)


def test_what_reads_an_unchanged_view_goes_on(database: Database, executor: Executor, views: list[str]) -> None:
    reader = make_view(database, "reader", query="SELECT id FROM a")
    told = executor.outcomes(*map(_watched, views), step(reader, upstream=(views[0],)))
    assert told[reader].status is Status.COMPLETED


def test_a_check_that_fails_costs_nothing_but_its_remark(
    database: Database, executor: Executor, views: list[str]
) -> None:
    database.execute("ALTER FUNCTION bi_refresh.verify_unchanged(text[], text, text, bigint) RENAME TO gone")
    events = executor.run(*map(_watched, views))
    assert "so each step checks for itself" in remarks(events)["verification_failed"]
    assert len([event for event in events if isinstance(event, StepStarted)]) == len(views)
    assert {outcome.status for outcome in outcomes(events).values()} == {Status.SKIPPED}


def test_only_steps_that_wait_for_nothing_are_checked_together() -> None:
    steps = (
        _watched("a"),
        _watched("b"),
        _watched("c", upstream=("a",)),
        _watched("d", group="g"),
        _watched("e", fingerprinting=Fingerprinting.KEEP),
        _watched("f", change_detection=ChangeDetection.FINGERPRINT),
        _watched("g", strategy=Strategy.SKIP),
        _watched("h", problem="a cycle"),
    )
    assert [step_.view for step_ in verifiable(Plan(steps))] == ["a", "b"]
    assert verifiable(Plan(steps[1:])) == ()  # a single one checks itself
