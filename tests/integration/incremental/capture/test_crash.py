"""A server that dies, and a dump that is loaded elsewhere: what was captured is still there."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from demo.server import embedded_server
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.integration.incremental.capture.captured import capture, claim, maintain

pytestmark = pytest.mark.version_independent


def test_a_crash_loses_no_entry_of_what_it_keeps() -> None:
    """An unlogged log would be empty afterwards, beside a table that is not."""
    with embedded_server() as server:
        database = Database(server, "postgres")
        with database.session() as session:
            migrate_up(session)
        database.execute("CREATE TABLE facts (id integer); CREATE TABLE other (id integer)")
        facts, other = capture(database, "facts", "id"), capture(database, "other", "id")
        table = maintain(database, facts, other)
        database.execute("SET synchronous_commit = on; INSERT INTO other VALUES (8)")
        database.execute("SELECT bi_refresh.distribute_changes([%s])".replace("[%s]", f"ARRAY[{other.id}]"))
        database.execute("SET synchronous_commit = on; INSERT INTO facts VALUES (7)")
        server.stop(mode="immediate")
        server.start()
        assert database.rows("TABLE facts UNION ALL TABLE other") == [(7,), (8,)]
        with database.connect() as refresher:
            claimed = claim(refresher, table)
        assert (claimed[facts.id].rows, claimed[other.id].rows) == (Counter([(1, 7)]), Counter([(1, 8)]))


def test_a_dump_that_is_loaded_elsewhere_goes_on_where_it_was(database: Database) -> None:
    """Tables have other OIDs there; names, entries and triggers are the same."""
    database.execute("CREATE TABLE facts (id integer); CREATE TABLE parted (id integer) PARTITION BY RANGE (id)")
    database.execute("CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (1000)")
    database.execute("CREATE VIEW bi_refresh_incremental.definition_1 AS SELECT id FROM facts")
    facts, parted = capture(database, "facts", "id"), capture(database, "parted", "id")
    database.execute("CREATE TABLE a (id integer)")
    table = maintain(database, facts, parted, relation="a")
    database.execute(
        "UPDATE bi_refresh.maintained_table SET definition = 'bi_refresh_incremental.definition_1'::regclass"
    )
    database.execute("INSERT INTO facts VALUES (1); INSERT INTO parted VALUES (2)")
    restored = create_database(database.server)
    try:
        # what takes OIDs there
        restored.execute("CREATE TABLE earlier (id integer); CREATE TABLE other (id integer)")
        dump = subprocess.run(
            [database.server.program("pg_dump"), database.dsn], check=True, capture_output=True, env={}
        ).stdout
        subprocess.run(
            # an older server than pg_dump's own does not know all that is set at the beginning
            [database.server.program("psql"), "--quiet", restored.dsn],
            check=True, input=dump, capture_output=True, env={},
        )  # fmt: skip
        there = [
            type(captured)(restored, captured.id, captured.table, captured.columns) for captured in (facts, parted)
        ]
        assert [bool(captured.problems()) for captured in there] == [True, True]
        assert restored.rows("SELECT * FROM bi_refresh.sync_captures()") == [
            ("public.facts", "found again"),
            ("public.parted", "found again"),
        ]
        assert [captured.problems() for captured in there] == [[], []]
        assert restored.rows(
            "SELECT relation::regclass::text, definition::regclass::text FROM bi_refresh.maintained_table"
        ) == [("a", "bi_refresh_incremental.definition_1")]
        restored.execute("INSERT INTO parted_low VALUES (3)")
        with restored.connect() as refresher:
            claimed = claim(refresher, table)
        assert claimed[facts.id].rows == Counter([(1, 1)])
        assert claimed[parted.id].rows == Counter([(1, 2), (1, 3)])
        assert restored.rows("SELECT * FROM bi_refresh.sync_captures()") == []
    finally:
        drop_database(restored)
