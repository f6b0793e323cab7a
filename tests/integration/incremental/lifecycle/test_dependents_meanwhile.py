"""Materialized views that read the view, while somebody changes, reads or refreshes them, or the command ends."""

from __future__ import annotations

import os
from typing import Any

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError, StatementFailedError
from tests.integration.incremental.lifecycle.conftest import Shop, StoppedError, stop_at
from tests.integration.incremental.lifecycle.dependents import (
    SUM,
    TOP,
    add_dependents,
    at_step,
    definitions,
    differing,
    redefine,
)

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
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
        lambda: family.enable(on_progress=at_step("swap", refresh)),
        lambda: redefine(family, former, on_progress=at_step("swap", refresh)),
        lambda: family.disable(on_progress=at_step("swap", refresh)),
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

    family.disable(on_progress=at_step("swap", alter))
    assert family.database.rows(there) == after
    assert family.leftovers() == []


@pytest.mark.version_independent
def test_one_that_somebody_refreshes_all_the_time_is_named_with_what_to_do(family: Shop) -> None:
    """Before each try, so that no try finds what was built beside as new as it is."""
    said: list[str] = []

    def refresh(progress: incremental.Progress) -> None:
        said.append(progress.message)
        if progress.message.startswith("bringing the table up to date"):
            family.database.execute("REFRESH MATERIALIZED VIEW shop.mv_top")
        if progress.step == "dependents" and progress.message.startswith("filling shop.mv_top"):
            family.database.execute("REFRESH MATERIALIZED VIEW shop.mv_top")

    with pytest.raises(StatementFailedError) as failed:
        family.enable(patience_s=2, on_progress=refresh)
    words = "of what reads shop.mv_revenue, while successors were built: shop.mv_top was refreshed or altered"
    assert words in said
    assert f"{words}), and nothing was swapped." in failed.value.message
    assert "Keep what was refreshed or altered from being so meanwhile." in failed.value.remedy
    family.enable()
    assert (differing(family, TOP), differing(family, SUM)) == (0, 0)


@pytest.mark.version_independent
def test_what_is_revoked_while_it_waits_stays_revoked(family: Shop) -> None:
    def revoke() -> None:
        family.database.execute(
            f"""
            REVOKE SELECT ON shop.mv_top FROM {family.reader};
            REVOKE SELECT (name) ON shop.mv_revenue, shop.mv_top FROM PUBLIC;
            """
        )

    family.enable(on_progress=at_step("swap", revoke))
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

    family.enable(on_progress=at_step("swap", change))
    during = definitions(family)
    family.disable()
    assert (definitions(family), family.leftovers()) == (during, [])
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
        redefine(family, on_progress=stop_at("dependents", occurrence=occurrence))
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
    family.enable(on_progress=at_step("swap", lambda: taken.append(family.database.value(take))))
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
