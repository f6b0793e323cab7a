"""mv_health_check(): how old each view is, and whether it needs a refresh."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fix_database import Database
from tests.fix_views import make_view
from tests.integration.operations.log import know

AT_TEN = datetime(2026, 6, 1, 10, tzinfo=UTC)
CHECK = "SELECT * FROM bi_refresh.mv_health_check()"


def test_the_columns_are_the_document_s(database: Database) -> None:
    with database.connect() as connection:
        cursor = connection.execute(CHECK.encode())
        assert [(column.name, column.type_display) for column in cursor.description or ()] == [
            ("view_name", "text"),
            ("last_refresh", "timestamptz"),
            ("age_minutes", "int4"),
            ("needs_refresh", "bool"),
        ]


def test_a_view_needs_a_refresh_when_it_is_late_or_asked_for_or_of_unknown_age(database: Database) -> None:
    for name in ("asked", "born", "disabled", "downstream", "fresh", "late", "made_from_old", "unread"):
        make_view(database, name)
    database.execute("UPDATE bi_refresh.view_policy SET target_lag = NULL WHERE view_name ~ 'downstream|unread'")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.disabled'")
    for name in ("asked", "disabled", "fresh"):
        know(database, f"public.{name}", age="5 minutes 30 seconds")
    know(database, "public.downstream", age="100 days")
    know(database, "public.late", age="25 minutes 30 seconds")
    know(database, "public.made_from_old", age="2 minutes 30 seconds", oldest="40 minutes")
    database.execute("SELECT bi_refresh.request_refresh('asked')")

    assert database.rows(CHECK) == [
        ("public.asked", AT_TEN, 5, True),
        ("public.born", None, None, True),
        ("public.downstream", AT_TEN, 144_000, False),
        ("public.fresh", AT_TEN, 5, False),
        ("public.late", AT_TEN, 25, True),
        ("public.made_from_old", AT_TEN, 2, True),
        ("public.unread", None, None, True),
    ]


def test_a_view_created_anew_is_of_unknown_age(database: Database) -> None:
    make_view(database, "a")
    know(database, "public.a", age="1 minute 30 seconds")
    assert database.rows(CHECK) == [("public.a", AT_TEN, 1, False)]
    database.execute("DROP MATERIALIZED VIEW a; CREATE MATERIALIZED VIEW a AS SELECT 1 AS id")
    assert database.rows(CHECK) == [("public.a", AT_TEN, None, True)]
