"""Who waits for whom: what captures lock is locked in short tries, and in one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.fix_database import Database
from tests.integration.incremental.capture.captured import capture, claim, maintain

_WAITS = "SELECT true FROM pg_locks WHERE pid = {} AND NOT granted"
_PARTITIONS = """
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)
"""


def test_entries_of_a_wider_layout_are_moved_with_all_their_columns(database: Database) -> None:
    """A session that began to move before the log was given a column."""
    database.execute("CREATE TABLE t1 (id integer); CREATE TABLE t2 (id integer, b integer)")
    first = capture(database, "t1", "id")
    capture(database, "t2", "id")
    maintain(database, first)
    with database.connect() as gate, database.connect() as mover, ThreadPoolExecutor() as pool:
        gate.execute("BEGIN")
        gate.execute(f"LOCK TABLE {first.log} IN ACCESS EXCLUSIVE MODE".encode())
        moved = pool.submit(mover.execute, "SELECT bi_refresh.distribute_changes()")
        database.wait_for(_WAITS.format(mover.info.backend_pid))
        wider = capture(database, "t2", "b")
        table = maintain(database, wider, view="public.b")
        database.execute("INSERT INTO t2 VALUES (7, 42)")
        gate.execute("COMMIT")
        assert moved.result().fetchall() == [(1,)]
    with database.connect() as refresher:
        assert list(claim(refresher, table)[wider.id].rows) == [(1, 7, 42)]


def test_a_writer_to_two_partitions_is_never_cancelled_for_a_deadlock(database: Database) -> None:
    database.execute("CREATE TABLE p (id integer, k integer) PARTITION BY LIST (k)")
    captured = capture(database, "p", "id")
    maintain(database, captured)
    database.execute(_PARTITIONS)
    with database.connect() as writer, database.connect() as upkeep, ThreadPoolExecutor() as pool:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO p VALUES (1, 2)")
        synced = pool.submit(upkeep.execute, "SELECT * FROM bi_refresh.sync_captures()")
        database.wait_for(_WAITS.format(upkeep.info.backend_pid))
        # it holds p1 and waits for p2
        writer.execute("INSERT INTO p VALUES (1, 1)")
        writer.execute("COMMIT")
        assert synced.result().fetchall() == [("public.p", "captured")]


def test_a_reader_does_not_wait_for_a_capture_that_cannot_be_dropped_yet(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer)")
    capture(database, "facts", "id")
    with (
        database.connect() as dump,
        database.connect() as upkeep,
        database.connect() as reader,
        ThreadPoolExecutor() as pool,
    ):
        dump.execute("BEGIN")
        dump.execute("SELECT FROM facts")
        released = pool.submit(upkeep.execute, "SELECT * FROM bi_refresh.release_captures()")
        database.wait_for(_WAITS.format(upkeep.info.backend_pid))
        reader.execute("SET lock_timeout = '2s'")
        reader.execute("SELECT FROM facts")
        ((_, action),) = released.result().fetchall()
        assert action.startswith("is still captured: a transaction that uses public.facts did not end within 300 ms")
        assert f"process {dump.info.backend_pid} of postgres since" in action


def test_what_waits_for_a_later_stage_is_not_written_anew_while_an_earlier_one_is_computed(database: Database) -> None:
    database.execute("CREATE TABLE facts (id integer); CREATE TABLE others (id integer)")
    facts, others = capture(database, "facts", "id"), capture(database, "others", "id")
    maintain(database, others)
    later = maintain(database, facts)
    database.execute("TRUNCATE facts; SELECT bi_refresh.distribute_changes()")
    with database.connect() as refresher:
        refresher.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        refresher.execute("SELECT bi_refresh.lock_claims(ARRAY['public.a'], 'public.a')")
        database.execute("INSERT INTO facts VALUES (2); SELECT bi_refresh.distribute_changes()")
        claimed = refresher.execute("SELECT is_everything FROM bi_refresh.claim_changes(%s)", [later]).fetchall()
        assert claimed == [(True,)]
        refresher.execute("COMMIT")
        assert claim(refresher, later)[facts.id].changes > 0


def test_a_view_s_linear_tables_are_locked_in_one_order(database: Database) -> None:
    """Of two views whose stages read the same tables in another order, none waits for what it holds itself."""
    database.execute("CREATE TABLE t1 (id integer); CREATE TABLE t2 (id integer)")
    first, second = capture(database, "t1", "id"), capture(database, "t2", "id")
    for view, order in (("public.a", (first, second)), ("public.b", (second, first))):
        for captured in order:
            maintain(database, captured, view=view, kind="linear")
    with database.connect() as one, database.connect() as other, ThreadPoolExecutor() as pool:
        one.execute("BEGIN")
        one.execute("SELECT bi_refresh.lock_claims(ARRAY['public.a'], 'public.a')")
        other.execute("BEGIN")
        waits = pool.submit(other.execute, "SELECT bi_refresh.lock_claims(ARRAY['public.b'], 'public.b')")
        database.wait_for(_WAITS.format(other.info.backend_pid))
        held = database.rows(
            "SELECT objid::integer FROM pg_locks WHERE locktype = 'advisory' AND pid = %s AND granted",
            other.info.backend_pid,
        )
        assert held == []
        one.execute("COMMIT")
        waits.result()
        other.execute("COMMIT")


def test_a_type_that_takes_its_columns_along_holds_up_no_other_table(database: Database) -> None:
    database.execute(
        "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE moods (id integer, m mood); CREATE TABLE t (id integer)"
    )
    moods, other = capture(database, "moods", "id", "m"), capture(database, "t", "id")
    table = maintain(database, moods, other)
    database.execute("INSERT INTO moods VALUES (1, 'a'); INSERT INTO t VALUES (5)")
    database.execute("DROP TYPE mood CASCADE")
    assert database.value("SELECT bi_refresh.distribute_changes()") == 2
    with database.connect() as refresher:
        assert list(claim(refresher, table)[other.id].rows) == [(1, 5)]
