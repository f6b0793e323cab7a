"""A view that is enabled is kept by what changes; one that is given back is what it was."""

from __future__ import annotations

import psycopg
import pytest

from refresh_task import incremental
from refresh_task.incremental import Mismatch
from refresh_task.incremental.lifecycle import verifying
from tests.fix_roles import DatabaseAs
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop

_RIGHTS = """
    SELECT has_table_privilege(%s, 'shop.mv_revenue', privilege)
    FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
"""


def test_an_enabled_view_is_a_table_that_refreshes_keep_equal_to_the_query(shop: Shop) -> None:
    enabled = shop.enable()
    assert (enabled.view, enabled.output, set(enabled.captured)) == (VIEW, "table", {"shop.sale", "shop.customer"})
    assert "shop.sale" in enabled.direct
    assert shop.database.value("SELECT relkind::text FROM pg_class WHERE oid = 'shop.mv_revenue'::regclass") == "r"
    assert shop.differing_rows() == 0

    shop.write()
    assert shop.differing_rows() > 0
    entry = shop.refresh()
    assert (entry["status"], shop.differing_rows()) == ("completed", 0)


def test_what_is_given_back_is_what_it_was(shop: Shop) -> None:
    before = shop.dump()
    shop.enable()
    shop.write()
    shop.refresh()
    shop.write()
    disabled = shop.disable()
    assert set(disabled.released) == {"shop.sale", "shop.customer"}
    assert (shop.dump(), shop.differing_rows(), shop.leftovers()) == (before, 0, [])
    assert shop.refresh()["strategy"] in ("concurrent", "skip")


def test_definitions_differ_while_it_is_enabled_only_where_they_must(shop: Shop) -> None:
    def shared() -> list[str]:
        lines = shop.dump().splitlines()
        return sorted(line for line in lines if "mv_revenue" in line and not line.startswith("--"))

    before = shared()
    shop.enable()
    gone = set(before) - set(shared())
    # the materialized view itself, and rights to write that had no effect
    rights = {line for line in gone if line.startswith("GRANT")}
    assert {line.rpartition(" TO ")[2] for line in rights} == {f"{shop.analyst};", "PUBLIC;"}
    assert all("MATERIALIZED VIEW" in line for line in gone - rights)


def test_nobody_but_the_refresh_writes_to_it(shop: Shop) -> None:
    shop.enable()
    for role in (shop.reader, shop.analyst):
        assert [value for (value,) in shop.database.rows(_RIGHTS, role)] == [True, False, False, False, False]
    for statement in ("DELETE FROM shop.mv_revenue", "TRUNCATE shop.mv_revenue", "DELETE FROM shop.v_large"):
        with pytest.raises(psycopg.Error, match='cannot change materialized view "mv_revenue"'):
            shop.database.execute(statement)


def test_readers_keep_their_rights_and_their_views(shop: Shop) -> None:
    as_reader = DatabaseAs(shop.database.server, shop.database.name, shop.reader)
    seen = []
    for step in (lambda: None, shop.enable, shop.disable):
        step()
        seen.append(
            [
                as_reader.value(query)
                for query in (
                    "SELECT sum(revenue) FROM shop.mv_revenue",
                    "SELECT count(*) FROM shop.v_large",
                    "SELECT count(*) FROM shop.v_both",
                    "SELECT shop.total()",
                )
            ]
        )
    assert seen[0] == seen[1] == seen[2]


def test_the_data_timestamp_goes_with_the_contents(shop: Shop) -> None:
    shop.refresh()
    known = "SELECT view_oid = 'shop.mv_revenue'::regclass, data_timestamp FROM bi_refresh.view_state"
    stamps = [shop.database.rows(known)[0]]
    shop.enable()
    stamps.append(shop.database.rows(known)[0])
    shop.disable()
    stamps.append(shop.database.rows(known)[0])
    assert [is_same for is_same, _ in stamps] == [True] * 3
    assert stamps[0][1] < stamps[1][1] < stamps[2][1]


