"""Linear tables against their definitions, to the last digit shown, after every history."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import psycopg
import pytest

from refresh_task.incremental.stages import read_linear, split
from tests.fix_database import Database
from tests.integration.incremental.stages.linear_tables import LinearTable, make_linear_table

_TABLE = """
    CREATE TYPE public.kind AS ENUM ('a', 'b');
    CREATE TABLE public.sale (
        id integer GENERATED ALWAYS AS IDENTITY, city varchar(20), at timestamptz, kind kind, price numeric(6, 1),
        amount numeric(8, 2), pieces smallint, points integer, big bigint
    )
"""
_QUERIES = {
    "keys that may be NULL": """
        SELECT
            s.city, s.kind, count(*) AS n, count(s.amount) AS paid, sum(s.amount) AS total, avg(s.amount) AS mean,
            sum(s.pieces) AS pieces, avg(s.pieces) AS mean_pieces, sum(s.points) FILTER (WHERE s.pieces > 1) AS points,
            sum(s.big) AS big, avg(s.big) AS mean_big, round(avg(s.amount * s.pieces), 1) AS worth,
            coalesce(sum(s.amount), 0) / count(*) AS each, count(*) FILTER (WHERE s.pieces IS NULL) AS unknown,
            count(s.at) FILTER (WHERE s.amount > 2) AS dated, sum(s.amount) FILTER (WHERE s.pieces > 0) AS positive,
            max(s.at) AS latest, min(s.amount) FILTER (WHERE s.pieces > 0) AS least,
            max(s.points) - min(s.points) AS span
        FROM public.sale AS s WHERE s.points IS DISTINCT FROM 2 GROUP BY s.city, s.kind
    """,
    "keys that are made of columns": """
        SELECT
            (s.at AT TIME ZONE 'America/Caracas')::date AS day, lower(s.city) AS city, s.price,
            sum(s.amount + 0.125) AS more, sum(CASE WHEN s.kind = 'a' THEN s.amount ELSE -s.amount END) AS signed,
            avg(s.points * 2) AS doubled, max(s.amount) AS highest, sum(greatest(s.pieces, 0::smallint)) AS pieces
        FROM public.sale AS s GROUP BY 1, 2, 3
    """,
    "extreme values": """
        SELECT
            s.city, max(s.at) AS latest, min(s.at) AS earliest, max(s.price) AS dearest, min(s.points) AS fewest,
            max(s.pieces) FILTER (WHERE s.amount > 1) AS most, min(lower(s.city)) AS name,
            max(s.big) - min(s.big) AS width
        FROM public.sale AS s WHERE s.points IS DISTINCT FROM 2 GROUP BY s.city
    """,
    "nothing but a count": "SELECT count(*) AS n, date_trunc('month', s.at) AS month FROM public.sale s GROUP BY 2",
}


def _query(name: str) -> str:
    return f"WITH stage AS ({_QUERIES[name]}) SELECT 1 AS one FROM stage"


_COLUMNS = "city, at, kind, price, amount, pieces, points, big"
# Few different ones, so that groups come and go; NULLs and NaN among them.
_VALUES = (
    ("NULL", "'x'", "'X'", "'y'"),
    ("NULL", "'2026-01-31 23:00+00'", "'2026-02-01 05:00+00'"),
    ("NULL", "'a'", "'b'"),
    ("NULL", "1", "1.5", "'NaN'"),
    ("NULL", "0", "1.1", "1.10", "-3", "99999.99", "'NaN'"),
    ("NULL", "0", "1", "3", "-2"),
    ("NULL", "2", "5", "-1073741824"),
    ("NULL", "7", "9223372036854775807"),
)


def _row(chance: random.Random) -> str:
    return f"({', '.join(chance.choice(values) for values in _VALUES)})"


def _statement(chance: random.Random) -> str:
    """One statement of a history."""
    some = f"id % {chance.randint(2, 6)} = {chance.randint(0, 1)}"
    insert = f"INSERT INTO sale ({_COLUMNS}) VALUES {', '.join(_row(chance) for _ in range(chance.randint(1, 4)))}"
    return chance.choice(
        [
            insert,
            insert,
            insert,
            f"DELETE FROM sale WHERE {some}",
            f"UPDATE sale SET ({_COLUMNS}) = {_row(chance)} WHERE {some}",
            f"UPDATE sale SET amount = amount + 1 WHERE {some}",
            f"UPDATE sale SET city = upper(city), kind = NULL WHERE {some}",
            f"UPDATE sale SET id = DEFAULT WHERE {some}",  # nothing that counts
            f"SAVEPOINT s; {insert}; ROLLBACK TO s",
            f"SAVEPOINT s; DELETE FROM sale WHERE {some}; RELEASE s; {insert}",
            f"INSERT INTO sale ({_COLUMNS}) SELECT {_COLUMNS} FROM sale WHERE {some}",
            "DELETE FROM sale" if chance.random() < 0.3 else insert,
            "TRUNCATE sale" if chance.random() < 0.2 else insert,
        ]
    )


def _fill(database: Database, rows: int = 40) -> None:
    chance = _chance(0)
    database.execute(f"INSERT INTO sale ({_COLUMNS}) VALUES {', '.join(_row(chance) for _ in range(rows))}")


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # the same each time


@pytest.mark.parametrize("name", _QUERIES)
def test_after_any_history_a_linear_table_is_what_its_definition_gives(database: Database, name: str) -> None:
    """Refreshes come at random moments, some transactions are rolled back, and every refresh is compared."""
    database.execute(_TABLE)
    _fill(database)
    linear = make_linear_table(database, _query(name), "public.sale")
    iterations = 1_000 if os.environ.get("VISTAFRESCA_LONG_TESTS") else 20
    with database.connect() as writer, database.connect() as refresher:
        for seed in range(iterations):
            chance = _chance(seed)
            history = []
            for _ in range(chance.randint(1, 3)):
                statements = [_statement(chance) for _ in range(chance.randint(1, 3))]
                end = "ROLLBACK" if chance.random() < 0.2 else "COMMIT"
                history.append(["BEGIN", *statements, end])
                writer.execute("; ".join(history[-1]).encode())
                if chance.random() < 0.3:
                    refresher.execute("SELECT bi_refresh.distribute_changes()")
            try:
                strategy, reason, _ = linear.refresh(refresher)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {history}") from error
            is_unknown = any("TRUNCATE" in statement for transaction in history for statement in transaction)
            assert (strategy == "difference") <= is_unknown, (reason, history)


@pytest.fixture
def linear(database: Database) -> LinearTable:
    """A filled table, and what is counted of it."""
    database.execute(_TABLE)
    _fill(database)
    return make_linear_table(database, _query("keys that may be NULL"), "public.sale")


_ONE_MORE = "INSERT INTO sale (city, amount) VALUES ('x', 5)"


def test_nothing_is_written_where_nothing_is_moved(linear: LinearTable) -> None:
    """What is added and taken away again leaves the table alone."""
    assert linear.refresh() == ("skip", None, 0)
    linear.database.execute(_ONE_MORE)
    assert linear.refresh() == ("incremental", None, 1)
    linear.database.execute("UPDATE sale SET amount = amount + 1; UPDATE sale SET amount = amount - 1")
    assert linear.refresh() == ("incremental", None, 0)


def test_a_change_that_commits_after_the_snapshot_is_counted_by_the_next_refresh(linear: LinearTable) -> None:
    """Once."""
    with linear.database.connect() as refresher, refresher.transaction():
        refresher.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        refresher.execute("SELECT count(*) FROM sale")
        linear.database.execute(_ONE_MORE)
        assert linear.maintain(refresher)[0] == "skip"
    assert linear.refresh() == ("incremental", None, 1)
    assert linear.refresh() == ("skip", None, 0)


@pytest.mark.parametrize("mover", ["SELECT bi_refresh.distribute_changes()", None])
def test_a_change_that_another_session_takes_meanwhile_is_not_counted_twice(
    linear: LinearTable, mover: str | None
) -> None:
    """Whoever comes second begins anew: a move of the log's entries, or another refresh of the same table."""
    linear.database.execute(_ONE_MORE)

    def second() -> None:
        with linear.database.connect() as refresher, refresher.transaction():
            refresher.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            refresher.execute("SELECT count(*) FROM sale")
            if mover is None:
                linear.refresh()
            else:
                linear.database.execute(mover)
            linear.maintain(refresher)

    with pytest.raises(psycopg.errors.SerializationFailure):
        second()
    assert linear.refresh()[0] == ("skip" if mover is None else "incremental")


