"""Every class of SQLSTATE that a refresh can fail with: what becomes of the view, after how many tries, with which
message and which remedy.

Provoked for real, but for those in RAISED, which a function of the view's query raises: 40001
and 08006 at every try (a single one of each is real), 53100 and 53200 where what they mean for other steps is seen,
and 57P02, which PostgreSQL says in a warning, never as an error, but something in between may pass on.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.server import EmbeddedServer, embedded_server
from refresh_task.errors import StatementFailedError
from refresh_task.migrations import migrate_up
from refresh_task.model import Outcome, Status, StepRetried
from tests.fix_database import WAITING_SESSIONS, Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import last_log, make_slow_view, make_view, make_view_with_duplicate_keys, wait_until_sleeping
from tests.integration.executor.driver import Executor, closed_gate, make_gated_view, outcomes, step
from tests.integration.executor.line import line_to

VIEW = "public.a"
_FULL = Path("/dev/full")
_PATIENCE_S = 60
COMPLETED, FAILED = Status.COMPLETED, Status.FAILED

Prepare = Callable[[Database], Any]


@dataclass(frozen=True)
class Case:
    """A view `a` that prepare() makes, and what its step is to come to."""

    prepare: Prepare
    sqlstate: str
    message: str
    remedy: str
    attempts: int = 1
    settings: tuple[tuple[str, Any], ...] = ()
    timeout_s: float = 60


def _view(query: str, setup: str = "", change: str = "") -> Prepare:
    """A view with this query, filled while all was well; then the change."""

    def prepare(database: Database) -> None:
        if setup:
            database.execute(setup)
        make_view(database, "a", query=query)
        if change:
            database.execute(change)

    return prepare


def _gone(database: Database) -> None:
    make_view(database, "a")
    database.execute("DROP MATERIALIZED VIEW a")


def _raising(sqlstate: str) -> Prepare:
    """A view whose function raises this as soon as it is told to."""
    return _view(
        "SELECT public.trouble() AS id",
        setup=f"""
            CREATE TABLE troubled (sqlstate text);
            CREATE FUNCTION trouble() RETURNS integer LANGUAGE plpgsql AS $$
                BEGIN
                    IF EXISTS (SELECT FROM public.troubled) THEN
                        RAISE EXCEPTION 'raised by the test' USING ERRCODE = '{sqlstate}';
                    END IF;
                    RETURN 1;
                END $$;
        """,
        change="INSERT INTO troubled VALUES ('now')",
    )


def _unchecked(check: str) -> Prepare:
    return _view(
        "SELECT id, label FROM source",
        change=f"UPDATE bi_refresh.view_policy SET {check}; DELETE FROM source",
    )


NOT_SUPPORTED = _view(
    "SELECT public.refresh_empty() AS id",
    setup="""
        CREATE MATERIALIZED VIEW empty_one AS SELECT 1 AS id;
        CREATE UNIQUE INDEX ON empty_one (id);
        CREATE FUNCTION refresh_empty() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
    """,
    change="""
        REFRESH MATERIALIZED VIEW empty_one WITH NO DATA;
        CREATE OR REPLACE FUNCTION refresh_empty() RETURNS integer LANGUAGE plpgsql AS
            $$ BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY public.empty_one; RETURN 1; END $$;
    """,
)
REDEFINING = _view(
    "SELECT public.redefine() AS id",
    setup="""
        CREATE VIEW defined AS SELECT 1 AS id;
        CREATE FUNCTION redefine() RETURNS integer LANGUAGE plpgsql AS
            $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW public.defined AS SELECT 1 AS id'; RETURN 1; END $$;
    """,
    change="DROP VIEW defined; CREATE VIEW defined AS SELECT 1 AS another",
)
DIVIDING = _view(
    "SELECT n AS id, 1 / n AS share FROM numbers",
    setup="CREATE TABLE numbers (n integer); INSERT INTO numbers VALUES (1)",
    change="INSERT INTO numbers VALUES (0)",
)
CASTING = _view(
    "SELECT n::integer AS id FROM texts",
    setup="CREATE TABLE texts (n text); INSERT INTO texts VALUES ('1')",
    change="INSERT INTO texts VALUES ('one')",
)
UNQUALIFIED = _view(
    "SELECT public.outer_one() AS id",
    setup="""
        CREATE FUNCTION inner_one() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
        CREATE FUNCTION outer_one() RETURNS integer LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$;
    """,
    change="""
        CREATE OR REPLACE FUNCTION outer_one() RETURNS integer LANGUAGE plpgsql STABLE AS
            $$ BEGIN RETURN inner_one(); END $$;
    """,
)
UNPOPULATED = _view(
    "SELECT public.read_empty() AS id",
    setup="""
        CREATE MATERIALIZED VIEW empty_one AS SELECT 1 AS id;
        CREATE FUNCTION read_empty() RETURNS integer LANGUAGE plpgsql STABLE AS
            $$ BEGIN RETURN (SELECT id FROM public.empty_one); END $$;
    """,
    change="REFRESH MATERIALIZED VIEW empty_one WITH NO DATA",
)
LOST_COLUMN = _view(
    "SELECT public.read_wide() AS id",
    setup="""
        CREATE TABLE wide (n integer);
        CREATE FUNCTION read_wide() RETURNS integer LANGUAGE plpgsql STABLE AS
            $$ BEGIN RETURN (SELECT max(wide.n) FROM public.wide); END $$;
    """,
    change="ALTER TABLE wide DROP COLUMN n",
)


def _twice(database: Database) -> None:
    make_view(database, "a")
    database.execute("INSERT INTO source VALUES (1, 'same'), (1, 'same')")


def _slow(database: Database) -> None:
    make_slow_view(database, "a", seconds=30)


def _limited(database: Database) -> None:
    """Its sort needs more memory than it is given, and more room for that than it may have."""
    make_view(database, "a", query="SELECT id, label FROM source ORDER BY label")
    database.execute("INSERT INTO source SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 10000) AS n")
    database.execute(f"ALTER DATABASE {database.name} SET work_mem = '1MB'")
    database.execute(f"ALTER DATABASE {database.name} SET temp_file_limit = '64kB'")


def _corrupted(database: Database) -> None:
    """A table whose first page is overwritten on the disk. VACUUM FULL has written it past the shared buffers, so the
    refresh is the first to read it."""
    database.execute("CREATE TABLE numbers (n integer) WITH (autovacuum_enabled = off); INSERT INTO numbers VALUES (1)")
    make_view(database, "a", query="SELECT n AS id FROM numbers")
    database.execute("VACUUM (FULL) numbers")
    file = database.server.folder / "data" / database.value("SELECT pg_relation_filepath('numbers')")
    with file.open("r+b") as page:
        assert len(page.read()) == 8192
        page.seek(0)
        page.write(b"\xff" * 8192)


CASES: dict[str, Case] = {
    "21000 the same row twice": Case(_twice, "21000", "duplicate rows", "bi_refresh.duplicate_keys('public.a')"),
    "23505 the same key twice": Case(
        lambda database: make_view_with_duplicate_keys(database, "a"),
        "23505", "Key (id)=(7) already exists", "bi_refresh.duplicate_keys('public.a')",
    ),
    "55000 no unique index": Case(
        lambda database: make_view(database, "a", key=None),
        "55000", "has no unique index on plain columns", "CREATE UNIQUE INDEX ON public.a",
    ),
    "55000 it reads a view without data": Case(UNPOPULATED, "55000", "has not been populated", "refresh it first"),
    "42P01 the view is gone": Case(_gone, "42P01", "does not exist", "take it out of views.toml"),
    "42703 a column is gone": Case(LOST_COLUMN, "42703", "does not exist", "pg_get_viewdef('public.a')"),
    "42883 a name is not found with a safe search_path": Case(
        UNQUALIFIED, "42883", "function inner_one() does not exist", "ALTER FUNCTION ... SET search_path",
    ),
    "22012 division by zero": Case(DIVIDING, "22012", "division by zero", "NULLIF for a divisor"),
    "22P02 a text that is no number": Case(CASTING, "22P02", "invalid input syntax", "a CASE before a cast"),
    "57014 its timeout": Case(
        _slow, "57014", "statement timeout (300ms)", "Give public.a a longer timeout in views.toml", timeout_s=0.3
    ),
    "0A000 a view without data that it refreshes": Case(
        NOT_SUPPORTED, "0A000", "CONCURRENTLY cannot be used when the materialized view is not populated",
        "was never populated",
    ),
    "42P16 a definition that does not fit": Case(
        REDEFINING, "42P16", "cannot change name of view column", "does not fit what it reads any more"
    ),
    "53400 the limit of temporary files": Case(_limited, "53400", "temporary file size exceeds", "temp_file_limit"),
    "XX001 a damaged page": Case(_corrupted, "XX001", "invalid page in block 0 of relation", "amcheck"),
    "P0001 a function that refuses": Case(
        _raising("P0001"), "P0001", "raised by the test", "A function that public.a calls refused"
    ),
    "VF001 a check of the new contents": Case(
        _unchecked("must_not_be_empty = true"), "VF001", "must_not_be_empty: it would have no rows",
        "Readers keep the last good data of public.a",
    ),
}  # fmt: skip

RAISED = {
    "57P02": Case(_raising("57P02"), "57P02", "raised by the test", "was restarting while public.a", attempts=3),
    "08006": Case(_raising("08006"), "08006", "raised by the test", "connection was lost while public.a", attempts=3),
    "40001": Case(_raising("40001"), "40001", "raised by the test", "Another session refreshed public.a", attempts=3),
}


@pytest.mark.parametrize("name", [*CASES, *RAISED])
def test_a_failure_is_recorded_with_its_message_its_tries_and_its_remedy(
    name: str, database: Database, executor: Executor
) -> None:
    case = {**CASES, **RAISED}[name]
    case.prepare(database)
    events = executor.run(step(VIEW, statement_timeout_s=case.timeout_s), **dict(case.settings))
    _assert_failed(
        database, outcomes(events)[VIEW],
        sqlstate=case.sqlstate, message=case.message, remedy=case.remedy, attempts=case.attempts,
    )  # fmt: skip
    retries = [event for event in events if isinstance(event, StepRetried)]
    assert [(retry.view, retry.attempt, retry.sqlstate, retry.wait_s) for retry in retries] == [
        (VIEW, attempt, case.sqlstate, 0.01 * 2 ** (attempt - 1)) for attempt in range(1, case.attempts)
    ]
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status") == 1  # however often it was tried


def _assert_failed(
    database: Database, outcome: Outcome, *, sqlstate: str, message: str, remedy: str, attempts: int
) -> None:
    entry = last_log(database, VIEW)
    assert (outcome.status, outcome.sqlstate, outcome.attempts) == (FAILED, sqlstate, attempts)
    assert message in str(outcome.message)
    assert remedy in str(outcome.remedy)
    assert (entry["status"], entry["sqlstate"], entry["attempts"]) == ("failed", sqlstate, attempts)
    assert (entry["error"], entry["remedy"]) == (outcome.message, outcome.remedy)
    assert database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log WHERE view_name = %s", VIEW) == 1


def test_42501_a_view_whose_owner_may_not_read_its_table(
    database: Database, executor: Executor, make_role: MakeRole
) -> None:
    owner = make_role()
    make_view(database, "a")
    database.execute(f'GRANT CREATE ON SCHEMA public TO "{owner}"; ALTER MATERIALIZED VIEW a OWNER TO "{owner}"')
    outcome = executor.outcomes(step(VIEW))[VIEW]
    database.execute(f'DROP MATERIALIZED VIEW a; REVOKE CREATE ON SCHEMA public FROM "{owner}"')
    assert (outcome.status, outcome.sqlstate, outcome.attempts) == (FAILED, "42501", 1)
    assert outcome.message == "permission denied for table source"
    assert f"{owner} itself lacks the right to something that the view reads" in str(outcome.remedy)


# ---- What may pass: tried again ------------------------------------------------------------------


def test_55p03_a_lock_that_stays_is_given_up_after_the_last_try(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    with database.connect(autocommit=False) as blocker:
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        outcome = executor.outcomes(step(VIEW), lock_timeout_s=0.1, max_attempts=4)[VIEW]
    _assert_failed(
        database, outcome, sqlstate="55P03", message="lock timeout", remedy="pg_terminate_backend", attempts=4
    )


def test_55p03_a_lock_that_goes_costs_no_failure(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    with (
        database.connect(autocommit=False) as blocker,
        executor.started(step(VIEW), lock_timeout_s=0.1, max_attempts=10, retry_backoff_s=0.2) as run,
    ):
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        retry = run.wait_for(StepRetried)
        blocker.rollback()
        _assert_completed(database, outcomes(run.end())[VIEW])
    assert isinstance(retry, StepRetried)
    assert "lock timeout" in retry.message


def _assert_completed(database: Database, outcome: Outcome, *, attempts: int | None = None) -> None:
    """After at least a second try."""
    assert (outcome.status, outcome.sqlstate) == (COMPLETED, None)
    assert outcome.attempts == attempts if attempts is not None else outcome.attempts > 1
    assert last_log(database, VIEW)["attempts"] == outcome.attempts
    assert database.rows("SELECT status FROM bi_refresh.mv_refresh_log WHERE view_name = %s", VIEW) == [("completed",)]
    assert database.value("SELECT consecutive_failures FROM bi_refresh.view_status WHERE view_name = %s", VIEW) == 0


def test_40p01_the_victim_of_a_deadlock_is_tried_again(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    with database.connect(autocommit=False) as other:
        other.execute("SET deadlock_timeout = '1min'")  # so that it is never the victim
        other.execute("LOCK TABLE source IN ACCESS EXCLUSIVE MODE")
        with executor.started(step(VIEW), lock_timeout_s=30) as run:
            database.wait_for(f"{WAITING_SESSIONS} AND relation = 'public.source'::regclass")
            other.execute("REFRESH MATERIALIZED VIEW a")
            retry = run.wait_for(StepRetried)
            other.rollback()
            _assert_completed(database, outcomes(run.end())[VIEW], attempts=2)
    assert isinstance(retry, StepRetried)
    assert retry.sqlstate == "40P01"


def test_40001_a_change_after_the_snapshot_is_tried_again(database: Database, executor: Executor) -> None:
    """The view's query counts how often it runs, and somebody else changes the count after its snapshot."""
    make_gated_view(database, "gated")
    database.execute("""
        DELETE FROM bi_refresh.view_policy;
        CREATE TABLE counter (n integer);
        INSERT INTO counter VALUES (0);
        CREATE FUNCTION count_up() RETURNS integer LANGUAGE plpgsql AS
            $$ BEGIN PERFORM public.pass_gate(); UPDATE public.counter SET n = n + 1; RETURN 1; END $$;
    """)
    make_view(database, "a", query="SELECT public.count_up() AS id")
    with ExitStack() as gate:
        wait_for_waiter = gate.enter_context(closed_gate(database))
        with executor.started(step(VIEW)) as run:
            wait_for_waiter()
            database.execute("UPDATE counter SET n = 10")
            gate.close()
            retry = run.wait_for(StepRetried)
            _assert_completed(database, outcomes(run.end())[VIEW], attempts=2)
    assert isinstance(retry, StepRetried)
    assert retry.sqlstate == "40001"


