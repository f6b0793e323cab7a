"""A step leaves alone what did not change, refreshes what did, and says why."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_steps import run_step, run_step_on, watch
from tests.fix_views import make_view

_KEY = "by its unique index public.a_key"


def _state(database: Database) -> dict[str, Any]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute("SELECT * FROM bi_refresh.view_state WHERE view_name = 'public.a'").fetchone()
    return dict(row or {})


@pytest.mark.parametrize("change_detection", ["fingerprint", "touch"])
def test_an_unchanged_view_is_left_alone(database: Database, change_detection: str) -> None:
    view = make_view(database, "a")
    if change_detection == "touch":
        watch(database, view)
    rows = [run_step(database, view, change_detection=change_detection) for _ in range(2)]
    database.execute("INSERT INTO source VALUES (1, 'one')")
    rows += [run_step(database, view, change_detection=change_detection) for _ in range(2)]
    assert [row["status"] for row in rows] == ["completed", "skipped", "completed", "skipped"]
    assert [row["strategy"] for row in rows] == ["concurrent", "skip", "concurrent", "skip"]
    assert [rows[0]["reason"], rows[2]["reason"]] == [_KEY, f"changed: public.source; {_KEY}"]
    how = "touch triggers of 1 table" if change_detection == "touch" else "fingerprint of 1 table"
    since = f"{rows[2]['data_timestamp'].astimezone(tz=None):%Y}"
    assert str(rows[3]["reason"]).startswith(f"nothing changed since {since}-")
    assert f"UTC ({how}, " in rows[3]["reason"]
    assert all(row["fingerprint_ms"] > 0 for row in rows)


def test_a_skip_moves_the_data_timestamp_and_not_the_moment_of_the_last_refresh(database: Database) -> None:
    view = make_view(database, "a")
    run_step(database, view)
    before = _state(database)
    database.execute(
        "UPDATE bi_refresh.view_state"
        " SET consecutive_failures = 3, failing_since = now(), suspended_at = now(), probe_at = now()"
    )
    entry = run_step(database, view)
    after = _state(database)
    assert (
        before["data_timestamp"] < after["data_timestamp"] == after["global_data_timestamp"] == entry["data_timestamp"]
    )
    assert before["last_success_at"] < after["last_success_at"]
    assert before["refreshed_at"] == after["refreshed_at"]
    assert before["fingerprint"]["taken_at"] == after["fingerprint"]["taken_at"]
    assert [after[name] for name in ("consecutive_failures", "failing_since", "suspended_at", "probe_at")] == [
        0,
        None,
        None,
        None,
    ]


def test_a_refresh_ends_a_suspension(database: Database) -> None:
    view = make_view(database, "a")
    database.execute(
        "INSERT INTO bi_refresh.view_state (view_name, suspended_at, probe_at) VALUES (%s, now(), now())", view
    )
    run_step(database, view)
    assert [_state(database)[name] for name in ("suspended_at", "probe_at")] == [None, None]


def test_a_skip_answers_the_requests_that_it_saw(database: Database) -> None:
    view = make_view(database, "a")
    run_step(database, view)
    database.execute("INSERT INTO bi_refresh.mv_refresh_triggers (view_name) VALUES (%s)", view)
    entry = run_step(database, view)
    assert (entry["status"], entry["requests_served"]) == ("skipped", 1)
    assert database.rows("SELECT refresh_requested, log_id FROM bi_refresh.mv_refresh_triggers") == [
        (False, entry["id"])
    ]


@pytest.mark.parametrize("plan", [{"fingerprinting": "keep"}, {"due_by": "audit"}])
def test_an_unchanged_view_is_refreshed_all_the_same_where_the_plan_says_so(
    database: Database, plan: dict[str, str]
) -> None:
    view = make_view(database, "a")
    run_step(database, view)
    entry = run_step(database, view, **plan)
    assert (entry["status"], str(entry["reason"]).split(" since")[0]) == ("completed", "nothing changed")
    assert run_step(database, view)["status"] == "skipped"


def test_no_fingerprint_is_kept_where_none_was_to_be_taken(database: Database) -> None:
    view = make_view(database, "a")
    for _ in range(2):
        assert run_step(database, view, fingerprinting="none")["status"] == "completed"
    assert [_state(database)[name] for name in ("fingerprint", "checks_passed_over")] == [None, 2]
    run_step(database, view, fingerprinting="keep")
    assert [_state(database)[name] is None for name in ("fingerprint", "fingerprint_ms")] == [False, False]
    assert _state(database)["checks_passed_over"] == 0


def test_callers_from_psql_refresh_always_and_leave_no_fingerprint(database: Database) -> None:
    """READ COMMITTED has a snapshot for each statement; the fingerprint of one says nothing about another's rows."""
    view = make_view(database, "a")
    run_step(database, view)
    assert database.value("SELECT status FROM bi_refresh.refresh_bi_views()") == "SUCCESS"
    assert _state(database)["fingerprint"] is None
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]


