"""Materialized views that read the view are built anew and swapped along: they keep what they have, and who reads them
notices nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from demo.server import EmbeddedServer
from refresh_task import incremental
from refresh_task.errors import ConfigurationError, StatementFailedError, VistafrescaError
from refresh_task.incremental import Progress
from tests.fix_roles import DatabaseAs
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop
from tests.integration.incremental.lifecycle.dependents import (
    EMPTY,
    OVER_VIEW,
    REBUILT,
    SUM,
    TOP,
    add_dependents,
    definitions,
    differing,
    redefine,
    refresh_all,
)


@pytest.fixture
def family(shop: Shop) -> Shop:
    """The shop with materialized views that read its view."""
    add_dependents(shop)
    return shop


@pytest.fixture
def tablespace(server: EmbeddedServer) -> Iterator[str]:
    """One within the server's own folder. It goes after the database: ask for it first."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("SET allow_in_place_tablespaces = on")
        connection.execute(f"CREATE TABLESPACE {name} LOCATION ''".encode())
        yield name
        connection.execute(f"DROP TABLESPACE {name}".encode())


def _oids(shop: Shop) -> list[Any]:
    return [shop.database.value("SELECT %s::regclass::oid", view) for view in (*REBUILT, OVER_VIEW)]


def test_they_are_what_they_were_at_every_step(family: Shop) -> None:
    before, dumped, oids = definitions(family), family.dump(), _oids(family)
    for step in (family.enable, lambda: redefine(family), family.disable):
        step()
        assert definitions(family) == before
        *rebuilt, kept = _oids(family)
        assert not set(rebuilt) & set(oids)
        assert kept == oids[-1]  # the view that it reads was bound anew
        assert (differing(family, TOP), differing(family, SUM)) == (0, 0)
        assert family.database.value("SELECT NOT relispopulated FROM pg_class WHERE oid = %s::regclass", EMPTY)
        family.database.execute(
            "REFRESH MATERIALIZED VIEW CONCURRENTLY shop.mv_top; REFRESH MATERIALIZED VIEW CONCURRENTLY shop.mv_sum"
        )
    # the new query is the view's own
    former = family.dump().replace("(count(*) * 2) AS sales", "count(*) AS sales")
    assert (former, family.leftovers()) == (dumped, [])


def test_they_stay_in_their_tablespaces(tablespace: str, family: Shop) -> None:
    family.database.execute(
        f"""
        ALTER MATERIALIZED VIEW shop.mv_top SET TABLESPACE {tablespace};
        ALTER INDEX shop.mv_sum_key SET TABLESPACE {tablespace};
        """
    )
    dumped, there = family.dump(), "SELECT relname FROM pg_class WHERE reltablespace <> 0 ORDER BY 1"
    for step in (family.enable, family.disable):
        step()
        found = [name for (name,) in family.database.rows(there) if name.startswith("mv_")]
        assert found == ["mv_sum_key", "mv_top"]
    assert family.dump() == dumped


def test_their_readers_keep_their_rights(family: Shop) -> None:
    as_reader = DatabaseAs(family.database.server, family.database.name, family.reader)
    seen = []
    for step in (lambda: None, family.enable, family.disable):
        step()
        seen.append(
            [as_reader.rows(f"SELECT * FROM {relation} ORDER BY 1") for relation in (TOP, "shop.v_top", OVER_VIEW)]
            + [as_reader.rows("SELECT shop.classes()")]
        )
    assert seen[0] == seen[1] == seen[2]