def test_57p01_a_killed_server_process_is_replaced_and_the_view_tried_again(
    database: Database, executor: Executor
) -> None:
    make_slow_view(database, "a")
    with executor.started(step(VIEW)) as run:
        killed = wait_until_sleeping(database)
        database.execute("DELETE FROM slowness; SELECT pg_terminate_backend(%s)".replace("%s", str(killed)))
        retry = run.wait_for(StepRetried)
        _assert_completed(database, outcomes(run.end())[VIEW], attempts=2)
    assert isinstance(retry, StepRetried)
    assert retry.sqlstate == "57P01"
    assert last_log(database, VIEW)["backend_pid"] != killed


def test_57p01_at_every_try_is_a_failure(database: Database, executor: Executor) -> None:
    make_slow_view(database, "a")
    with executor.started(step(VIEW), max_attempts=2) as run:
        first = wait_until_sleeping(database)
        database.execute("SELECT pg_terminate_backend(%s)", first)
        second = database.wait_for(
            f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' "
            f"AND pid <> {first}"
        )
        database.execute("SELECT pg_terminate_backend(%s)", int(second))
        outcome = outcomes(run.end())[VIEW]
    _assert_failed(
        database,
        outcome,
        sqlstate="57P01",
        message="terminating connection",
        remedy="Somebody ended the session",
        attempts=2,
    )


