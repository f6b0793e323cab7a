"""Many views that touch triggers watch, checked by one statement."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_steps import run_step, watch
from tests.fix_views import make_view

_VERIFY = "SELECT * FROM bi_refresh.verify_unchanged(%s::text[], 'cron', 'the tests', NULL)"


def _verify(database: Database, views: list[str]) -> dict[str, dict[str, Any]]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        return {row["view_name"]: row for row in connection.execute(_VERIFY, [views]).fetchall()}


@pytest.fixture
def views(database: Database) -> list[str]:
    """Three views on a table each, watched and refreshed."""
    database.execute("CREATE TABLE t0 (id integer); CREATE TABLE t1 (id integer); CREATE TABLE t2 (id integer)")
    made = [make_view(database, f"v{i}", query=f"SELECT id FROM t{i}") for i in range(3)]
    watch(database, *made)
    for view in made:
        run_step(database, view, change_detection="touch")
    return made


def test_the_unchanged_ones_are_recorded_as_skipped(database: Database, views: list[str]) -> None:
    database.execute("INSERT INTO t1 VALUES (1)")
    before = dict(database.rows("SELECT view_name, data_timestamp FROM bi_refresh.view_state"))
    verified = _verify(database, views)
    after = dict(database.rows("SELECT view_name, data_timestamp FROM bi_refresh.view_state"))
    assert set(verified) == {views[0], views[2]}
    for view, entry in verified.items():
        assert (entry["status"], entry["strategy"]) == ("skipped", "skip")
        assert "(touch triggers of 1 table, " in entry["reason"]
        assert before[view] < after[view] == entry["data_timestamp"]
    assert before[views[1]] == after[views[1]]
    assert run_step(database, views[1], change_detection="touch")["status"] == "completed"
    assert set(_verify(database, views)) == set(views)


def test_requests_are_answered(database: Database, views: list[str]) -> None:
    database.execute("INSERT INTO bi_refresh.mv_refresh_triggers (view_name) VALUES (%s), (%s)", views[0], views[0])
    verified = _verify(database, views)
    assert {name: entry["requests_served"] for name, entry in verified.items()} == {
        views[0]: 2,
        views[1]: None,
        views[2]: None,
    }
    assert database.rows("SELECT DISTINCT refresh_requested FROM bi_refresh.mv_refresh_triggers") == [(False,)]


@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE VIEW beneath AS SELECT id + 1 AS id FROM t0",
        "ALTER TABLE t0 DISABLE TRIGGER bi_refresh_touch",
        "DROP TRIGGER bi_refresh_touch ON t0",
        "ALTER TABLE t0 ENABLE ROW LEVEL SECURITY",
        "TRUNCATE t0",
        "REFRESH MATERIALIZED VIEW w WITH NO DATA",
        "UPDATE bi_refresh.view_state SET fingerprint = NULL WHERE view_name = 'public.w'",
        'UPDATE bi_refresh.view_state SET fingerprint = fingerprint || \'{"moments": {"the date": "x"}}\'',
        "INSERT INTO bi_refresh.table_touch SELECT 't0'::regclass",
    ],
)
def test_whatever_else_changed_is_left_to_a_step(database: Database, change: str) -> None:
    database.execute("CREATE TABLE t0 (id integer); CREATE VIEW beneath AS SELECT id FROM t0")
    view = make_view(database, "w", query="SELECT id FROM beneath")
    watch(database, view)
    run_step(database, view, change_detection="touch")
    assert set(_verify(database, [view])) == {view}
    database.execute(change)
    assert _verify(database, [view]) == {}


def test_views_that_need_a_table_read_are_left_to_a_step(database: Database) -> None:
    database.execute("CREATE UNLOGGED TABLE scratch (id integer)")
    view = make_view(database, "a", query="SELECT id FROM scratch")
    watch(database, view)
    run_step(database, view, change_detection="touch")
    assert _verify(database, [view]) == {}
    assert run_step(database, view, change_detection="touch")["status"] == "skipped"


def test_a_view_that_another_session_refreshes_is_left_to_a_step(database: Database, views: list[str]) -> None:
    with database.connect(autocommit=False) as other:
        other.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[])", [views[:1]])
        assert set(_verify(database, views)) == set(views[1:])


def test_a_view_refreshed_after_the_snapshot_is_left_to_a_step(database: Database, views: list[str]) -> None:
    with database.connect(autocommit=False) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        database.execute("INSERT INTO t0 VALUES (1)")
        run_step(database, views[0], change_detection="touch")
        names = {row[3] for row in connection.execute("SELECT 1, 2, 3, view_name FROM (" + _VERIFY + ") AS v", [views])}
        connection.commit()
    assert names == set(views[1:])


def test_the_refresher_may_call_it(database: Database, views: list[str], make_role: MakeRole) -> None:
    database.execute(
        "GRANT EXECUTE ON FUNCTION bi_refresh.verify_unchanged(text[], text, text, bigint) TO bi_refresh_refresher"
    )
    role = make_role("bi_refresh_refresher")
    with psycopg.connect(dsn_as(database, role), autocommit=True) as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        assert len(connection.execute(_VERIFY, [views]).fetchall()) == 3


def test_unknown_names_are_nobodys(database: Database) -> None:
    assert _verify(database, ["public.nobody", "x"]) == {}
