"""Entries go from the log to the maintained tables that they matter to; each refresh takes what its snapshot sees."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.capture.captured import Captured, capture, claim, give_up, maintain

NOTHING: Counter[tuple[object, ...]] = Counter()


@pytest.fixture
def facts(database: Database) -> Captured:
    """A captured table with one row."""
    database.execute("CREATE TABLE facts (id integer, amount integer); INSERT INTO facts VALUES (1, 10)")
    return capture(database, "facts", "id")


def distribute(database: Database) -> int:
    return int(database.value("SELECT bi_refresh.distribute_changes()"))


def waits(database: Database, view: str = "public.a") -> bool:
    return bool(database.value("SELECT bi_refresh.changes_waiting(%s)", view))


@pytest.mark.parametrize("distributed_first", [True, False])
def test_a_claim_gives_the_rows_before_and_after_once(
    database: Database, facts: Captured, *, distributed_first: bool
) -> None:
    table = maintain(database, facts)
    assert not waits(database)
    database.execute("UPDATE facts SET id = 2")
    database.execute("UPDATE facts SET amount = 0")
    assert waits(database)
    if distributed_first:
        assert distribute(database) == 4
        assert facts.entries() == NOTHING
    with database.connect() as connection:
        first = claim(connection, table)[facts.id]
        assert (first.is_everything, first.changes) == (False, 3)
        assert first.rows == Counter([(1, 2), (-1, 1), (-1, 2)])
        distribute(database)
        claim(connection, table)
        assert not waits(database)
        assert claim(connection, table)[facts.id].changes == 0


def test_a_claim_that_is_rolled_back_takes_nothing(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (2, 20)")
    distribute(database)
    with database.connect() as connection:
        claim(connection, table, commit=False)
        connection.execute("ROLLBACK")
        assert claim(connection, table)[facts.id].rows == Counter([(1, 2)])


def test_each_maintained_table_has_entries_of_its_own(database: Database, facts: Captured) -> None:
    one, other = maintain(database, facts), maintain(database, facts, view="public.b")
    database.execute("INSERT INTO facts VALUES (2, 20)")
    distribute(database)
    with database.connect() as first, database.connect() as second:
        # at the same time, neither in the other's way
        a = claim(first, one, commit=False)
        b = claim(second, other, commit=False)
        assert a[facts.id].rows == b[facts.id].rows == Counter([(1, 2)])
        first.execute("COMMIT")
        second.execute("COMMIT")
    assert not waits(database)
    assert not waits(database, "public.b")


def test_refreshes_of_two_views_read_one_log_at_the_same_time(database: Database, facts: Captured) -> None:
    one, other = maintain(database, facts), maintain(database, facts, view="public.b")
    database.execute("INSERT INTO facts VALUES (2, 20)")
    with database.connect() as first, database.connect() as second:
        a = claim(first, one, commit=False)
        assert claim(second, other)[facts.id].rows == a[facts.id].rows == Counter([(1, 2)])
        first.execute("COMMIT")


def test_a_change_that_is_committed_late_is_claimed_after_earlier_ones(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    with database.connect(autocommit=False) as late, database.connect() as refresher:
        late.execute("INSERT INTO facts VALUES (2, 20)")
        database.execute("INSERT INTO facts VALUES (3, 30)")
        distribute(database)
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 3)])
        late.commit()
        distribute(database)
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 2)])


def test_what_is_committed_after_the_snapshot_is_left_for_the_next_claim(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    with database.connect() as refresher:
        refresher.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        refresher.execute("SELECT FROM facts")
        database.execute("INSERT INTO facts VALUES (2, 20)")
        distribute(database)
        claimed = refresher.execute("SELECT changes FROM bi_refresh.claim_changes(%s)", [table]).fetchall()
        refresher.execute("COMMIT")
        assert claimed == [(0,)]
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 2)])


def test_two_refreshes_of_one_table_never_claim_the_same(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (2, 20)")
    distribute(database)
    with database.connect() as first, database.connect() as second:
        second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        second.execute("SELECT FROM facts")
        claim(first, table)
        with pytest.raises(psycopg.errors.SerializationFailure):
            second.execute("SELECT * FROM bi_refresh.claim_changes(%s)", [table])


def test_truncate_is_everything(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (2, 20)")
    distribute(database)
    database.execute("TRUNCATE facts")
    for also_distributed in (False, True):
        if also_distributed:
            distribute(database)
        with database.connect() as refresher:
            claimed = claim(refresher, table)[facts.id]
        assert (claimed.is_everything, claimed.changes > 0) == (True, True)
    assert not waits(database)


def test_an_indirect_source_is_everything_when_anything_changed(database: Database, facts: Captured) -> None:
    table = maintain(database, facts, is_direct=False)
    for also_distributed in (False, True):
        with database.connect() as refresher:
            assert claim(refresher, table)[facts.id].is_everything is False
            database.execute("INSERT INTO facts SELECT generate_series(1, 100)")
            if also_distributed:
                distribute(database)
                assert database.value(f"SELECT count(*) FROM {facts.pending}") == 1
            assert claim(refresher, table)[facts.id].is_everything is True
            distribute(database)
            claim(refresher, table)


# ---- Linear tables: each change counts exactly once -------------------------------------------------


def test_a_linear_table_is_given_every_change_once(database: Database, facts: Captured) -> None:
    table = maintain(database, facts, kind="linear")
    other = maintain(database, facts, view="public.b")
    database.execute("INSERT INTO facts VALUES (5, 1), (5, 2), (5, 3)")
    with database.connect() as refresher:
        assert claim(refresher, table)[facts.id].rows == Counter({(1, 5): 3})
        assert facts.entries() == NOTHING
        assert claim(refresher, table)[facts.id].changes == 0
        assert claim(refresher, other)[facts.id].rows == Counter({(1, 5): 1})


def test_a_linear_claim_whose_entries_were_moved_meanwhile_is_tried_again(database: Database, facts: Captured) -> None:
    table = maintain(database, facts, kind="linear")
    database.execute("INSERT INTO facts VALUES (5, 1)")
    with database.connect() as refresher:
        refresher.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        refresher.execute("SELECT FROM facts")
        distribute(database)
        with pytest.raises(psycopg.errors.SerializationFailure):
            refresher.execute("SELECT * FROM bi_refresh.claim_changes(%s)", [table])
        refresher.execute("ROLLBACK")
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 5)])


def test_under_read_committed_a_linear_table_is_computed_in_full_once_more(database: Database, facts: Captured) -> None:
    """What is committed between the claim and the computing is in both; counted as a change, it would be counted
    twice."""
    table = maintain(database, facts, kind="linear")
    database.execute("INSERT INTO facts VALUES (5, 1)")
    with database.connect() as refresher:
        claim(refresher, table, isolation="READ COMMITTED")
        assert claim(refresher, table)[facts.id].is_everything
        assert claim(refresher, table)[facts.id].changes == 0


def test_under_read_committed_a_claim_empties_the_log(database: Database, facts: Captured) -> None:
    """psql and pg_cron, which nothing distributes for, would read the same entries again and again."""
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (5, 1)")
    with database.connect() as refresher:
        assert claim(refresher, table, isolation="READ COMMITTED")[facts.id].changes == 1
    assert facts.entries() == NOTHING
    assert not waits(database)


def test_a_long_refresh_from_psql_holds_up_no_other(database: Database, facts: Captured) -> None:
    """Neither a run's beginning nor the refresh of another view, and what it moves is theirs all the same."""
    one, other, third = (maintain(database, facts, view=f"public.{name}") for name in "abc")
    database.execute("INSERT INTO facts VALUES (5, 1)")
    with database.connect() as psql, database.connect() as task, database.connect() as pg_cron:
        claim(psql, one, isolation="READ COMMITTED", commit=False)
        for session in (task, pg_cron):
            session.execute("SET lock_timeout = '1ms'")
        assert task.execute("SELECT bi_refresh.distribute_changes()").fetchone() == (0,)
        assert claim(task, other)[facts.id].rows == Counter([(1, 5)])
        assert claim(pg_cron, third, isolation="READ COMMITTED")[facts.id].changes == 1
        psql.execute("COMMIT")
        assert claim(task, other)[facts.id].rows == Counter([(1, 5)])
        assert facts.entries() == NOTHING


