"""A view's health and the history of refreshes, from rows that the test writes."""

from __future__ import annotations

import pytest

from tests.fix_control import Control
from tests.fix_database import Database
from tests.fix_views import make_view, make_view_with_duplicate_keys

HISTORY = "/api/v1/mv/metrics/refresh-history"


def _refreshed(database: Database, name: str = "mv_a") -> str:
    view = make_view(database, name)
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", view)
    return view


def _age(database: Database, minutes: int) -> None:
    database.execute(
        "UPDATE bi_refresh.view_state SET data_timestamp = now() - make_interval(mins => %s), "
        "global_data_timestamp = now() - make_interval(mins => %s)",
        minutes, minutes,
    )  # fmt: skip


def _log(database: Database, view: str, *rows: tuple[str, int | None], hours_ago: float = 0) -> None:
    for status, duration_ms in rows:
        database.execute(
            "INSERT INTO bi_refresh.mv_refresh_log "
            "(view_name, trigger_type, triggered_by, status, duration_ms, created_at) "
            "VALUES (%s, 'cron', 'the rule', %s, %s, now() - %s * interval '1 hour')",
            view, status, duration_ms, hours_ago,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "freshness", "needs_refresh"),
    [(14, "fresh", False), (16, "stale", True), (29, "stale", True), (31, "very_stale", True)],
)
def test_freshness_counts_from_the_target_lag_of_15_minutes(
    control: Control, database: Database, minutes: int, freshness: str, needs_refresh: bool  # noqa: FBT001  # of the table
) -> None:  # fmt: skip
    view = _refreshed(database)
    _age(database, minutes)
    health = control.get("/api/v1/mv/health/mv_a").json
    assert (health["freshness"], health["needs_refresh"], health["age_minutes"]) == (freshness, needs_refresh, minutes)
    checked = database.rows("SELECT age_minutes, needs_refresh FROM bi_refresh.mv_health_check()")
    assert checked == [(minutes, needs_refresh)]
    if needs_refresh:
        assert f"POST /api/v1/mv/refresh/{view}" in health["recommendation"]


def test_what_is_wrong_with_a_view_is_said_with_what_to_do(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")

    def recommendation() -> str:
        answer = control.get("/api/v1/mv/health/mv_a").json
        assert answer.keys() >= {"view_name", "last_refresh", "age_minutes", "rows_count"}
        return str(answer["recommendation"])

    assert recommendation().startswith("Nobody knows how old its data is.")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views()")
    database.execute("SELECT bi_refresh.request_refresh(%s)", view)
    assert recommendation().startswith("A refresh is requested")
    database.execute("UPDATE bi_refresh.view_state SET suspended_at = now(), consecutive_failures = 5")
    assert "suspended after 5 failures" in recommendation()
    assert f"vistafresca resume {view}" in recommendation()
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    assert recommendation().startswith("View is disabled")


def test_statistics_count_attempts_and_average_the_successful_ones(control: Control, database: Database) -> None:
    view = make_view(database, "mv_a")
    _log(database, view, ("completed", 100), ("completed", 201), ("failed", 9_000), ("abandoned", None))
    _log(
        database, view, ("skipped", 1), ("cancelled", 5_000), ("running", None), ("completed", 302), ("completed", 400)
    )
    _log(database, view, ("completed", 77_000), hours_ago=25)
    answer = control.get(HISTORY, {"hours": 24}).json
    assert answer["stats"] == {
        "total_refreshes": 6,
        "successful": 4,
        "failed": 2,
        "success_rate": 66.7,
        "avg_duration_ms": 251,  # (100 + 201 + 302 + 400) / 4 = 250.75
        "max_duration_ms": 400,
    }
    assert [entry["duration_ms"] for entry in answer["history"]] == [400, 302, None, 5_000, None, 9_000, 201, 100]
    assert control.get(HISTORY, {"hours": 26}).json["stats"]["total_refreshes"] == 7
    assert len(control.get(HISTORY, {"limit": 3}).json["history"]) == 3


def test_a_history_is_of_one_view_if_asked_and_without_any_attempt_has_no_rate(
    control: Control, database: Database
) -> None:
    make_view(database, "mv_a")
    _log(database, make_view(database, "mv_b"), ("completed", 5))
    assert control.get(HISTORY, {"view": "mv_b"}).json["stats"]["success_rate"] == 100.0
    assert control.get(HISTORY, {"view": "mv_a"}).json == {
        "stats": {
            "total_refreshes": 0,
            "successful": 0,
            "failed": 0,
            "success_rate": None,
            "avg_duration_ms": None,
            "max_duration_ms": None,
        },
        "history": [],
    }
    assert control.get(HISTORY, {"view": "mv_c"}).status == 404


def test_a_failure_s_message_in_the_history_has_no_sql(control: Control, database: Database) -> None:
    make_view_with_duplicate_keys(database, "mv_twice")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views()")
    answer = control.get(HISTORY)
    (entry,) = answer.json["history"]
    assert entry["status"] == "failed"
    assert entry["error_message"].startswith(f"See entry {entry['id']} of the refresh log")
    assert b"SELECT" not in answer.body


@pytest.mark.parametrize("hours", [0, -1, 2161, "x", "24; DROP TABLE source", ""])
def test_hours_out_of_bounds_are_refused(control: Control, hours: object) -> None:
    assert control.get(HISTORY, {"hours": hours}).status == 422
