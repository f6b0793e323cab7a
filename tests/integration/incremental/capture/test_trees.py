"""Partitions and inheriting tables: a statement fires the triggers of the table that it names, whichever rows it
changes."""

from __future__ import annotations

import re
from collections import Counter

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.capture.captured import Captured, capture, claim, maintain

_PARTED = """
    CREATE TABLE parted (id integer, region text, amount integer) PARTITION BY LIST (region);
    CREATE TABLE parted_a (amount integer, gone integer, region text, id integer) PARTITION BY RANGE (id);
    ALTER TABLE parted_a DROP COLUMN gone;
    ALTER TABLE parted ATTACH PARTITION parted_a FOR VALUES IN ('a');
    CREATE TABLE parted_a1 PARTITION OF parted_a FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parted_a2 PARTITION OF parted_a FOR VALUES FROM (1000) TO (2000);
    CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
    INSERT INTO parted VALUES (1, 'a', 10), (2, 'b', 20);
"""
_FAMILY = """
    CREATE TABLE parent (id integer, region text);
    CREATE TABLE child (more text) INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent VALUES (1, 'a');
    INSERT INTO child VALUES (2, 'b', 'x');
    INSERT INTO grandchild VALUES (3, 'c', 'y');
"""


_WRITES: dict[str, list[tuple[object, ...]]] = {
    "INSERT INTO parted VALUES (3, 'a', 1), (1003, 'a', 1), (4, 'b', 1)": [
        (1, "a", 3), (1, "a", 1003), (1, "b", 4),
    ],
    "INSERT INTO parted_a (id, region) VALUES (3, 'a')": [(1, "a", 3)],
    "INSERT INTO parted_a1 (id, region) VALUES (3, 'a')": [(1, "a", 3)],
    "INSERT INTO parted_b VALUES (3, 'b', 1)": [(1, "b", 3)],
    "UPDATE parted SET amount = 0": [(1, "a", 1), (-1, "a", 1), (1, "b", 2), (-1, "b", 2)],
    # the row moves to another partition, one or two levels up
    "UPDATE parted SET id = 1001 WHERE region = 'a'": [(1, "a", 1001), (-1, "a", 1)],
    "UPDATE parted_a SET id = 1001": [(1, "a", 1001), (-1, "a", 1)],
    "UPDATE parted SET region = 'b' WHERE id = 1": [(1, "b", 1), (-1, "a", 1)],
    "DELETE FROM parted": [(-1, "a", 1), (-1, "b", 2)],
    "DELETE FROM parted_a": [(-1, "a", 1)],
    "DELETE FROM ONLY parted_b": [(-1, "b", 2)],
    "TRUNCATE parted_a1": [(0, None, None)],
    "TRUNCATE parted_b": [(0, None, None)],
}  # fmt: skip


@pytest.fixture
def parted(database: Database) -> Captured:
    """A tree of partitions, captured by a member that a view reads."""
    database.execute(_PARTED)
    return capture(database, "parted_a1", "region", "id")


def test_a_write_through_any_member_is_in_the_log(database: Database, parted: Captured) -> None:
    with database.connect() as writer:
        logged = {write: parted.entries_of(writer, write) for write in _WRITES}
    assert logged == {write: Counter(entries) for write, entries in _WRITES.items()}
    assert parted.problems() == []


def test_truncating_the_root_is_everything(database: Database, parted: Captured) -> None:
    database.execute("TRUNCATE parted")
    assert parted.entries().keys() == {(0, None, None)}


def test_copy_to_the_root_is_in_the_log(database: Database, parted: Captured) -> None:
    with database.connect() as writer, writer.cursor() as cursor, cursor.copy("COPY parted FROM STDIN") as copy:
        copy.write_row((3, "a", 1))
        copy.write_row((3, "b", 1))
    assert parted.entries() == Counter([(1, "a", 3), (1, "b", 3)])


