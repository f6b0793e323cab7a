"""What planning is told of a view: its policy, its relation, its state, its history and its requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from refresh_task.catalog import read_now, read_views
from refresh_task.database import connect
from refresh_task.model import ChangeDetection, ExclusiveWindow, Priority, Schedule, View
from refresh_task.settings import Settings
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import REFRESH_ALL, make_view


def _read(database: Database) -> View:
    with database.session() as session:
        (view,) = read_views(session)
        return view


def _log(database: Database, view: str, *durations_ms: int | None, status: str = "completed") -> None:
    for duration_ms in durations_ms:
        database.execute(
            "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, duration_ms) "
            "VALUES (%s, 'cron', 'the rule', %s, %s)",
            view, status, duration_ms,
        )  # fmt: skip


def test_a_view_that_was_never_refreshed(database: Database) -> None:
    make_view(database, "a")
    oid = database.value("SELECT 'a'::regclass::oid")
    assert _read(database) == View(name="public.a", oid=oid, unique_index="public.a_key")


def test_a_policy_as_it_is_declared(database: Database) -> None:
    make_view(database, "a")
    database.execute(
        """UPDATE bi_refresh.view_policy SET
            target_lag = NULL, statement_timeout = '90 s', change_detection = 'touch', audit_interval = '7 days',
            group_name = 'night', priority = 'critical',
            schedules = '[{"cron": "0 1 * * *", "time_zone": "America/Bogota"},
                          {"cron": "0 9 * * *", "time_zone": "UTC"}]',
            exclusive_window = '{"cron": "0 2 * * *", "time_zone": "Europe/Madrid", "duration_s": 5400}'"""
    )
    view = _read(database)
    assert (view.target_lag, view.statement_timeout) == (None, timedelta(seconds=90))
    assert (view.change_detection, view.audit_interval) == (ChangeDetection.TOUCH, timedelta(days=7))
    assert (view.group, view.priority) == ("night", Priority.CRITICAL)
    assert view.schedules == (Schedule("0 1 * * *", "America/Bogota"), Schedule("0 9 * * *", "UTC"))
    assert view.exclusive_window == ExclusiveWindow(Schedule("0 2 * * *", "Europe/Madrid"), timedelta(minutes=90))


def test_what_is_known_of_a_view_is_its_own_relations(database: Database) -> None:
    """Not a word of it holds for one of the same name that was created since; emptied, it has no data."""
    make_view(database, "a")
    database.rows(REFRESH_ALL)
    database.execute(
        "UPDATE bi_refresh.view_state SET fingerprint = '{}', fingerprint_ms = 800, unchanged_ratio = 0.25"
    )
    known = _read(database)
    assert known.data_timestamp is not None
    assert known.refreshed_at is not None
    assert known.global_data_timestamp is not None
    assert (known.has_fingerprint, known.fingerprint_s, known.unchanged_ratio) == (True, 0.8, 0.25)

    database.execute("REFRESH MATERIALIZED VIEW a WITH NO DATA")
    emptied = _read(database)
    assert (emptied.is_populated, emptied.data_timestamp, emptied.global_data_timestamp) == (False, None, None)

    database.execute("DROP MATERIALIZED VIEW a; CREATE MATERIALIZED VIEW a AS SELECT id, label FROM source")
    anew = _read(database)
    assert (anew.is_populated, anew.data_timestamp, anew.global_data_timestamp) == (True, None, None)
    assert (anew.refreshed_at, anew.has_fingerprint, anew.changed_tables) == (None, False, ())

    database.execute("DROP MATERIALIZED VIEW a; CREATE TABLE a (id integer)")
    table = _read(database)
    assert (table.is_populated, table.data_timestamp) == (False, None)

    database.execute("DROP TABLE a")
    assert _read(database).oid is None


def test_a_disabled_view_is_not_read(database: Database) -> None:
    make_view(database, "a")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    with database.session() as session:
        assert read_views(session) == ()


@pytest.mark.parametrize(
    ("durations_ms", "p50_s", "p95_s"),
    [
        ([], None, None),
        ([1_000], 1.0, 1.0),
        ([1_000, 3_000], 2.0, 2.9),
        # the last fifty only
        ([99_000] * 10 + list(range(1_000, 51_000, 1_000)), 25.5, 47.55),
    ],
)
def test_durations_are_those_of_the_last_fifty_that_were_completed(
    database: Database, durations_ms: list[int], p50_s: float | None, p95_s: float | None
) -> None:
    view = make_view(database, "a")
    make_view(database, "b")
    _log(database, "public.b", 77_000)
    _log(database, view, *durations_ms)
    _log(database, view, 5, status="skipped")
    _log(database, view, 7, status="failed")
    with database.session() as session:
        read, _ = read_views(session)
    assert (read.p50_s, read.p95_s) == (p50_s, pytest.approx(p95_s) if p95_s else None)


def test_the_last_attempt_is_no_skip(database: Database) -> None:
    view = make_view(database, "a")
    assert _read(database).last_attempt == 0
    _log(database, view, 5, 6)
    _log(database, view, None, status="failed")
    attempt = database.value("SELECT max(id) FROM bi_refresh.mv_refresh_log")
    _log(database, view, 1, status="skipped")
    assert _read(database).last_attempt == attempt


def test_requests_that_wait(database: Database) -> None:
    view = make_view(database, "a")
    assert (_read(database).requests, _read(database).request_priority) == (0, None)
    for priority, minutes in (("normal", 3), ("high", 2), ("low", 1)):
        database.execute(
            "INSERT INTO bi_refresh.mv_refresh_triggers (view_name, priority, created_at) "
            "VALUES (%s, %s, '2026-11-22 10:00+00'::timestamptz - make_interval(mins => %s))",
            view, priority, minutes,
        )  # fmt: skip
    waiting = _read(database)
    assert (waiting.requests, waiting.request_priority) == (3, Priority.HIGH)
    assert waiting.oldest_request_at == datetime(2026, 11, 22, 9, 57, tzinfo=UTC)
    database.execute("UPDATE bi_refresh.mv_refresh_triggers SET refresh_requested = false")
    assert _read(database).requests == 0


def test_suspension(database: Database) -> None:
    make_view(database, "a")
    database.rows(REFRESH_ALL)
    database.execute(
        "UPDATE bi_refresh.view_state SET suspended_at = '2026-11-22 10:00+00', probe_at = '2026-11-22 11:00+00'"
    )
    view = _read(database)
    assert view.suspended_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert view.probe_at == datetime(2026, 11, 22, 11, tzinfo=UTC)


def test_the_task_s_role_may_read_all_of_it(database: Database, make_role: MakeRole) -> None:
    make_view(database, "a")
    database.rows(REFRESH_ALL)
    database.execute("UPDATE bi_refresh.view_state SET fingerprint = '{}'")
    url = dsn_as(database, make_role("bi_refresh_refresher"))
    with connect(Settings(database_url=url), environment={}) as session:
        assert read_views(session) == (_read(database),)


def test_now_is_the_databases(database: Database) -> None:
    with database.session() as session:
        before = database.value("SELECT clock_timestamp()")
        assert before <= read_now(session) <= database.value("SELECT clock_timestamp()")
        assert read_now(session).tzinfo is UTC
