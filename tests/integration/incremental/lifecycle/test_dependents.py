"""Materialized views that read the view are built anew and swapped along: they keep what they have, and who reads them
notices nothing."""

from __future__ import annotations

import os
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
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at
from tests.integration.incremental.lifecycle.dependents import (
    EMPTY,
    OVER_VIEW,
    REBUILT,
    SUM,
    TOP,
    add_dependents,
    differing,
    refresh_all,
)

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_SAME_COLUMNS = """
    SELECT s.customer_id, max(c.name) AS name, count(*) * 2 AS sales, sum(s.amount) AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    GROUP BY s.customer_id
"""
# making three, filling two
_BUILDING = [1, 4] + ([2, 3, 5] if _LONG else [])


_CHANGES = [
    "ALTER MATERIALIZED VIEW shop.mv_top RENAME COLUMN customers TO buyers",
    "CREATE MATERIALIZED VIEW shop.mv_later AS SELECT count(*) AS top FROM shop.mv_top",
    "REFRESH MATERIALIZED VIEW shop.mv_empty",
] + (
    [
        "DROP MATERIALIZED VIEW shop.mv_sum",
        "REFRESH MATERIALIZED VIEW shop.mv_sum WITH NO DATA",
        "DROP MATERIALIZED VIEW shop.mv_sum; CREATE MATERIALIZED VIEW shop.mv_sum AS SELECT 1 AS one FROM shop.mv_top",
    ]
    if _LONG
    else []
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


def _redefine(shop: Shop, query: str = _SAME_COLUMNS, **options: Any) -> None:
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, query, **options)


def _definitions(shop: Shop) -> list[str]:
    """All that a dump says of them: their queries, too."""
    said = [line for line in shop.dump().splitlines() if any(name in line for name in ("mv_top", "mv_sum", "mv_empty"))]
    queries = [shop.database.value("SELECT pg_get_viewdef(%s::regclass)", view) for view in REBUILT]
    return sorted(line for line in said if not line.startswith("--")) + queries


def _oids(shop: Shop) -> list[Any]:
    return [shop.database.value("SELECT %s::regclass::oid", view) for view in (*REBUILT, OVER_VIEW)]


def _hook(step: str, action: Any, *, occurrence: int = 1) -> Any:
    """An on_progress that does something where this step begins."""
    seen = 0

    def say(progress: Progress) -> None:
        nonlocal seen
        if progress.step == step:
            seen += 1
            if seen == occurrence:
                action()

    return say


def test_they_are_what_they_were_at_every_step(family: Shop) -> None:
    before, dumped, oids = _definitions(family), family.dump(), _oids(family)
    for step in (family.enable, lambda: _redefine(family), family.disable):
        step()
        assert _definitions(family) == before
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
    for step in (family.enable, lambda: _redefine(family), family.disable):
        step()
        assert family.database.rows(kept) == before
        former, age = age, family.database.rows(ages)
        for (data_before, oldest_before), (data, oldest) in zip(former, age, strict=True):
            assert data_before < data
            assert oldest_before < oldest < data  # their rows are of what the view's table had when they were filled


def test_they_are_refreshed_after_it_and_skipped_when_nothing_changed(family: Shop) -> None:
    family.database.manage(TOP, SUM)
    family.database.execute("UPDATE bi_refresh.view_policy SET change_detection = 'touch'")
    for step in (family.enable, lambda: _redefine(family), family.disable):
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
    for step in (family.enable, lambda: _redefine(family)):
        step()
        assert family.database.value(watched) == 1


@pytest.mark.version_independent
def test_rows_never_become_older(family: Shop) -> None:
    """Somebody refreshes one by hand after its successor was filled: before a try of the swap, or at that moment."""
    family.database.execute(
        """
        CREATE MATERIALIZED VIEW shop.mv_mixed AS
            SELECT count(*) AS customers, (SELECT sum(s.id) FROM shop.sale AS s) AS sold FROM shop.mv_revenue;
        """
    )
    latest = []

    def refresh() -> None:
        family.write()
        family.database.execute("REFRESH MATERIALIZED VIEW shop.mv_mixed")
        latest.append(family.database.rows("TABLE shop.mv_mixed"))

    former = family.database.value("SELECT pg_get_viewdef('shop.mv_revenue'::regclass)")
    for step in (
        lambda: family.enable(on_progress=_hook("swap", refresh)),
        lambda: _redefine(family, former, on_progress=_hook("swap", refresh)),
        lambda: family.disable(on_progress=_hook("swap", refresh)),
    ):
        step()
        assert family.database.rows("TABLE shop.mv_mixed") == latest[-1]
    assert len(latest) == 3
    assert (differing(family, TOP), differing(family, SUM), family.leftovers()) == (0, 0, [])


