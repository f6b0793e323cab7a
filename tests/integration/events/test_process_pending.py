"""process_pending_mv_refreshes(): one refresh however many asked, nothing lost, nothing done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.fix_database import WAITING_SESSIONS, Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import last_log, make_slow_view, make_view, make_view_with_duplicate_keys, wait_until_sleeping

PROCESS = "SELECT bi_refresh.process_pending_mv_refreshes()"
WAITING = "SELECT count(*) FROM bi_refresh.mv_refresh_triggers WHERE refresh_requested"
REFRESHES = "SELECT view_name FROM bi_refresh.mv_refresh_log WHERE status = 'completed' ORDER BY id"


def request(database: Database, *views: str, priority: str = "normal") -> None:
    for view in views:
        database.execute("SELECT bi_refresh.request_refresh(%s, %s)", view, priority)


def all_at_once(sessions: int, work: Callable[[], None]) -> None:
    """The same work in so many threads, begun together; raises what any of them raises."""
    ready = threading.Barrier(sessions)

    def begin() -> None:
        ready.wait()
        work()

    with ThreadPoolExecutor(sessions) as pool:
        for future in [pool.submit(begin) for _ in range(sessions)]:
            future.result()


def test_200_concurrent_requests_for_one_view_lead_to_one_refresh(database: Database) -> None:
    view = make_view(database, "a")
    database.execute(
        "CREATE TRIGGER ask AFTER INSERT ON source FOR EACH STATEMENT"
        " EXECUTE FUNCTION bi_refresh.request_refresh_on_change('public.a', 'high')"
    )

    def write_eight_times() -> None:
        with database.connect() as connection:
            for _ in range(8):
                connection.execute("INSERT INTO source VALUES (nextval('numbers'), 'x')")

    database.execute("CREATE SEQUENCE numbers")
    all_at_once(25, write_eight_times)
    assert database.value(WAITING) == 200

    assert database.value(PROCESS) == 1
    assert database.rows(REFRESHES) == [(view,)]
    entry = last_log(database, view)
    assert (entry["trigger_type"], entry["triggered_by"]) == ("event", "process_pending_mv_refreshes")
    assert entry["requests_served"] == 200
    assert database.rows(
        "SELECT DISTINCT refresh_requested, log_id, processed_at IS NOT NULL FROM bi_refresh.mv_refresh_triggers"
    ) == [(False, entry["id"], True)]
    assert database.value("SELECT count(*) FROM a") == 200
    assert database.value(PROCESS) == 0


def test_however_many_sessions_process_the_queue_each_view_is_refreshed_once(database: Database) -> None:
    views = [make_view(database, name) for name in ("a", "b", "c")]
    request(database, *views * 10)
    refreshed: list[int] = []

    def process() -> None:
        refreshed.append(database.value(PROCESS))

    all_at_once(30, process)
    assert sum(refreshed) == 3
    assert sorted(name for (name,) in database.rows(REFRESHES)) == views
    assert database.value(WAITING) == 0


def test_while_a_view_is_being_refreshed_its_requests_wait_and_are_not_waited_for(database: Database) -> None:
    slow, other = make_slow_view(database, "a"), make_view(database, "b")
    request(database, slow)
    with database.connect() as first:
        thread = threading.Thread(target=lambda: _until_cancelled(first))
        thread.start()
        pid = wait_until_sleeping(database)
        request(database, slow, other)
        with database.connect() as second:
            second.execute("SET lock_timeout = '1s'")
            assert second.execute(PROCESS).fetchone() == (1,)
        assert database.rows(REFRESHES) == [(other,)]
        assert database.value(WAITING) == 2
        database.execute("SELECT pg_cancel_backend(%s)", pid)
        thread.join()
    assert database.value(WAITING) == 2  # a cancelled refresh served nobody
    # The second session did not so much as claim the first one's requests.
    assert database.rows("SELECT view_name, status FROM bi_refresh.mv_refresh_log ORDER BY id") == [
        (slow, "cancelled"),
        (other, "completed"),
    ]


def _until_cancelled(connection: psycopg.Connection[object]) -> None:
    connection.execute(PROCESS)


def test_after_a_timeout_no_further_view_is_begun(database: Database) -> None:
    """PostgreSQL's timer does not ring twice in one statement: the next view could take for ever."""
    slow, other = make_slow_view(database, "a"), make_view(database, "b")
    request(database, slow, priority="high")
    request(database, other)
    with database.connect() as caller:
        caller.execute("SET statement_timeout = '1s'")
        assert caller.execute(PROCESS).fetchone() == (0,)
    assert database.rows("SELECT view_name, status FROM bi_refresh.mv_refresh_log") == [(slow, "failed")]
    assert database.value(WAITING) == 2


def test_a_request_committed_late_is_not_lost(database: Database) -> None:
    """It was numbered before others that were served, and its change came after their refresh."""
    view = make_view(database, "a")
    with database.connect(autocommit=False) as late:
        late.execute("INSERT INTO source VALUES (1, 'late')")
        late.execute("SELECT bi_refresh.request_refresh('a')")
        request(database, view)
        assert database.value(PROCESS) == 1
        assert database.value(PROCESS) == 0
        late.commit()
    assert database.value(PROCESS) == 1
    assert database.rows("SELECT label FROM a") == [("late",)]
    assert database.value(WAITING) == 0


