"""Tables that logical replication writes to: it fires row triggers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from demo.server import embedded_server
from refresh_task.migrations import migrate_up
from tests.fix_database import Database
from tests.integration.incremental.capture.captured import Captured, capture, maintain

_TABLES = """
    CREATE TABLE facts (id integer PRIMARY KEY, "Käufer" text, amount integer);
    CREATE TABLE parted (id integer PRIMARY KEY, region text);
"""
_PARTED = """
    CREATE TABLE parted (id integer PRIMARY KEY, region text) PARTITION BY RANGE (id);
    CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (1000) TO (2000);
"""


@pytest.fixture
def subscriber() -> Iterator[tuple[Database, Database]]:
    """A publisher and a migrated subscriber, whose subscription is not enabled yet."""
    settings = {"wal_level": "logical", "max_worker_processes": "12", "max_logical_replication_workers": "8"}
    with embedded_server(settings=settings) as server:
        Database(server, "postgres").execute("CREATE DATABASE publisher")
        publisher, subscriber = Database(server, "publisher"), Database(server, "postgres")
        publisher.execute(_TABLES)
        publisher.execute("INSERT INTO facts VALUES (1, 'a', 10); INSERT INTO parted VALUES (1, 'x')")
        publisher.execute("CREATE PUBLICATION p FOR TABLE facts, parted")
        # made by the subscription itself, it would wait for its own transaction
        publisher.rows("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        with subscriber.session() as session:
            migrate_up(session)
        subscriber.execute(_TABLES.partition("CREATE TABLE parted")[0] + _PARTED)
        subscriber.execute(
            f"CREATE SUBSCRIPTION s CONNECTION '{publisher.dsn}' PUBLICATION p"
            " WITH (create_slot = false, slot_name = 's', enabled = false)"
        )
        yield publisher, subscriber
        subscriber.execute("ALTER SUBSCRIPTION s DISABLE")


def _wait_for(captured: Captured, entries: list[tuple[object, ...]]) -> None:
    captured.database.wait_for(f"SELECT true FROM {captured.log} HAVING count(*) >= {len(entries)}")
    assert captured.entries() == Counter(entries)
    captured.database.execute(f"DELETE FROM {captured.log}")


def test_what_replication_writes_is_in_the_log(subscriber: tuple[Database, Database]) -> None:
    publisher, database = subscriber
    facts, parted = capture(database, "facts", "id", "Käufer"), capture(database, "parted", "id")
    database.execute("ALTER SUBSCRIPTION s ENABLE")
    # the first copy of what is there
    _wait_for(facts, [(1, 1, "a")])
    _wait_for(parted, [(1, 1)])
    database.wait_for("SELECT true FROM pg_subscription_rel HAVING bool_and(srsubstate = 'r')")

    publisher.execute("INSERT INTO facts VALUES (2, 'b', 20); UPDATE facts SET amount = 0 WHERE id = 2")
    _wait_for(facts, [(1, 2, "b"), (1, 2, "b"), (-1, 2, "b")])
    publisher.execute("UPDATE facts SET id = 3 WHERE id = 2; DELETE FROM facts WHERE id = 1")
    _wait_for(facts, [(1, 3, "b"), (-1, 2, "b"), (-1, 1, "a")])
    publisher.execute("TRUNCATE facts")
    _wait_for(facts, [(0, None, None)])
    # into one partition, and from there to another
    publisher.execute("INSERT INTO parted VALUES (2, 'x'); UPDATE parted SET id = 1002 WHERE id = 2")
    _wait_for(parted, [(1, 2), (-1, 2), (1, 1002)])
    # and what is written here
    database.execute("INSERT INTO facts VALUES (9, 'z', 1); UPDATE parted SET id = id + 1000 WHERE id = 1")
    _wait_for(facts, [(1, 9, "z")])
    _wait_for(parted, [(-1, 1), (1, 1001)])
    assert facts.problems() == parted.problems() == []


_LISTED = """
    CREATE SUBSCRIPTION nowhere CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
    INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
        SELECT oid, '{}'::regclass, 'r' FROM pg_subscription WHERE subname = 'nowhere'
        AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
"""


def test_a_table_that_is_subscribed_later_is_captured_by_row_after_the_next_look(database: Database) -> None:
    database.execute(_TABLES.partition("CREATE TABLE parted")[0] + _PARTED)
    parted = capture(database, "parted", "id")
    maintain(database, parted)
    database.execute("INSERT INTO parted VALUES (1, 'x')")
    before = parted.structure()
    for statement in _LISTED.format("parted").strip().split(";\n"):
        database.execute(statement)
    assert parted.structure() != before
    assert parted.problems() == [
        (
            "logical replication writes to public.parted_high, which fires row triggers only, and it has no such"
            f" trigger bi_refresh_capture_delete_{parted.id}"
        )
    ]
    assert database.rows("SELECT * FROM bi_refresh.sync_captures()") == [("public.parted", "captured")]
    assert parted.problems() == []
    database.execute(f"DELETE FROM {parted.log}")
    with database.connect() as writer:
        # once, through whichever table
        assert parted.entries_of(writer, "INSERT INTO parted VALUES (2, 'x')") == Counter([(1, 2)])
        assert parted.entries_of(writer, "INSERT INTO parted_low VALUES (2, 'x')") == Counter([(1, 2)])
        assert parted.entries_of(writer, "TRUNCATE parted_low") == Counter([(0, None)])
        assert parted.entries_of(writer, "DELETE FROM parted") == Counter([(-1, 1)])

    database.execute("DELETE FROM pg_subscription_rel; DROP SUBSCRIPTION nowhere")
    assert database.rows("SELECT * FROM bi_refresh.sync_captures()") == [("public.parted", "captured")]
    assert parted.problems() == []
    database.execute("INSERT INTO parted VALUES (2, 'x'), (3, 'x')")
    assert parted.entries() == Counter([(1, 2), (1, 3)])
    assert database.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'bi_refresh%%' AND tgtype & 1 = 1") == 0


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE facts DROP COLUMN amount",
        "ALTER TABLE facts ALTER COLUMN amount TYPE text",
        'ALTER TABLE facts RENAME COLUMN amount TO former; ALTER TABLE facts RENAME COLUMN "Käufer" TO amount',
    ],
)
def test_no_write_fails_because_a_column_is_gone_or_of_another_type(database: Database, change: str) -> None:
    database.execute(_TABLES)
    for statement in _LISTED.format("facts").strip().split(";\n"):
        database.execute(statement)
    facts = capture(database, "facts", "id", "amount")
    with database.connect() as writer:
        writer.execute("INSERT INTO facts VALUES (1, 'a', 10)")
        database.execute(change)
        writer.execute("UPDATE facts SET id = 2; DELETE FROM facts")
    assert facts.entries() == Counter([(1, 1, 10), (1, 2, None), (-1, 1, None), (-1, 2, None)])
    assert len(facts.problems()) == 1
    database.execute("DELETE FROM pg_subscription_rel; DROP SUBSCRIPTION nowhere")