def test_under_read_committed_the_next_refresh_is_in_full(linear: LinearTable) -> None:
    """A statement that sees more than was claimed leaves what it saw in the log, to be counted again."""
    linear.database.execute(_ONE_MORE)
    with linear.database.connect() as refresher, refresher.transaction():
        linear.maintain(refresher)
    assert linear.refresh()[0] == "difference"
    assert linear.refresh() == ("skip", None, 0)


def test_a_table_of_parts_and_its_parts_are_not_counted(database: Database) -> None:
    """What is captured of a part is captured of the whole, and parts come and go unseen (test_linear_trees.py)."""
    database.execute(
        "CREATE TABLE whole (k integer NOT NULL) PARTITION BY LIST (k); CREATE TABLE part PARTITION OF whole DEFAULT;"
        " CREATE TABLE parent (k integer); CREATE TABLE child () INHERITS (parent);"
        " CREATE MATERIALIZED VIEW kept AS SELECT 1 AS k; CREATE TABLE plain (k integer)"
    )
    with database.session() as session:
        for table in ("whole", "parent", "part", "child", "kept", "plain"):
            query = f"WITH a AS (SELECT t.k, count(*) AS n FROM public.{table} t GROUP BY t.k) SELECT a.n FROM a"
            (stage,) = split(query, ["a"], subject="public.v").stages
            is_linear = not isinstance(read_linear(session, stage, str, subject="public.v"), str)
            assert is_linear == (table == "plain"), table


