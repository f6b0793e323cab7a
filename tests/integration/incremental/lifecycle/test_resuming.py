"""A command that ended between any two steps is gone on with, or undone."""

from __future__ import annotations

import os

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
# where a command may end: at the beginning of each step; an index is one of several
_ENABLING = [("capture", 1), ("swap", 1)] + ([("prove", 1), ("fill", 1), ("index", 1), ("index", 3)] if _LONG else [])
_DISABLING = [("swap", 1)] + ([("fill", 1), ("index", 1), ("index", 2), ("release", 1)] if _LONG else [])


@pytest.mark.parametrize(("step", "occurrence"), _ENABLING)
def test_enabling_goes_on_where_it_was(shop: Shop, step: str, occurrence: int) -> None:
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at(step, occurrence=occurrence))
    assert shop.database.value("SELECT relkind::text FROM pg_class WHERE oid = 'shop.mv_revenue'::regclass") == "m"
    shop.write()
    shop.refresh()  # of the materialized view, as ever
    assert shop.differing_rows() == 0
    shop.write()
    shop.enable()
    shop.refresh()
    assert shop.differing_rows() == 0


@pytest.mark.parametrize(("step", "occurrence"), _ENABLING)
def test_enabling_is_undone_from_every_step(shop: Shop, step: str, occurrence: int) -> None:
    before = shop.dump()
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at(step, occurrence=occurrence))
    shop.write()
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])


@pytest.mark.parametrize(("step", "occurrence"), _DISABLING)
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


def test_what_came_while_it_was_built_is_taken_along(shop: Shop) -> None:
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at("swap"))
    shop.database.execute(
        f"""
        CREATE VIEW shop.v_later AS SELECT sales FROM shop.mv_revenue;
        CREATE INDEX mv_revenue_later ON shop.mv_revenue (sales);
        GRANT SELECT (sales) ON shop.mv_revenue TO {shop.reader};
        """
    )
    before = [line for line in shop.dump().splitlines() if "bi_refresh" not in line]
    shop.enable()
    assert (
        shop.database.value(
            "SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = %s::regclass", "shop.mv_revenue_later"
        )
        == "shop.mv_revenue"
    )
    shop.disable()
    assert set(before) == set(shop.dump().splitlines())


def test_a_view_that_was_made_anew_is_begun_anew(shop: Shop) -> None:
    with pytest.raises(StoppedError):
        shop.enable(on_progress=stop_at("swap"))
    shop.database.execute(
        """
        DROP MATERIALIZED VIEW shop.mv_revenue CASCADE;
        CREATE MATERIALIZED VIEW shop.mv_revenue AS SELECT id, amount FROM shop.sale;
        CREATE UNIQUE INDEX mv_revenue_id ON shop.mv_revenue (id);
        """
    )
    shop.enable()
    shop.write()
    shop.refresh()
    assert shop.differing_rows(query="SELECT id, amount FROM shop.sale") == 0


def test_a_broken_refresh_side_does_not_keep_it_from_being_given_back(shop: Shop) -> None:
    before = shop.dump()
    shop.enable()
    (table,) = shop.database.rows("SELECT id, definition::regclass::text FROM bi_refresh.maintained_table")
    shop.database.execute(
        f"DROP FUNCTION bi_refresh_as_owner.maintain_{table[0]}(text, boolean); DROP VIEW {table[1]};"
        "UPDATE bi_refresh.incremental_view SET status = 'distrusted', distrust_reason = 'a test'"
    )
    shop.write()
    shop.disable()
    assert (shop.dump(), shop.leftovers(), shop.differing_rows()) == (before, [], 0)


def test_a_distrusted_view_is_trusted_again_when_it_is_enabled_again(shop: Shop) -> None:
    shop.enable()
    shop.database.execute("UPDATE bi_refresh.incremental_view SET status = 'distrusted', distrust_reason = 'a test'")
    shop.write()
    assert shop.refresh()["strategy"] == "difference"
    shop.enable()
    assert shop.database.rows("SELECT status, distrust_reason FROM bi_refresh.incremental_view") == [("enabled", None)]
    shop.refresh()
    shop.write()
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("incremental", 0)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE shop.sale RENAME customer_id TO customer",
        # and its name is a column's of another type
        "ALTER TABLE shop.sale RENAME customer_id TO customer; ALTER TABLE shop.sale RENAME note TO customer_id",
    ],
)
def test_a_captured_column_that_was_renamed_is_captured_again_when_the_view_is_enabled_again(
    shop: Shop, change: str
) -> None:
    shop.enable()
    shop.refresh()
    shop.database.execute(change)
    query = (
        "SELECT s.customer, max(c.name), count(*), sum(s.amount)"
        " FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer GROUP BY s.customer"
    )

    def write_and_refresh() -> str:
        shop.database.execute("INSERT INTO shop.sale SELECT max(id) + 1, 7, 5, 'new' FROM shop.sale")
        shop.database.execute("SELECT bi_refresh.distribute_changes()")
        strategy = str(shop.refresh()["strategy"])
        assert shop.differing_rows(query=query) == 0
        return strategy

    assert [write_and_refresh(), write_and_refresh()] == ["difference", "difference"]
    shop.enable()
    # first it is another structure
    assert [write_and_refresh(), write_and_refresh()] == ["difference", "incremental"]


def test_two_sessions_do_not_enable_one_view(shop: Shop) -> None:
    with shop.database.session() as first, shop.database.session() as second:
        seen: list[str] = []

        def other(progress: incremental.Progress) -> None:
            if progress.step == "fill":
                with pytest.raises(ConfigurationError, match="another session is enabling"):
                    incremental.enable(second, VIEW)
                seen.append(progress.step)

        incremental.enable(first, VIEW, on_progress=other)
    assert seen == ["fill"]


def test_what_was_begun_with_other_options_says_so(shop: Shop) -> None:
    with pytest.raises(StoppedError):
        shop.enable(key=["customer_id"], on_progress=stop_at("fill"))
    with pytest.raises(ConfigurationError, match="it was begun with no stages and the key customer_id"):
        shop.enable(stages=["s"], key=["sales"])
    shop.enable(key=["customer_id"])
    with pytest.raises(ConfigurationError, match="it was enabled with no stages") as refused:
        shop.enable(stages=["s"])
    assert f"vistafresca incremental disable {VIEW}" in refused.value.remedy
    shop.enable(key=["customer_id"], stages=[])