@pytest.mark.version_independent
@pytest.mark.parametrize("change", _CHANGES)
def test_one_that_changes_at_the_moment_of_the_swap(family: Shop, change: str) -> None:
    """All is ready, and the try begins: it is given up, and what was built is built again."""
    there = (
        "SELECT c.relname, c.relispopulated, pg_get_viewdef(c.oid) FROM pg_class AS c"
        " WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('m', 'v') AND c.relname <> 'mv_revenue'"
        " ORDER BY c.relname"
    )
    family.enable()
    after: list[Any] = []

    def alter() -> None:
        family.database.execute(change)
        after.extend(family.database.rows(there))

    family.disable(on_progress=_hook("swap", alter))
    assert family.database.rows(there) == after
    assert family.leftovers() == []


@pytest.mark.version_independent
def test_what_is_revoked_while_it_waits_stays_revoked(family: Shop) -> None:
    def revoke() -> None:
        family.database.execute(
            f"""
            REVOKE SELECT ON shop.mv_top FROM {family.reader};
            REVOKE SELECT (name) ON shop.mv_revenue, shop.mv_top FROM PUBLIC;
            """
        )

    family.enable(on_progress=_hook("swap", revoke))
    dumped = family.dump()
    assert f"GRANT SELECT ON TABLE shop.mv_top TO {family.reader}" not in dumped
    assert "GRANT SELECT(name) ON TABLE" not in dumped


def test_what_they_are_given_while_they_are_built_is_taken_along(family: Shop) -> None:
    def change() -> None:
        family.database.execute(
            f"""
            ALTER MATERIALIZED VIEW shop.mv_top RENAME COLUMN customers TO buyers;
            CREATE INDEX mv_sum_later ON shop.mv_sum (sales);
            CREATE INDEX mv_top_later ON shop.mv_top (sales);
            CREATE MATERIALIZED VIEW shop.mv_later AS SELECT count(*) FROM shop.mv_top;
            CREATE VIEW shop.v_later AS SELECT s.classes, t.class FROM shop.mv_sum AS s, shop.mv_top AS t;
            GRANT SELECT ON shop.mv_sum TO {family.reader};
            REFRESH MATERIALIZED VIEW shop.mv_empty;
            """
        )

    family.enable(on_progress=_hook("swap", change))
    during = _definitions(family)
    family.disable()
    assert (_definitions(family), family.leftovers()) == (during, [])
    said = family.dump()
    for words in ("AS buyers", "INDEX mv_sum_later", "INDEX mv_top_later", "VIEW shop.mv_later", "VIEW shop.v_later"):
        assert words in said
    assert family.database.value("SELECT has_table_privilege(%s, %s, 'SELECT')", family.reader, SUM)
    assert family.database.value("SELECT count(*) FROM shop.mv_empty") == 50


@pytest.mark.version_independent
@pytest.mark.parametrize("occurrence", _BUILDING)
@pytest.mark.parametrize("goes_on", [True, False])
def test_enabling_that_ended_while_they_were_built(family: Shop, occurrence: int, *, goes_on: bool) -> None:
    dumped = family.dump()
    with pytest.raises(StoppedError):
        family.enable(on_progress=stop_at("dependents", occurrence=occurrence))
    family.write()
    if goes_on:
        family.enable()
        assert (differing(family, TOP), differing(family, SUM)) == (0, 0)
    family.disable()
    assert (family.dump(), family.leftovers()) == (dumped, [])


@pytest.mark.version_independent
@pytest.mark.parametrize("occurrence", _BUILDING)
def test_disabling_and_redefining_that_ended_while_they_were_built(family: Shop, occurrence: int) -> None:
    dumped = family.dump()
    family.enable()
    with pytest.raises(StoppedError):
        _redefine(family, on_progress=stop_at("dependents", occurrence=occurrence))
    family.write()
    with pytest.raises(StoppedError):
        family.disable(on_progress=stop_at("dependents", occurrence=occurrence))
    family.write()
    family.disable()
    assert (family.dump(), family.leftovers()) == (dumped, [])
    family.refresh()
    assert family.differing_rows() == 0


