"""refresh_bi_views() by itself, as psql and pg_cron call it."""

from __future__ import annotations

import subprocess
import threading

import psycopg
import pytest

from refresh_task.migrations import create_public_aliases
from tests.fix_database import Database
from tests.fix_views import make_slow_view, make_view, make_view_with_duplicate_keys, wait_until_sleeping

_CALL = "SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views()"


def _last_log(database: Database, view: str) -> dict[str, object]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute(
            "SELECT * FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1", [view]
        ).fetchone()
    assert row is not None
    return dict(row)


def test_psql_gets_the_documents_three_columns_and_a_failing_view_leaves_the_others_refreshed(
    database: Database,
) -> None:
    first, last = make_view(database, "a_healthy"), make_view(database, "z_healthy")
    broken = make_view_with_duplicate_keys(database, "m_broken")
    with database.session() as session:
        create_public_aliases(session)
    database.execute("INSERT INTO source VALUES (1, 'new')")

    psql = subprocess.run(
        [database.server.program("psql"), database.dsn, "--csv", "-c", "SELECT * FROM refresh_bi_views()"],
        check=True,
        capture_output=True,
        text=True,
    )

    header, *rows = psql.stdout.splitlines()
    assert header == "vista_nombre,tiempo_ms,status"
    assert [row.split(",")[0] for row in rows] == [first, broken, last]
    assert rows[0].endswith(",SUCCESS")
    assert "ERROR: duplicate key value" in rows[1]
    assert rows[2].endswith(",SUCCESS")
    assert database.rows("SELECT label FROM a_healthy UNION ALL SELECT label FROM z_healthy") == [("new",), ("new",)]
    assert [_last_log(database, view)["status"] for view in (first, broken, last)] == [
        "completed",
        "failed",
        "completed",
    ]


def test_views_are_refreshed_after_those_they_read_through_ordinary_views_and_functions(database: Database) -> None:
    make_view(database, "z_base")
    database.execute("CREATE VIEW in_between AS SELECT id, label FROM z_base")
    make_view(database, "m_middle", query="SELECT id, label FROM in_between")
    database.execute("""
        CREATE FUNCTION read_middle() RETURNS TABLE (id integer, label text) LANGUAGE sql STABLE
        BEGIN ATOMIC SELECT id, label FROM m_middle; END
    """)
    make_view(database, "a_top", query="SELECT id, label FROM read_middle()")
    database.execute("INSERT INTO source VALUES (1, 'through the chain')")

    assert [name for name, _ in database.rows(_CALL)] == ["public.z_base", "public.m_middle", "public.a_top"]
    assert database.rows("SELECT label FROM a_top") == [("through the chain",)]


