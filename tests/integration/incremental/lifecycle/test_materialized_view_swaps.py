"""A view over stages that stays a materialized view is swapped in, redefined and given back as a table is: from every
step, with what reads it, and unnoticed by those who do."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from refresh_task import incremental
from tests.fix_database import create_database, drop_database
from tests.fix_roles import MakeRole
from tests.integration.incremental.lifecycle.application import Application, rights
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at
from tests.integration.incremental.lifecycle.dependents import REBUILT, add_dependents, differing
from tests.integration.incremental.lifecycle.staged import KIND, QUERY, staged_shop, without_query

_REDEFINED = QUERY.replace("s.revenue FROM", "s.revenue + 1 AS revenue FROM")
# the beginning of each step; an index is one of several
_ENABLING = [("capture", 1), ("fill", 3), ("index", 3), ("swap", 1)] + (
    [("prove", 1), ("fill", 1), ("index", 1)] if os.environ.get("VISTAFRESCA_LONG_TESTS") else []
)


@pytest.fixture
def shop(make_role: MakeRole, database: Any) -> Shop:
    """Instead of the shop whose view becomes a table."""
    return staged_shop(database, make_role)


@pytest.mark.parametrize(("step", "occurrence"), _ENABLING)
def test_enabling_goes_on_where_it_was_or_is_undone(shop: Shop, step: str, occurrence: int) -> None:
    before = shop.dump()
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at(step, occurrence=occurrence))
    shop.write()
    shop.refresh()  # of the plain materialized view, as ever
    assert shop.differing_rows() == 0
    shop.write()
    shop.enable()
    shop.refresh()
    assert (shop.database.value(KIND), shop.differing_rows()) == ("m", 0)
    shop.disable()
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at(step, occurrence=occurrence))
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


@pytest.mark.parametrize(("step", "occurrence"), [("fill", 1), ("index", 1), ("swap", 1), ("release", 1)])
def test_disabling_is_done_again(shop: Shop, step: str, occurrence: int) -> None:
    before = shop.dump()
    shop.enable()
    with pytest.raises(StoppedError):
        shop.disable(on_progress=stop_at(step, occurrence=occurrence))
    shop.write()
    shop.refresh()
    assert shop.differing_rows() == 0
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


def test_another_query_is_swapped_in_and_the_former_stages_go(shop: Shop) -> None:
    shop.enable()
    shop.write()
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, _REDEFINED)
    assert (shop.database.value(KIND), shop.differing_rows(query=_REDEFINED)) == ("m", 0)
    shop.write()
    shop.refresh()
    assert shop.differing_rows(query=_REDEFINED) == 0
    kept = [name for kind, name in shop.leftovers() if kind == "relation"]
    assert [len([name for name in kept if name.startswith(kind)]) for kind in ("table_", "retired_")] == [2, 0]
    shop.disable()
    assert (shop.differing_rows(query=_REDEFINED), shop.leftovers()) == (0, [])


@pytest.mark.parametrize(("step", "occurrence"), [("index", 1), ("index", 3), ("swap", 1)])
def test_a_new_query_that_was_not_swapped_in_is_kept_up_to_date_until_it_is_forgotten(
    shop: Shop, step: str, occurrence: int
) -> None:
    shop.enable()
    with shop.database.session() as session, pytest.raises(StoppedError):
        incremental.redefine(session, VIEW, _REDEFINED, on_progress=stop_at(step, occurrence=occurrence))
    shop.write()
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, _REDEFINED)
    assert shop.differing_rows(query=_REDEFINED) == 0
    shop.disable()
    assert shop.leftovers() == []


def test_what_reads_it_is_built_anew_and_taken_along(shop: Shop) -> None:
    add_dependents(shop)
    before = shop.dump()
    shop.enable()
    assert without_query(shop.dump()) == without_query(before)
    shop.write()
    shop.refresh()
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, QUERY)
    filled = [name for name in REBUILT if name != "shop.mv_empty"]
    assert [differing(shop, name) for name in filled] == [0] * len(filled)
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


def test_one_that_is_built_anew_for_another_view_is_kept_from_then_on(shop: Shop) -> None:
    """The view that it reads by itself is given another query, and given back: each time it has a successor."""
    database = shop.database
    database.execute(
        """
        CREATE MATERIALIZED VIEW shop.mv_names AS SELECT c.id, c.name FROM shop.customer AS c;
        CREATE UNIQUE INDEX mv_names_key ON shop.mv_names (id);
        CREATE MATERIALIZED VIEW shop.mv_both AS
            WITH sold AS (SELECT s.customer_id, count(*) AS sales FROM shop.sale AS s GROUP BY s.customer_id)
            SELECT n.id, n.name, sold.sales FROM shop.mv_names AS n LEFT JOIN sold ON sold.customer_id = n.id;
        CREATE UNIQUE INDEX mv_both_key ON shop.mv_both (id);
        """
    )
    for name in ("shop.mv_names", "shop.mv_both"):
        database.manage(name)
    with database.session() as session:
        incremental.enable(session, "shop.mv_names")
        incremental.enable(session, "shop.mv_both", stages=("sold",), output="materialized_view")
        for change in (
            lambda: incremental.redefine(session, "shop.mv_names", "SELECT c.id, c.name FROM shop.customer AS c"),
            lambda: incremental.disable(session, "shop.mv_names"),
        ):
            assert _differs_after_writing(shop) == 0
            change()
            assert [_differs_after_writing(shop) for _ in range(3)] == [0] * 3
        incremental.disable(session, "shop.mv_both")
    assert (_differs_after_writing(shop), shop.leftovers()) == (0, [])


def _differs_after_writing(shop: Shop) -> int:
    shop.write()
    with shop.database.connect() as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        for name in ("shop.mv_names", "shop.mv_both"):
            (entry,) = connection.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [name]).fetchall()
            assert "ERROR" not in str(entry), entry
    query = (
        "SELECT c.id, c.name, (SELECT nullif(count(*), 0) FROM shop.sale AS s WHERE s.customer_id = c.id) AS sales"
        " FROM shop.customer AS c"
    )
    return shop.differing_rows("shop.mv_both", query=query)


def test_one_that_was_loaded_from_a_dump_is_found_again(shop: Shop) -> None:
    """With its stages; everything has another OID there."""
    shop.enable()
    server = shop.database.server
    restored = Shop(create_database(server), shop.reader, shop.analyst, shop.options)
    try:
        restored.database.execute("CREATE TABLE earlier (id integer)")  # takes an OID
        dump = subprocess.run(
            [server.program("pg_dump"), shop.database.dsn], check=True, capture_output=True, env={}
        ).stdout
        subprocess.run(
            [server.program("psql"), "--quiet", restored.database.dsn],
            check=True, input=dump, capture_output=True, env={},
        )  # fmt: skip
        found = restored.database.rows("SELECT action FROM bi_refresh.sync_captures()")
        assert found == [("found again",)] * 4  # two tables, two stages
        for _ in range(2):
            restored.write()
            assert (restored.refresh()["status"], restored.differing_rows()) == ("completed", 0)
            restored.enable()  # proved again
        assert restored.refresh()["strategy"] == "skip"
        restored.disable()
        assert (restored.differing_rows(), restored.leftovers()) == (0, [])
    finally:
        drop_database(restored.database)


@pytest.mark.version_independent
def test_an_application_notices_nothing(shop: Shop) -> None:
    application = Application(shop)
    application.prepare()
    before = rights(shop.database, shop.reader)
    application.enter()
    try:
        shop.enable()
        application.wait_for_answers(20)
        assert shop.refresh()["status"] in ("completed", "skipped")
        with shop.database.session() as session:
            for query in (_REDEFINED, QUERY):
                incremental.redefine(session, VIEW, query)
                application.wait_for_answers(20)
        shop.refresh()
        shop.disable()
        application.wait_for_answers(20)
    finally:
        application.leave()
    assert application.problems == []
    assert rights(shop.database, shop.reader) == before
    shop.refresh()
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])
