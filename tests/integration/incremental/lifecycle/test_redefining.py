"""An enabled view gets another query: its readers stay, its columns too, and a failure changes nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_NEW = """
    SELECT s.customer_id, max(c.name) AS name, count(*) AS sales, 2 * sum(s.amount) AS revenue, max(u.id) AS unrelated
    FROM shop.sale AS s
    LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    LEFT JOIN shop.unrelated AS u ON u.id = s.customer_id
    WHERE s.amount > 3
    GROUP BY s.customer_id
"""


_SAME_COLUMNS = _NEW.replace(", max(u.id) AS unrelated", "").replace(
    "LEFT JOIN shop.unrelated AS u ON u.id = s.customer_id", ""
)


def _redefine(shop: Shop, query: str = _NEW, **options: Any) -> incremental.EnabledView:
    with shop.database.session() as session:
        return incremental.redefine(session, VIEW, query, **options)


def test_the_new_query_is_kept_from_then_on(shop: Shop) -> None:
    shop.enable()
    shop.write()
    result = _redefine(shop)
    assert set(result.captured) == {"shop.sale", "shop.customer", "shop.unrelated"}
    assert shop.differing_rows(query=_NEW) == 0
    shop.write()
    shop.database.execute("INSERT INTO shop.unrelated SELECT generate_series(1, 9)")
    entry = shop.refresh()
    assert (entry["status"], entry["strategy"], shop.differing_rows(query=_NEW)) == ("completed", "incremental", 0)
    assert shop.database.value("SELECT count(*) FROM shop.v_both") > 0
    assert shop.database.value("SELECT count(*) FROM bi_refresh.maintained_table") == 1


def test_readers_indexes_and_grants_stay(shop: Shop) -> None:
    shop.enable()
    before = shop.dump()
    _redefine(shop, _SAME_COLUMNS)
    assert shop.dump() == before
    shop.disable()
    assert "(2)::numeric * sum(s.amount)" in shop.database.value("SELECT pg_get_viewdef('shop.mv_revenue'::regclass)")
    assert shop.leftovers() == []


_REFUSED = (
    ("SELECT customer_id, 'x' AS name, 1 AS sales FROM shop.sale", "column 4 is not revenue but missing"),
    (_NEW.replace("count(*)", "count(*)::integer"), "column sales is not bigint but integer"),
    (_NEW.replace("AS name", "AS names"), "column 2 is not name but names"),
    (_NEW.replace("count(*)", "(random() * count(*))::bigint"), "can never be refreshed incrementally"),
    (_NEW.replace("GROUP BY s.customer_id", "GROUP BY s.customer_id, s.id"), "a unique index does not hold"),
)


def test_what_is_refused_changes_nothing(shop: Shop) -> None:
    shop.enable()
    before = shop.dump(), sorted(shop.leftovers())
    for query, words in _REFUSED:
        with pytest.raises(ConfigurationError) as refused:
            _redefine(shop, query)
        assert words in refused.value.message
    with shop.database.session() as session:
        session.execute("release_captures")
    assert (shop.dump(), sorted(shop.leftovers())) == before
    shop.write()
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("incremental", 0)


@pytest.mark.parametrize(
    ("step", "occurrence"), [("swap", 1)] + ([("capture", 1), ("fill", 1), ("index", 2)] if _LONG else [])
)
def test_one_that_was_ended_is_begun_anew_or_forgotten(shop: Shop, step: str, occurrence: int) -> None:
    before = shop.dump()
    shop.enable()
    with pytest.raises(StoppedError):
        _redefine(shop, on_progress=stop_at(step, occurrence=occurrence))
    shop.write()
    shop.refresh()
    assert shop.differing_rows() == 0  # of the former query
    _redefine(shop, on_progress=lambda _: None)
    shop.write()
    shop.refresh()
    assert shop.differing_rows(query=_NEW) == 0
    with pytest.raises(StoppedError):
        _redefine(shop, _NEW.replace("> 3", "> 4"), on_progress=stop_at(step, occurrence=occurrence))
    shop.disable()
    assert (shop.differing_rows(query=_NEW), shop.leftovers()) == (0, [])
    assert before != shop.dump()


def test_what_is_built_beside_is_not_what_refreshes_tell_of(shop: Shop) -> None:
    shop.enable()
    with pytest.raises(StoppedError):
        _redefine(shop, _NEW.replace("> 3", "IS NULL"), on_progress=stop_at("swap"))
    assert shop.differing_rows() == 0
    shop.database.execute("UPDATE shop.sale SET amount = amount + 1 WHERE customer_id = 3")
    entry = shop.refresh()
    in_view = shop.database.value(f"SELECT count(*) FROM {VIEW}")
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (1, 1, in_view)
    assert in_view > 0


def test_only_an_enabled_view_is_redefined(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="it is not refreshed incrementally"):
        _redefine(shop)


def test_nothing_but_one_query_is_executed(shop: Shop) -> None:
    shop.enable()
    before = shop.dump(), sorted(shop.leftovers())
    for query in (_SAME_COLUMNS + "; DELETE FROM shop.sale", "DELETE FROM shop.sale RETURNING id", ""):
        with pytest.raises(ConfigurationError, match=r"the new query (has 2 statements|is no SELECT|is empty)"):
            _redefine(shop, query)
    assert (shop.dump(), sorted(shop.leftovers())) == before
    assert shop.database.value("SELECT count(*) FROM shop.sale") == 400
    _redefine(shop, _SAME_COLUMNS + "; -- and no more")
