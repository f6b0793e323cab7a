"""The materialized view as an object."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.driver_matrix.system import (
    BASE_QUERY,
    MATERIALIZED_VIEW,
    REFRESH,
    REFRESH_CONCURRENTLY,
    Connection,
    generate,
    rows,
)

MILESTONE = {
    "achieved_flag": "boolean",
    "achieved_date": "date",
    "expected_amount": "numeric",
    "due_date": "date",
    "claim_status": "text",
    "paid_amount": "numeric",
    "paid_date": "date",
    "overdue_days": "integer",
}
COLUMNS = {
    "driver_id": "bigint",
    "driver_name": "text",
    "origin_tag": "text",
    "lead_date": "date",
    "week_start": "date",
    "roster_side": "text",
    "funnel_status": "text",
    "connected_date": "date",
    "first_trip_date": "date",
    "trips_14d": "bigint",
    "is_consistent": "boolean",
    **{f"{milestone}_{name}": kind for milestone in ("m1", "m5", "m25") for name, kind in MILESTONE.items()},
    "potential_total": "numeric",
    "expected_total": "numeric",
    "paid_total": "numeric",
    "outstanding_total": "numeric",
    "excess_total": "numeric",
    "max_overdue_days": "integer",
    "only_pending": "boolean",
}


def test_both_views_have_the_42_columns_in_order_and_each_is_explained(connection: Connection) -> None:
    query = (
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) IS NOT NULL"
        " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    )
    stored = connection.execute(query, [MATERIALIZED_VIEW]).fetchall()
    assert stored == [(name, kind, True) for name, kind in COLUMNS.items()]
    assert len(stored) == 42
    assert [row[:2] for row in connection.execute(query, [BASE_QUERY]).fetchall()] == list(COLUMNS.items())


def test_it_is_created_empty_and_its_first_refresh_stores_the_base_query(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), connection.transaction():
        rows(connection, MATERIALIZED_VIEW)
    generate(connection, 300)
    connection.execute(REFRESH)
    assert sorted(map(str, rows(connection, MATERIALIZED_VIEW))) == sorted(map(str, rows(connection, BASE_QUERY)))


def test_concurrent_refresh_changes_only_the_rows_that_differ(connection: Connection) -> None:
    generate(connection, 300)
    connection.execute(REFRESH)
    assert rows_rewritten_by_concurrent_refresh(connection) == 0
    connection.execute(
        "UPDATE public.drivers SET driver_name = 'Ana Flores' WHERE driver_id IN (SELECT driver_id"
        f" FROM {MATERIALIZED_VIEW} WHERE driver_name IS NOT NULL ORDER BY driver_id LIMIT 3)"
    )
    assert rows_rewritten_by_concurrent_refresh(connection) == 3
    assert sorted(map(str, rows(connection, MATERIALIZED_VIEW))) == sorted(map(str, rows(connection, BASE_QUERY)))


def rows_rewritten_by_concurrent_refresh(connection: Connection) -> int:
    inserted = "SELECT pg_stat_get_xact_tuples_inserted(%s::regclass)"
    ((before,),) = connection.execute(inserted, [MATERIALIZED_VIEW]).fetchall()
    connection.execute(REFRESH_CONCURRENTLY)
    ((after,),) = connection.execute(inserted, [MATERIALIZED_VIEW]).fetchall()
    return int(after) - int(before)


def test_readers_go_on_while_it_is_refreshed(matrix_database: Database) -> None:
    """A concurrent refresh keeps a lock that readers do not wait for; the plain one would."""
    with matrix_database.connect() as refreshing, matrix_database.connect() as reading:
        generate(refreshing, 100)
        refreshing.execute(REFRESH)
        reading.execute("SET lock_timeout = '50ms'")
        with refreshing.transaction():
            refreshing.execute(REFRESH_CONCURRENTLY)
            assert len(rows(reading, MATERIALIZED_VIEW)) > 50
        with refreshing.transaction():
            refreshing.execute(REFRESH)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                rows(reading, MATERIALIZED_VIEW)
