"""A table's physical state: other rows, other state, whatever happened in between."""

from __future__ import annotations

import random

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole

_OPERATIONS = 400


def _operation(choice: random.Random) -> str:
    """Statements that change rows, or only where they stand, or nothing in the end."""
    key, value = choice.randint(1, 30), choice.randint(0, 3)
    one, fewer = f"INSERT INTO t VALUES ({key}, {value})", f"DELETE FROM t WHERE id < {key}"
    end = choice.choice(["ROLLBACK TO", "RELEASE"])
    many = f"INSERT INTO t SELECT i, {value} FROM generate_series(100, 110) AS i ON CONFLICT DO NOTHING"
    return choice.choices(
        [
            f"INSERT INTO t VALUES ({key}, {value}) ON CONFLICT (id) DO UPDATE SET v = {value}",
            f"DELETE FROM t WHERE id = {key}",
            f"BEGIN; DELETE FROM t WHERE id = {key}; {one}; COMMIT",
            f"BEGIN; DELETE FROM t WHERE id = {key}; ROLLBACK",
            f"BEGIN; SAVEPOINT a; {many}; ROLLBACK TO a; UPDATE t SET v = 0; SAVEPOINT b; {fewer}; {end} b; COMMIT",
            "VACUUM t",
            "VACUUM FREEZE t",
            "VACUUM FULL t",
            "CLUSTER t USING t_pkey",
            "TRUNCATE t",
            f"BEGIN; TRUNCATE t; {one}; TRUNCATE t; INSERT INTO t VALUES ({value}, {key}); COMMIT",
            f"BEGIN; {many}; PREPARE TRANSACTION 'physical_state'; COMMIT PREPARED 'physical_state'",
            "ALTER TABLE t ALTER COLUMN v TYPE bigint USING v + 1",
        ],
        weights=[30, 15, 15, 5, 10, 10, 3, 2, 1, 1, 1, 5, 1],
    )[0]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_other_rows_never_have_the_same_state(database: Database, seed: int) -> None:
    """Not in two looks one after the other, and not in any two of the whole history."""
    choice = random.Random(seed)  # noqa: S311  # reproducible, not secret
    rows_of: dict[str, str] = {}
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE t (id integer PRIMARY KEY, v bigint) WITH (fillfactor = 50, autovacuum_enabled = off)"
        )
        for _ in range(_OPERATIONS):
            statements = _operation(choice).replace("physical_state", database.name)
            for statement in statements.split("; "):
                connection.execute(statement.encode())
            state, rows = connection.execute(
                "SELECT bi_refresh.physical_state('t'::regclass),"
                " coalesce((SELECT string_agg(format('%s:%s', id, v), ',' ORDER BY id) FROM t), '')"
            ).fetchone() or ("", "")
            assert rows_of.setdefault(state, rows) == rows, statements
    assert len(rows_of) > _OPERATIONS / 4


def test_a_state_does_not_change_by_itself(database: Database) -> None:
    """Neither by reading nor by vacuuming, analysing, locking or undone writes."""
    database.execute(
        "CREATE TABLE t (id integer PRIMARY KEY);"
        "INSERT INTO t SELECT generate_series(1, 100);"
        "DELETE FROM t WHERE id < 9"
    )
    state = database.value("SELECT bi_refresh.physical_state('t'::regclass)")
    for statement in ("VACUUM FREEZE ANALYZE t", "SELECT * FROM t FOR UPDATE", "BEGIN; DELETE FROM t; ROLLBACK"):
        with database.connect() as connection:
            for part in statement.split("; "):
                connection.execute(part.encode())
        assert database.value("SELECT bi_refresh.physical_state('t'::regclass)") == state


_ODD_NAME = 'CREATE SCHEMA "A b"; CREATE TABLE "A b"."select ""x" (id integer)'


def test_any_name_can_be_read(database: Database) -> None:
    database.execute(_ODD_NAME)
    state = database.value("""SELECT bi_refresh.physical_state('"A b"."select ""x"'::regclass)""")
    assert str(state).startswith("0:")


_BUILT_IN = """
    CREATE TABLE t (id integer, label text);
    GRANT SELECT ON t TO {role};
    CREATE INDEX ON t (lower(label)) WHERE id > 0;
    CREATE STATISTICS st ON (id + 1), label FROM t;
"""
_FUNCTION = """
    CREATE TABLE t (id integer);
    GRANT SELECT ON t TO {role};
    CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
"""
_INDEX = _FUNCTION + "CREATE INDEX ON t (f(id))"
_STATISTICS = _FUNCTION + "CREATE STATISTICS st ON (f(id)), id FROM t"
_RUNS_WITH_OUR_RIGHTS = (
    "an index or statistics object on public.t uses a function that would run with the rights of {role} "
    "when the table is read"
)


@pytest.mark.parametrize(
    ("setup", "why"),
    [
        (
            "CREATE SCHEMA s; CREATE TABLE s.t (id integer)",
            "{role} may not read s.t (GRANT USAGE ON SCHEMA s TO {role};)",
        ),
        ("CREATE TABLE t (id integer)", "{role} may not read public.t (GRANT SELECT ON public.t TO {role};)"),
        (_BUILT_IN, None),
        (_INDEX, _RUNS_WITH_OUR_RIGHTS),
        (_STATISTICS, _RUNS_WITH_OUR_RIGHTS),
    ],
)
def test_a_table_that_may_not_be_read_says_why(
    database: Database, make_role: MakeRole, setup: str, why: str | None
) -> None:
    """Reading it would need a grant, or would run its owner's functions with our rights."""
    role = make_role()
    with database.connect(autocommit=False) as connection:
        connection.execute(setup.replace("{role}", role).encode())
        connection.execute(f"GRANT USAGE ON SCHEMA bi_refresh TO {role}".encode())
        connection.execute(f"GRANT EXECUTE ON FUNCTION bi_refresh.why_not_readable(oid) TO {role}".encode())
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        row = connection.execute(
            "SELECT bi_refresh.why_not_readable(c.oid) FROM pg_class AS c WHERE c.relname = 't' AND c.relkind = 'r'"
        ).fetchone()
        connection.rollback()
    assert row == (None if why is None else why.replace("{role}", role),)


def test_the_owner_may_read_its_own_table_whatever_its_indexes_are(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id integer); CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
        "CREATE INDEX ON t (f(id))"
    )
    assert database.value("SELECT bi_refresh.why_not_readable('t'::regclass)") is None


def test_only_under_one_snapshot(database: Database) -> None:
    """Two statements of a READ COMMITTED transaction have two: no fingerprint is kept."""
    database.execute("CREATE TABLE t (id integer)")
    with database.connect() as connection:
        with pytest.raises(psycopg.errors.InvalidTransactionState):
            connection.execute("SELECT bi_refresh.verify_unchanged('{}', 'cron', 'the tests', NULL)")
        row = connection.execute(
            "SELECT fingerprint FROM bi_refresh.detect_change('public.a', '{\"fingerprinting\": \"keep\"}')"
        ).fetchone()
    assert row == (None,)
