"""Histories that somebody thought of: what changes a view's rows without changing a row that is captured, or takes a
safeguard away and gives it back. Each ends with a refresh, which is compared."""

from __future__ import annotations

from collections.abc import Sequence

from tests.integration.incremental.suite.history import Event, Refresh, Run, Write


def _in_one(*statements: str) -> tuple[Event, ...]:
    return (Write(statements),)


def _each(*statements: str) -> tuple[Run, ...]:
    return tuple(Run(statement) for statement in statements)


_CHANGE = "UPDATE orders SET kind = 7, label = 'b', amount = 99 WHERE id IN (1, 2)"
_TRIGGERS = "SELECT bi_refresh.sync_captures()"
_RENAMED = (
    "ALTER TABLE orders RENAME COLUMN kind TO other", "UPDATE orders SET other = 7 WHERE id = 1",
    "ALTER TABLE orders RENAME COLUMN other TO kind",
)  # fmt: skip
_DISABLED = (
    "ALTER TABLE orders DISABLE TRIGGER ALL", _CHANGE, "ALTER TABLE orders ENABLE TRIGGER ALL", _TRIGGERS,
)  # fmt: skip
_DROP_TRIGGERS = (
    "DO $$DECLARE name text; BEGIN FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT"
    " tgisinternal LOOP EXECUTE format('DROP TRIGGER %I ON orders', name); END LOOP; END$$"
)
_WITHOUT_TRIGGERS = (_DROP_TRIGGERS, _CHANGE, _TRIGGERS)
_MOVED_PARTITION = (
    "DELETE FROM stock WHERE region = 'west'", "ALTER TABLE stock ATTACH PARTITION stock_west FOR VALUES IN ('west')",
)  # fmt: skip
_STOCK = "UPDATE stock SET quantity = 5 WHERE region = 'north'"
_CHANGED_PARTITION = (
    "ALTER TABLE stock DETACH PARTITION stock_west", "UPDATE stock_west SET quantity = 1000",
    "ALTER TABLE stock ATTACH PARTITION stock_west FOR VALUES IN ('west')",
)  # fmt: skip

# A comparison of the whole is due, so that nothing is left to what a sample finds.
_AUDIT = Run("UPDATE bi_refresh.maintained_table SET compared_at = now() - interval '2 days'")


def _between(view: str, *statements: str, change: str = _CHANGE) -> tuple[Event, ...]:
    """While a refresh has its snapshot and has not begun: the planner sees what comes of it, the snapshot does not."""
    return (Refresh(view), Run(change), _AUDIT, Refresh(view, meanwhile=_each(*statements)))


