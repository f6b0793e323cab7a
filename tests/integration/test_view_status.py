"""What is known of a view: its age, its freshness, its log, and what a killed task left of it."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_views import REFRESH_ALL, make_view


def test_a_row_left_running_is_abandoned_only_when_its_server_process_is_gone(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect() as other_refresher:
        pid = other_refresher.info.backend_pid
        database.execute(
            "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid) "
            "VALUES (%s, 'manual', 'the API', %s)",
            view,
            pid,
        )
        assert database.rows("SELECT id FROM bi_refresh.mark_abandoned(0)") == []
    database.wait_for(f"SELECT true WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")
    assert database.rows("SELECT view_name, status FROM bi_refresh.mark_abandoned(0)") == [(view, "abandoned")]


def test_the_data_timestamp_is_the_snapshots_moment_and_of_no_use_after_the_view_was_created_anew(
    database: Database,
) -> None:
    view = make_view(database, "a")
    before = database.value("SELECT clock_timestamp()")
    database.rows(REFRESH_ALL)
    ((timestamp, started, freshness),) = database.rows(
        "SELECT s.data_timestamp, l.started_at, s.freshness FROM bi_refresh.view_status s, bi_refresh.mv_refresh_log l"
    )
    assert before <= started <= timestamp <= database.value("SELECT clock_timestamp()")
    assert freshness == "fresh"

    database.execute("DROP MATERIALIZED VIEW a; CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source")
    assert database.rows("SELECT view_name, lag, freshness FROM bi_refresh.view_status") == [(view, None, "very_stale")]


@pytest.mark.parametrize(
    ("age", "freshness"),
    [("14 minutes", "fresh"), ("16 minutes", "stale"), ("29 minutes", "stale"), ("31 minutes", "very_stale")],
)
def test_freshness_is_the_lag_against_the_target(database: Database, age: str, freshness: str) -> None:
    make_view(database, "a")
    database.rows(REFRESH_ALL)
    database.execute("UPDATE bi_refresh.view_state SET global_data_timestamp = now() - %s::interval", age)
    assert database.value("SELECT freshness FROM bi_refresh.view_status") == freshness


def test_old_log_rows_are_removed_but_never_a_views_newest(database: Database) -> None:
    make_view(database, "a")
    for _ in range(3):
        database.rows(REFRESH_ALL)
    database.execute("UPDATE bi_refresh.mv_refresh_log SET created_at = now() - interval '100 days'")
    newest = database.value("SELECT max(id) FROM bi_refresh.mv_refresh_log")
    assert database.value("SELECT bi_refresh.purge_log('90 days', most => 1)") == 1
    assert database.value("SELECT bi_refresh.purge_log('90 days')") == 1
    assert database.rows("SELECT id FROM bi_refresh.mv_refresh_log") == [(newest,)]


def test_a_view_redeployed_while_its_refresh_waits_is_known_by_its_new_relation(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False) as deployment, database.connect() as caller:
        deployment.execute("DROP MATERIALIZED VIEW a")
        deployment.execute("CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source")
        deployment.execute("CREATE UNIQUE INDEX a_new_key ON a (id)")
        results: list[tuple[str, str]] = []
        thread = threading.Thread(target=lambda: results.extend(caller.execute(REFRESH_ALL).fetchall()))
        thread.start()
        database.wait_for(
            f"SELECT pid FROM pg_stat_activity WHERE pid = {caller.info.backend_pid} AND wait_event_type = 'Lock'"
        )
        deployment.commit()
        thread.join()
    assert results == [(view, "SUCCESS")]
    assert database.rows("SELECT freshness, rows_total FROM bi_refresh.view_status") == [("fresh", 0)]


def test_the_row_of_a_killed_task_is_not_taken_for_ones_own(database: Database) -> None:
    """Process numbers are used again."""
    view = make_view(database, "a")
    with database.connect() as caller:
        caller.execute(
            "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid, created_at)"
            " VALUES (%s, 'cron', 'a killed task', pg_backend_pid(), now() - interval '3 days'),"
            " (%s, 'cron', 'a killed task', pg_backend_pid(), now() - interval '2 days')",
            [view, view],
        )
        assert caller.execute(REFRESH_ALL).fetchall() == [(view, "SUCCESS")]
    assert database.rows("SELECT triggered_by, status FROM bi_refresh.mv_refresh_log ORDER BY id") == [
        ("a killed task", "running"),
        ("a killed task", "running"),
        ("postgres", "completed"),
    ]


def test_a_policy_removed_in_mid_refresh_does_not_undo_it(database: Database) -> None:
    make_view(database, "a", query="SELECT 1 AS id, pg_sleep(0)::text AS label")
    with database.connect(autocommit=False) as caller:
        caller.execute("CREATE FUNCTION public.forget() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        caller.execute("SELECT bi_refresh.start_log('public.a', 'manual', 'me')")
        caller.execute("DELETE FROM bi_refresh.view_policy")
        caller.execute("SELECT bi_refresh.record_success(max(id), now(), 0, 0, 1) FROM bi_refresh.mv_refresh_log")
        assert caller.execute("SELECT status FROM bi_refresh.mv_refresh_log").fetchall() == [("completed",)]
        assert caller.execute("SELECT count(*) FROM bi_refresh.view_state").fetchone() == (0,)


def test_under_repeatable_read_the_data_is_as_old_as_the_transactions_snapshot(database: Database) -> None:
    make_view(database, "a")
    with database.connect(autocommit=False) as caller:
        caller.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        caller.execute("SELECT 1")
        later = database.value("SELECT clock_timestamp()")
        caller.execute(REFRESH_ALL)
        caller.commit()
    assert database.value("SELECT data_timestamp FROM bi_refresh.view_status") < later


def test_an_emptied_view_is_not_fresh(database: Database) -> None:
    make_view(database, "a")
    database.rows(REFRESH_ALL)
    database.execute("REFRESH MATERIALIZED VIEW a WITH NO DATA")
    assert database.rows("SELECT freshness, lag FROM bi_refresh.view_status") == [("very_stale", None)]


def test_a_row_left_running_is_shown_as_abandoned_before_the_next_run_says_so(database: Database) -> None:
    view = make_view(database, "a")
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid) "
        "VALUES (%s, 'cron', 'a killed task', 0)",
        view,
    )
    assert database.value("SELECT last_status FROM bi_refresh.view_status") == "abandoned"


def test_an_abandoned_row_that_somebody_has_locked_is_left_to_the_next_run(database: Database) -> None:
    locked, other = make_view(database, "a"), make_view(database, "b")
    database.rows(REFRESH_ALL)
    for view in (locked, other):
        database.execute(
            "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, backend_pid) "
            "VALUES (%s, 'cron', 'a killed task', 0)",
            view,
        )
    with database.connect(autocommit=False) as somebody:
        somebody.execute("SELECT FROM bi_refresh.view_state WHERE view_name = %s FOR UPDATE", [locked])
        assert database.rows("SELECT view_name FROM bi_refresh.mark_abandoned(0)") == [(other,)]
    assert database.rows("SELECT view_name FROM bi_refresh.mark_abandoned(0)") == [(locked,)]