def test_a_stage_s_changes_are_taken_by_the_refresh_that_made_them(database: Database, facts: Captured) -> None:
    database.execute("CREATE TABLE stage (id integer)")
    stage = capture(database, "stage", "id")
    maintain(database, facts, relation="stage")
    output = maintain(database, stage)
    with database.connect() as refresher:
        refresher.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        refresher.execute("INSERT INTO stage VALUES (7)")
        (claimed,) = refresher.execute("SELECT changes FROM bi_refresh.claim_changes(%s)", [output]).fetchall()
        rows = refresher.execute(f"TABLE pg_temp.changed_{output}_{stage.id}".encode()).fetchall()
        refresher.execute("COMMIT")
    assert (claimed, rows) == ((1,), [(1, 7)])
    assert stage.entries() == NOTHING
    assert not waits(database)


# ---- Bounds ------------------------------------------------------------------------------------------


def test_very_many_entries_for_a_table_become_one(database: Database, facts: Captured) -> None:
    idle, busy = maintain(database, facts), maintain(database, facts, view="public.b")
    counted = f"SELECT bi_refresh_table, bi_refresh_weight, count(*) FROM {facts.pending} GROUP BY 1, 2"
    with database.connect() as refresher:
        for _ in range(11):
            database.execute("INSERT INTO facts SELECT generate_series(1, 20000)")
            distribute(database)
            claim(refresher, busy)
        assert database.rows(counted) == [(idle, 0, 1)]
        database.execute("INSERT INTO facts VALUES (1, 1)")
        distribute(database)
        assert sorted(database.rows(counted)) == [(idle, 0, 1), (busy, 1, 1)]
        assert claim(refresher, idle)[facts.id].is_everything
        assert not waits(database)


