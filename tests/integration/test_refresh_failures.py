"""refresh_bi_views() when a view fails, is blocked, cancelled or too slow."""

from __future__ import annotations

import threading

import pytest

from tests.fix_database import Database
from tests.fix_views import (
    REFRESH_ALL,
    last_log,
    make_slow_view,
    make_view,
    make_view_with_duplicate_keys,
    wait_until_sleeping,
)


@pytest.mark.parametrize(
    "index",
    [
        None,
        "CREATE UNIQUE INDEX ON a (id) WHERE id > 0",
        "CREATE UNIQUE INDEX ON a (lower(label))",
        "CREATE INDEX ON a (id)",
    ],
)
def test_a_populated_view_without_a_usable_unique_index_is_an_error_with_the_ddl_and_never_a_blocking_refresh(
    database: Database, index: str | None
) -> None:
    make_view(database, "a", key=None)
    if index is not None:
        database.execute(index)
    database.execute("INSERT INTO source VALUES (1, 'x')")

    ((_, status),) = database.rows(REFRESH_ALL)
    assert "has no unique index on plain columns" in status
    assert (
        "CREATE UNIQUE INDEX ON public.a (<the columns that identify a row, out of: id, label>); what is known of them "
        "says: vistafresca doctor public.a" in status
    )
    assert database.value("SELECT count(*) FROM a") == 0
    assert last_log(database, "public.a")["sqlstate"] == "55000"


