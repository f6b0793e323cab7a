"""get_mv_stats(): every view as it stands, without reading or waiting."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_views import REFRESH_ALL, make_view
from tests.integration.operations.log import log

STATS = "SELECT * FROM bi_refresh.get_mv_stats()"


def stats(database: Database, **options: Any) -> dict[str, dict[str, Any]]:
    """By view."""
    with database.connect(row_factory=psycopg.rows.dict_row, **options) as connection:
        rows: list[dict[str, Any]] = connection.execute(STATS.encode()).fetchall()
    return {row["view_name"]: row for row in rows}


def test_the_columns_are_those_of_the_contract(database: Database) -> None:
    with database.connect() as connection:
        cursor = connection.execute(STATS.encode())
        assert [(column.name, column.type_display) for column in cursor.description or ()] == [
            ("view_name", "text"),
            ("is_populated", "bool"),
            ("row_count", "int8"),
            ("total_size", "text"),
            ("total_bytes", "int8"),
            ("has_unique_index", "bool"),
            ("last_refresh", "timestamptz"),
            ("last_duration_ms", "int8"),
            ("last_status", "text"),
            ("freshness", "text"),
        ]


def test_a_refreshed_view(database: Database) -> None:
    view = make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'x'), (2, 'y'), (3, 'z')")
    assert database.rows(REFRESH_ALL) == [(view, "SUCCESS")]
    log(database, view, "completed", duration_ms=1_234)
    log(database, view, "failed", duration_ms=9_999)
    log(database, view, "skipped", duration_ms=0)
    ((size, pretty, refreshed_at),) = database.rows(
        "SELECT pg_total_relation_size('a'), pg_size_pretty(pg_total_relation_size('a')),"
        " (SELECT last_success_at FROM bi_refresh.view_state)"
    )
    assert stats(database)[view] == {
        "view_name": view,
        "is_populated": True,
        "row_count": 3,
        "total_size": pretty,
        "total_bytes": size,
        "has_unique_index": True,
        "last_refresh": refreshed_at,
        "last_duration_ms": 1_234,
        "last_status": "skipped",
        "freshness": "fresh",
    }


def test_a_view_that_we_never_refreshed_has_postgresql_s_estimate_of_its_rows(database: Database) -> None:
    analyzed = make_view(database, "analyzed", query="SELECT n AS id FROM generate_series(1, 7) AS n")
    unknown = make_view(database, "unknown", query="SELECT n AS id FROM generate_series(1, 7) AS n", key=None)
    database.execute("ANALYZE analyzed; ALTER MATERIALIZED VIEW unknown SET (autovacuum_enabled = false)")
    found = stats(database)
    assert (found[analyzed]["row_count"], found[analyzed]["has_unique_index"]) == (7, True)
    assert (found[unknown]["row_count"], found[unknown]["has_unique_index"]) == (None, False)
    assert found[analyzed]["last_status"] is found[analyzed]["last_refresh"] is None
    assert found[analyzed]["freshness"] == "very_stale"


def test_the_count_of_another_relation_is_not_the_view_s(database: Database) -> None:
    """Emptied, created anew, or gone."""
    for name in ("anew", "emptied", "gone"):
        make_view(database, name, query="SELECT 1 AS id")
    database.rows(REFRESH_ALL)
    database.execute("REFRESH MATERIALIZED VIEW emptied WITH NO DATA; DROP MATERIALIZED VIEW gone")
    database.execute("DROP MATERIALIZED VIEW anew; CREATE MATERIALIZED VIEW anew AS SELECT generate_series(1, 4) AS id")
    database.execute("ANALYZE anew")
    found = stats(database)
    assert [(row["is_populated"], row["row_count"]) for row in found.values()] == [(True, 4), (False, 0), (False, None)]
    assert (found["public.gone"]["total_bytes"], found["public.gone"]["has_unique_index"]) == (None, False)


def test_nobody_waits_for_a_refresh_that_shuts_readers_out(database: Database) -> None:
    shut, other = make_view(database, "a"), make_view(database, "b")
    with database.connect() as refreshing:
        refreshing.execute("BEGIN")
        refreshing.execute("REFRESH MATERIALIZED VIEW a")
        found = stats(database, options="-c statement_timeout=10s")
        refreshing.execute("ROLLBACK")
    assert (found[shut]["total_size"], found[shut]["total_bytes"]) == (None, None)
    assert found[other]["total_bytes"] > 0


def test_it_changes_nothing(database: Database) -> None:
    make_view(database, "a")
    read_only = "-c default_transaction_read_only=on"
    assert stats(database, options=read_only)
    with database.connect(options=read_only) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("SELECT bi_refresh.request_refresh('a')")
