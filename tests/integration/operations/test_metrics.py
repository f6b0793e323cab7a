"""mv_refresh_metrics: what the refreshes of each hour came to."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fix_database import Database
from tests.integration.operations.log import log

METRICS = "SELECT * FROM bi_refresh.mv_refresh_metrics"


def test_attempts_are_counted_by_the_hour_newest_first(database: Database) -> None:
    """In a session whose hours begin at half past by UTC, too."""
    for status, started_at, duration_ms in (
        ("completed", "2026-06-01 10:00:00Z", 1_000),
        ("completed", "2026-06-01 10:20:00Z", 2_000),
        ("completed", "2026-06-01 10:59:59.999Z", 1_502),
        ("failed", "2026-06-01 10:30:00Z", 300_000),
        ("abandoned", "2026-06-01 10:31:00Z", 900_000),
        ("skipped", "2026-06-01 10:32:00Z", 0),
        ("cancelled", "2026-06-01 10:33:00Z", 5_000),
        ("upstream_failed", "2026-06-01 10:34:00Z", 0),
        ("running", "2026-06-01 10:35:00Z", None),
        ("completed", "2026-06-01 11:00:00Z", 700),
        ("failed", "2026-06-01 08:00:00Z", 50),
    ):
        log(database, "public.a", status, started_at=started_at, duration_ms=duration_ms)
    expected = [
        (datetime(2026, 6, 1, 11, tzinfo=UTC), 1, 1, 0, 700),
        (datetime(2026, 6, 1, 10, tzinfo=UTC), 5, 3, 2, 1_501),  # 4502 / 3 = 1500.67
        (datetime(2026, 6, 1, 8, tzinfo=UTC), 1, 0, 1, None),
    ]
    assert database.rows(METRICS) == expected
    with database.connect(options="-c TimeZone=Asia/Kolkata") as connection:
        assert connection.execute(METRICS.encode()).fetchall() == expected


def test_the_columns_are_the_document_s(database: Database) -> None:
    with database.connect() as connection:
        cursor = connection.execute(METRICS.encode())
        assert [(column.name, column.type_display) for column in cursor.description or ()] == [
            ("hour", "timestamptz"),
            ("total_refreshes", "int8"),
            ("successful", "int8"),
            ("failed", "int8"),
            ("avg_duration_ms", "int8"),
        ]
