"""Every managed view: its state, what the next run does about it, and what was done."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.api.published import make_older, publish
from tests.fix_api import Client
from tests.fix_database import Database


def test_a_fresh_view_is_not_due_and_says_when_it_will_be(client: Client, database: Database) -> None:
    publish(database)
    (view,) = client.get("/api/v1/mv").json["views"]
    assert view == {**client.get("/api/v1/mv/public.summary").json, "lag_s": view["lag_s"], "why": view["why"]}
    assert (view["name"], view["freshness"], view["rows_total"]) == ("public.summary", "fresh", 10)
    assert (view["is_due"], view["target_lag_s"], view["consecutive_failures"]) == (False, 900.0, 0)
    data_as_of = datetime.fromisoformat(view["data_as_of"])
    assert data_as_of == database.value("SELECT data_timestamp FROM bi_refresh.view_state")
    # due when the run after the next would come too late: within the target lag, less the time between two runs
    assert timedelta(0) < datetime.fromisoformat(view["next_due_at"]) - data_as_of < timedelta(minutes=15)
    assert view["rows_url"] == "/api/v1/views/public.summary/rows"
    plan = client.get("/api/v1/mv/summary/plan").json
    assert (plan["is_due"], plan["steps"], plan["next_due_at"]) == (False, [], view["next_due_at"])
    assert "target 15 min" in plan["why"]


def test_an_old_view_is_due_after_those_that_it_reads(client: Client, database: Database) -> None:
    make_older(database, publish(database), "1 hour")
    database.execute("CREATE MATERIALIZED VIEW top AS SELECT id FROM summary WITH NO DATA")
    database.manage("public.top")
    plan = client.get("/api/v1/mv/top/plan").json
    assert plan["is_due"]
    assert [(step["view"], step["wave"]) for step in plan["steps"]] == [("public.summary", 1), ("public.top", 2)]
    assert plan["steps"][1]["strategy"] == "exclusive"
    assert client.get("/api/v1/mv/summary").json["is_due"]
    assert [step["view"] for step in client.get("/api/v1/mv/summary/plan").json["steps"]] == ["public.summary"]


def test_failures_and_suspension_are_told(client: Client, database: Database) -> None:
    publish(database)
    database.execute(
        "UPDATE bi_refresh.view_state SET consecutive_failures = 5, failing_since = now() - interval '1 hour',"
        " suspended_at = now(), probe_at = now() + interval '1 hour'"
    )
    view = client.get("/api/v1/mv/summary").json
    assert view["consecutive_failures"] == 5
    assert view["failing_since"] < view["suspended_since"] < view["probe_at"]


def test_a_disabled_view_has_no_plan(client: Client, database: Database) -> None:
    publish(database)
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    assert client.get("/api/v1/mv/summary/plan").json["why"] == "It is disabled: no run refreshes it."
    view = client.get("/api/v1/mv/summary").json
    assert (view["enabled"], view["is_due"], view["next_due_at"]) == (False, False, None)


def test_history_is_newest_first_and_can_be_narrowed(client: Client, database: Database) -> None:
    view = publish(database)
    database.execute("CREATE MATERIALIZED VIEW other AS SELECT 1 AS id WITH NO DATA")
    database.manage("public.other")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.other'])")
    database.execute("ALTER TABLE source_rows RENAME COLUMN n TO m; DROP INDEX summary_id_idx")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", view)
    history = client.get("/api/v1/mv/summary/history").json
    assert history["view"] == view
    assert [entry["status"] for entry in history["attempts"]] == ["failed", "completed"]
    assert history["attempts"][0]["sqlstate"] == "55000"
    assert history["attempts"][1]["rows_total"] == 10
    for query, statuses in (({"status": "completed"}, ["completed"]), ({"limit": "1"}, ["failed"])):
        attempts = client.get("/api/v1/mv/summary/history", query).json["attempts"]
        assert [entry["status"] for entry in attempts] == statuses


def test_nothing_is_said_to_other_origins(client: Client, database: Database) -> None:
    publish(database)
    for method in ("GET", "OPTIONS"):
        answer = client.ask(method, "/api/v1/mv", headers={"Origin": "https://elsewhere.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