def test_what_was_granted_and_commented_meanwhile_is_given_back_too(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(
        f"""
        GRANT SELECT (sales) ON shop.mv_revenue TO {shop.reader};
        COMMENT ON COLUMN shop.mv_revenue.sales IS 'new';
        CREATE INDEX mv_revenue_later ON shop.mv_revenue (sales);
        CREATE VIEW shop.v_later AS SELECT sales FROM shop.mv_revenue;
        """
    )
    shop.disable()
    dump = shop.dump()
    for line in (
        f"GRANT SELECT(sales) ON TABLE shop.mv_revenue TO {shop.reader};",
        "COMMENT ON COLUMN shop.mv_revenue.sales IS 'new';",
        "CREATE INDEX mv_revenue_later ON shop.mv_revenue USING btree (sales);",
        "CREATE VIEW shop.v_later AS",
    ):
        assert line in dump
    assert shop.leftovers() == []


def test_enabling_twice_and_disabling_twice_change_nothing(shop: Shop) -> None:
    before = shop.dump()
    shop.enable()
    enabled = shop.dump()
    again = shop.enable()
    assert (again.swap_attempts, shop.dump()) == (0, enabled)
    shop.disable()
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


def test_a_table_that_somebody_dropped_is_let_go(shop: Shop) -> None:
    shop.enable()
    shop.database.execute("DROP TABLE shop.mv_revenue CASCADE")
    shop.disable()
    assert shop.leftovers() == []
    assert shop.database.value("SELECT count(*) FROM bi_refresh.view_policy") == 1


def test_verify_shows_what_differs_and_writes_no_rows(shop: Shop) -> None:
    shop.enable()
    shop.write()  # waits for the next refresh, and is no difference
    with shop.database.session() as session:
        assert incremental.verify(session, VIEW).mismatches == ()
        shop.database.execute(
            "ALTER TABLE shop.mv_revenue DISABLE TRIGGER bi_refresh_guard;"
            "UPDATE shop.mv_revenue SET revenue = -1 WHERE customer_id = 20;"
            "DELETE FROM shop.mv_revenue WHERE customer_id = 21;"
            "INSERT INTO shop.mv_revenue VALUES (1000, 'nobody', 0, 0);"
            "ALTER TABLE shop.mv_revenue ENABLE TRIGGER bi_refresh_guard;"
        )
        found = incremental.verify(session, VIEW)
    assert sorted((m.difference, m.row_key) for m in found.mismatches) == [
        ("missing", {"customer_id": 21}),
        ("other", {"customer_id": 20}),
        ("surplus", {"customer_id": 1000}),
    ]
    assert shop.database.value("SELECT count(*) FROM bi_refresh.incremental_mismatch WHERE found_by = 'verify'") == 3
    assert shop.database.value("SELECT count(*) FROM shop.mv_revenue WHERE customer_id = 1000") == 1
    entry = shop.refresh()  # from now on in full
    assert "it is distrusted: 3 rows of shop.mv_revenue differed" in entry["reason"]
    assert (entry["strategy"], shop.differing_rows()) == ("difference", 0)


def test_enabling_a_view_that_verify_found_wrong_mends_it(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(
        "SET session_replication_role = replica; UPDATE shop.mv_revenue SET sales = 0 WHERE customer_id = 4"
    )
    with shop.database.session() as session:
        assert len(incremental.verify(session, VIEW).mismatches) == 1
        assert shop.database.value("SELECT status FROM bi_refresh.incremental_view") == "distrusted"
        incremental.enable(session, VIEW)
        assert shop.differing_rows() == 0
        assert incremental.verify(session, VIEW).mismatches == ()
    shop.refresh()
    shop.write()
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("incremental", 0)


def test_verify_hides_nothing_that_a_refresh_would_mend_by_chance(shop: Shop) -> None:
    """Refreshes compare some slices taken at random, and mend them; bringing in what waits must not."""
    shop.enable()
    shop.database.execute(
        "ALTER TABLE shop.mv_revenue DISABLE TRIGGER bi_refresh_guard;"
        "UPDATE shop.mv_revenue SET revenue = -1;"
        "ALTER TABLE shop.mv_revenue ENABLE TRIGGER bi_refresh_guard;"
        "INSERT INTO shop.sale VALUES (1001, 7, 5, 'new')"  # waits, and touches customer 7 alone
    )
    with shop.database.session() as session:
        found = incremental.verify(session, VIEW)
    assert sorted(m.row_key["customer_id"] for m in found.mismatches) == [i for i in range(50) if i != 7]


def test_verify_believes_only_a_second_look(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody alters between a snapshot and the plan of a query looks like a difference once."""
    shop.enable()
    looks = iter([[Mismatch(None, "other", {"customer_id": 1})], []])
    monkeypatch.setattr(verifying, "_compare", lambda *_: next(looks))
    with shop.database.session() as session:
        assert incremental.verify(session, VIEW).mismatches == ()
    assert shop.database.value("SELECT status FROM bi_refresh.incremental_view") == "enabled"
