"""Columns that come, go and get other names while writers are at work."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.capture.captured import Captured, capture, claim, maintain

_RETYPED = "public.facts.id is of the type {} by now, and was captured as integer"


@pytest.fixture
def facts(database: Database) -> Captured:
    """A captured table with one row."""
    database.execute(
        "CREATE TABLE facts (id integer, region text, amount integer); INSERT INTO facts VALUES (1, 'a', 10)"
    )
    return capture(database, "facts", "id")


def test_asking_again_changes_nothing(database: Database, facts: Captured) -> None:
    versions = "SELECT oid, xmin FROM pg_trigger UNION ALL SELECT oid, xmin FROM pg_proc WHERE proname LIKE 'capture%%'"
    before, structure = database.rows(versions), facts.structure()
    again = capture(database, "facts", "id")
    assert (again, facts.structure(), database.rows(versions)) == (facts, structure, before)


def test_a_column_more_is_in_later_entries_and_no_other_structure(database: Database, facts: Captured) -> None:
    structure = facts.structure()
    database.execute("INSERT INTO facts VALUES (2, 'b', 20)")
    wider = capture(database, "facts", "region", "id")
    assert (wider.id, wider.columns) == (facts.id, ("id", "region"))
    database.execute("INSERT INTO facts VALUES (3, 'c', 30)")
    assert wider.entries() == Counter([(1, 2, None), (1, 3, "c")])
    assert (wider.problems(), wider.structure()) == ([], structure)


@pytest.mark.parametrize("distributed_first", [True, False])
def test_an_older_entry_is_everything_to_whom_it_lacks_a_column(
    database: Database, facts: Captured, *, distributed_first: bool
) -> None:
    older = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (2, 'b', 20)")
    wider = capture(database, "facts", "region")
    newer = maintain(database, wider, view="public.b")
    if distributed_first:
        database.execute("SELECT bi_refresh.distribute_changes()")
    with database.connect() as refresher:
        assert claim(refresher, older)[facts.id].rows == Counter([(1, 2, None)])
        assert claim(refresher, newer)[facts.id].is_everything
        database.execute("DELETE FROM bi_refresh_incremental.log_1; INSERT INTO facts VALUES (3, 'c', 30)")
        assert claim(refresher, newer)[facts.id].rows == Counter([(1, 3, "c")])


@pytest.mark.usefixtures("facts")
def test_a_writer_in_mid_transaction_is_waited_for(database: Database) -> None:
    """Its entries stand in the log that is to get a column."""
    database.execute("ALTER FUNCTION bi_refresh.capture_table(oid, name[]) SET lock_timeout = '50ms'")
    with database.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO facts VALUES (2, 'b', 20)")
        with pytest.raises(psycopg.errors.LockNotAvailable) as raised:
            capture(database, "facts", "region")
        assert "changes of public.facts cannot be captured with more columns: a transaction that changed it" in str(
            raised.value
        )
        assert f"process {writer.info.backend_pid} of postgres since" in str(raised.value)
        writer.commit()
    assert capture(database, "facts", "region").columns == ("id", "region")


def test_a_writer_that_runs_the_function_of_before_says_so_by_its_layout(database: Database, facts: Captured) -> None:
    """Its statement has begun and looks up the function no more when the column comes; its entry is written after
    that."""
    table = maintain(database, facts)
    with database.connect() as gate, database.connect() as writer, ThreadPoolExecutor() as threads:
        writer.execute("INSERT INTO facts VALUES (1, 'a', 10)")  # it knows the function
        gate.execute("SELECT pg_advisory_lock(42)")
        insert = "INSERT INTO facts SELECT 7, 'late', 0 FROM (SELECT pg_advisory_lock(42)) AS gate"
        written = threads.submit(writer.execute, insert.encode())
        database.wait_for(
            f"SELECT true FROM pg_stat_activity WHERE pid = {writer.info.backend_pid} AND wait_event = 'advisory'"
        )
        newer = maintain(database, capture(database, "facts", "region"), view="public.b")
        gate.execute("SELECT pg_advisory_unlock(42)")
        written.result()
    database.execute(f"DELETE FROM {facts.log} WHERE id = 1")
    assert database.rows(f"SELECT bi_refresh_layout, id, region FROM {facts.log}") == [(1, 7, None)]
    with database.connect() as refresher:
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 7, None)])
        assert claim(refresher, newer)[facts.id].is_everything


def test_two_sessions_that_add_columns_at_once_follow_each_other(database: Database, facts: Captured) -> None:
    with database.connect(autocommit=False) as first, database.connect(autocommit=False) as second:
        first.execute("SELECT bi_refresh.capture_table('facts'::regclass, '{region}')")
        second.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("SELECT bi_refresh.capture_table('facts'::regclass, '{amount}')")
        second.rollback()
        first.commit()
        (row,) = second.execute(
            "SELECT (bi_refresh.capture_table('facts'::regclass, '{amount}')).columns::text[]"
        ).fetchall()
        second.commit()
    assert row == (["id", "region", "amount"],)
    assert facts.problems() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("ALTER TABLE facts RENAME COLUMN id TO number", ["public.facts has no column id"]),
        ("ALTER TABLE facts DROP COLUMN id", ["public.facts has no column id"]),
        ("ALTER TABLE facts DROP COLUMN region", []),
        ("ALTER TABLE facts ADD COLUMN missing integer DEFAULT 1", []),
        ("ALTER TABLE facts RENAME TO events", []),
        ("CREATE SCHEMA other; ALTER TABLE facts SET SCHEMA other", []),
        # a name of ours in a trigger's statement
        ("ALTER TABLE facts RENAME COLUMN id TO missing", ["public.facts has no column id"]),
        ("ALTER TABLE facts RENAME COLUMN region TO image", []),
        ("ALTER TABLE facts RENAME COLUMN region TO new_rows", []),
        ("CREATE DOMAIN number AS integer NOT NULL; ALTER TABLE facts ALTER COLUMN id TYPE number", []),
        ("ALTER TABLE facts ALTER COLUMN id TYPE text", [_RETYPED.format("text")]),
        ("ALTER TABLE facts ALTER COLUMN id TYPE bigint", [_RETYPED.format("bigint")]),
        ("ALTER TABLE facts ALTER COLUMN id TYPE smallint", [_RETYPED.format("smallint")]),
        (
            "ALTER TABLE facts RENAME COLUMN id TO former; ALTER TABLE facts RENAME COLUMN region TO id",
            [_RETYPED.format("text")],
        ),
    ],
)
def test_no_write_fails_because_the_table_changed(
    database: Database, facts: Captured, change: str, problem: list[str]
) -> None:
    with database.connect() as writer:
        writer.execute("PREPARE change AS UPDATE facts SET amount = amount + 1")
        writer.execute("EXECUTE change")
        database.execute(change)
        writer.execute("SET search_path = public, other")
        table = database.value("SELECT relation::regclass::text FROM bi_refresh.captured_table")
        writer.execute(f"UPDATE {table} SET amount = 5".encode())
        writer.execute(f"DELETE FROM {table}".encode())
    value = None if problem else 1
    assert facts.entries() == Counter({(1, 1): 1, (-1, 1): 1}) + Counter({(1, value): 1, (-1, value): 2})
    assert facts.problems() == problem


@pytest.mark.usefixtures("facts")
def test_another_type_is_captured_as_it_is_now(database: Database) -> None:
    database.execute("ALTER TABLE facts ALTER COLUMN id TYPE bigint")
    again = capture(database, "facts", "id")
    database.execute("INSERT INTO facts VALUES (99999999999, 'b', 20)")
    assert again.entries() == Counter([(1, 99999999999)])
    assert database.value("SELECT layout FROM bi_refresh.captured_table") == 2


def test_writers_and_views_go_on_after_a_captured_column_s_type_was_dropped(database: Database) -> None:
    """It takes the log's column along, which no statement of a trigger foresees: the next run does."""
    database.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE facts (id integer, mood mood, amount integer)")
    facts = capture(database, "facts", "id", "mood")
    table = maintain(database, facts)
    database.execute("INSERT INTO facts VALUES (1, 'sad', 10); DROP TYPE mood CASCADE")
    assert database.rows("SELECT * FROM bi_refresh.sync_captures()") == [("public.facts", "captured")]
    database.execute("UPDATE facts SET amount = 5; SELECT bi_refresh.distribute_changes()")
    assert facts.problems() == ["public.facts has no column mood"]
    with database.connect() as refresher:
        assert claim(refresher, table)[facts.id].rows == Counter([(1, 1), (-1, 1)])


