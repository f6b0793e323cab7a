"""A shop with a view that has everything a materialized view can have."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from refresh_task import incremental
from refresh_task.incremental import Progress
from tests.fix_database import Database
from tests.fix_roles import MakeRole

VIEW = "shop.mv_revenue"
_DUMPED = ("--schema-only", "--exclude-schema=bi_refresh*")
_SHOP = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.customer (id integer PRIMARY KEY, name text);
    CREATE TABLE shop.sale (id bigint PRIMARY KEY, customer_id integer NOT NULL, amount numeric(10, 2), note text);
    CREATE TABLE shop.unrelated (id integer);
    INSERT INTO shop.customer SELECT i, 'customer ' || i FROM generate_series(1, 40) AS i;
    INSERT INTO shop.sale SELECT i, i % 50, i, 'note ' || i FROM generate_series(1, 400) AS i;
    CREATE MATERIALIZED VIEW shop.mv_revenue WITH (fillfactor = 80, autovacuum_enabled = true) AS
    SELECT s.customer_id, max(c.name) AS name, count(*) AS sales, sum(s.amount) AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    GROUP BY s.customer_id;
    CREATE UNIQUE INDEX mv_revenue_key ON shop.mv_revenue (customer_id) INCLUDE (name);
"""
_EVERYTHING = """
    CREATE INDEX "Large Ones" ON shop.mv_revenue (lower(name) text_pattern_ops DESC, (sales + 1))
        WITH (fillfactor = 60) WHERE revenue > 10;
    CREATE INDEX mv_revenue_names ON shop.mv_revenue USING hash (name);
    CREATE STATISTICS shop.mv_revenue_together (dependencies, ndistinct) ON customer_id, name FROM shop.mv_revenue;
    ALTER STATISTICS shop.mv_revenue_together SET STATISTICS 66;
    ALTER MATERIALIZED VIEW shop.mv_revenue ALTER COLUMN name SET STATISTICS 500;
    ALTER MATERIALIZED VIEW shop.mv_revenue ALTER COLUMN name SET (n_distinct = 77);
    ALTER MATERIALIZED VIEW shop.mv_revenue ALTER COLUMN name SET STORAGE EXTERNAL;
    ALTER MATERIALIZED VIEW shop.mv_revenue ALTER COLUMN name SET COMPRESSION pglz;
    ALTER MATERIALIZED VIEW shop.mv_revenue CLUSTER ON mv_revenue_key;
    ALTER INDEX shop."Large Ones" ALTER COLUMN 2 SET STATISTICS 55;
    COMMENT ON MATERIALIZED VIEW shop.mv_revenue IS 'What customers'' sales come to';
    COMMENT ON COLUMN shop.mv_revenue.revenue IS 'in pesos';
    COMMENT ON INDEX shop.mv_revenue_key IS 'one row each';
    COMMENT ON STATISTICS shop.mv_revenue_together IS 'a name has one number';
    CREATE VIEW shop.v_large WITH (security_barrier = true) AS
        SELECT r.customer_id, r.name FROM shop.mv_revenue AS r WHERE r.revenue > 1000;
    CREATE VIEW shop.v_both AS
        SELECT l.customer_id, r.sales FROM shop.v_large AS l JOIN shop.mv_revenue AS r USING (customer_id);
    COMMENT ON VIEW shop.v_large IS 'large ones';
    CREATE FUNCTION shop.total() RETURNS numeric LANGUAGE sql STABLE
        BEGIN ATOMIC SELECT sum(r.revenue) FROM shop.mv_revenue AS r; END;
    COMMENT ON FUNCTION shop.total() IS 'of all';
"""