@pytest.mark.version_independent
def test_one_that_is_dropped_while_the_swap_waits_leaves_nothing(family: Shop) -> None:
    with pytest.raises(StoppedError):
        family.enable(on_progress=stop_at("swap"))
    family.database.execute("DROP MATERIALIZED VIEW shop.mv_top CASCADE; DROP MATERIALIZED VIEW shop.mv_empty")
    family.enable()
    assert not [name for _, name in family.leftovers() if name.startswith("dependent_")]
    family.disable()
    assert family.leftovers() == []


@pytest.mark.version_independent
def test_one_that_reads_two_views_that_are_enabled_in_turn(family: Shop) -> None:
    """The one command ends while it waits; the other one builds the same view anew, and swaps it."""
    family.database.execute(
        """
        CREATE MATERIALIZED VIEW shop.mv_notes AS SELECT id, note FROM shop.sale;
        CREATE UNIQUE INDEX mv_notes_key ON shop.mv_notes (id);
        CREATE MATERIALIZED VIEW shop.mv_two AS
            SELECT r.customer_id, n.note FROM shop.mv_revenue AS r JOIN shop.mv_notes AS n ON n.id = r.customer_id;
        CREATE MATERIALIZED VIEW shop.mv_three AS SELECT max(t.note) AS note FROM shop.mv_two AS t;
        """
    )
    family.database.manage("shop.mv_notes")
    dumped = family.dump()
    with pytest.raises(StoppedError):
        family.enable(on_progress=stop_at("swap"))
    with family.database.session() as session:
        incremental.enable(session, "shop.mv_notes")
    family.enable()
    family.write()
    with family.database.session() as session:
        incremental.disable(session, "shop.mv_notes")
    family.disable()
    assert (family.dump(), family.leftovers()) == (dumped, [])
    for view in ("shop.mv_two", "shop.mv_three"):
        family.database.execute(f"REFRESH MATERIALIZED VIEW {view}")
        assert differing(family, view) == 0


@pytest.mark.version_independent
def test_a_refresh_of_one_under_way_is_waited_for_and_none_begins_later(family: Shop) -> None:
    take = "SELECT pg_try_advisory_xact_lock(1447449157, 'shop.mv_top'::regclass::oid::integer)"
    with family.database.connect(autocommit=False) as refresher:
        refresher.execute(take.encode())
        with pytest.raises(StatementFailedError, match=f"{TOP} was being refreshed for 1 s"):
            family.enable(patience_s=1)
    taken = []
    family.enable(on_progress=_hook("swap", lambda: taken.append(family.database.value(take))))
    assert taken == [False]


@pytest.mark.version_independent
def test_a_reader_of_one_is_waited_for_and_others_go_on(family: Shop) -> None:
    with family.database.connect(autocommit=False) as reader:
        reader.execute("SELECT count(*) FROM shop.mv_sum")
        pid = reader.info.backend_pid
        with pytest.raises(StatementFailedError, match=f"it was in use for 1 s .*process {pid} of postgres"):
            family.enable(patience_s=1)
        assert family.database.value("SELECT count(*) FROM shop.mv_top JOIN shop.mv_revenue ON true") == 250
        reader.commit()
    assert family.enable().swap_attempts == 1


def test_an_older_snapshot_never_finds_one_empty(family: Shop) -> None:
    family.enable()
    with family.database.connect(autocommit=False) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM shop.unrelated")
        family.disable(patience_s=1)
        assert reader.execute("SELECT count(*) FROM shop.mv_top").fetchone() == (5,)
        assert reader.execute("SELECT classes FROM shop.mv_sum").fetchone() == (5,)


def test_another_owner_s(family: Shop) -> None:
    """It may read the view by a grant alone: its view is filled with its rights."""
    family.database.execute(
        f"""
        ALTER MATERIALIZED VIEW shop.mv_top OWNER TO {family.analyst};
        GRANT CREATE ON SCHEMA shop TO {family.analyst};
        """
    )
    before = _definitions(family)
    for step in (family.enable, lambda: _redefine(family), family.disable):
        step()
        assert _definitions(family) == before
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
        _redefine(family)
    assert family.dump() == before
    family.write()
    family.refresh()
    assert family.differing_rows() == 0


@pytest.mark.version_independent
def test_two_commands_do_not_build_one_anew(family: Shop) -> None:
    family.database.manage(TOP)
    with family.database.session() as other:
        assert other.fetch_one("try_life_cycle_lock", view=TOP)["acquired"]
        with pytest.raises(ConfigurationError, match=f"another session is .* {TOP}"):
            family.enable()
    family.enable()
    with family.database.session() as other:  # and lets go of it
        assert other.fetch_one("try_life_cycle_lock", view=TOP)["acquired"]


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
