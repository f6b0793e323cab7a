"""refresh_bi_views() by itself, as psql and pg_cron call it."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from refresh_task.migrations import create_public_aliases
from tests.fix_database import Database
from tests.fix_views import REFRESH_ALL, last_log, make_slow_view, make_view, make_view_with_duplicate_keys


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
    assert [last_log(database, view)["status"] for view in (first, broken, last)] == [
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

    assert [name for name, _ in database.rows(REFRESH_ALL)] == ["public.z_base", "public.m_middle", "public.a_top"]
    assert database.rows("SELECT label FROM a_top") == [("through the chain",)]


def test_a_populated_view_is_refreshed_concurrently_and_its_row_churn_is_recorded(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source SELECT n, 'old' FROM generate_series(1, 10) AS n")
    view = make_view(database, "a")
    database.execute("DELETE FROM source WHERE id = 1")
    database.execute("UPDATE source SET label = 'new' WHERE id IN (2, 3)")
    database.execute("INSERT INTO source VALUES (11, 'new')")

    assert database.rows(REFRESH_ALL) == [(view, "SUCCESS")]
    entry = last_log(database, view)
    assert entry["strategy"] == "concurrent"
    # an update of a materialized view's row is a row removed and a row written
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (3, 3, 10)


def test_an_unpopulated_view_is_filled_by_a_plain_refresh(database: Database) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("INSERT INTO source VALUES (1, 'x')")
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source WITH NO DATA")
    database.manage("public.a")

    assert database.rows(REFRESH_ALL) == [("public.a", "SUCCESS")]
    entry = last_log(database, "public.a")
    assert entry["strategy"] == "exclusive"
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (1, 0, 1)


def test_a_view_that_another_session_refreshes_is_skipped_and_not_waited_for(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect(autocommit=False) as other:
        other.execute("SELECT * FROM bi_refresh.refresh_bi_views()")  # its transaction stays open
        ((name, status),) = database.rows(REFRESH_ALL)
        assert (name, status.partition(" (process ")[0]) == (view, "SKIPPED: another session is refreshing it")
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 0


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
    assert last_log(database, "nowhere")["status"] == "failed"
    assert statuses() == {}


def test_an_unknown_trigger_type_is_refused_and_nothing_is_refreshed(database: Database) -> None:
    make_view(database, "a")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown trigger type: hourly"):
        database.rows("SELECT * FROM bi_refresh.refresh_bi_views(trigger_type => 'hourly')")
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == 0


def test_a_disabled_view_is_left_alone_unless_it_is_named(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    assert database.rows(REFRESH_ALL) == []
    assert database.rows("SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views(ARRAY['a'])") == [
        (view, "SUCCESS")
    ]


def test_names_that_need_quotes_work_throughout(database: Database) -> None:
    database.execute('CREATE SCHEMA "Ventas ñ"')
    database.execute('CREATE MATERIALIZED VIEW "Ventas ñ"."Resumen ""diario""" AS SELECT 1 AS "Día"')
    database.execute('CREATE UNIQUE INDEX ON "Ventas ñ"."Resumen ""diario""" ("Día")')
    name = '"Ventas ñ"."Resumen ""diario"""'
    database.manage(name)
    assert database.rows(REFRESH_ALL) == [(name, "SUCCESS")]
    assert database.value("SELECT lag IS NOT NULL FROM bi_refresh.view_status")


def test_a_policy_must_name_its_view_in_full_and_in_one_spelling(database: Database) -> None:
    for name in ("a", "a.b.c", "A.b", '"a".b'):
        with pytest.raises(psycopg.errors.CheckViolation):
            database.manage(name)


def test_the_view_that_has_waited_longest_for_an_attempt_comes_first(database: Database) -> None:
    """Otherwise a slow one would cost the same views their turn in every round."""
    first, slow, last = make_view(database, "a"), make_slow_view(database, "m"), make_view(database, "z")
    assert [name for name, _ in _refresh_until_one_sleeps(database)] == [first, slow, last]
    assert [name for name, _ in _refresh_until_one_sleeps(database)] == [last, first, slow]


def _refresh_until_one_sleeps(database: Database) -> list[tuple[Any, ...]]:
    """What the call says that is cancelled as soon as one of its views sleeps."""
    with ThreadPoolExecutor() as pool:
        call = pool.submit(database.rows, REFRESH_ALL)
        database.wait_for(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND wait_event = 'PgSleep' AND query = $query${REFRESH_ALL}$query$"
        )
        return call.result()