def test_a_request_that_comes_during_the_refresh_leads_to_another_one(database: Database) -> None:
    """A flag "if there is none yet" would lose it: the refresh's snapshot is older than its change."""
    database.execute("CREATE TABLE gate (id integer)")
    make_view(database, "a")
    database.execute(
        "CREATE FUNCTION wait_here() RETURNS text LANGUAGE sql AS 'SELECT pg_advisory_xact_lock(42)::text'"
    )
    database.execute("DROP MATERIALIZED VIEW a")
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT id, label, public.wait_here() AS waited FROM source")
    database.execute("CREATE UNIQUE INDEX ON a (id)")
    database.execute("INSERT INTO source VALUES (1, 'first')")
    request(database, "a")
    with database.connect() as gate:
        gate.execute("SELECT pg_advisory_lock(42)")
        with ThreadPoolExecutor(1) as pool:
            refresh = pool.submit(database.value, PROCESS)
            database.wait_for(f"{WAITING_SESSIONS} AND locktype = 'advisory' AND objid = 42")
            database.execute("INSERT INTO source VALUES (2, 'second')")
            request(database, "a")
            gate.execute("SELECT pg_advisory_unlock(42)")
            assert refresh.result() == 1
    assert database.rows("SELECT label FROM a") == [("first",)]
    assert database.value(WAITING) == 1
    assert database.value(PROCESS) == 1
    assert database.rows("SELECT label FROM a ORDER BY id") == [("first",), ("second",)]


def test_a_request_rolled_back_is_never_seen(database: Database) -> None:
    make_view(database, "a")
    with database.connect(autocommit=False) as undecided:
        undecided.execute("SELECT bi_refresh.request_refresh('a')")
        assert database.value(PROCESS) == 0
        undecided.rollback()
    assert database.value(PROCESS) == 0
    assert database.rows(REFRESHES) == []


def test_a_failing_view_keeps_its_requests_and_the_others_go_on(database: Database) -> None:
    broken, good = make_view_with_duplicate_keys(database, "a"), make_view(database, "b")
    request(database, broken, good)
    assert database.value(PROCESS) == 1
    assert last_log(database, broken)["status"] == "failed"
    assert database.rows("SELECT view_name FROM bi_refresh.mv_refresh_triggers WHERE refresh_requested") == [(broken,)]


def test_what_reads_a_failing_view_waits_with_it(database: Database) -> None:
    broken = make_view_with_duplicate_keys(database, "base")
    reader = make_view(database, "a_reader", query="SELECT id, label FROM base")
    request(database, reader, broken)
    assert database.value(PROCESS) == 0
    assert database.rows("SELECT view_name FROM bi_refresh.mv_refresh_log") == [(broken,)]
    assert database.value(WAITING) == 2


def test_the_more_urgent_comes_first_and_what_it_reads_before_it(database: Database) -> None:
    make_view(database, "early"), make_view(database, "low"), make_view(database, "z_base")
    make_view(database, "a_reader", query="SELECT id, label FROM z_base")
    make_view(database, "high")
    request(database, "low", priority="low")
    request(database, "early", "z_base")
    request(database, "a_reader", priority="critical")
    request(database, "high", priority="high")
    assert database.value(PROCESS) == 5
    assert [name for (name,) in database.rows(REFRESHES)] == [
        f"public.{name}" for name in ("z_base", "a_reader", "high", "early", "low")
    ]


def test_a_suspended_view_is_left_alone_until_its_probe_is_due(database: Database) -> None:
    view = make_view(database, "a")
    database.execute(
        "INSERT INTO bi_refresh.view_state (view_name, suspended_at, probe_at) VALUES (%s, now(), now() + '1 hour')",
        view,
    )
    request(database, view)
    assert database.value(PROCESS) == 0
    database.execute("UPDATE bi_refresh.view_state SET probe_at = now()")
    assert database.value(PROCESS) == 1


def test_served_requests_go_with_the_log_and_orphans_after_a_day(database: Database) -> None:
    make_view(database, "a")
    database.manage("public.gone", "public.off")
    request(database, "a")
    database.value(PROCESS)
    request(database, "a", "public.gone", "public.off")
    database.execute("DELETE FROM bi_refresh.view_policy WHERE view_name = 'public.gone'")
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.off'")
    purge = "SELECT bi_refresh.purge_log('90 days')"
    assert database.value(purge) == 0
    database.execute("UPDATE bi_refresh.mv_refresh_triggers SET created_at = now() - interval '25 hours'")
    assert database.value(purge) == 2
    database.execute("UPDATE bi_refresh.mv_refresh_triggers SET processed_at = now() - interval '91 days'"
                     " WHERE NOT refresh_requested")  # fmt: skip
    assert database.value(purge) == 1
    assert database.rows("SELECT view_name FROM bi_refresh.mv_refresh_triggers") == [("public.a",)]


def test_a_refresher_asks_and_processes_and_a_reader_does_neither(database: Database, make_role: MakeRole) -> None:
    make_view(database, "a")
    with psycopg.connect(dsn_as(database, make_role("bi_refresh_refresher")), autocommit=True) as connection:
        connection.execute("SELECT bi_refresh.request_refresh('a')")
        assert connection.execute(PROCESS).fetchone() == (1,)
    with psycopg.connect(dsn_as(database, make_role("bi_refresh_reader")), autocommit=True) as connection:
        for statement in (PROCESS, "SELECT bi_refresh.request_refresh('a')"):
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            raise AssertionError(statement)
