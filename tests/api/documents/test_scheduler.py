"""The daily views' scheduler: what makes them due, and what starts the run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from api.daily import DailyTime
from api.scheduling import unavailable
from refresh_task.catalog import read_views
from refresh_task.model import DueBy
from refresh_task.plan import make_plan
from tests.fix_control import CEO, Control
from tests.fix_database import Database

VIEWS = ["teloo.mv_metricas_mensuales", "teloo.mv_ranking_asesores"]
# Bogota is UTC-5 all year. After both of yesterday's times, that from before and the new one.
YESTERDAY_NOON = datetime(2026, 7, 15, 17, 0, tzinfo=UTC)


def _due(database: Database, at: datetime) -> dict[str, DueBy]:
    """Which of the views a run at this moment refreshes, and why."""
    with database.session() as session:
        views = [
            replace(
                view, data_timestamp=YESTERDAY_NOON, global_data_timestamp=YESTERDAY_NOON, refreshed_at=YESTERDAY_NOON
            )
            for view in read_views(session)
            if view.name in VIEWS
        ]
    plan = make_plan(views, now=at, interval_s=600, default_timeout_s=300)
    return {step.view: step.due_by for step in plan.steps}


def _put(control: Control, query: Any) -> Any:
    return control.client.ask("PUT", "/materialized-views/scheduler/reschedule", query, principal=CEO)


def test_rescheduling_moves_when_the_views_are_due(control: Control, systems_database: Database) -> None:
    at_one = datetime(2026, 7, 16, 6, 0, tzinfo=UTC)
    assert _due(systems_database, at_one) == dict.fromkeys(VIEWS, DueBy.SCHEDULE)

    moved = _put(control, {"hour": 2, "minute": 30})

    assert moved.status == 200
    assert moved.json["job"]["schedule"] == "30 2 * * * America/Bogota"
    assert control.scheduler.moved_to == [DailyTime(2, 30, "America/Bogota")]
    assert _due(systems_database, at_one) == {}
    assert _due(systems_database, datetime(2026, 7, 16, 7, 20, tzinfo=UTC)) == {}
    assert _due(systems_database, datetime(2026, 7, 16, 7, 30, tzinfo=UTC)) == dict.fromkeys(VIEWS, DueBy.SCHEDULE)
    status = control.get("/materialized-views/scheduler/status").json
    assert (status["daily_time"], status["time_zone"]) == ("02:30", "America/Bogota")
    assert {view["next_due_at"][11:16] for view in status["views"]} == {"07:30"}


@pytest.mark.parametrize("query", ["", "hour=24", "hour=-1", "hour=2&minute=60", "hour=x", "hour=2;DROP", "hour=2.5"])
def test_times_that_no_clock_shows_are_refused(shared: Control, query: str) -> None:
    refused = _put(shared, query)
    assert (refused.status, refused.json["type"]) == (422, "urn:vistafresca:problem:invalid-request")
    assert shared.scheduler.moved_to == []


def test_a_job_that_cannot_be_moved_is_a_problem_and_the_views_are_due_at_the_new_time(
    control: Control, systems_database: Database
) -> None:
    """The runs every 10 minutes refresh them at most 10 minutes after it; the same request again moves the job."""
    control.scheduler.refuses = unavailable("AWS could not be asked.", remedy="Check the role.")
    refused = _put(control, {"hour": 2, "minute": 30})
    assert (refused.status, refused.json["type"]) == (503, "urn:vistafresca:problem:scheduler-unavailable")
    assert set(_due(systems_database, datetime(2026, 7, 16, 7, 30, tzinfo=UTC))) == set(VIEWS)
    control.scheduler.refuses = None
    assert _put(control, {"hour": 2, "minute": 30}).status == 200


def test_without_the_views_there_is_nothing_to_reschedule(control: Control, systems_database: Database) -> None:
    systems_database.execute("DELETE FROM bi_refresh.view_policy WHERE view_name ~ '^teloo'")
    assert _put(control, {"hour": 2}).status == 404
    assert control.post("/materialized-views/refresh").status == 404
    assert control.get("/materialized-views/health").json == {"status": "missing", "views": []}
    status = control.get("/materialized-views/scheduler/status").json
    assert (status["daily_time"], status["views"]) == (None, [])


def test_triggering_starts_the_task_for_both_views_and_is_counted(control: Control) -> None:
    answers = [control.post("/materialized-views/scheduler/trigger-refresh") for _ in range(11)]
    assert [answer.status for answer in answers] == [202] * 10 + [429]
    assert control.runner.started == [(("refresh", *VIEWS, "--force"), CEO.subject)] * 10
    assert [each["status"] for each in answers[0].json["results"]] == ["started", "started"]
