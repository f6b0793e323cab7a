"""The shop with a view of the same rows over two stages, which stays a materialized view when it is enabled."""

from __future__ import annotations

from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.integration.incremental.lifecycle.conftest import Shop, set_up_shop

STAGES = ("sold", "named")
KIND = "SELECT relkind::text FROM pg_class WHERE oid = 'shop.mv_revenue'::regclass"
QUERY = """
    WITH sold AS (
        SELECT s.customer_id, count(*) AS sales, sum(s.amount) AS revenue FROM shop.sale AS s GROUP BY s.customer_id
    ),
    named AS (SELECT c.id, max(c.name) AS name FROM shop.customer AS c GROUP BY c.id)
    SELECT s.customer_id, n.name, s.sales, s.revenue FROM sold AS s LEFT JOIN named AS n ON n.id = s.customer_id
"""


def staged_shop(database: Database, make_role: MakeRole) -> Shop:
    """Made, with roles of its own, and not enabled yet."""
    shop = Shop(database, make_role(), make_role(), {"stages": STAGES, "output": "materialized_view"})
    set_up_shop(shop, query=QUERY)
    return shop


def without_query(dump: str) -> list[str]:
    """The lines of a dump, in no order, but for what the view's query says, and triggers of ours."""
    before, begins, rest = dump.partition("CREATE MATERIALIZED VIEW shop.mv_revenue")
    options, begins_query, rest = rest.partition(" AS\n")
    assert begins_query
    after = rest.partition("WITH NO DATA;")[2]
    lines = f"{before}{begins}{options}{after}".splitlines()
    return sorted(line for line in lines if line and not line.startswith("--") and "bi_refresh" not in line)