@dataclass(frozen=True)
class Shop:
    """A database with the shop, and roles that may read it."""

    database: Database
    reader: str
    analyst: str
    options: Mapping[str, Any] = field(default_factory=dict)  # that it is always enabled with

    def dump(self) -> str:
        """The definitions of everything but our own schemas."""
        text = subprocess.run(
            [self.database.server.program("pg_dump"), *_DUMPED, "-d", self.database.dsn],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)

    def leftovers(self) -> list[tuple[Any, ...]]:
        """What of ours is there besides the tables and functions that migrate makes."""
        return self.database.rows(
            """
            SELECT 'relation', c.relname::text FROM pg_class AS c
            WHERE c.relnamespace = 'bi_refresh_incremental'::regnamespace AND c.relkind <> 'i'
            UNION ALL
            SELECT 'function', p.proname FROM pg_proc AS p
            WHERE p.pronamespace IN ('bi_refresh_incremental'::regnamespace, 'bi_refresh_as_owner'::regnamespace)
            UNION ALL
            SELECT 'trigger', t.tgname FROM pg_trigger AS t WHERE t.tgname LIKE 'bi_refresh%'
            UNION ALL
            SELECT 'row', v.view_name FROM bi_refresh.incremental_view AS v
            UNION ALL
            SELECT 'capture', c.relation::regclass::text FROM bi_refresh.captured_table AS c
            """
        )

    def differing_rows(self, view: str = VIEW, *, query: str | None = None) -> int:
        """How many rows the view and its query differ in, both ways."""
        definition = query if query is not None else _QUERY
        return int(
            self.database.value(
                f"SELECT (SELECT count(*) FROM (TABLE {view} EXCEPT ALL ({definition})) AS a)"
                f" + (SELECT count(*) FROM (({definition}) EXCEPT ALL TABLE {view}) AS b)"
            )
        )

    def write(self) -> None:
        """Change some rows of both tables."""
        self.database.execute(
            """
            INSERT INTO shop.sale SELECT max(id) + 1, 7, 5, 'new' FROM shop.sale;
            UPDATE shop.sale SET customer_id = 3 WHERE id = (SELECT min(id) FROM shop.sale);
            DELETE FROM shop.sale WHERE id = (SELECT min(id) FROM shop.sale WHERE customer_id <> 3);
            UPDATE shop.customer SET name = name || '!' WHERE id = 5;
            """
        )

    def refresh(self) -> dict[str, Any]:
        """One refresh as the task makes it; its log row."""
        with self.database.connect(row_factory=psycopg.rows.dict_row) as connection:
            connection.execute("SET default_transaction_isolation = 'repeatable read'")
            connection.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [VIEW])
            row = connection.execute(
                "SELECT * FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1", [VIEW]
            ).fetchone()
        assert row is not None
        return dict(row)

    def enable(self, **options: Any) -> incremental.EnabledView:
        """Enable the view on a session of its own."""
        with self.database.session() as session:
            return incremental.enable(session, VIEW, **{**self.options, **options})

    def disable(self, **options: Any) -> incremental.DisabledView:
        """Give it back."""
        with self.database.session() as session:
            return incremental.disable(session, VIEW, **options)


_QUERY = """
    SELECT s.customer_id, max(c.name) AS name, count(*) AS sales, sum(s.amount) AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    GROUP BY s.customer_id
"""


class StoppedError(Exception):
    """Stands for whatever ends a command between two steps."""


def stop_at(step: str, *, occurrence: int = 1) -> Any:
    """An on_progress that ends the command where this step begins."""
    seen = 0

    def say(progress: Progress) -> None:
        nonlocal seen
        if progress.step == step:
            seen += 1
            if seen == occurrence:
                raise StoppedError(step)

    return say


def set_up_shop(
    made: Shop, *, as_owner: Database | None = None, has_schema: bool = False, query: str | None = None
) -> None:
    """Tables, rows, the managed view, of another query perhaps, dependents and grants."""
    owned = as_owner or made.database
    statements = _SHOP if query is None else _SHOP.replace(_QUERY.strip(), query)
    owned.execute(statements.replace("CREATE SCHEMA shop;", "") if has_schema else statements)
    owned.execute(_EVERYTHING)
    owned.execute(
        f"""
        GRANT USAGE ON SCHEMA shop TO {made.reader}, {made.analyst};
        GRANT SELECT ON shop.mv_revenue TO {made.reader} WITH GRANT OPTION;
        GRANT ALL ON shop.mv_revenue TO {made.analyst};
        GRANT SELECT (name), UPDATE (sales) ON shop.mv_revenue TO PUBLIC;
        GRANT SELECT ON shop.v_large, shop.v_both TO {made.reader};
        GRANT EXECUTE ON FUNCTION shop.total() TO {made.reader};
        ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {made.analyst};
        """
    )
    made.database.manage(VIEW)


@pytest.fixture
def shop(make_role: MakeRole, database: Database) -> Shop:  # the roles go after the database that they have grants in
    """The shop, with roles of its own."""
    made = Shop(database, make_role(), make_role())
    set_up_shop(made)
    return made