def test_08006_a_line_that_is_cut_is_opened_anew(database: Database, executor: Executor, tmp_path: Path) -> None:
    """The server notices within half a second that nobody is there any more; until then the log row is locked."""
    make_slow_view(database, "a")
    with line_to(database, tmp_path) as line, executor.started(step(VIEW), worker_dsn=line.dsn) as run:
        wait_until_sleeping(database)
        database.execute("DELETE FROM slowness")
        line.cut()
        retry = run.wait_for(StepRetried)
        _assert_completed(database, outcomes(run.end())[VIEW], attempts=2)
    assert isinstance(retry, StepRetried)
    assert retry.sqlstate == "08006"


def test_08001_a_server_that_cannot_be_reached_is_a_failure_of_the_step(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    outcome = executor.outcomes(step(VIEW), worker_dsn="host=/nowhere dbname=shop")[VIEW]
    _assert_failed(
        database, outcome, sqlstate="08001", message="cannot connect", remedy="check the network", attempts=3
    )


def _postmaster(server: EmbeddedServer) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def _connect_until(server: EmbeddedServer, said: str | None) -> None:
    """Return as soon as a connection is refused with these words, or accepted (None)."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            psycopg.connect(server.dsn()).close()
        except psycopg.OperationalError as error:
            if said is not None and said in str(error):
                return
        else:
            if said is None:
                return
    raise AssertionError(f"the server never got as far as '{said or 'accepting connections'}'")


def test_57p03_a_server_that_lets_nobody_in(database: Database, executor: Executor) -> None:
    """The worker's server is shutting down, which it cannot end while somebody is still connected."""
    make_view(database, "a")
    with ExitStack() as in_the_end, embedded_server() as server:
        in_the_end.enter_context(closing(psycopg.connect(server.dsn())))
        os.kill(_postmaster(server), signal.SIGTERM)  # a smart shutdown
        _connect_until(server, "shutting down")
        events = executor.run(step(VIEW), worker_dsn=server.dsn())
    _assert_failed(
        database, outcomes(events)[VIEW],
        sqlstate="57P03", message="the database system is shutting down", remedy="was restarting while public.a",
        attempts=3,
    )  # fmt: skip
    assert [event.sqlstate for event in events if isinstance(event, StepRetried)] == ["57P03", "57P03"]


def test_57p02_a_crash_ends_the_run_and_the_next_one_makes_up_for_it() -> None:
    """PostgreSQL says 57P02 to every client, but as a warning before it hangs up: it reaches nobody as an error. The
    control session is lost, too, so that nothing more can be recorded; the next run finds the view's row abandoned."""
    with embedded_server(settings={"synchronous_commit": "on"}) as server:
        database = Database(server, "postgres")
        with database.session() as session:
            migrate_up(session)
        make_slow_view(database, "a")
        heard: list[str | None] = []
        with (
            closing(psycopg.connect(server.dsn())) as witness,
            closing(psycopg.connect(server.dsn())) as victim,
            Executor(database).started(step(VIEW)) as run,
        ):
            witness.add_notice_handler(lambda diagnostic: heard.append(diagnostic.sqlstate))
            wait_until_sleeping(database)
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError) as lost:
                witness.execute("SELECT pg_sleep(60)")
            with pytest.raises(StatementFailedError) as ended:
                run.end()
        assert (heard, lost.value.sqlstate, ended.value.sqlstate) == (["57P02"], None, None)
        assert ended.value.connection_lost
        _connect_until(server, None)
        assert last_log(database, VIEW)["status"] == "running"
        database.execute("DELETE FROM slowness")
        executor = Executor(database)
        database.rows("SELECT bi_refresh.mark_abandoned(%s)", executor.begin_run())
        assert last_log(database, VIEW)["status"] == "abandoned"
        assert executor.outcomes(step(VIEW))[VIEW].status == COMPLETED


