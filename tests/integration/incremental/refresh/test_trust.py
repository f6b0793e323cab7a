"""What a comparison finds is mended at once, kept for people, and ends incremental refreshes of the view."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.conftest import ORDERS, TOTALS
from tests.integration.incremental.refresh.kept import KeptView, Reads, keep

_MISMATCHES = "SELECT stage, found_by, difference, row_key FROM bi_refresh.incremental_mismatch ORDER BY row_key"
_STATUS = "SELECT status, distrust_reason FROM bi_refresh.incremental_view"


@pytest.fixture
def wrong(database: Database) -> KeptView:
    """A view whose proof overlooks a table: what customers are called is never brought in."""
    database.execute(ORDERS)
    return keep(
        database,
        "totals",
        TOTALS.__class__(TOTALS.query, (Reads("orders", ("customer",)), Reads("customers", ("NULL::integer",)))),
    )


def test_a_sample_finds_it(wrong: KeptView) -> None:
    wrong.database.execute("UPDATE customers SET name = 'renamed'; INSERT INTO orders VALUES (1000, 3, 5)")
    entry = wrong.refresh()
    assert (entry["status"], entry["strategy"]) == ("completed", "difference")
    assert "rows of public.totals differed from its definition after an incremental refresh" in entry["reason"]
    assert wrong.is_equal()
    status, reason = wrong.database.rows(_STATUS)[0]
    assert status == "distrusted"
    assert reason in entry["reason"]
    found = wrong.database.rows(_MISMATCHES)
    assert {(stage, difference) for stage, _, difference, _ in found} == {(None, "other")}
    assert {by for _, by, _, _ in found} == {"sample", "comparison"}
    assert {row_key["id"] for _, _, _, row_key in found} == set(range(1, 21)) - {3}

    wrong.database.execute("UPDATE customers SET name = 'again'")
    entry = wrong.refresh()
    assert (entry["strategy"], entry["reason"]) == ("difference", f"in full: it is distrusted: {reason}")
    assert wrong.is_equal()
    assert wrong.refresh()["strategy"] == "difference", "what is distrusted is not skipped either"


def test_an_audit_finds_it(wrong: KeptView) -> None:
    """Also where nothing has changed since: it is compared once in audit_interval."""
    wrong.database.execute("DELETE FROM totals WHERE id = 7; UPDATE totals SET name = name || '!' WHERE id = 8")
    wrong.database.execute("INSERT INTO totals VALUES (77, 1, 1, 'nobody')")
    assert wrong.refresh()["strategy"] == "skip"
    wrong.database.execute("UPDATE bi_refresh.view_policy SET audit_interval = '1 microsecond'")
    entry = wrong.refresh()
    assert (entry["strategy"], entry["rows_inserted"], entry["rows_deleted"]) == ("difference", 2, 2)
    assert wrong.is_equal()
    assert wrong.database.rows(_MISMATCHES) == [
        (None, "comparison", "missing", {"id": 7}),
        (None, "comparison", "other", {"id": 8}),
        (None, "comparison", "surplus", {"id": 77}),
    ]
    assert wrong.database.value("SELECT status FROM bi_refresh.incremental_view") == "distrusted"


def test_an_audit_of_what_is_right_says_nothing(totals: KeptView) -> None:
    totals.database.execute("UPDATE bi_refresh.view_policy SET audit_interval = '1 microsecond'")
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    entry = totals.refresh()
    assert (entry["strategy"], entry["reason"], entry["changed_keys"]) == ("incremental", None, 1)
    assert totals.database.value("SELECT status FROM bi_refresh.incremental_view") == "enabled"
    assert totals.database.value("SELECT now() - compared_at < '1 min' FROM bi_refresh.maintained_table")


def test_compare_table_changes_nothing(totals: KeptView) -> None:
    compare = "SELECT difference, row_key FROM bi_refresh.compare_table(%s, %s) ORDER BY row_key"
    number = totals.tables[""]
    assert totals.database.rows(compare, number, None) == []
    totals.database.execute("UPDATE totals SET name = 'x' WHERE id > 1; DELETE FROM totals WHERE id = 1")
    everything = totals.database.rows(compare, number, None)
    assert everything == [("missing", {"id": 1}), *(("other", {"id": n}) for n in range(2, 21))]
    sampled = totals.database.rows(compare, number, 5)
    assert 0 < len(sampled) <= 5
    assert set(map(str, sampled)) < set(map(str, everything))
    assert totals.database.rows(compare, number, None) == everything