def test_read_committed_with_a_plan_is_no_different(database: Database) -> None:
    view = make_view(database, "a")
    run_step(database, view)
    with database.connect() as worker:
        assert run_step_on(worker, database, view)["status"] == "completed"
    assert _state(database)["fingerprint"] is None


def test_what_the_planner_learns(database: Database) -> None:
    """Moving averages: a third of the newest, two thirds of what was known."""
    view = make_view(database, "a")
    run_step(database, view)
    assert _state(database)["unchanged_ratio"] is None
    run_step(database, view)
    assert _state(database)["unchanged_ratio"] == pytest.approx(1.0)
    database.execute("INSERT INTO source VALUES (1, 'one')")
    database.execute("UPDATE bi_refresh.view_state SET fingerprint_ms = 1000000")
    entry = run_step(database, view)
    assert _state(database)["unchanged_ratio"] == pytest.approx(0.7)
    assert _state(database)["fingerprint_ms"] == pytest.approx(700_000 + 0.3 * entry["fingerprint_ms"])


def test_churned_rows_add_up_until_a_refresh_fills_a_new_file(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("INSERT INTO source SELECT i, 'x' FROM generate_series(1, 10) AS i")
    for label in ("a", "b"):
        run_step(database, view)
        database.execute("UPDATE source SET label = %s", label)
    run_step(database, view)
    assert _state(database)["churned_rows"] == 20
    database.execute("DROP INDEX a_key")
    database.execute("UPDATE source SET label = 'c'")
    assert run_step(database, view, strategy="exclusive")["strategy"] == "exclusive"
    assert _state(database)["churned_rows"] == 0


def test_the_global_data_timestamp_is_the_oldest_of_all_it_was_made_from(database: Database) -> None:
    up = make_view(database, "up")
    database.execute("CREATE MATERIALIZED VIEW between AS SELECT id, label FROM up")  # nobody's business
    view = make_view(database, "a", query="SELECT id, label FROM between")
    run_step(database, view)
    assert _state(database)["global_data_timestamp"] is None  # up was never refreshed: of unknown age
    run_step(database, up)
    run_step(database, view)
    upstream = database.value("SELECT data_timestamp FROM bi_refresh.view_state WHERE view_name = 'public.up'")
    assert _state(database)["global_data_timestamp"] == upstream < _state(database)["data_timestamp"]
    run_step(database, up)
    assert run_step(database, view)["status"] == "skipped"
    assert upstream < _state(database)["global_data_timestamp"] < _state(database)["data_timestamp"]
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.up'")
    run_step(database, view)
    assert _state(database)["global_data_timestamp"] == _state(database)["data_timestamp"]


def test_an_audit_that_finds_other_rows_says_so(database: Database) -> None:
    """Here by a function that says it is immutable and is not."""
    database.execute("CREATE FUNCTION f(integer) RETURNS float LANGUAGE sql IMMUTABLE AS 'SELECT random()'")
    database.execute("CREATE TABLE source (id integer, label text); INSERT INTO source VALUES (1, 'a'), (2, 'b')")
    view = make_view(database, "a", query="SELECT id, f(id) AS x FROM source")
    run_step(database, view)
    notices: list[str] = []
    with database.connect() as worker:
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        worker.add_notice_handler(lambda diagnostic: notices.append(diagnostic.message_primary or ""))
        entry = run_step_on(worker, database, view, due_by="audit")
    finding = "audit: 2 rows differ though nothing changed beneath it: its query does not give the same rows twice"
    assert (entry["status"], str(entry["reason"]).endswith(finding)) == ("completed", True)
    assert notices == [f"{view}: {finding}"]


def test_an_audit_does_not_take_null_keys_for_other_rows(database: Database) -> None:
    """CONCURRENTLY writes rows with a NULL key anew each time."""
    view = make_view(database, "a")
    database.execute("INSERT INTO source VALUES (NULL, 'nobody'), (1, 'one')")
    run_step(database, view)
    entry = run_step(database, view, due_by="audit")
    assert (entry["rows_inserted"], "audit" in str(entry["reason"])) == (1, False)


def test_counters_tell_tables_that_were_certainly_written_to(database: Database) -> None:
    """And nothing once they began anew."""
    view = make_view(database, "a")
    # PostgreSQL 14 counts a new database's statistics from its first message on, which may still be under way
    database.execute("SELECT pg_stat_reset()")
    database.wait_for("SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()")
    changed = "SELECT bi_refresh.definitely_changed('public.a')"
    assert database.value(changed) is None
    run_step(database, view)
    assert database.value(changed) is None
    with database.connect() as writer:
        writer.execute("INSERT INTO source VALUES (1, 'one')")
        writer.execute("SELECT pg_stat_force_next_flush()" if writer.info.server_version >= 150000 else "SELECT 1")
    assert database.wait_for(changed) == "{public.source}"
    run_step(database, view)
    database.execute("SELECT pg_stat_reset()")
    assert database.value(changed) is None
    assert run_step(database, view)["status"] == "skipped"  # whatever the counters say


def test_a_view_without_tables(database: Database) -> None:
    view = make_view(database, "a", query="SELECT 1 AS id")
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]
    watch(database, view)
    assert [run_step(database, view, change_detection="touch")["status"] for _ in range(2)] == ["skipped", "skipped"]