_DOMAINS = {"number": "integer", "small_number": "integer", "numbers": "integer[]"}
_TYPES = [
    *("smallint", "integer", "bigint", "numeric", "real", "double precision", "oid", "xid", "money", "boolean", "text"),
    *("varchar", "bpchar", '"char"', "name", "bytea", "bit", "varbit", "date", "timestamp", "timestamptz", "interval"),
    *("uuid", "jsonb", "inet", "cidr", "point", "int4range", "regclass", "mood", "pair", "integer[]", "bigint[]"),
    *("text[]", "number[]", *_DOMAINS),
]


def test_a_column_s_type_is_looked_at_when_a_statement_is_planned_and_never_again(database: Database) -> None:
    """captured_value() is a value of the log's type, NULL of any other column's, and is not called for either."""
    database.execute(
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE pair AS (a integer, b text);"
        "CREATE DOMAIN number AS integer NOT NULL; CREATE DOMAIN small_number AS number CHECK (value < 100);"
        "CREATE DOMAIN numbers AS integer[]"
    )
    database.execute(f"CREATE TABLE typed ({', '.join(f'c{number} {name}' for number, name in enumerate(_TYPES))})")
    wrong = []
    for log_type in set(_TYPES) - set(_DOMAINS):
        values = ", ".join(
            f"bi_refresh.captured_value(CASE WHEN true THEN c{number} END, NULL::{log_type}, 0)"
            for number in range(len(_TYPES))
        )
        plan = database.value(f"EXPLAIN (VERBOSE, FORMAT JSON) SELECT {values} FROM typed")[0]
        for name, value in zip(_TYPES, plan["Plan"]["Output"], strict=True):
            is_taken = _DOMAINS.get(name, name) == log_type
            if "captured_value" in value or value.startswith("NULL") == is_taken:
                wrong.append((name, log_type, value))
    assert wrong == []