def test_53300_no_connection_to_spare(database: Database, executor: Executor, make_role: MakeRole) -> None:
    role = make_role("bi_refresh_refresher")
    make_view(database, "a")
    database.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 1')
    dsn = dsn_as(database, role)
    with psycopg.connect(dsn):
        outcome = executor.outcomes(step(VIEW), worker_dsn=dsn)[VIEW]
    _assert_failed(
        database,
        outcome,
        sqlstate="53300",
        message="too many connections for role",
        remedy="Raise max_connections",
        attempts=3,
    )
    database.wait_until_alone()


def test_a_wrong_password_is_not_tried_again(database: Database, executor: Executor, make_role: MakeRole) -> None:
    role = make_role("bi_refresh_refresher", password="right")
    make_view(database, "a")
    outcome = executor.outcomes(step(VIEW), worker_dsn=f"{dsn_as(database, role)} password=wrong")[VIEW]
    assert (outcome.status, outcome.sqlstate, outcome.attempts) == (FAILED, None, 1)
    assert "password authentication failed" in str(outcome.message)
    assert "Check the user's password" in str(outcome.remedy)


def test_no_try_is_made_that_would_begin_after_the_deadline(database: Database, executor: Executor) -> None:
    """Nor waited for: the run ends with what it has."""
    make_view(database, "a")
    with database.connect(autocommit=False) as blocker:
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        with executor.started(step(VIEW), lock_timeout_s=0.1, retry_backoff_s=60, deadline_s=50) as run:
            events = run.end()
    outcome = outcomes(events)[VIEW]
    assert (outcome.status, outcome.sqlstate, outcome.attempts) == (FAILED, "55P03", 1)
    assert not any(isinstance(event, StepRetried) for event in events)
    assert not run.was_cut_short