def _forget_rows(linear: LinearTable) -> None:
    linear.database.execute(f"UPDATE {linear.table} SET bi_refresh_rows = 0")


def _forget_values(linear: LinearTable) -> None:
    linear.database.execute(f"UPDATE {linear.table} SET bi_refresh_count_1 = -1")


@pytest.mark.parametrize("damage", [_forget_rows, _forget_values])
def test_a_table_that_was_tampered_with_is_computed_anew(
    linear: LinearTable, damage: Callable[[LinearTable], None]
) -> None:
    """Where its counts show it: a group cannot have fewer rows than none."""
    damage(linear)
    linear.database.execute("DELETE FROM sale WHERE city IS NOT NULL")
    strategy, reason, _ = linear.refresh()
    assert strategy == "difference"
    assert "fewer rows than none" in str(reason)


def test_what_is_counted_may_be_read_as_its_owner_only(linear: LinearTable) -> None:
    """Expressions are the owner's, and run with the owner's rights."""
    database = linear.database
    database.execute(
        "CREATE ROLE shopkeeper; GRANT ALL ON SCHEMA public TO shopkeeper; ALTER TABLE sale OWNER TO shopkeeper;"
        f" ALTER TABLE {linear.table} OWNER TO shopkeeper; ALTER VIEW {linear.definition} OWNER TO shopkeeper;"
        f" SELECT bi_refresh.make_maintain_function({linear.id})"
    )
    try:
        database.execute(_ONE_MORE)
        assert linear.refresh()[0] == "difference"  # an owner is part of the structure
        database.execute(_ONE_MORE)
        assert linear.refresh() == ("incremental", None, 1)
    finally:
        database.execute("DROP OWNED BY shopkeeper CASCADE; DROP ROLE shopkeeper")


def test_a_row_that_came_and_went_and_cannot_be_computed_with(database: Database) -> None:
    """The definition never looks at it; what it would have added cannot be told, and the whole is computed."""
    database.execute("CREATE TABLE public.sale (id integer PRIMARY KEY, k integer NOT NULL, pieces integer NOT NULL)")
    database.execute("INSERT INTO public.sale SELECT g, g % 3, 1 + g % 7 FROM generate_series(1, 50) AS g")
    query = (
        "WITH stage AS (SELECT k, count(*) AS n FROM public.sale WHERE 100 / pieces > 1 GROUP BY k) SELECT * FROM stage"
    )
    table = make_linear_table(database, query, "sale")
    database.execute("INSERT INTO public.sale VALUES (1000, 1, 0)")
    database.execute("UPDATE public.sale SET pieces = 1 WHERE id = 1000")
    strategy, reason, _ = table.refresh()
    assert (strategy, "what changed rows add cannot be told (division by zero)" in reason) == ("difference", True)
    database.execute("INSERT INTO public.sale VALUES (1001, 1, 1)")
    assert table.refresh() == ("incremental", None, 1)
