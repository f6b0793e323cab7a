"""Touch triggers: every way to write to a watched table is seen, under the snapshot in which its rows are."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_steps import run_step, run_step_on, watch
from tests.fix_views import make_view

_TABLES = """
    CREATE TABLE facts (id integer PRIMARY KEY, amount integer);
    CREATE TABLE details (id integer PRIMARY KEY, fact integer REFERENCES facts ON DELETE CASCADE ON UPDATE CASCADE);
    CREATE TABLE parted (id integer, region text) PARTITION BY LIST (region);
    CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a') PARTITION BY RANGE (id);
    CREATE TABLE parted_a1 PARTITION OF parted_a FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parent (id integer, region text);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO facts VALUES (1, 10), (2, 20);
    INSERT INTO details VALUES (1, 1), (2, 2);
    INSERT INTO parted VALUES (1, 'a');
    INSERT INTO child VALUES (1, 'a');
"""


def _watched(database: Database, query: str) -> str:
    database.execute(_TABLES)
    view = make_view(database, "a", query=query)
    watch(database, view)
    assert _step(database, view) == "completed"
    skipped = run_step(database, view, change_detection="touch")
    # by the triggers, and not by reading the tables instead
    assert (skipped["status"], "fingerprint of" in str(skipped["reason"])) == ("skipped", False)
    return view


def _step(database: Database, view: str) -> str:
    return str(run_step(database, view, change_detection="touch")["status"])


@pytest.mark.parametrize(
    ("query", "write"),
    [
        ("SELECT * FROM facts", "INSERT INTO facts VALUES (3, 30)"),
        ("SELECT * FROM facts", "UPDATE facts SET amount = 11 WHERE id = 1"),
        ("SELECT * FROM details", "DELETE FROM details WHERE id = 1"),
        ("SELECT * FROM facts", "TRUNCATE facts, details"),
        (
            "SELECT * FROM facts",
            "INSERT INTO facts VALUES (1, 99) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount",
        ),
        ("SELECT * FROM facts", "SET session_replication_role = replica; INSERT INTO facts VALUES (3, 30)"),
        ("SELECT * FROM facts", "WITH w AS (INSERT INTO facts VALUES (3, 30) RETURNING id) SELECT * FROM w"),
        (
            "SELECT * FROM facts",
            "BEGIN; SAVEPOINT s; DELETE FROM details; ROLLBACK TO s; INSERT INTO facts VALUES (3, 3); COMMIT",
        ),
        ("SELECT * FROM details", "DELETE FROM facts WHERE id = 1"),  # a foreign key's cascade
        ("SELECT * FROM details", "UPDATE facts SET id = 7 WHERE id = 1"),
        ("SELECT * FROM parted", "INSERT INTO parted VALUES (2, 'a')"),
        ("SELECT * FROM parted", "INSERT INTO parted_a VALUES (2, 'a')"),
        ("SELECT * FROM parted", "INSERT INTO parted_a1 VALUES (2, 'a')"),
        ("SELECT * FROM parted", "TRUNCATE parted_a1"),
        ("SELECT * FROM parted", "TRUNCATE parted"),
        # the view reads the partition, the statement names what is above it: only triggers up there fire
        ("SELECT * FROM parted_a1", "INSERT INTO parted VALUES (2, 'a')"),
        ("SELECT * FROM parted_a1", "UPDATE parted SET id = id + 1"),
        ("SELECT * FROM child", "UPDATE parent SET id = id + 1"),
        ("SELECT * FROM parent", "INSERT INTO child VALUES (2, 'b')"),
        ("SELECT * FROM parent", "DELETE FROM parent"),
    ],
)
def test_a_write_is_seen(database: Database, query: str, write: str) -> None:
    view = _watched(database, query)
    with database.connect() as writer:
        for statement in write.split("; "):
            writer.execute(statement.encode())
    after = run_step(database, view, change_detection="touch")
    assert (after["status"], str(after["reason"]).startswith("changed: public.")) == ("completed", True)
    assert database.rows("TABLE a EXCEPT ALL (" + query + ")") == []
    assert _step(database, view) == "skipped"


def test_a_merge_is_seen(database: Database) -> None:
    if database.value("SELECT current_setting('server_version_num')::integer") < 150000:
        pytest.skip("MERGE came with PostgreSQL 15")
    view = _watched(database, "SELECT * FROM facts")
    database.execute(
        "MERGE INTO facts USING (VALUES (1, 99), (5, 50)) AS n (id, amount) ON facts.id = n.id"
        " WHEN MATCHED THEN UPDATE SET amount = n.amount WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.amount)"
    )
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]


def test_copy_is_seen(database: Database) -> None:
    view = _watched(database, "SELECT * FROM facts")
    with database.connect() as writer, writer.cursor() as cursor, cursor.copy("COPY facts FROM STDIN") as copy:
        copy.write_row((3, 30))
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]


def test_a_rollback_is_not_seen(database: Database) -> None:
    view = _watched(database, "SELECT * FROM facts")
    with database.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO facts VALUES (3, 30)")
        writer.rollback()
    assert _step(database, view) == "skipped"


def test_a_late_commit_is_seen_after_earlier_ones(database: Database) -> None:
    view = _watched(database, "SELECT * FROM facts")
    with database.connect(autocommit=False) as late:
        late.execute("INSERT INTO facts VALUES (3, 30)")
        database.execute("INSERT INTO facts VALUES (4, 40)")
        assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]
        late.commit()
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]
    assert database.value("SELECT count(*) FROM a") == 4


def test_a_prepared_transaction_is_seen_when_it_is_committed(database: Database) -> None:
    view = _watched(database, "SELECT * FROM facts")
    database.execute("BEGIN; INSERT INTO facts VALUES (3, 30); PREPARE TRANSACTION 'touch_" + database.name + "'")
    assert _step(database, view) == "skipped"
    database.execute("COMMIT PREPARED 'touch_" + database.name + "'")
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]


def test_compacting_hides_no_write_and_makes_none_up(database: Database) -> None:
    """Also where a write is committed after it, and for a snapshot from before it."""
    view = _watched(database, "SELECT * FROM facts")
    database.execute("INSERT INTO facts VALUES (3, 30)")
    assert _step(database, view) == "completed"
    with database.connect(autocommit=False) as late, database.connect(autocommit=False) as earlier:
        late.execute("INSERT INTO facts VALUES (4, 40)")
        earlier.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        states = "SELECT state FROM bi_refresh.touch_states(ARRAY['facts'::regclass])"
        before = earlier.execute(states).fetchone()
        assert database.value("SELECT bi_refresh.compact_touches()") == 1
        assert database.rows(states) == [before]
        assert earlier.execute(states).fetchone() == before
        assert _step(database, view) == "skipped"
        late.commit()
    assert database.value("SELECT bi_refresh.compact_touches()") == 1
    assert database.value("SELECT count(*) FROM bi_refresh.table_touch") == 0
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]


_FOR_INSERTS_ONLY = """
    DROP TRIGGER bi_refresh_touch ON facts;
    CREATE TRIGGER bi_refresh_touch AFTER INSERT ON facts
        FOR EACH STATEMENT EXECUTE FUNCTION bi_refresh.record_touch()