def test_a_wait_for_the_next_try_ends_with_the_run(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    with (
        database.connect(autocommit=False) as blocker,
        executor.started(step(VIEW), lock_timeout_s=0.1, retry_backoff_s=60) as run,
    ):
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        run.wait_for(StepRetried)
        run.interrupt()
        outcome = outcomes(run.end())[VIEW]
    assert (outcome.status, outcome.sqlstate, outcome.attempts) == (FAILED, "55P03", 1)
    assert "not tried again, for SIGTERM" in str(outcome.message)
    assert run.was_cut_short


def test_other_views_have_their_turn_while_one_waits_for_its_next_try(database: Database, executor: Executor) -> None:
    make_view(database, "a")
    make_view(database, "b")
    with (
        database.connect(autocommit=False) as blocker,
        executor.started(step(VIEW), step("public.b"), lock_timeout_s=0.1, retry_backoff_s=60, connections=1) as run,
    ):
        blocker.execute("REFRESH MATERIALIZED VIEW a")
        outcome = run.wait_for(Outcome)
    assert isinstance(outcome, Outcome)
    assert (outcome.view, outcome.status) == ("public.b", COMPLETED)


# ---- What stops the run --------------------------------------------------------------------------


@pytest.mark.parametrize("sqlstate", ["53100", "53200"])
def test_a_full_disk_or_memory_stops_the_run(sqlstate: str, database: Database, executor: Executor) -> None:
    _raising(sqlstate)(database)
    reader = make_view(database, "b", query="SELECT id FROM a")
    other = make_view(database, "c")
    told = executor.outcomes(step(VIEW), step(reader, upstream=(VIEW,)), step(other), connections=1)
    assert [outcome.status for outcome in told.values()] == [FAILED, Status.UPSTREAM_FAILED, Status.SKIPPED]
    assert told[other].reason == f"the run stopped, for {VIEW} failed ({sqlstate}): raised by the test"


def _fill_disk(server: EmbeddedServer, backend_pid: int) -> list[Path]:
    """For what this server process writes into temporary files: their names, which it does not mind to find, lead to a
    device that is full."""
    folder = server.folder / "data" / "base" / "pgsql_tmp"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        shutil.chown(folder, folder.parent.owner(), folder.parent.group())
    links = [folder / f"pgsql_tmp{backend_pid}.{number}" for number in range(10)]
    for link in links:
        link.symlink_to(_FULL)
    return links


@pytest.mark.skipif(not _FULL.exists(), reason="only Linux has a device that is always full")
def test_53100_a_full_disk_for_real(database: Database, executor: Executor) -> None:
    """While the view waits at the gate, the disk becomes full; then it sorts more than its memory holds."""
    make_gated_view(database, "gated")
    view = make_view(
        database, "b", query="SELECT id, label, gate FROM (SELECT public.pass_gate() AS gate OFFSET 0) AS g, source "
        "ORDER BY label",
    )  # fmt: skip
    other = make_view(database, "c")
    database.execute("INSERT INTO source SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 10000) AS n")
    database.execute(
        f"ALTER DATABASE {database.name} SET work_mem = '1MB'; "
        f"ALTER DATABASE {database.name} SET max_parallel_workers_per_gather = 0"
    )
    links = []
    try:
        with ExitStack() as gate:
            wait_for_waiter = gate.enter_context(closed_gate(database))
            with executor.started(step(view), step(other), connections=1) as run:
                links = _fill_disk(database.server, wait_for_waiter())
                gate.close()
                told = outcomes(run.end())
    finally:
        for link in links:
            link.unlink(missing_ok=True)
    failed = told[view]
    assert (failed.status, failed.sqlstate, failed.attempts) == (FAILED, "53100", 1)
    assert "No space left on device" in str(failed.message)
    assert "disk is full, so the run stopped" in str(failed.remedy)
    assert last_log(database, view)["sqlstate"] == "53100"
    assert told[other].status == Status.SKIPPED
    assert str(told[other].reason).startswith(f"the run stopped, for {view} failed (53100)")


@pytest.fixture
def starved_server() -> Iterator[EmbeddedServer]:
    """A server whose processes may not have more than 700 MiB each."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux enforces this limit")
    most, former = 700 * 1024**2, resource.getrlimit(resource.RLIMIT_AS)
    with embedded_server(settings={"shared_buffers": "16MB"}) as server:
        server.stop()
        resource.setrlimit(resource.RLIMIT_AS, (most, former[1]))  # what it starts inherits it
        try:
            server.start()
        finally:
            resource.setrlimit(resource.RLIMIT_AS, former)
        yield server


def test_53200_a_server_without_memory_for_real(starved_server: EmbeddedServer) -> None:
    database = Database(starved_server, "postgres")
    with database.session() as session:
        migrate_up(session)
    database.execute("CREATE TABLE rows (n integer)")
    query = "SELECT 1 AS id, length(string_agg(repeat('x', 1000000), '')) AS label FROM rows"
    view = make_view(database, "b", query=query)
    database.execute("INSERT INTO rows SELECT generate_series(1, 900)")
    outcome = Executor(database).outcomes(step(view))[view]
    assert (outcome.status, outcome.sqlstate) == (FAILED, "53200"), outcome
    assert "out of memory, so the run stopped" in str(outcome.remedy)
