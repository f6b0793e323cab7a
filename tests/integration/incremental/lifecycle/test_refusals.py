"""What cannot be enabled is refused with words that name what is in the way, and nothing is left behind."""

from __future__ import annotations

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError, VistafrescaError
from tests.fix_roles import DatabaseAs, MakeRole
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop

pytestmark = pytest.mark.version_independent

_ANOTHER = (
    "DROP MATERIALIZED VIEW shop.mv_revenue CASCADE;"
    "CREATE MATERIALIZED VIEW shop.mv_revenue AS SELECT {} FROM shop.sale"
)
# what is in the way, the words for it, and how to be rid of it
_IN_THE_WAY = (
    (
        "CREATE FUNCTION shop.f(shop.mv_revenue) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "function shop.f(shop.mv_revenue) takes or returns its row type",
        "DROP FUNCTION shop.f",
    ),
    (
        "CREATE FUNCTION shop.f() RETURNS SETOF shop.mv_revenue LANGUAGE sql AS 'SELECT * FROM shop.mv_revenue'",
        "function shop.f() takes or returns its row type",
        "DROP FUNCTION shop.f",
    ),
    (
        "CREATE TABLE shop.t (a shop.mv_revenue)",
        "column a of table shop.t uses its row type",
        "DROP TABLE shop.t",
    ),
    (
        "CREATE VIEW shop.v AS SELECT r FROM shop.mv_revenue AS r",
        "view shop.v uses its row type",
        "DROP VIEW shop.v",
    ),
    (
        "CREATE RULE r AS ON INSERT TO shop.unrelated DO ALSO SELECT count(*) FROM shop.mv_revenue",
        "a rule on shop.unrelated reads it",
        "DROP RULE r ON shop.unrelated",
    ),
    (
        "CREATE POLICY p ON shop.unrelated USING (id IN (SELECT customer_id FROM shop.mv_revenue))",
        "policy p on table shop.unrelated depends on it",
        "DROP POLICY p ON shop.unrelated",
    ),
    (
        "CREATE PUBLICATION everything FOR ALL TABLES",
        "the publication everything would send it",
        "DROP PUBLICATION everything",
    ),
)


def test_what_could_not_be_taken_along(shop: Shop) -> None:
    for statement, words, undo in _IN_THE_WAY:
        shop.database.execute(statement)
        before = shop.dump()
        with pytest.raises(ConfigurationError) as refused:
            shop.enable()
        assert words in refused.value.message
        assert (shop.dump(), shop.leftovers()) == (before, [])
        shop.database.execute(undo)
    shop.enable()


def test_a_publication_of_its_schema(shop: Shop) -> None:
    if shop.database.value("SELECT current_setting('server_version_num')::integer") < 150000:
        pytest.skip("publications of schemas came with PostgreSQL 15")
    shop.database.execute("CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA shop")
    with pytest.raises(ConfigurationError, match="the publication all_of_it would send it"):
        shop.enable()
    assert shop.leftovers() == []
    shop.database.execute(
        "DROP PUBLICATION all_of_it; CREATE SCHEMA other; CREATE PUBLICATION p FOR TABLES IN SCHEMA other"
    )
    shop.enable()


def test_a_temporary_view_of_another_session(shop: Shop) -> None:
    with shop.database.connect() as other:
        other.execute("CREATE TEMPORARY VIEW mine AS SELECT * FROM shop.mv_revenue")
        with pytest.raises(ConfigurationError, match=r"the temporary view .*mine of some session reads it"):
            shop.enable()
    assert shop.leftovers() == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP MATERIALIZED VIEW shop.mv_revenue CASCADE", "it does not exist"),
        ("REFRESH MATERIALIZED VIEW shop.mv_revenue WITH NO DATA", "it has never been filled"),
        (
            "DROP MATERIALIZED VIEW shop.mv_revenue CASCADE; CREATE TABLE shop.mv_revenue (id integer)",
            "it is not a materialized view",
        ),
        (
            _ANOTHER.format("random() AS r"),
            "it can never be refreshed incrementally",
        ),
        (
            _ANOTHER.format("id, rank() OVER (ORDER BY amount)"),
            "shop.sale",
        ),
    ],
)
def test_what_it_is_itself(shop: Shop, statement: str, words: str) -> None:
    shop.database.execute(statement)
    with pytest.raises(ConfigurationError) as refused:
        shop.enable()
    assert words in refused.value.message
    assert shop.leftovers() == []


def test_an_unknown_view(shop: Shop) -> None:
    with shop.database.session() as session, pytest.raises(ConfigurationError, match="is not a managed view"):
        incremental.enable(session, "shop.mv_revenu")


def test_rights_that_are_missing_are_named_with_their_grants(make_role: MakeRole, shop: Shop) -> None:
    """The owner of bi_refresh owns neither the view nor its tables."""
    migrator = make_role()
    shop.database.execute(
        f"""
        DO $$
        DECLARE object text;
        BEGIN
            FOR object IN SELECT 'SCHEMA ' || nspname FROM pg_namespace WHERE nspname LIKE 'bi_refresh%' LOOP
                EXECUTE format('ALTER %s OWNER TO {migrator}', object);
            END LOOP;
        END $$;
        GRANT ALL ON ALL TABLES IN SCHEMA bi_refresh TO {migrator};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA bi_refresh TO {migrator};
        GRANT ALL ON ALL FUNCTIONS IN SCHEMA bi_refresh TO {migrator};
        """
    )
    as_migrator = DatabaseAs(shop.database.server, shop.database.name, migrator)
    with as_migrator.session() as session, pytest.raises(VistafrescaError) as refused:
        incremental.enable(session, VIEW)
    assert "only its owner may replace it" in refused.value.message
    assert refused.value.remedy == f"As postgres: GRANT postgres TO {migrator};"
    assert shop.leftovers() == []