def test_policy_state_and_history_of_managed_ones_stay(family: Shop) -> None:
    family.database.manage(TOP, SUM)
    refresh_all(family)
    family.database.execute("UPDATE bi_refresh.view_policy SET target_lag = '7 min' WHERE view_name = %s", TOP)
    family.database.execute("UPDATE bi_refresh.view_state SET consecutive_failures = 2 WHERE view_name = %s", TOP)
    kept = (
        "SELECT p.target_lag, s.consecutive_failures, s.view_oid = to_regclass(p.view_name),"
        " (SELECT count(*) FROM bi_refresh.mv_refresh_log AS l WHERE l.view_name = p.view_name)"
        " FROM bi_refresh.view_policy AS p JOIN bi_refresh.view_state AS s USING (view_name) ORDER BY p.view_name"
    )
    ages = (
        "SELECT s.data_timestamp, s.global_data_timestamp FROM bi_refresh.view_state AS s"
        " WHERE s.view_name <> 'shop.mv_revenue' ORDER BY s.view_name"
    )
    before, age = family.database.rows(kept), family.database.rows(ages)
    for step in (family.enable, lambda: redefine(family), family.disable):
        step()
        assert family.database.rows(kept) == before
        former, age = age, family.database.rows(ages)
        for (data_before, oldest_before), (data, oldest) in zip(former, age, strict=True):
            assert data_before < data
            assert oldest_before < oldest < data  # their rows are of what the view's table had when they were filled


def test_they_are_refreshed_after_it_and_skipped_when_nothing_changed(family: Shop) -> None:
    family.database.manage(TOP, SUM)
    family.database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch'")
    for step in (family.enable, lambda: redefine(family), family.disable):
        step()
        family.write()
        first = refresh_all(family)
        assert {entry["status"] for entry in first.values()} == {"completed"}
        assert first[VIEW]["id"] < first[TOP]["id"] < first[SUM]["id"]
        assert (differing(family, TOP), differing(family, SUM)) == (0, 0)
        again = refresh_all(family)
        assert {view: entry["status"] for view, entry in again.items()} == dict.fromkeys((VIEW, TOP, SUM), "skipped")


def test_the_table_has_touch_triggers_for_those_that_want_them(family: Shop) -> None:
    family.database.manage(TOP)
    family.database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch' WHERE view_name = %s", TOP)
    watched = (
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.mv_revenue'::regclass AND tgname = 'bi_refresh_touch'"
    )
    for step in (family.enable, lambda: redefine(family)):
        step()
        assert family.database.value(watched) == 1


def test_another_owner_s(family: Shop) -> None:
    """It may read the view by a grant alone: its view is filled with its rights."""
    family.database.execute(
        f"""
        ALTER MATERIALIZED VIEW shop.mv_top OWNER TO {family.analyst};
        GRANT CREATE ON SCHEMA shop TO {family.analyst};
        """
    )
    before = definitions(family)
    for step in (family.enable, lambda: redefine(family), family.disable):
        step()
        assert definitions(family) == before
        family.database.execute("REFRESH MATERIALIZED VIEW shop.mv_top")


_REFUSED = (
    (
        "CREATE MATERIALIZED VIEW shop.mv_both AS SELECT 'shop.mv_top'::regclass, 'shop.mv_revenue'::regclass::oid",
        "materialized view shop.mv_both has it as a constant, 'shop.mv_revenue'::regclass, where to_regclass(",
        "DROP MATERIALIZED VIEW shop.mv_both",
    ),
    (
        "CREATE MATERIALIZED VIEW shop.mv_both AS SELECT r.name FROM shop.v_large NATURAL JOIN shop.mv_revenue AS r",
        "the materialized view shop.mv_both reads it by itself and through the view shop.v_large",
        "DROP MATERIALIZED VIEW shop.mv_both",
    ),
    (
        "CREATE MATERIALIZED VIEW shop.mv_both AS SELECT shop.total() - sum(r.revenue) FROM shop.mv_revenue AS r",
        "the materialized view shop.mv_both reads it by itself and through the function shop.total()",
        "DROP MATERIALIZED VIEW shop.mv_both",
    ),
    (
        "CREATE TABLE shop.t (a shop.mv_top)",
        "column a of table shop.t uses the row type of shop.mv_top",
        "DROP TABLE shop.t",
    ),
    (
        "CREATE RULE r AS ON INSERT TO shop.unrelated DO ALSO SELECT count(*) FROM shop.mv_sum",
        "a rule on shop.unrelated reads shop.mv_sum",
        "DROP RULE r ON shop.unrelated",
    ),
)


