"""What a view is made from besides rows: every refresh looks, and computes in full where it is another than before."""

from __future__ import annotations

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_CHANGED = "in full: its definition or a table's structure changed"
_PROVE = "in full: its definition or a table that it reads was changed, and it is to be proved again"

_REDEFINE = """
    CREATE OR REPLACE VIEW bi_refresh_incremental.definition_1 AS
    SELECT o.customer AS id, count(*) AS orders, sum(o.amount) AS amount, min(c.name) AS name
    FROM orders AS o, customers AS c GROUP BY o.customer
"""

# What is done, and what the next refresh says; the one after it is incremental again. None: it is not in full at all.
_HARMLESS = (
    ("GRANT SELECT ON orders TO PUBLIC", _CHANGED),
    ("ALTER TABLE orders ADD COLUMN note text", _CHANGED),
    ("CREATE UNIQUE INDEX more ON orders (id, amount)", _CHANGED),
    ("VACUUM FULL orders", _CHANGED),
    ("VACUUM FULL totals", _CHANGED),
    ("TRUNCATE totals", _CHANGED),
    ("ALTER TABLE totals ADD COLUMN extra integer GENERATED ALWAYS AS (1) STORED", _CHANGED),
    ("ANALYZE orders; ANALYZE totals; CREATE INDEX ON orders (amount)", None),
    ("CREATE FUNCTION something() RETURNS integer LANGUAGE sql AS 'SELECT 1'", None),
)
# From then on it is in full, until it is proved or enabled again.
_HARMFUL = (
    ("ALTER TABLE customers DROP CONSTRAINT customers_pkey", _PROVE),
    ("ALTER TABLE orders ALTER COLUMN customer DROP NOT NULL", _PROVE),
    ("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "in full: it reads public.orders, which has row-level security"),
    ("DROP TRIGGER bi_refresh_capture_insert_1 ON orders", "in full: "),
    ("ALTER TABLE orders DISABLE TRIGGER bi_refresh_capture_update_1", "in full: "),
    ("ALTER TABLE customers DISABLE TRIGGER USER; ALTER TABLE customers ENABLE TRIGGER USER", "in full: "),
    (
        _REDEFINE,
        _PROVE,
    ),
)


def _write(view: KeptView, number: int) -> None:
    view.database.execute(
        "INSERT INTO orders (id, customer, amount) VALUES (%s, %s, 1)", 1000 + number, number % 20 + 1
    )


def test_what_proofs_do_not_rest_on_costs_one_refresh_in_full(totals: KeptView) -> None:
    for number, (change, reason) in enumerate(_HARMLESS):
        for statement in change.split("; "):
            totals.database.execute(statement)
        _write(totals, number)
        entry = totals.refresh()
        assert "GENERATED" in change or totals.is_equal(), change
        if reason is None:
            assert entry["strategy"] == "incremental", (change, entry["reason"])
        else:
            assert entry["strategy"] == "difference", change
            assert entry["reason"].startswith(reason), change
            _write(totals, 100 + number)
            assert totals.refresh()["strategy"] == "incremental", change
        if "GENERATED" in change:
            totals.database.execute("ALTER TABLE totals DROP COLUMN extra")


def test_what_proofs_rest_on_is_looked_at_each_time(totals: KeptView) -> None:
    """Each in a database that a rollback leaves as it was: DDL and refresh in one transaction."""
    for number, (change, reason) in enumerate(_HARMFUL):
        with totals.database.connect() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            connection.execute(change.encode())
            for turn in range(2):
                connection.execute(
                    "INSERT INTO orders (id, customer, amount) VALUES (%s, 3, 1)", [5000 + 2 * number + turn]
                )
                connection.execute("SELECT FROM bi_refresh.refresh_bi_views(%s::text[])", [[totals.name]])
                strategy, found, error = connection.execute(
                    "SELECT strategy, reason, error FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1"
                ).fetchall()[0]
                assert error is None, (change, error)
                assert strategy == "difference", (change, turn)
                assert found.startswith(reason), (change, turn, found)
                assert totals.differing(connection) == {}, change
            connection.execute("ROLLBACK")


def test_a_function_that_is_replaced(database: Database) -> None:
    database.execute(
        "CREATE TABLE source (id integer, n integer);"
        "CREATE FUNCTION times(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n'"
    )
    view = keep(
        database,
        "kept",
        Kept("SELECT id, times(n) AS n FROM source", (Reads("source", ("id",), null_slice="rows"),), key=None),
    )
    database.execute("INSERT INTO source VALUES (1, 1), (2, 2)")
    assert view.refresh()["strategy"] == "incremental"
    database.execute(
        "CREATE OR REPLACE FUNCTION times(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 3 * n'"
    )
    entry = view.refresh()
    assert (entry["strategy"], entry["reason"]) == ("difference", _PROVE)
    assert view.is_equal()
    database.execute("UPDATE bi_refresh.incremental_view SET proved_structure = bi_refresh.proof_structure(view_name)")
    view.refresh()
    database.execute("INSERT INTO source VALUES (3, 3)")
    assert view.refresh()["strategy"] == "incremental"
    assert view.is_equal()


def test_a_materialized_view_that_is_read(database: Database) -> None:
    """No trigger tells of its refreshes; the catalog does."""
    database.execute(
        "CREATE TABLE source (id integer); CREATE TABLE orders (id integer, n integer);"
        "CREATE MATERIALIZED VIEW upstream AS SELECT id FROM source"
    )
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT o.id, o.n FROM orders AS o WHERE o.id IN (SELECT u.id FROM upstream AS u)",
            (Reads("orders", ("id",), null_slice="rows"),),
            key=None,
        ),
    )
    database.execute("INSERT INTO orders VALUES (1, 1), (2, 2); INSERT INTO source VALUES (2)")
    assert view.refresh()["strategy"] == "incremental"
    database.execute("REFRESH MATERIALIZED VIEW upstream")
    assert view.refresh()["strategy"] == "difference"
    assert view.is_equal()
    assert database.value("SELECT count(*) FROM kept") == 1