def test_a_table_that_may_not_be_read_is_named_with_the_grant(database: Database) -> None:
    """The owner of bi_refresh refreshes the view by its own right, and has none to its tables."""
    view = make_view(database, "a")
    database.execute(
        "CREATE OR REPLACE FUNCTION bi_refresh.why_not_readable(relation oid) RETURNS text LANGUAGE sql"
        " AS $$SELECT 'me may not read public.source (GRANT SELECT ON public.source TO me;)'$$"
    )
    entries = [run_step(database, view) for _ in range(2)]
    assert [entry["status"] for entry in entries] == ["completed"] * 2
    why = "me may not read public.source (GRANT SELECT ON public.source TO me;)"
    assert entries[1]["reason"] == f"not known whether anything changed: {why}; {_KEY}"


def test_a_fingerprint_names_what_it_covers(database: Database) -> None:
    """What is kept for a look at it: nothing but names, numbers and digests, never data."""
    view = make_view(database, "a", query="SELECT id, label FROM source WHERE label <> 'secret'")
    run_step(database, view)
    kept = _state(database)["fingerprint"]
    assert set(kept) == {
        "taken_at", "transaction", "contents", "structure", "relations", "moments", "calls_functions", "tables",
        "counters_since",
    }  # fmt: skip
    assert [table["name"] for table in kept["tables"].values()] == ["public.source"]
    assert "secret" not in json.dumps(kept)
    assert _state(database)["definition_hash"] == kept["structure"]
    assert _state(database)["refreshed_at"] - _state(database)["data_timestamp"] < timedelta(minutes=1)