@pytest.mark.version_independent
def test_what_could_not_be_taken_along(family: Shop) -> None:
    for statement, words, undo in _REFUSED:
        family.database.execute(statement)
        before = family.dump()
        with pytest.raises(ConfigurationError) as refused:
            family.enable()
        assert words in refused.value.message
        assert (family.dump(), family.leftovers()) == (before, [])
        family.database.execute(undo)
    family.enable()


@pytest.mark.version_independent
def test_a_constant_is_found_before_anything_is_built(family: Shop) -> None:
    """An ordinary view is bound by its text anew; a name that is looked up needs nothing."""
    family.database.execute(
        "CREATE VIEW shop.v_number AS SELECT 'shop.mv_revenue'::regclass::oid AS number;"
        "CREATE MATERIALIZED VIEW shop.mv_named AS SELECT to_regclass('shop.mv_revenue')::oid AS number"
    )
    family.enable()
    assert family.database.value("SELECT number = 'shop.mv_revenue'::regclass FROM shop.v_number") is True
    family.database.execute("CREATE MATERIALIZED VIEW shop.mv_number AS SELECT 'shop.mv_revenue'::regclass AS number")
    before, said = family.dump(), list[Progress]()
    with pytest.raises(ConfigurationError, match=r"another relation cannot take its place: .*shop.mv_number has it as"):
        family.disable(on_progress=said.append)
    assert (family.dump(), said) == (before, [])
    family.database.execute("DROP MATERIALIZED VIEW shop.mv_number")
    family.disable()
    assert family.leftovers() == []


@pytest.mark.version_independent
def test_one_whose_query_fails_now_is_named(family: Shop) -> None:
    """As its own refresh would."""
    family.database.execute(
        """
        CREATE TABLE shop.divisor AS SELECT 1 AS d;
        CREATE MATERIALIZED VIEW shop.mv_divided AS
            SELECT sum(r.sales) / max(d.d) FROM shop.mv_revenue AS r, shop.divisor AS d;
        UPDATE shop.divisor SET d = 0;
        """
    )
    before = family.dump()
    with pytest.raises(StatementFailedError, match=r"shop.mv_divided, which reads it, cannot be built anew: divi"):
        family.enable()
    family.disable()
    assert (family.dump(), family.leftovers()) == (before, [])
    family.database.execute("UPDATE shop.divisor SET d = 1")
    family.enable()
    family.database.execute("UPDATE shop.divisor SET d = 0")
    before = family.dump()
    with pytest.raises(VistafrescaError, match=r"shop.mv_divided, which reads it, cannot be built anew"):
        redefine(family)
    assert family.dump() == before
    family.write()
    family.refresh()
    assert family.differing_rows() == 0


@pytest.mark.version_independent
def test_it_says_what_is_built_anew(family: Shop) -> None:
    said: list[Progress] = []
    family.enable(on_progress=said.append)
    assert [progress.message for progress in said if progress.step == "dependents"] == [
        "making shop.mv_top, which reads it, anew beside it",
        "making shop.mv_empty, which reads it, anew beside it",
        "making shop.mv_sum, which reads it, anew beside it",
        "filling shop.mv_top beside it",
        "filling shop.mv_sum beside it",
    ]
    with family.database.session() as session:
        explained = incremental.explain(session, VIEW, interval_s=900)
    assert explained.rebuilt == (TOP, EMPTY, SUM)
    assert explained.carried == (
        "function shop.classes()", "function shop.total()", "shop.v_both", "shop.v_large", "shop.v_top",
    )  # fmt: skip
    assert explained.in_the_way == ()