def test_both_ways_of_asking_capture_the_same_tree(database: Database) -> None:
    database.execute(_PARTED)
    by_leaf = capture(database, "parted_a1", "id")
    by_root = capture(database, "parted", "id", "region")
    assert (by_leaf.id, by_root.columns) == (by_root.id, ("id", "region"))
    assert database.value("SELECT relation::regclass::text FROM bi_refresh.captured_table") == "parted"


def test_inheriting_tables_are_captured_with_their_parent(database: Database) -> None:
    database.execute(_FAMILY)
    family = capture(database, "child", "id", "region")
    assert database.value("SELECT relation::regclass::text FROM bi_refresh.captured_table") == "parent"
    with database.connect() as writer:
        assert family.entries_of(writer, "UPDATE parent SET region = 'z'") == Counter(
            [(1, 1, "z"), (-1, 1, "a"), (1, 2, "z"), (-1, 2, "b"), (1, 3, "z"), (-1, 3, "c")]
        )
        assert family.entries_of(writer, "DELETE FROM ONLY parent") == Counter([(-1, 1, "a")])
        assert family.entries_of(writer, "DELETE FROM child") == Counter([(-1, 2, "b"), (-1, 3, "c")])
        assert family.entries_of(writer, "INSERT INTO grandchild VALUES (4, 'd', 'z')") == Counter([(1, 4, "d")])
        assert family.entries_of(writer, "TRUNCATE ONLY child") == Counter([(0, None, None)])


def sync(database: Database) -> list[tuple[str, str]]:
    return [(relation, action) for relation, action in database.rows("SELECT * FROM bi_refresh.sync_captures()")]


@pytest.mark.parametrize(
    "attach",
    [
        "CREATE TABLE parted_c PARTITION OF parted FOR VALUES IN ('c')",
        "CREATE TABLE parted_c (LIKE parted); ALTER TABLE parted ATTACH PARTITION parted_c FOR VALUES IN ('c')",
    ],
)
def test_a_partition_that_comes_later_is_captured_after_the_next_look(database: Database, attach: str) -> None:
    database.execute(_PARTED)
    parted = capture(database, "parted", "region", "id")
    maintain(database, parted)
    before = parted.structure()
    database.execute(attach)
    assert parted.problems() == [f"public.parted_c has no trigger bi_refresh_capture_delete_{parted.id}"]
    assert parted.structure() != before
    assert sync(database) == [("public.parted", "captured")]
    assert parted.problems() == []
    database.execute("INSERT INTO parted_c VALUES (9, 'c', 1); INSERT INTO parted VALUES (10, 'c', 1)")
    assert parted.entries() == Counter([(1, "c", 9), (1, "c", 10)])
    assert sync(database) == []


def test_a_partition_that_left_is_captured_no_more(database: Database) -> None:
    database.execute(_PARTED)
    parted = capture(database, "parted", "region", "id")
    maintain(database, parted)
    before = parted.structure()
    database.execute("ALTER TABLE parted DETACH PARTITION parted_a")
    assert parted.structure() != before
    assert sync(database) == [("public.parted", "captured")]
    database.execute("INSERT INTO parted_a1 (id, region) VALUES (3, 'a')")
    assert parted.entries() == Counter()
    assert database.rows(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'bi_refresh_capture%' ORDER BY 1"
    ) == [("parted",), ("parted_b",)]


def test_a_captured_table_that_becomes_a_partition_is_named(database: Database) -> None:
    """What is written through the table above it fires the triggers up there."""
    database.execute(_PARTED)
    database.execute("CREATE TABLE parted_c (id integer, region text, amount integer)")
    alone = capture(database, "parted_c", "id")
    maintain(database, alone)
    before = alone.structure()
    database.execute("ALTER TABLE parted ATTACH PARTITION parted_c FOR VALUES IN ('c')")
    assert alone.problems() == ["public.parted_c has become a partition or child of public.parted"]
    assert alone.structure() != before
    # asked for again, the whole tree is; both stand on the partition
    tree = capture(database, "parted_c", "id")
    assert tree.id != alone.id
    database.execute("INSERT INTO parted_c VALUES (9, 'c', 1); INSERT INTO parted VALUES (10, 'c', 1)")
    assert alone.entries() == Counter([(1, 9)])
    assert tree.entries() == Counter([(1, 9), (1, 10)])


