"""Materialized views that read the shop's view: by themselves, through another one, and through an ordinary view."""

from __future__ import annotations

from typing import Any

from refresh_task import incremental
from refresh_task.incremental import Progress
from refresh_task.incremental.upkeep import keep_captures
from tests.fix_steps import run_step
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop

TOP, SUM, EMPTY, OVER_VIEW = "shop.mv_top", "shop.mv_sum", "shop.mv_empty", "shop.mv_over_view"
REBUILT = (TOP, SUM, EMPTY)
_SAME_COLUMNS = """
    SELECT s.customer_id, max(c.name) AS name, count(*) * 2 AS sales, sum(s.amount) AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    GROUP BY s.customer_id
"""
_DEPENDENTS = """
    CREATE MATERIALIZED VIEW shop.mv_top WITH (fillfactor = 70) AS
    SELECT mv_revenue.customer_id % 5 AS class, count(*) AS customers, max(mv_revenue.name) AS name,
        sum(mv_revenue.sales) AS sales, 'of shop.mv_revenue'::text AS source
    FROM shop.mv_revenue GROUP BY 1;
    CREATE UNIQUE INDEX mv_top_key ON shop.mv_top (class) INCLUDE (name);
    CREATE INDEX "Top Names" ON shop.mv_top (lower(name) DESC) WITH (fillfactor = 60) WHERE sales > 1;
    CREATE STATISTICS shop.mv_top_together (dependencies) ON class, name FROM shop.mv_top;
    ALTER STATISTICS shop.mv_top_together SET STATISTICS 77;
    ALTER MATERIALIZED VIEW shop.mv_top ALTER COLUMN name SET STATISTICS 444;
    ALTER MATERIALIZED VIEW shop.mv_top ALTER COLUMN name SET STORAGE EXTERNAL;
    ALTER MATERIALIZED VIEW shop.mv_top CLUSTER ON mv_top_key;
    COMMENT ON MATERIALIZED VIEW shop.mv_top IS 'by class';
    COMMENT ON COLUMN shop.mv_top.sales IS 'how many';
    COMMENT ON INDEX shop.mv_top_key IS 'one row each';
    COMMENT ON STATISTICS shop.mv_top_together IS 'a class has a name';
    CREATE VIEW shop.v_top WITH (security_barrier = true) AS SELECT t.class, t.sales FROM shop.mv_top AS t;
    CREATE FUNCTION shop.classes() RETURNS bigint LANGUAGE sql STABLE
        BEGIN ATOMIC SELECT count(*) FROM shop.mv_top; END;
    -- its WITH query has the name of what it reads
    CREATE MATERIALIZED VIEW shop.mv_sum AS
    WITH mv_revenue AS (SELECT t.class, t.sales FROM shop.mv_top AS t)
    SELECT count(*) AS classes, sum(m.sales) AS sales, (SELECT sum(r.sales) FROM shop.mv_revenue AS r) AS all_sales
    FROM mv_revenue AS m;
    CREATE UNIQUE INDEX mv_sum_key ON shop.mv_sum (classes);
    CREATE MATERIALIZED VIEW shop.mv_over_view AS SELECT count(*) AS large FROM shop.v_large;
    CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;
    CREATE MATERIALIZED VIEW shop.mv_empty USING another_heap AS
        SELECT r.customer_id FROM shop.mv_revenue AS r WITH NO DATA;
    CREATE INDEX mv_empty_customers ON shop.mv_empty (customer_id);
"""


def add_dependents(shop: Shop) -> None:
    """Make them, with grants."""
    shop.database.execute(
        _DEPENDENTS
        + f"""
        GRANT SELECT ON shop.mv_top TO {shop.reader} WITH GRANT OPTION;
        GRANT ALL ON shop.mv_sum TO {shop.analyst};
        GRANT SELECT (name), UPDATE (sales) ON shop.mv_top TO PUBLIC;
        GRANT SELECT ON shop.v_top, shop.mv_empty, shop.mv_over_view TO {shop.reader};
        """
    )


def differing(shop: Shop, view: str) -> int:
    """How many rows a materialized view and its query of this moment differ in."""
    query = shop.database.value("SELECT rtrim(pg_get_viewdef(%s::regclass), ';')", view)
    return shop.differing_rows(view, query=query)


def refresh_all(shop: Shop) -> dict[str, dict[str, Any]]:
    """Refresh all that is managed, as a run of the task does; the log rows."""
    with shop.database.session() as session:
        for remark in keep_captures(session):
            raise AssertionError(remark)
    names = shop.database.rows("SELECT view_name FROM bi_refresh.select_views(NULL)")
    return {name: run_step(shop.database, name, change_detection="touch") for (name,) in names}


def redefine(shop: Shop, query: str = _SAME_COLUMNS, **options: Any) -> None:
    """Give the view another query."""
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, query, **options)


def definitions(shop: Shop) -> list[str]:
    """All that a dump says of them: their queries, too."""
    said = [line for line in shop.dump().splitlines() if any(name in line for name in ("mv_top", "mv_sum", "mv_empty"))]
    queries = [shop.database.value("SELECT pg_get_viewdef(%s::regclass)", view) for view in REBUILT]
    return sorted(line for line in said if not line.startswith("--")) + queries


def at_step(step: str, action: Any, *, occurrence: int = 1) -> Any:
    """An on_progress that does something where this step begins."""
    seen = 0

    def say(progress: Progress) -> None:
        nonlocal seen
        if progress.step == step:
            seen += 1
            if seen == occurrence:
                action()

    return say