def test_the_proposed_index_names_a_column_whose_values_were_all_different(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source SELECT n, 'same' FROM generate_series(1, 1000) AS n")
    view = make_view(database, "a", key=None)
    database.execute("ANALYZE a")

    database.rows(REFRESH_ALL)
    ddl = str(last_log(database, view)["remedy"])
    assert ddl == "CREATE UNIQUE INDEX ON public.a (id);"
    database.execute(ddl)
    assert database.rows(REFRESH_ALL) == [(view, "SUCCESS")]


def test_duplicate_keys_are_shown_and_can_be_listed(database: Database) -> None:
    view = make_view_with_duplicate_keys(database, "a")

    ((_, status),) = database.rows(REFRESH_ALL)
    assert "Key (id)=(7) already exists" in status
    assert f"SELECT * FROM bi_refresh.duplicate_keys('{view}')" in status
    assert database.rows("SELECT * FROM bi_refresh.duplicate_keys(%s)", view) == [({"id": 7}, 2)]


def test_a_view_that_is_gone_or_whose_source_lost_a_column_fails_alone_with_a_remedy(database: Database) -> None:
    make_view(database, "a_gone")
    healthy = make_view(database, "z_healthy")
    database.execute("""
        CREATE TABLE wide (id integer, label text);
        CREATE FUNCTION labels() RETURNS TABLE (id integer, label text) LANGUAGE plpgsql STABLE
        AS $$ BEGIN RETURN QUERY SELECT wide.id, wide.label FROM public.wide; END $$;
    """)
    lost = make_view(database, "m_lost_column", query="SELECT id, label FROM labels()")
    database.execute("DROP MATERIALIZED VIEW a_gone")
    database.execute("ALTER TABLE wide DROP COLUMN label")

    statuses = dict(database.rows(REFRESH_ALL))
    assert "public.a_gone does not exist" in statuses["public.a_gone"]
    assert "take it out of views.toml and run vistafresca apply" in statuses["public.a_gone"]
    assert "column wide.label does not exist" in statuses[lost]
    assert f"SELECT pg_get_viewdef('{lost}');" in statuses[lost]
    assert statuses[healthy] == "SUCCESS"


def test_a_blocked_lock_ends_the_view_after_the_lock_timeout_and_not_the_others(database: Database) -> None:
    blocked, healthy = make_view(database, "a_blocked"), make_view(database, "z_healthy")
    with database.connect(autocommit=False) as blocker, database.connect() as caller:
        blocker.execute("REFRESH MATERIALIZED VIEW a_blocked")  # somebody by hand, in a transaction left open
        caller.execute("SET lock_timeout = '50ms'")
        statuses = dict(caller.execute(REFRESH_ALL).fetchall())
        assert caller.execute("SHOW lock_timeout").fetchone() == ("50ms",)
    assert "lock timeout" in statuses[blocked]
    assert "pg_stat_activity" in statuses[blocked]
    assert statuses[healthy] == "SUCCESS"


def test_a_caller_without_a_lock_timeout_gets_one_for_the_refresh_only(database: Database) -> None:
    make_view(database, "a", query="SELECT 1 AS id, current_setting('lock_timeout') AS label")
    with database.connect(autocommit=False) as caller:
        assert caller.execute(REFRESH_ALL).fetchall() == [("public.a", "SUCCESS")]
        assert caller.execute("SELECT label FROM a").fetchone() == ("30s",)
        assert caller.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_a_timeout_in_mid_call_keeps_the_views_before_it_with_their_log_and_starts_no_further_one(
    database: Database,
) -> None:
    before, slow, after = (
        make_view(database, "a_before"),
        make_slow_view(database, "m_slow"),
        make_view(database, "z_after"),
    )
    database.execute("INSERT INTO source VALUES (1, 'new')")
    with database.connect() as caller:
        caller.execute("SET statement_timeout = '1500ms'")
        statuses = dict(caller.execute(REFRESH_ALL).fetchall())
    assert statuses[before] == "SUCCESS"
    assert "statement timeout" in statuses[slow]
    assert statuses[after] == f"SKIPPED: the call was cancelled while refreshing {slow}"
    assert database.rows("SELECT label FROM a_before") == [("new",)]
    assert [last_log(database, view)["status"] for view in (before, slow, after)] == ["completed", "failed", "skipped"]


def test_a_cancel_request_is_recorded_as_cancelled_and_counts_as_no_failure(database: Database) -> None:
    slow = make_slow_view(database, "a_slow")
    with database.connect() as caller:
        result: list[tuple[str, str]] = []
        thread = threading.Thread(
            target=lambda: result.extend(
                caller.execute(
                    "SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views(trigger_type => 'cron')"
                ).fetchall()
            )
        )
        thread.start()
        wait_until_sleeping(database)
        database.value("SELECT pg_cancel_backend(%s)", caller.info.backend_pid)
        thread.join()
    assert result[0][1].startswith("ERROR: canceling statement due to user request")
    assert last_log(database, slow)["status"] == "cancelled"
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 0


def test_scheduled_failures_are_counted_manual_ones_are_not_and_a_success_resets(database: Database) -> None:
    make_view_with_duplicate_keys(database, "a")

    def failures_after(trigger_type: str) -> tuple[int, bool]:
        database.rows("SELECT * FROM bi_refresh.refresh_bi_views(trigger_type => %s)", trigger_type)
        ((count, since),) = database.rows("SELECT consecutive_failures, failing_since FROM bi_refresh.view_status")
        return count, since is not None

    assert [failures_after(kind) for kind in ("cron", "manual", "event")] == [(1, True), (1, True), (2, True)]
    database.execute("DELETE FROM twice WHERE label = 'other'")
    assert failures_after("cron") == (0, False)


def test_a_failing_assertion_in_a_views_function_is_that_views_failure(database: Database) -> None:
    database.execute("""
        CREATE TABLE source (id integer, label text);
        CREATE FUNCTION assertive() RETURNS integer LANGUAGE plpgsql STABLE
        AS $$ BEGIN ASSERT (SELECT count(*) = 0 FROM public.source), 'rows!'; RETURN 1; END $$;
    """)
    broken, healthy = make_view(database, "a", query="SELECT assertive() AS id"), make_view(database, "z")
    database.execute("INSERT INTO source VALUES (1, 'x')")
    statuses = dict(database.rows(REFRESH_ALL))
    assert "rows!" in statuses[broken]
    assert statuses[healthy] == "SUCCESS"


def test_no_row_of_data_but_the_offending_key_goes_into_the_log(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("INSERT INTO source SELECT 1, 'a secret of the business' FROM generate_series(1, 2)")
    database.rows(REFRESH_ALL)
    error = str(last_log(database, view)["error"])
    assert "duplicate" in error
    assert "secret" not in error