def test_a_table_with_several_parents_is_refused(database: Database) -> None:
    database.execute("CREATE TABLE one (id integer); CREATE TABLE other (id integer)")
    database.execute("CREATE TABLE both_ () INHERITS (one, other)")
    for table in ("both_", "one"):
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="both_ inherits from several tables"):
            capture(database, table, "id")
    assert database.value("SELECT count(*) FROM bi_refresh.captured_table") == 0


_WRAPPER = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; "
_REFUSED = {
    "CREATE UNLOGGED TABLE t (id integer)": "t is unlogged: a crash empties it unseen",
    "CREATE MATERIALIZED VIEW t AS SELECT 1 AS id": "t is a materialized view: a refresh fires no triggers",
    "CREATE VIEW t AS SELECT 1 AS id": "t is not a table",
    "CREATE TEMPORARY TABLE t (id integer)": "t is temporary",
    _WRAPPER + "CREATE FOREIGN TABLE t (id integer) SERVER s": (
        "t is a foreign table: what others change there is not seen here"
    ),
    _WRAPPER + "CREATE TABLE t (id integer) PARTITION BY LIST (id);"
    " CREATE FOREIGN TABLE t1 PARTITION OF t FOR VALUES IN (1) SERVER s": (
        "t1 is a foreign table: what others change there is not seen here"
    ),
    "CREATE TABLE t (id integer) PARTITION BY LIST (id);"
    " CREATE UNLOGGED TABLE t1 PARTITION OF t FOR VALUES IN (1)": "t1 is unlogged: a crash empties it unseen",
}


def test_what_cannot_be_captured_is_refused_with_the_reason(database: Database) -> None:
    made = "SELECT count(*) FROM pg_class WHERE relnamespace = 'bi_refresh_incremental'::regnamespace"
    with database.connect(autocommit=False) as connection:
        for table, reason in _REFUSED.items():
            connection.execute(table.encode())
            with pytest.raises(psycopg.errors.FeatureNotSupported) as raised, connection.transaction():
                connection.execute("SELECT bi_refresh.capture_table('t'::regclass, '{id}')")
            assert re.fullmatch(
                r"changes of (\S+\.)?t cannot be captured: \S+\." + reason + "(?s:.*)", str(raised.value)
            )
            assert connection.execute(made.encode()).fetchone() == (0,)
            connection.rollback()


def test_a_catalog_is_refused(database: Database) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="pg_class is a system catalog"):
        capture(database, "pg_class", "oid")


def test_a_table_that_becomes_unlogged_is_named(database: Database) -> None:
    database.execute("CREATE TABLE t (id integer)")
    table = capture(database, "t", "id")
    maintain(database, table)
    database.execute("ALTER TABLE t SET UNLOGGED")
    assert table.problems() == ["public.t is unlogged: a crash empties it unseen"]
    assert sync(database) == [("public.t", "cannot be captured: public.t is unlogged: a crash empties it unseen")]


def test_a_partition_s_rows_are_claimed_whoever_wrote_them(database: Database, parted: Captured) -> None:
    table = maintain(database, parted)
    with database.connect() as refresher:
        database.execute("INSERT INTO parted VALUES (7, 'a', 1); UPDATE parted_a1 SET id = id + 1")
        assert claim(refresher, table)[parted.id].rows == Counter(
            [(1, "a", 7), (1, "a", 2), (1, "a", 8), (-1, "a", 1), (-1, "a", 7)]
        )
