"""The owner of bi_refresh is no superuser, and owns nothing of the shop's: membership and grants are enough."""

from __future__ import annotations

from typing import Any

import pytest

from refresh_task import incremental
from refresh_task.migrations import migrate_up
from tests.fix_database import Database
from tests.fix_roles import DatabaseAs, MakeRole
from tests.integration.incremental.lifecycle import staged
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, set_up_shop

_ANOTHER = """
    SELECT customer_id, max(note) AS name, count(*) AS sales, sum(amount) AS revenue
    FROM shop.sale GROUP BY customer_id
"""


@pytest.mark.parametrize(
    ("query", "options", "redefined"),
    [
        (None, {}, _ANOTHER),
        (staged.QUERY, {"stages": staged.STAGES, "output": "materialized_view"}, staged.QUERY),
    ],
    ids=["table", "materialized view"],
)
def test_membership_of_the_owners_is_enough(
    make_role: MakeRole, empty_database: Database, query: str | None, options: dict[str, Any], redefined: str
) -> None:
    migrator, owner, viewer = make_role(), make_role(), make_role()
    empty_database.execute(
        f"""
        GRANT CREATE ON DATABASE {empty_database.name} TO {migrator}, {owner};
        GRANT {owner}, {viewer} TO {migrator};
        """
    )
    as_migrator = DatabaseAs(empty_database.server, empty_database.name, migrator)
    as_owner = DatabaseAs(empty_database.server, empty_database.name, owner)
    with as_migrator.session() as session:
        migrate_up(session)
    shop = Shop(as_migrator, make_role(), make_role())
    empty_database.execute(f"CREATE SCHEMA shop AUTHORIZATION {owner}")
    set_up_shop(shop, as_owner=as_owner, has_schema=True, query=query)
    empty_database.execute(
        f"""
        CREATE VIEW shop.v_another_s AS SELECT customer_id, sales FROM shop.mv_revenue;
        ALTER VIEW shop.v_another_s OWNER TO {viewer};
        GRANT SELECT ON shop.mv_revenue TO {viewer};
        """
    )
    everything = Shop(empty_database, shop.reader, shop.analyst)
    before = everything.dump()
    with as_migrator.session() as session:
        incremental.enable(session, VIEW, **options)
        everything.write()
        assert everything.refresh()["status"] == "completed"
        assert everything.differing_rows() == 0
        assert (
            empty_database.value("SELECT relowner::regrole::text FROM pg_class WHERE oid = %s::regclass", VIEW) == owner
        )
        everything.write()
        assert incremental.verify(session, VIEW).mismatches == ()
        incremental.redefine(session, VIEW, redefined)
        incremental.disable(session, VIEW)
    assert everything.leftovers() == []
    assert _rights(everything.dump()) == _rights(before)


def _rights(dump: str) -> list[str]:
    return sorted(line for line in dump.splitlines() if "GRANT" in line or "OWNER" in line)