# name → shape, what happens; then it is refreshed and compared
DIRECTED: dict[str, tuple[str, Sequence[Event]]] = {
    "a column renamed, written and named back, at once": ("filters", _in_one(*_RENAMED)),
    "a column renamed, written and named back": ("filters", _each(*_RENAMED)),
    "triggers disabled, and enabled again, at once": ("filters", _in_one(*_DISABLED)),
    "triggers disabled, and enabled again": ("filters", _each(*_DISABLED)),
    "triggers dropped, and made again, at once": ("filters", _in_one(*_WITHOUT_TRIGGERS)),
    "triggers dropped, and made again": ("filters", _each(*_WITHOUT_TRIGGERS)),
    "a function with another body": (
        "expression_group",
        _each("CREATE OR REPLACE FUNCTION band(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE"
              " AS 'BEGIN RETURN $1 / 3; END'"),
    ),
    "an SQL function with another body": (
        "case_group",
        _each("CREATE OR REPLACE FUNCTION is_large(numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 2'"),
    ),
    "an ordinary view replaced": (
        "ordinary_views",
        _each("CREATE OR REPLACE VIEW open_orders AS SELECT id, customer, kind, amount + 1 AS amount, at FROM orders"),
    ),
    "a value of an enum renamed": (
        "enum_as_text", _each("ALTER TYPE tier RENAME VALUE 'gold' TO 'golden'"),
    ),
    "a value of an enum between the others": (
        "enum_as_text",
        _each("ALTER TYPE tier ADD VALUE 'diamond' BEFORE 'gold'",
              "UPDATE customers SET tier = 'diamond' WHERE id IN (1, 2)"),
    ),
    "a key that is none any more": (
        "join_group",
        _each("ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE",
              "INSERT INTO orders (id, customer, kind, amount, at) SELECT id, customer, kind, 5, at FROM orders"),
    ),
    "NULL where none was allowed": (
        "window_partition",
        _each("ALTER TABLE orders ALTER COLUMN kind DROP NOT NULL", "UPDATE orders SET kind = NULL WHERE id < 9"),
    ),
    "NULL where none was allowed, in a group": (
        "filters",
        _each("ALTER TABLE orders ALTER COLUMN kind DROP NOT NULL", "UPDATE orders SET kind = NULL WHERE id < 9"),
    ),
    "a partition attached": ("null_partition", _each(*_MOVED_PARTITION)),
    "a partition attached, written, detached": (
        "list_partitions",
        _each(*_MOVED_PARTITION, "UPDATE stock_west SET quantity = 8", "ALTER TABLE stock DETACH PARTITION stock_west"),
    ),
    "a partition changed while it was away": (
        "list_partitions",
        (*_each(*_MOVED_PARTITION), Refresh("public.list_partitions"), *_each(_TRIGGERS),
         Refresh("public.list_partitions"), *_in_one(*_CHANGED_PARTITION)),
    ),
    "a partition changed while it was away, step by step": (
        "list_partitions",
        (*_each(*_MOVED_PARTITION, _TRIGGERS), Refresh("public.list_partitions"), *_each(*_CHANGED_PARTITION)),
    ),
    "a partition attached after the snapshot": (
        "list_partitions",
        (Run(_MOVED_PARTITION[0]), *_between("public.list_partitions", _MOVED_PARTITION[1], change=_STOCK)),
    ),
    "a partition detached after the snapshot": (
        "list_partitions",
        (*_each(*_MOVED_PARTITION, _TRIGGERS),
         *_between("public.list_partitions", "ALTER TABLE stock DETACH PARTITION stock_west", change=_STOCK)),
    ),
    "a child that leaves after the snapshot": (
        "inheritance",
        (*_each("ALTER TABLE ships INHERIT assets", _TRIGGERS),
         *_between("public.inheritance", "ALTER TABLE ships NO INHERIT assets", change="UPDATE assets SET value = 5")),
    ),
    "a view replaced after the snapshot": (
        "ordinary_views",
        _between("public.ordinary_views", "CREATE OR REPLACE VIEW open_orders AS SELECT id, customer, kind,"
                                          " amount + 1 AS amount, at FROM orders"),
    ),
    "a function replaced after the snapshot": (
        "case_group",
        _between("public.case_group", "CREATE OR REPLACE FUNCTION is_large(numeric) RETURNS boolean LANGUAGE sql"
                                      " IMMUTABLE AS 'SELECT $1 > 2'"),
    ),
    "a table truncated after the snapshot": ("filters", _between("public.filters", "TRUNCATE orders CASCADE")),
    "another refresh after the snapshot": (
        "duplicates",
        _between("public.duplicates", "SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.duplicates'])",
                 change="INSERT INTO clicks VALUES (1, 'w1', 1)"),
    ),
    "all that was captured handed out after the snapshot": (
        "linear",
        _between("public.linear", "UPDATE payments SET paid = paid + 1", "SELECT bi_refresh.distribute_changes()",
                 change="UPDATE payments SET paid = paid + 2"),
    ),
    "a partition dropped": (
        "two_levels",
        _each("CREATE TABLE readings_2027 PARTITION OF readings FOR VALUES FROM ('2027-03-01') TO ('2028-01-01')",
              "INSERT INTO readings VALUES (1, '2027-04-01', 5)", _TRIGGERS, "SELECT bi_refresh.distribute_changes()",
              "DROP TABLE readings_2027"),
    ),
    "a new partition that nobody has looked at": (
        "two_levels",
        _each("CREATE TABLE readings_2027 PARTITION OF readings FOR VALUES FROM ('2027-03-01') TO ('2028-01-01')",
              "INSERT INTO readings_2027 VALUES (1, '2027-04-01', 5)"),
    ),
    "a child changed while it was away": (
        "inheritance",
        (*_each("ALTER TABLE ships INHERIT assets", _TRIGGERS), Refresh("public.inheritance"),
         *_in_one("ALTER TABLE ships NO INHERIT assets", "UPDATE ships SET value = 77, kind = 2",
                  "ALTER TABLE ships INHERIT assets")),
    ),
    "TRUNCATE and the same rows again": (
        "duplicates",
        _in_one("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS TABLE clicks", "TRUNCATE clicks",
                "INSERT INTO clicks SELECT kind, word, n + 1 FROM kept"),
    ),
    "a rewritten table": ("filters", _each("VACUUM FULL orders", _CHANGE)),
    "a table made unlogged and back": ("duplicates", _each("ALTER TABLE clicks SET UNLOGGED", "UPDATE clicks SET n = 9",
                                                            "ALTER TABLE clicks SET LOGGED")),
    "row security": (
        "filters",
        _each("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "ALTER TABLE orders FORCE ROW LEVEL SECURITY", _CHANGE),
    ),
    "a rule instead of the update": (
        "several_keys",
        _each("CREATE RULE moved AS ON UPDATE TO payments DO ALSO UPDATE orders SET amount = 1 WHERE id = OLD.order_id",
              "UPDATE payments SET paid = 2"),
    ),
    "a write through an ordinary view": ("filters", _each("UPDATE open_orders SET kind = 7 WHERE id < 5")),
    "an update that moves a row to another partition, to one": (
        "two_levels_rows",
        _each("UPDATE readings_2026_low SET value = 3", "UPDATE readings SET sensor = 30 WHERE sensor = 1"),
    ),
    "COPY with FREEZE into an empty table": (
        "duplicates", _in_one("TRUNCATE clicks", "COPY clicks FROM STDIN (FREEZE)\n1\tw9\t9"),
    ),
    "the same change twice, handed out between": (
        "linear",
        (*_each("UPDATE payments SET paid = paid + 1"), Refresh("public.linear"),
         *_each("SELECT bi_refresh.distribute_changes()"), Refresh("public.linear"),
         *_each("SELECT bi_refresh.distribute_changes()", "UPDATE payments SET paid = paid + 1")),
    ),
    "refreshes by two isolation levels in turn": (
        "linear",
        (*_each("UPDATE payments SET paid = paid + 1"), Refresh("public.linear", isolation="READ COMMITTED"),
         *_each("UPDATE payments SET paid = paid + 1"), Refresh("public.linear"),
         *_each("UPDATE payments SET paid = NULL WHERE kind = 1"),
         Refresh("public.linear", isolation="READ COMMITTED")),
    ),
    "a refresh that is rolled back": (
        "linear",
        (*_each("UPDATE payments SET paid = paid + 1", "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.linear'])", "ROLLBACK"),),
    ),
    "a refresh in the midst of the writer's transaction": (
        "filters",
        (*_each("BEGIN", _CHANGE), Refresh("public.filters"),
         *_each("UPDATE orders SET kind = 6 WHERE id = 1", "COMMIT")),
    ),
    "the writer refreshes what it wrote": (
        "filters",
        _each("BEGIN ISOLATION LEVEL REPEATABLE READ", _CHANGE,
              "SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.filters'])",
              "UPDATE orders SET kind = 6 WHERE id = 1", "COMMIT"),
    ),
    "the writer refreshes what it wrote, and takes a part of it back": (
        "filters",
        _each("BEGIN ISOLATION LEVEL REPEATABLE READ", _CHANGE, "SAVEPOINT s",
              "UPDATE orders SET kind = 6 WHERE id = 1",
              "SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.filters'])", "ROLLBACK TO SAVEPOINT s",
              "COMMIT"),
    ),
}  # fmt: skip