def test_a_table_dropped_after_the_snapshot_can_be_looked_at(database: Database) -> None:
    """Its keys and constraints are in the snapshot, and what they are of is gone."""
    database.execute(
        "CREATE TABLE sold (id integer PRIMARY KEY, n integer CHECK (n > 0)) PARTITION BY RANGE (id);"
        "CREATE TABLE sold_1 PARTITION OF sold FOR VALUES FROM (1) TO (10);"
        "CREATE TABLE sold_2 PARTITION OF sold FOR VALUES FROM (10) TO (20)"
    )
    view = keep(database, "kept", Kept("SELECT id, n FROM sold", (Reads("sold", ("id",)),)))
    before = str(database.value("SELECT bi_refresh.proof_structure('public.kept')"))
    with database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT FROM bi_refresh.view_state")
        database.execute("DROP TABLE sold_2")
        ((then,),) = connection.execute("SELECT bi_refresh.proof_structure('public.kept')").fetchall()
    constraints = [line for line in before.splitlines() if line.startswith("constraint")]
    assert len(constraints) >= 3 * 2
    assert set(constraints) <= set(then.splitlines())
    assert view.refresh()["status"] == "completed"
    assert view.is_equal()


def test_what_a_proof_rests_on_is_read_without_waiting_for_anybody(totals: KeptView) -> None:
    with totals.database.connect() as locker, totals.database.connect() as asking:
        locker.execute("BEGIN")
        locker.execute("LOCK TABLE orders, customers IN ACCESS EXCLUSIVE MODE")
        asking.execute("SET lock_timeout = '1s'")
        assert asking.execute("SELECT FROM bi_refresh.outdated_proofs()").fetchall() == []