def test_a_populated_view_is_refreshed_concurrently_and_its_row_churn_is_recorded(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source SELECT n, 'old' FROM generate_series(1, 10) AS n")
    view = make_view(database, "a")
    database.execute("DELETE FROM source WHERE id = 1")
    database.execute("UPDATE source SET label = 'new' WHERE id IN (2, 3)")
    database.execute("INSERT INTO source VALUES (11, 'new')")

    assert database.rows(_CALL) == [(view, "SUCCESS")]
    entry = _last_log(database, view)
    assert entry["strategy"] == "concurrent"
    # an update of a materialized view's row is a row removed and a row written
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (3, 3, 10)


def test_an_unpopulated_view_is_filled_by_a_plain_refresh(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source VALUES (1, 'x')")
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source WITH NO DATA")
    database.manage("public.a")

    assert database.rows(_CALL) == [("public.a", "SUCCESS")]
    entry = _last_log(database, "public.a")
    assert entry["strategy"] == "exclusive"
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (1, 0, 1)


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

    ((_, status),) = database.rows(_CALL)
    assert "has no unique index on plain columns" in status
    assert "CREATE UNIQUE INDEX ON public.a (<the columns that identify a row, out of: id, label>);" in status
    assert database.value("SELECT count(*) FROM a") == 0
    assert _last_log(database, "public.a")["sqlstate"] == "55000"


def test_the_proposed_index_names_a_column_whose_values_were_all_different(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source SELECT n, 'same' FROM generate_series(1, 1000) AS n")
    view = make_view(database, "a", key=None)
    database.execute("ANALYZE a")

    database.rows(_CALL)
    ddl = str(_last_log(database, view)["remedy"])
    assert ddl == "CREATE UNIQUE INDEX ON public.a (id);"
    database.execute(ddl)
    assert database.rows(_CALL) == [(view, "SUCCESS")]


def test_duplicate_keys_are_shown_and_can_be_listed(database: Database) -> None:
    view = make_view_with_duplicate_keys(database, "a")

    ((_, status),) = database.rows(_CALL)
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

    statuses = dict(database.rows(_CALL))
    assert "public.a_gone does not exist" in statuses["public.a_gone"]
    assert "take it out of views.toml and run vistafresca apply" in statuses["public.a_gone"]
    assert "column wide.label does not exist" in statuses[lost]
    assert f"SELECT pg_get_viewdef('{lost}');" in statuses[lost]
    assert statuses[healthy] == "SUCCESS"


def test_a_view_that_another_session_refreshes_is_skipped_and_not_waited_for(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False) as other:
        other.execute("SELECT * FROM bi_refresh.refresh_bi_views()")  # its transaction stays open
        assert database.rows(_CALL) == [(view, "SKIPPED: another session is refreshing it")]
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 0


def test_a_blocked_lock_ends_the_view_after_the_lock_timeout_and_not_the_others(database: Database) -> None:
    blocked, healthy = make_view(database, "a_blocked"), make_view(database, "z_healthy")
    with database.connect(autocommit=False) as blocker, database.connect() as caller:
        blocker.execute("REFRESH MATERIALIZED VIEW a_blocked")  # somebody by hand, in a transaction left open
        caller.execute("SET lock_timeout = '50ms'")
        statuses = dict(caller.execute(_CALL).fetchall())
        assert caller.execute("SHOW lock_timeout").fetchone() == ("50ms",)
    assert "lock timeout" in statuses[blocked]
    assert "pg_stat_activity" in statuses[blocked]
    assert statuses[healthy] == "SUCCESS"


def test_a_caller_without_a_lock_timeout_gets_one_for_the_refresh_only(database: Database) -> None:
    make_view(database, "a", query="SELECT 1 AS id, current_setting('lock_timeout') AS label")
    with database.connect(autocommit=False) as caller:
        assert caller.execute(_CALL).fetchall() == [("public.a", "SUCCESS")]
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
        caller.execute("SET statement_timeout = '300ms'")
        statuses = dict(caller.execute(_CALL).fetchall())
    assert statuses[before] == "SUCCESS"
    assert "statement timeout" in statuses[slow]
    assert statuses[after] == f"SKIPPED: the call was cancelled while refreshing {slow}"
    assert database.rows("SELECT label FROM a_before") == [("new",)]
    assert [_last_log(database, view)["status"] for view in (before, slow, after)] == ["completed", "failed", "skipped"]


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
    assert _last_log(database, slow)["status"] == "cancelled"
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 0


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


def test_scheduled_failures_are_counted_manual_ones_are_not_and_a_success_resets(database: Database) -> None:
    make_view_with_duplicate_keys(database, "a")

    def failures_after(trigger_type: str) -> tuple[int, bool]:
        database.rows("SELECT * FROM bi_refresh.refresh_bi_views(trigger_type => %s)", trigger_type)
        ((count, since),) = database.rows("SELECT consecutive_failures, failing_since FROM bi_refresh.view_status")
        return count, since is not None

    assert [failures_after(kind) for kind in ("cron", "manual", "event")] == [(1, True), (1, True), (2, True)]
    database.execute("DELETE FROM twice WHERE label = 'other'")
    assert failures_after("cron") == (0, False)


def test_views_are_named_with_or_without_their_schema_and_unknown_or_ambiguous_names_say_so(database: Database) -> None:
    make_view(database, "a")
    database.execute("CREATE SCHEMA other")
    database.execute("CREATE MATERIALIZED VIEW other.a AS SELECT 1 AS id")
    database.execute("CREATE UNIQUE INDEX ON other.a (id)")
    make_view(database, "b")
    database.manage("other.a")

    def statuses(*names: str) -> dict[str, str]:
        return dict(database.rows("SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views(%s)", list(names)))

    assert statuses("b") == {"public.b": "SUCCESS"}
    assert statuses("other.a") == {"other.a": "SUCCESS"}
    assert statuses("b", "public.b") == {"public.b": "SUCCESS"}
    assert "may be any of other.a, public.a" in statuses("a")["a"]
    assert "is not a managed view" in statuses("x.y.z.w")["x.y.z.w"]
    unknown = statuses("nowhere", "b")
    assert "is not a managed view" in unknown["nowhere"]
    assert unknown["public.b"] == "SUCCESS"
    assert _last_log(database, "nowhere")["status"] == "failed"
    assert statuses() == {}


def test_an_unknown_trigger_type_is_refused_and_nothing_is_refreshed(database: Database) -> None:
    make_view(database, "a")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown trigger type: hourly"):
        database.rows("SELECT * FROM bi_refresh.refresh_bi_views(trigger_type => 'hourly')")
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0


def test_a_disabled_view_is_left_alone_unless_it_is_named(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    assert database.rows(_CALL) == []
    assert database.rows("SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views(ARRAY['a'])") == [
        (view, "SUCCESS")
    ]


def test_names_that_need_quotes_work_throughout(database: Database) -> None:
    database.execute('CREATE SCHEMA "Ventas ñ"')
    database.execute('CREATE MATERIALIZED VIEW "Ventas ñ"."Resumen ""diario""" AS SELECT 1 AS "Día"')
    database.execute('CREATE UNIQUE INDEX ON "Ventas ñ"."Resumen ""diario""" ("Día")')
    name = '"Ventas ñ"."Resumen ""diario"""'
    database.manage(name)
    assert database.rows(_CALL) == [(name, "SUCCESS")]
    assert database.value("SELECT lag IS NOT NULL FROM bi_refresh.view_status")


def test_a_policy_must_name_its_view_in_full_and_in_one_spelling(database: Database) -> None:
    for name in ("a", "a.b.c", "A.b", '"a".b'):
        with pytest.raises(psycopg.errors.CheckViolation):
            database.manage(name)


def test_the_data_timestamp_is_the_snapshots_moment_and_of_no_use_after_the_view_was_created_anew(
    database: Database,
) -> None:
    view = make_view(database, "a")
    before = database.value("SELECT clock_timestamp()")
    database.rows(_CALL)
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
    database.rows(_CALL)
    database.execute("UPDATE bi_refresh.view_state SET data_timestamp = now() - %s::interval", age)
    assert database.value("SELECT freshness FROM bi_refresh.view_status") == freshness


def test_old_log_rows_are_removed_but_never_a_views_newest(database: Database) -> None:
    make_view(database, "a")
    for _ in range(3):
        database.rows(_CALL)
    database.execute("UPDATE bi_refresh.mv_refresh_log SET created_at = now() - interval '100 days'")
    newest = database.value("SELECT max(id) FROM bi_refresh.mv_refresh_log")
    assert database.value("SELECT bi_refresh.purge_log('90 days', most => 1)") == 1
    assert database.value("SELECT bi_refresh.purge_log('90 days')") == 1
    assert database.rows("SELECT id FROM bi_refresh.mv_refresh_log") == [(newest,)]


def test_the_view_that_has_waited_longest_for_an_attempt_comes_first(database: Database) -> None:
    """Otherwise a slow one would cost the same views their turn in every round."""
    first, slow, last = make_view(database, "a"), make_slow_view(database, "m"), make_view(database, "z")
    with database.connect() as caller:
        caller.execute("SET statement_timeout = '200ms'")
        caller.execute(_CALL)
        assert [name for name, _ in caller.execute(_CALL).fetchall()] == [last, first, slow]


def test_a_failing_assertion_in_a_views_function_is_that_views_failure(database: Database) -> None:
    database.execute("""
        CREATE TABLE source (id integer, label text);
        CREATE FUNCTION assertive() RETURNS integer LANGUAGE plpgsql STABLE
        AS $$ BEGIN ASSERT (SELECT count(*) = 0 FROM public.source), 'rows!'; RETURN 1; END $$;
    """)
    broken, healthy = make_view(database, "a", query="SELECT assertive() AS id"), make_view(database, "z")
    database.execute("INSERT INTO source VALUES (1, 'x')")
    statuses = dict(database.rows(_CALL))
    assert "rows!" in statuses[broken]
    assert statuses[healthy] == "SUCCESS"


def test_a_view_redeployed_while_its_refresh_waits_is_known_by_its_new_relation(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False) as deployment, database.connect() as caller:
        deployment.execute("DROP MATERIALIZED VIEW a")
        deployment.execute("CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source")
        deployment.execute("CREATE UNIQUE INDEX a_new_key ON a (id)")
        results: list[tuple[str, str]] = []
        thread = threading.Thread(target=lambda: results.extend(caller.execute(_CALL).fetchall()))
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
        assert caller.execute(_CALL).fetchall() == [(view, "SUCCESS")]
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


def test_no_row_of_data_but_the_offending_key_goes_into_the_log(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("INSERT INTO source SELECT 1, 'a secret of the business' FROM generate_series(1, 2)")
    database.rows(_CALL)
    error = str(_last_log(database, view)["error"])
    assert "duplicate" in error
    assert "secret" not in error


def test_under_repeatable_read_the_data_is_as_old_as_the_transactions_snapshot(database: Database) -> None:
    make_view(database, "a")
    with database.connect(autocommit=False) as caller:
        caller.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        caller.execute("SELECT 1")
        later = database.value("SELECT clock_timestamp()")
        caller.execute(_CALL)
        caller.commit()
    assert database.value("SELECT data_timestamp FROM bi_refresh.view_status") < later


def test_an_emptied_view_is_not_fresh(database: Database) -> None:
    make_view(database, "a")
    database.rows(_CALL)
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
    database.rows(_CALL)
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