"""


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        ("DROP TRIGGER bi_refresh_touch ON facts", "public.facts has no touch trigger"),
        ("ALTER TABLE facts DISABLE TRIGGER bi_refresh_touch",
         "the touch trigger on public.facts is not enabled always"),
        ("ALTER TABLE facts ENABLE TRIGGER bi_refresh_touch",
         "the touch trigger on public.facts is not enabled always"),
        ("ALTER TABLE facts DISABLE TRIGGER ALL", "the touch trigger on public.facts is not enabled always"),
        (_FOR_INSERTS_ONLY, "public.facts has no touch trigger"),
    ],
)  # fmt: skip
def test_without_its_trigger_a_table_is_read_itself(database: Database, loss: str, why: str) -> None:
    view = _watched(database, "SELECT * FROM facts")
    database.execute(loss)
    assert why in run_step(database, view, change_detection="touch")["reason"]
    skipped = run_step(database, view, change_detection="touch")
    assert (skipped["status"], f"fingerprint of 1 table, {why}" in str(skipped["reason"])) == ("skipped", True)
    database.execute("SET session_replication_role = replica; UPDATE facts SET amount = 0")
    assert _step(database, view) == "completed"


def test_a_write_while_the_trigger_was_off_is_seen_once_it_is_on_again(database: Database) -> None:
    view = _watched(database, "SELECT * FROM facts")
    database.execute("ALTER TABLE facts DISABLE TRIGGER bi_refresh_touch")
    database.execute("UPDATE facts SET amount = 0")
    database.execute("ALTER TABLE facts ENABLE ALWAYS TRIGGER bi_refresh_touch")
    assert _step(database, view) == "completed"


def test_a_new_partition_is_read_itself_until_it_is_watched(database: Database) -> None:
    view = _watched(database, "SELECT * FROM parted")
    database.execute("CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b')")
    assert _step(database, view) == "completed"
    database.execute("INSERT INTO parted_b VALUES (2, 'b')")
    assert _step(database, view) == "completed"
    skipped = run_step(database, view, change_detection="touch")
    assert (
        "touch triggers of 1 table, fingerprint of 1 table, public.parted_b has no touch trigger" in skipped["reason"]
    )
    assert database.rows("SELECT * FROM bi_refresh.sync_touch_triggers()") == [("public.parted_b", "watched")]
    assert [_step(database, view) for _ in range(2)] == ["completed", "skipped"]


def test_unlogged_tables_are_read_themselves(database: Database) -> None:
    """A crash empties them, and no trigger sees that."""
    database.execute("CREATE UNLOGGED TABLE scratch (id integer); INSERT INTO scratch VALUES (1)")
    view = make_view(database, "a", query="SELECT id FROM scratch")
    watch(database, view)
    assert database.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'bi_refresh_touch'") == 0
    assert _step(database, view) == "completed"
    assert "public.scratch is unlogged" in run_step(database, view, change_detection="touch")["reason"]


def test_subscribed_tables_are_read_themselves(database: Database) -> None:
    """Logical replication fires row triggers only."""
    view = _watched(database, "SELECT * FROM parted")
    database.execute(
        "CREATE SUBSCRIPTION nowhere CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)"
    )
    database.execute(
        "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)"
        " SELECT oid, 'parted'::regclass, 'r' FROM pg_subscription WHERE subname = 'nowhere'"
        " AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert _step(database, view) == "completed"
    skipped = run_step(database, view, change_detection="touch")
    why = "public.parted is written by logical replication, which fires no statement triggers"
    assert (skipped["status"], why in skipped["reason"]) == ("skipped", True)
    database.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")
    assert ("public.parted",) not in database.rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'bi_refresh_touch'"
    )
    database.execute("DELETE FROM pg_subscription_rel; DROP SUBSCRIPTION nowhere")


def test_triggers_are_on_exactly_the_tables_that_need_them(database: Database) -> None:
    database.execute(_TABLES)
    first = make_view(database, "a", query="SELECT parted_a1.id FROM parted_a1 JOIN facts USING (id)")
    second = make_view(database, "b", query="SELECT id, random() AS r FROM details")  # never skipped: needs none
    make_view(database, "c", query="SELECT id FROM child")  # not by touch
    watch(database, first, second)
    watched = "SELECT tgrelid::regclass::text, tgenabled FROM pg_trigger WHERE tgname = 'bi_refresh_touch' ORDER BY 1"
    assert database.rows(watched) == [("facts", "A"), ("parted", "A"), ("parted_a", "A"), ("parted_a1", "A")]
    assert database.rows("SELECT * FROM bi_refresh.sync_touch_triggers()") == []
    database.execute("ALTER TABLE facts DISABLE TRIGGER bi_refresh_touch")
    assert database.rows("SELECT * FROM bi_refresh.sync_touch_triggers()") == [("public.facts", "watched")]
    assert len(database.rows(watched)) == 4
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false WHERE view_name = 'public.a'")
    assert [action for _, action in database.rows("SELECT * FROM bi_refresh.sync_touch_triggers()")] == ["released"] * 4
    assert database.rows(watched) == []


def test_a_table_in_use_for_long_is_named_with_who_uses_it(database: Database) -> None:
    database.execute(_TABLES)
    view = make_view(database, "a", query="SELECT id FROM facts")
    database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch' WHERE view_name = %s", view)
    database.execute("ALTER FUNCTION bi_refresh.set_touch_trigger(oid, boolean, boolean) SET lock_timeout = '50ms'")
    with database.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO facts VALUES (3, 30)")
        with pytest.raises(psycopg.errors.LockNotAvailable) as raised:
            database.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")
        pid = writer.info.backend_pid
    assert "public.facts cannot be given a touch trigger: a transaction that uses it did not end within" in str(
        raised.value
    )
    assert f"process {pid} of postgres since" in str(raised.value)


def test_somebody_elses_table_is_named_with_the_grant(database: Database, make_role: MakeRole) -> None:
    owner = make_role()
    database.execute(_TABLES)
    view = make_view(database, "a", query="SELECT id FROM facts")
    database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch' WHERE view_name = %s", view)
    with database.connect(autocommit=False) as connection:
        connection.execute(f"ALTER FUNCTION bi_refresh.sync_touch_triggers() OWNER TO {owner}".encode())
        connection.execute(f"GRANT ALL ON SCHEMA bi_refresh TO {owner}".encode())
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA bi_refresh TO {owner}".encode())
        connection.execute(f"GRANT ALL ON ALL FUNCTIONS IN SCHEMA bi_refresh TO {owner}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            connection.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")
        connection.rollback()
    assert f"public.facts cannot be given a touch trigger: {owner} is not its owner" in str(raised.value)
    assert f"GRANT postgres TO {owner};" in str(raised.value.diag.message_hint)


def test_writers_need_no_right_to_bi_refresh(database: Database, make_role: MakeRole) -> None:
    view = _watched(database, "SELECT * FROM facts")
    role = make_role()
    database.execute(f"GRANT INSERT ON facts TO {role}")
    with psycopg.connect(dsn_as(database, role), autocommit=True) as writer:
        writer.execute("SET search_path = pg_temp")
        writer.execute("INSERT INTO public.facts VALUES (3, 30)")
    assert _step(database, view) == "completed"
    database.execute(f"REVOKE ALL ON facts FROM {role}")


def test_an_upstream_views_rows_are_read_themselves(database: Database) -> None:
    """A materialized view fires no trigger."""
    database.execute(_TABLES)
    up = make_view(database, "up", query="SELECT id, amount FROM facts")
    down = make_view(database, "down", query="SELECT id, amount FROM up")
    watch(database, up, down)
    with database.connect() as worker:
        worker.execute("SET default_transaction_isolation = 'repeatable read'")

        def steps() -> list[object]:
            return [run_step_on(worker, database, v, change_detection="touch")["status"] for v in (up, down)]

        assert [steps(), steps()] == [["completed"] * 2, ["skipped"] * 2]
        database.execute("UPDATE facts SET amount = 0")
        assert [steps(), steps()] == [["completed"] * 2, ["skipped"] * 2]
        database.execute("UPDATE facts SET amount = 0")
        assert steps() == ["completed", "skipped"]  # the refresh of up changed no row
