"""An incremental view's rows are read as any view's, and the lists say how it is refreshed."""

from __future__ import annotations

import json

from refresh_task.policies.endpoint import Publication
from tests.fix_api import Client
from tests.fix_database import Database
from tests.fix_maintained import make_maintained_view


def _publish(database: Database, *, status: str = "enabled") -> None:
    database.execute("CREATE TABLE source (id integer, label text); INSERT INTO source VALUES (1, 'one'), (2, 'two')")
    make_maintained_view(database, "summary", status=status)
    database.execute("UPDATE bi_refresh.view_policy SET endpoint = %s", json.dumps(Publication().to_json()))


def test_its_rows_are_served_with_their_age(client: Client, database: Database) -> None:
    _publish(database)
    answer = client.get("/api/v1/views/public.summary/rows")
    assert answer.json["rows"] == [{"id": 1, "label": "one"}, {"id": 2, "label": "two"}]
    assert {name.lower() for name in answer.headers} >= {"age", "etag", "last-modified"}
    assert client.get("/api/v1/views/summary/rows", {"id": "2"}).json["rows"] == [{"id": 2, "label": "two"}]


def test_a_table_that_was_not_made_for_the_view_is_not_served_in_its_place(client: Client, database: Database) -> None:
    """Whoever may create tables in its schema must not be able to publish what is in them."""
    _publish(database)
    database.execute("DROP TABLE summary; CREATE TABLE summary (id integer, label text)")
    answer = client.get("/api/v1/views/public.summary/rows")
    assert answer.status == 503


def test_the_lists_say_how_it_is_refreshed(client: Client, database: Database) -> None:
    _publish(database)
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, strategy, reason,"
        " started_at, finished_at, duration_ms, changed_keys) VALUES"
        " ('public.summary', 'cron', 'test', 'completed', 'incremental', NULL, now(), now(), 5, 12)"
    )
    view = client.get("/api/v1/mv/summary").json
    assert (view["refresh_mode"], view["strategy"]) == ("auto", "incremental")
    incremental = view["incremental"]
    assert incremental.pop("since") is not None
    assert incremental == {"status": "enabled", "distrust_reason": None, "changed_keys": 12, "why_full": None}
    (attempt,) = client.get("/api/v1/mv/summary/history").json["attempts"]
    assert (attempt["strategy"], attempt["changed_keys"]) == ("incremental", 12)
    assert client.get("/api/v1/mv").json["views"][0]["incremental"]["status"] == "enabled"


def test_why_it_was_refreshed_in_full(client: Client, database: Database) -> None:
    _publish(database, status="distrusted")
    database.execute(
        "UPDATE bi_refresh.incremental_view SET distrust_reason = '2 rows differ';"
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, strategy, reason,"
        " started_at, finished_at, duration_ms) VALUES ('public.summary', 'cron', 'test', 'completed', 'difference',"
        " 'in full: it is distrusted: 2 rows differ', now(), now(), 5)"
    )
    incremental = client.get("/api/v1/mv/summary").json["incremental"]
    assert (incremental["status"], incremental["distrust_reason"]) == ("distrusted", "2 rows differ")
    assert incremental["why_full"] == "in full: it is distrusted: 2 rows differ"


def test_of_other_views_nothing_is_said(client: Client, database: Database) -> None:
    database.execute("CREATE MATERIALIZED VIEW plain AS SELECT 1 AS id")
    database.manage("public.plain")
    view = client.get("/api/v1/mv/plain").json
    assert (view["incremental"], view["refresh_mode"], view["strategy"]) == (None, "auto", None)
