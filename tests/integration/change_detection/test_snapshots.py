"""What is not MVCC: files, partitions and functions that the refresh reads otherwise than its snapshot says."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_steps import announce, differing_rows, run_step, watch
from tests.fix_views import last_log, make_view


def _worker(database: Database) -> psycopg.Connection[Any]:
    """A session within a REPEATABLE READ transaction; it has no snapshot yet."""
    worker = database.connect(autocommit=False)
    worker.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return worker


def _refresh(worker: psycopg.Connection[Any], view: str) -> str:
    (status,) = worker.execute(
        "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'x')", [[view]]
    ).fetchone() or ("",)
    return str(status)


@pytest.mark.parametrize("change_detection", ["fingerprint", "touch"])
@pytest.mark.parametrize("fingerprinting", ["check", "keep"])
@pytest.mark.parametrize(
    "replace", ["BEGIN; TRUNCATE source; INSERT INTO source VALUES (9, 'x'); COMMIT", "VACUUM FULL source"]
)
def test_a_table_replaced_after_the_snapshot_is_tried_again(
    database: Database, change_detection: str, fingerprinting: str, replace: str
) -> None:
    """Its new file has rows that the snapshot does not know, or lacks those that it does."""
    view = make_view(database, "a")
    if change_detection == "touch":
        watch(database, view)
    run_step(database, view, change_detection=change_detection)
    database.execute("INSERT INTO source VALUES (1, 'one')")
    with _worker(database) as worker:
        announce(
            database,
            view,
            backend_pid=worker.info.backend_pid,
            fingerprinting=fingerprinting,
            change_detection=change_detection,
        )
        worker.execute("SELECT 1")  # the snapshot
        with database.connect() as other:
            for statement in replace.split("; "):
                other.execute(statement.encode())
        with pytest.raises(
            psycopg.errors.SerializationFailure, match=r"public\.source was truncated or rewritten after"
        ):
            _refresh(worker, view)
        worker.rollback()
    assert run_step(database, view, change_detection=change_detection)["status"] == "completed"
    assert run_step(database, view, change_detection=change_detection)["status"] == "skipped"
    with database.connect() as reader:
        assert differing_rows(reader, view) == 0


_PARTS = """
    CREATE TABLE parted (id integer, region text) PARTITION BY LIST (region);
    CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
    CREATE TABLE late (id integer, region text);
    INSERT INTO parted VALUES (1, 'a');
    INSERT INTO late VALUES (2, 'b');
"""
_TAKE = """
    SELECT fingerprint
    FROM bi_refresh.detect_change(%s, '{"fingerprinting": "keep", "change_detection": "fingerprint"}')
"""
_EXECUTE = """
    SELECT (e.entry).* FROM (
        SELECT bi_refresh.execute_refresh(bi_refresh.start_log(%s, 'cron', 'x'), 'concurrent', 'due', %s) AS entry
    ) AS e
"""


@pytest.mark.parametrize(
    ("table", "attach", "detach"),
    [
        (
            "parted",
            "ALTER TABLE parted ATTACH PARTITION late FOR VALUES IN ('b')",
            "ALTER TABLE parted DETACH PARTITION late",
        ),
        ("parent", "ALTER TABLE late INHERIT parent", "ALTER TABLE late NO INHERIT parent"),
    ],
)
def test_a_partition_attached_between_fingerprint_and_refresh(
    database: Database, table: str, attach: str, detach: str
) -> None:
    """The planner sees it whatever the snapshot. Detached again, everything would look as it did."""
    database.execute(_PARTS + "; CREATE TABLE parent (id integer, region text)")
    view = make_view(database, "a", query=f"SELECT id, region FROM {table}")
    with _worker(database) as worker:
        (fingerprint,) = worker.execute(_TAKE, [view]).fetchone() or (None,)
        assert fingerprint is not None
        database.execute(attach)
        worker.execute(_EXECUTE, [view, psycopg.types.json.Jsonb(fingerprint)])
        worker.commit()
    entry = last_log(database, view)
    assert "no fingerprint kept: it also read public.late" in str(entry["reason"])
    assert database.value("SELECT fingerprint IS NULL FROM bi_refresh.view_state")
    database.execute(detach)
    assert run_step(database, view)["status"] == "completed"
    with database.connect() as reader:
        assert differing_rows(reader, view) == 0


_LYING = """
    CREATE TABLE rates (rate integer);
    INSERT INTO rates VALUES (2);
    CREATE TABLE amounts (id integer, amount integer);
    INSERT INTO amounts VALUES (1, 10);
    CREATE FUNCTION convert(integer) RETURNS integer LANGUAGE sql IMMUTABLE
        AS 'SELECT $1 * (SELECT rate FROM public.rates)';