def test_everything_is_said_anew_for_whoever_does_not_see_the_newest_entry(database: Database, facts: Captured) -> None:
    """A refresh with an older snapshot must not take the word "everything" that stands for a later change, too."""
    table = maintain(database, facts)
    database.execute("TRUNCATE facts")
    distribute(database)
    with database.connect() as earlier:
        earlier.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        earlier.execute("SELECT FROM facts")
        database.execute("INSERT INTO facts VALUES (2, 20)")
        distribute(database)
        with pytest.raises(psycopg.errors.SerializationFailure):
            earlier.execute("SELECT * FROM bi_refresh.claim_changes(%s)", [table])
        earlier.execute("ROLLBACK")
        assert claim(earlier, table)[facts.id].is_everything


def test_a_change_is_kept_while_a_refresh_takes_the_word_everything(database: Database, facts: Captured) -> None:
    table = maintain(database, facts)
    database.execute("TRUNCATE facts")
    distribute(database)
    with database.connect() as refresher:
        assert claim(refresher, table, commit=False)[facts.id].is_everything
        database.execute("INSERT INTO facts VALUES (2, 20)")
        assert distribute(database) == 1
        refresher.execute("COMMIT")
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 2)])


# ---- Nobody else's -----------------------------------------------------------------------------------


def test_what_waits_for_a_table_that_is_gone_is_removed(database: Database, facts: Captured) -> None:
    gone, kept = maintain(database, facts), maintain(database, facts, view="public.b")
    database.execute("INSERT INTO facts VALUES (2, 20)")
    distribute(database)
    give_up(database, gone)
    database.execute("SELECT bi_refresh.sync_captures()")
    assert database.rows(f"SELECT bi_refresh_table FROM {facts.pending}") == [(kept,)]


def test_values_that_are_equal_and_not_the_same_stay_apart(database: Database) -> None:
    """1.0 = 1.00, but their texts differ, and a slice may be cut by those."""
    database.execute("CREATE TABLE measured (amount numeric)")
    measured = capture(database, "measured", "amount")
    table = maintain(database, measured)
    database.execute("INSERT INTO measured VALUES (1.0), (1.00)")
    with database.connect() as refresher:
        assert claim(refresher, table)[measured.id].changes == 2
