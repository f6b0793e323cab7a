"""Sessions that meet: two refreshes, a refresh and a TRUNCATE, a refresh and somebody who writes to the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.errors import SerializationFailure

from tests.fix_database import Database
from tests.fix_steps import announce
from tests.fix_views import last_log
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_REFRESH = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'manual', 'the tests')"


@contextmanager
def _snapshot(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that has taken its snapshot."""
    with database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT FROM bi_refresh.view_state")
        yield connection


def _refresh(connection: psycopg.Connection[Any], view: KeptView) -> str:
    ((status,),) = connection.execute(_REFRESH, [[view.name]]).fetchall()
    return str(status)


def test_the_second_of_two_refreshes_leaves_it_alone(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    with _snapshot(totals.database) as first, totals.database.connect() as second:
        assert _refresh(first, totals) == "SUCCESS"
        skipped = f"SKIPPED: another session is refreshing it (process {first.info.backend_pid} of postgres since "
        status = _refresh(second, totals)
        assert status.startswith(skipped)
        assert "the next call tries again. A session that hangs is ended by SELECT pg_terminate_backend" in status
        first.execute("COMMIT")
        assert _refresh(second, totals) == "SUCCESS"
    assert totals.is_equal()


def test_a_refresh_from_before_another_one_begins_anew(database: Database) -> None:
    """Both see a change that is not distributed yet, and the table as it was: written twice, it would stand there
    twice. It fails before it has computed anything."""
    database.execute(
        "CREATE TABLE source (id integer, label text); CREATE SEQUENCE computed;"
        "CREATE FUNCTION counted(label text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS"
        " 'BEGIN PERFORM nextval(''public.computed''); RETURN label; END'"
    )
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT id, counted(label) AS label FROM source",
            (Reads("source", ("id",), null_slice="rows"),),
            key=None,
        ),
    )
    view.refresh()
    database.execute("INSERT INTO source VALUES (1, 'one')")
    with _snapshot(database) as second:
        with database.connect() as first:
            first.execute("SET default_transaction_isolation = 'repeatable read'")
            assert _refresh(first, view) == "SUCCESS"
        assert "could not serialize access due to concurrent update" in _refresh(second, view)
        second.execute("COMMIT")
    assert database.value("SELECT last_value FROM computed") == 1
    assert view.is_equal()
    entry = last_log(database, view.name)
    assert (entry["status"], entry["sqlstate"]) == ("failed", "40001")
    assert "Another session refreshed public.kept" in str(entry["remedy"])


def test_a_table_truncated_after_the_snapshot_is_not_taken_for_empty(totals: KeptView) -> None:
    totals.database.execute("UPDATE orders SET amount = amount + 1 WHERE customer = 3")
    with _snapshot(totals.database) as refresher:
        totals.database.execute("TRUNCATE orders")
        announce(totals.database, totals.name, backend_pid=refresher.info.backend_pid)
        assert "public.orders was truncated or rewritten after this transaction's snapshot" in _refresh(
            refresher, totals
        )
        assert totals.database.value("SELECT count(*) FROM totals") == 20
        refresher.execute("ROLLBACK")
    totals.refresh()
    assert totals.is_equal()


_PARTS = """
    CREATE TABLE parts (a integer, n integer) PARTITION BY LIST (n);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 (a integer, n integer);
    INSERT INTO parts VALUES (1, 1), (2, 1); INSERT INTO parts_2 VALUES (1, 2), (2, 2)
"""
_ATTACH = "ALTER TABLE parts ATTACH PARTITION parts_{0} FOR VALUES IN ({0})"
_CHILDREN = """
    CREATE TABLE parts (a integer, n integer); CREATE TABLE parts_1 () INHERITS (parts);
    CREATE TABLE parts_2 (a integer, n integer);
    INSERT INTO parts_1 VALUES (1, 1), (2, 1); INSERT INTO parts_2 VALUES (1, 2), (2, 2)
"""
_ALTERED = "was altered, attached, detached or granted to somebody after this transaction's snapshot"