"""


def test_a_function_that_lies_about_what_it_reads_is_found_out(database: Database) -> None:
    database.execute(_LYING)
    view = make_view(database, "a", query="SELECT id, public.convert(amount) AS amount FROM amounts")
    rows = [run_step(database, view) for _ in range(2)]
    assert [row["status"] for row in rows] == ["completed"] * 2
    assert "no fingerprint kept: it also read public.rates, through a function that hides it" in rows[1]["reason"]


def test_an_honest_function_keeps_the_fingerprint(database: Database) -> None:
    database.execute("CREATE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END'")
    view = make_view(database, "a", query="SELECT f(id) AS id, label FROM source") if _source(database) else ""
    assert [run_step(database, view)["status"] for _ in range(2)] == ["completed", "skipped"]


def _source(database: Database) -> bool:
    database.execute("CREATE TABLE source (id integer, label text)")
    return True


def test_a_function_in_a_group_cannot_hide_behind_the_others_locks(database: Database) -> None:
    """What an earlier view of the transaction has locked, a later one may have read without a trace."""
    database.execute(_LYING)
    plain = make_view(database, "a", query="SELECT rate AS id FROM rates")
    lying = make_view(database, "b", query="SELECT id, public.convert(amount) AS amount FROM amounts")
    with database.connect() as worker:
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        for view in (plain, lying):
            announce(database, view, backend_pid=worker.info.backend_pid)
        worker.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'x')", [[plain, lying]])
    assert dict(database.rows("SELECT view_name, fingerprint IS NOT NULL FROM bi_refresh.view_state")) == {
        plain: True,
        lying: False,
    }
    assert "cannot be told apart" in str(last_log(database, lying)["reason"])


def test_a_group_has_one_snapshot_and_a_fingerprint_for_each(database: Database) -> None:
    """The downstream view's is of the rows that the same transaction has just written upstream."""
    up = make_view(database, "up")
    down = make_view(database, "down", query="SELECT id, label FROM up")
    database.execute("INSERT INTO source VALUES (1, 'one')")
    with database.connect() as worker:
        worker.execute("SET default_transaction_isolation = 'repeatable read'")

        def step() -> list[object]:
            for view in (up, down):
                announce(database, view, backend_pid=worker.info.backend_pid)
            worker.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'x')", [[up, down]])
            return [last_log(database, view)["status"] for view in (up, down)]

        assert [step(), step()] == [["completed"] * 2, ["skipped"] * 2]
        assert database.value("SELECT count(*) FROM down") == 1


def test_a_transaction_that_has_written_itself_keeps_no_fingerprint(database: Database) -> None:
    """It can truncate a table and fill it again in the same file under the same number."""
    view = make_view(database, "a")
    with _worker(database) as worker:
        announce(database, view, backend_pid=worker.info.backend_pid)
        worker.execute("TRUNCATE source")
        worker.execute("INSERT INTO source VALUES (1, 'one')")
        assert _refresh(worker, view) == "SUCCESS"
        worker.execute("TRUNCATE source")
        worker.execute("INSERT INTO source VALUES (1, 'other')")
        worker.commit()
    assert "this transaction itself has written to public.source" in str(last_log(database, view)["reason"])
    assert run_step(database, view)["status"] == "completed"
    assert database.rows("SELECT label FROM a") == [("other",)]


@pytest.mark.parametrize("fingerprinting", ["check", "none"])
def test_a_refresh_committed_after_the_snapshot_is_noticed_before_the_work(
    database: Database, fingerprinting: str
) -> None:
    """Which under that snapshot would fail for another reason."""
    database.execute("CREATE TABLE source (id integer, label text)")
    view = make_view(database, "a", query="SELECT id, 1 / id AS x FROM source")
    run_step(database, view)
    database.execute("INSERT INTO source VALUES (0, 'zero')")
    with _worker(database) as worker:
        announce(database, view, backend_pid=worker.info.backend_pid, fingerprinting=fingerprinting)
        worker.execute("SELECT 1")
        database.execute("UPDATE source SET id = 1")
        run_step(database, view)
        with pytest.raises(psycopg.errors.SerializationFailure):
            _refresh(worker, view)


def test_a_row_inserted_and_deleted_between_two_looks_leaves_nothing(database: Database) -> None:
    """Committed after the snapshot, it is in neither the fingerprint nor the view; deleted later, nothing changed."""
    view = make_view(database, "a")
    with _worker(database) as worker:
        announce(database, view, backend_pid=worker.info.backend_pid)
        worker.execute("SELECT 1")
        database.execute("INSERT INTO source VALUES (1, 'short-lived')")
        _refresh(worker, view)
        worker.commit()
    database.execute("DELETE FROM source")
    assert run_step(database, view)["status"] == "skipped"
    assert database.value("SELECT count(*) FROM a") == 0


def test_a_fingerprint_too_many_transactions_old_is_not_believed(database: Database) -> None:
    """Transaction numbers come around after 4 billion."""
    view = make_view(database, "a")
    run_step(database, view)
    database.execute(
        "UPDATE bi_refresh.view_state SET fingerprint = jsonb_set(fingerprint, '{transaction}',"
        " to_jsonb(((fingerprint ->> 'transaction')::bigint - 2147483648)::text))"
    )
    assert "too many transactions since the last fingerprint" in run_step(database, view)["reason"]
    assert run_step(database, view)["status"] == "skipped"
