"""The source document's statements and cases, by the names that it uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.integration.universal_transactions.system import MATERIALIZED_VIEW, SCHEMA, Connection, add

DASHBOARD = "SELECT sum(monto_cobrado) FROM universal_transactions_mv"


def one(connection: Connection, statement: str) -> tuple[Any, ...]:
    (row,) = connection.execute(statement.encode()).fetchall()
    return tuple(row)


def test_case_1_the_hourly_job(connection: Connection) -> None:
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'hourly_job')")
    add(connection, "cpg_pos", "120.50")  # a customer pays
    assert one(connection, DASHBOARD) == (None,)
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'frequent_job')")
    assert one(connection, DASHBOARD) == (Decimal("120.50"),)
    assert connection.execute(
        "SELECT trigger_type, triggered_by, status FROM mv_refresh_log ORDER BY id"
    ).fetchall() == [("cron", "hourly_job", "completed"), ("cron", "frequent_job", "completed")]


def test_case_2_a_large_transaction(connection: Connection) -> None:
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'hourly_job')")
    connection.execute("INSERT INTO cpg_consignment (monto_total, cliente_id, estado) VALUES (50000, 1, 'pagada')")
    assert one(connection, "SELECT view_name, priority, refresh_requested FROM mv_refresh_triggers") == (
        MATERIALIZED_VIEW,
        "critical",
        True,
    )
    assert one(connection, DASHBOARD) == (None,)
    assert one(connection, "SELECT process_pending_mv_refreshes()") == (1,)
    assert one(connection, DASHBOARD) == (Decimal("50000.00"),)
    assert one(connection, "SELECT refresh_requested, processed_at IS NOT NULL FROM mv_refresh_triggers") == (
        False,
        True,
    )
    assert one(connection, "SELECT trigger_type, status FROM mv_refresh_log ORDER BY id DESC LIMIT 1") == (
        "event",
        "completed",
    )


def test_case_3_an_urgent_report(connection: Connection) -> None:
    connection.execute("INSERT INTO cpg_pos (sucursal, monto_total) VALUES ('Sucursal 1', 99.99)")
    refresh_id, duration_ms, rows_affected, status = one(
        connection, "SELECT * FROM refresh_universal_transactions_logged('manual', 'ceo@company.com')"
    )
    assert (rows_affected, status) == (1, "completed")
    assert one(connection, DASHBOARD) == (Decimal("99.99"),)
    assert one(
        connection,
        "SELECT id, refresh_duration_ms, rows_affected, trigger_type, triggered_by, error_message FROM mv_refresh_log",
    ) == (refresh_id, duration_ms, 1, "manual", "ceo@company.com", None)


def test_testing_the_strategy(connection: Connection) -> None:
    """`psql -c` sends its statements as one message: one transaction, in which the refresh sees the INSERT."""
    assert one(connection, "SELECT refresh_universal_transactions_logged('test', 'manual_test')")
    connection.execute(
        "INSERT INTO cpg_consignment (monto_total, cliente_id) VALUES (50000, 1);"
        " SELECT process_pending_mv_refreshes();"
    )
    assert one(connection, "SELECT monto_total FROM universal_transactions_mv") == (Decimal("50000.00"),)
    assert one(connection, "SELECT count(*) FROM mv_refresh_triggers WHERE refresh_requested") == (0,)


def test_the_health_check(connection: Connection) -> None:
    assert one(connection, "SELECT * FROM mv_health_check();") == (MATERIALIZED_VIEW, None, None, True)
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'system_cron')")
    view_name, last_refresh, age_minutes, needs_refresh = one(connection, "SELECT * FROM mv_health_check();")
    assert (view_name, age_minutes, needs_refresh) == (MATERIALIZED_VIEW, 0, False)
    assert one(connection, "SELECT refresh_completed_at FROM mv_refresh_log") == (last_refresh,)

    # 25 minutes later, and an hour
    for age, is_late in ((25, False), (61, True)):
        connection.execute(
            "UPDATE bi_refresh.view_state SET data_timestamp = now() - %s, global_data_timestamp = now() - %s",
            [timedelta(minutes=age)] * 2,
        )
        assert one(connection, "SELECT age_minutes, needs_refresh FROM mv_health_check()") == (age, is_late)


def test_a_waiting_request_is_a_need(connection: Connection) -> None:
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'python_scheduler')")
    connection.execute("INSERT INTO cpg_consignment (monto_total, cliente_id) VALUES (10000, 1)")
    assert one(connection, "SELECT needs_refresh FROM mv_health_check()") == (True,)


def test_metrics_and_troubleshooting(connection: Connection) -> None:
    """Two that succeed, one that fails and is then repaired by hand; the clock is set back for the first."""
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'hourly_job')")
    connection.execute("UPDATE bi_refresh.mv_refresh_log SET started_at = '2025-01-04 15:59:59+00', duration_ms = 7000")
    connection.execute(f"ALTER MATERIALIZED VIEW {MATERIALIZED_VIEW} RENAME TO hidden")
    connection.execute("SELECT refresh_universal_transactions_logged('cron', 'hourly_job')")
    connection.execute(f"ALTER MATERIALIZED VIEW {SCHEMA}.hidden RENAME TO universal_transactions_mv")
    connection.execute("SELECT refresh_universal_transactions_logged('manual', 'troubleshoot');")
    connection.execute("UPDATE bi_refresh.mv_refresh_log SET duration_ms = 1234 WHERE triggered_by = 'troubleshoot'")
    connection.execute(
        "UPDATE bi_refresh.mv_refresh_log SET started_at = '2025-01-04 16:30+00' WHERE status = 'failed'"
    )

    metrics = connection.execute("SELECT * FROM mv_refresh_metrics;").fetchall()
    assert [row[1:] for row in metrics] == [(1, 1, 0, 1234), (1, 0, 1, None), (1, 1, 0, 7000)]
    assert [row[0] for row in metrics[1:]] == [datetime(2025, 1, 4, hour, tzinfo=UTC) for hour in (16, 15)]

    newest = connection.execute("SELECT * FROM mv_refresh_log ORDER BY created_at DESC LIMIT 10;").fetchall()
    assert len(newest) == 3
    assert len(connection.execute("SELECT * FROM mv_refresh_log WHERE status = 'failed';").fetchall()) == 1
    assert one(
        connection,
        """
        SELECT
            AVG(refresh_duration_ms),
            MAX(refresh_duration_ms),
            COUNT(*)
        FROM mv_refresh_log
        WHERE status = 'completed'
          AND refresh_started_at >= NOW() - INTERVAL '24 hours';
        """,
    ) == (1234, 1234, 1)


@pytest.mark.parametrize("statement", ["nightly", "hourly"])
def test_a_trigger_type_that_the_document_does_not_have_is_refused(rolled_back: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=statement):
        rolled_back.execute("SELECT refresh_universal_transactions_logged(%s, 'somebody')", [statement])
