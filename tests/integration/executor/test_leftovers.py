"""What SQL and Python have to agree on, and what runs of different kinds leave each other."""

from __future__ import annotations

import pytest

from refresh_task.refresh.failures import is_transient
from tests.fix_database import Database
from tests.fix_views import make_view

_RUN = "INSERT INTO bi_refresh.mv_refresh_run (trigger_type, triggered_by, kind) VALUES ('cron', 'x', %s) RETURNING id"


def test_sql_and_the_task_agree_on_what_may_pass(database: Database) -> None:
    """Every code of PostgreSQL's own appendix, by its class: what they share, and single ones."""
    codes = [a + b + c + d + e for a in "02345PX" for b in "0123578PX" for c in "0P" for d in "0123" for e in "0123456"]
    codes += ["VF001", "55P03", "57014", "53300", "53400", "08P01"]
    found = dict(database.rows("SELECT code, bi_refresh.is_transient(code) FROM unnest(%s::text[]) AS code", codes))
    assert found == {code: is_transient(code) for code in codes}
    assert database.value("SELECT bi_refresh.is_transient(NULL) IS NOT TRUE")
    assert not is_transient(None)


@pytest.mark.parametrize(
    ("left_kind", "age", "current_kind", "status"),
    [
        ("scheduled", "1 minute", "scheduled", "abandoned"),
        ("requested", "1 minute", "requested", "abandoned"),
        ("requested", "1 minute", "scheduled", "running"),
        ("scheduled", "1 minute", "requested", "running"),
        ("manual", "1 minute", "scheduled", "running"),
        ("manual", "1 minute", "manual", "running"),
        ("manual", "2 days", "scheduled", "abandoned"),
    ],
)
def test_only_runs_of_the_same_kind_are_found_abandoned_and_manual_ones_after_a_day(
    left_kind: str, age: str, current_kind: str, status: str, database: Database
) -> None:
    view = make_view(database, "a")
    left = database.value(_RUN, left_kind)
    database.execute(f"UPDATE bi_refresh.mv_refresh_run SET started_at = now() - interval '{age}'")
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (run_id, view_name, trigger_type, triggered_by) "
        "VALUES (%s, %s, 'cron', 'x')",
        left,
        view,
    )
    current = database.value(_RUN, current_kind)
    found = database.rows("SELECT view_name FROM bi_refresh.mark_abandoned(%s)", current)
    assert found == ([(view,)] if status == "abandoned" else [])
    assert database.value("SELECT status FROM bi_refresh.mv_refresh_run WHERE id = %s", left) == status
    assert database.value("SELECT status FROM bi_refresh.mv_refresh_log") == status


def test_runs_of_each_kind_have_a_lock_of_their_own(database: Database) -> None:
    with database.session() as first, database.session() as second:
        assert first.fetch_one("try_run_lock", kind=0) == {"acquired": True}
        assert second.fetch_one("try_run_lock", kind=0) == {"acquired": False}
        assert second.fetch_one("try_run_lock", kind=1) == {"acquired": True}
