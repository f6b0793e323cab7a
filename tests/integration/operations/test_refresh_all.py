"""refresh_all_mv(): every enabled view, with what became of it."""

from __future__ import annotations

from tests.fix_database import Database
from tests.fix_views import make_view, make_view_with_duplicate_keys

REFRESH = "SELECT * FROM bi_refresh.refresh_all_mv()"


def test_the_columns_are_those_of_the_contract(database: Database) -> None:
    with database.connect() as connection:
        cursor = connection.execute(REFRESH.encode())
        assert [(column.name, column.type_display) for column in cursor.description or ()] == [
            ("view_name", "text"),
            ("status", "text"),
            ("duration_ms", "int8"),
            ("rows_affected", "int8"),
            ("error_message", "text"),
        ]


def test_each_enabled_view_is_refreshed_upstream_first_and_one_s_failure_is_its_own(database: Database) -> None:
    bad = make_view_with_duplicate_keys(database, "bad")
    base = make_view(database, "z_base")
    reader = make_view(database, "a_reader", query="SELECT id, label FROM z_base WHERE id > 1")
    make_view(database, "off")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.off'")
    database.execute("INSERT INTO source VALUES (1, 'x'), (2, 'y'), (3, 'z')")

    rows = database.rows(REFRESH)

    found = {view: (status, rows_affected) for view, status, _, rows_affected, _ in rows}
    assert found == {base: ("completed", 3), reader: ("completed", 2), bad: ("failed", None)}
    names = [view for view, *_ in rows]
    assert names.index(base) < names.index(reader)
    errors = {view: error for view, *_, error in rows if error is not None}
    assert list(errors) == [bad]
    assert "duplicate" in errors[bad]
    ((error, remedy),) = database.rows("SELECT error, remedy FROM bi_refresh.mv_refresh_log WHERE status = 'failed'")
    assert errors[bad] == f"{error.rstrip('.')}. {remedy}"
    assert [(view, duration) for view, _, duration, *_ in rows] == database.rows(
        "SELECT view_name, duration_ms FROM bi_refresh.mv_refresh_log WHERE trigger_type = 'manual' ORDER BY id"
    )
    assert database.rows("SELECT id FROM a_reader ORDER BY 1") == [(2,), (3,)]


def test_a_second_call_tells_of_its_own_refreshes(database: Database) -> None:
    """In one transaction, where the entries of both come from one session."""
    view = make_view(database, "a")
    with database.connect() as connection:
        connection.execute("BEGIN")
        first = connection.execute(REFRESH.encode()).fetchall()
        connection.execute("INSERT INTO source VALUES (1, 'x')")
        second = connection.execute(REFRESH.encode()).fetchall()
    assert [(row[:2], row[3]) for row in first + second] == [((view, "completed"), 0), ((view, "completed"), 1)]


def test_a_view_that_another_session_refreshes_is_skipped(database: Database) -> None:
    view = make_view(database, "a")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM bi_refresh.refresh_bi_views()")
        assert database.rows(REFRESH) == [(view, "skipped", 0, None, None)]