@pytest.mark.parametrize(
    ("tables", "meanwhile", "undone"),
    [
        (_PARTS, _ATTACH.format(2), "ALTER TABLE parts DETACH PARTITION parts_2"),
        (_PARTS, "ALTER TABLE parts DETACH PARTITION parts_1", _ATTACH.format(1)),
        (_PARTS, "CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3)", "DROP TABLE parts_3"),
        (_CHILDREN, "ALTER TABLE parts_2 INHERIT parts", "ALTER TABLE parts_2 NO INHERIT parts"),
        (_CHILDREN, "ALTER TABLE parts_1 NO INHERIT parts", "ALTER TABLE parts_1 INHERIT parts"),
        (_CHILDREN, "CREATE TABLE parts_3 () INHERITS (parts)", "DROP TABLE parts_3"),
    ],
)
def test_what_is_attached_or_detached_after_the_snapshot(
    database: Database, tables: str, meanwhile: str, undone: str
) -> None:
    """Its rows would be seen by some slices and not by others, and if it is undone, nothing would tell the next one."""
    database.execute(tables)
    reads = Reads("parts", ("a",), null_slice="rows")
    view = keep(database, "kept", Kept("SELECT a AS id, count(*) AS n FROM parts GROUP BY a", (reads,), key=None))
    database.execute("INSERT INTO parts VALUES (1, 1)")
    with _snapshot(database) as refresher:
        database.execute(meanwhile)
        assert _ALTERED in _refresh(refresher, view)
        refresher.execute("COMMIT")
    database.execute(undone)
    assert "distrusted" not in (view.refresh()["reason"] or "")
    assert view.is_equal()


@pytest.mark.parametrize(
    "statement", ["SELECT bi_refresh.fill_table(%(table)s)", "SELECT bi_refresh.catch_up(%(view)s)"]
)
def test_what_is_attached_after_the_snapshot_of_a_table_that_is_being_built(database: Database, statement: str) -> None:
    database.execute(_PARTS)
    reads = Reads("parts", ("a",), null_slice="rows")
    view = keep(database, "kept", Kept("SELECT a AS id, count(*) AS n FROM parts GROUP BY a", (reads,), key=None))
    database.execute("INSERT INTO parts VALUES (1, 1)")
    with _snapshot(database) as builder:
        database.execute(_ATTACH.format(2))
        with pytest.raises(SerializationFailure, match=_ALTERED):
            builder.execute(statement, {"table": view.tables[""], "view": view.name})


def test_what_was_attached_before_the_snapshot_is_no_reason_to_begin_anew(database: Database) -> None:
    database.execute(_PARTS)
    reads = Reads("parts", ("a",), null_slice="rows")
    view = keep(database, "kept", Kept("SELECT a AS id, count(*) AS n FROM parts GROUP BY a", (reads,), key=None))
    database.execute(_ATTACH.format(2))
    assert view.refresh()["strategy"] == "difference"
    assert view.is_equal()


def test_what_somebody_else_has_locked_is_waited_for(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    with totals.database.connect() as other, totals.database.connect() as refresher:
        other.execute("BEGIN")
        other.execute("UPDATE totals SET name = 'mine' WHERE id = 3")
        refresher.execute("SET default_transaction_isolation = 'repeatable read'; SET lock_timeout = '50ms'")
        status = _refresh(refresher, totals)
        assert status.startswith("ERROR: canceling statement due to lock timeout")
        assert "Another session held a lock on public.totals, or on something it reads" in status
        other.execute("COMMIT")
        assert _refresh(refresher, totals) == "SUCCESS"
    assert totals.is_equal()


def test_what_somebody_wrote_after_the_snapshot_is_not_overwritten(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    with _snapshot(totals.database) as refresher:
        totals.database.execute("UPDATE totals SET name = 'mine' WHERE id = 3")
        assert "could not serialize access" in _refresh(refresher, totals)
        refresher.execute("COMMIT")
    totals.refresh()
    assert totals.is_equal()
