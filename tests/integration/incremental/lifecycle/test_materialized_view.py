"""Under the name of a view over stages a materialized view may stay: what is asked for, kept and given back then."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from refresh_task import incremental
from refresh_task.errors import ConfigurationError
from tests.fix_command_line import CommandLine
from tests.fix_roles import MakeRole
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop
from tests.integration.incremental.lifecycle.staged import KIND, QUERY, STAGES, staged_shop, without_query

_STAGE = "SELECT relation::regclass::text FROM bi_refresh.maintained_table WHERE stage = %s"


@pytest.fixture
def shop(make_role: MakeRole, database: Any) -> Shop:
    """Instead of the shop whose view becomes a table."""
    return staged_shop(database, make_role)


def test_it_stays_a_materialized_view_that_refreshes_keep_equal_to_the_query(shop: Shop) -> None:
    enabled = shop.enable()
    assert (enabled.output, enabled.stages, enabled.direct) == (
        "materialized_view",
        STAGES,
        ("shop.sale", "shop.customer"),
    )
    assert (shop.database.value(KIND), shop.differing_rows()) == ("m", 0)
    for _ in range(2):
        shop.write()
        assert shop.differing_rows() > 0
        entry = shop.refresh()
        assert (entry["status"], entry["strategy"], shop.differing_rows()) == ("completed", "incremental", 0)
    assert shop.refresh()["strategy"] == "skip"
    assert shop.database.value("SELECT ispopulated FROM pg_matviews WHERE matviewname = 'mv_revenue'")


def test_it_keeps_everything_but_its_query_and_that_is_given_back(shop: Shop) -> None:
    """Grants, also those to write that have no effect; comments, indexes, statistics, options, what reads it."""
    before = shop.dump()
    shop.enable()
    assert without_query(shop.dump()) == without_query(before)
    assert "table_1" in shop.dump()
    shop.write()
    shop.refresh()
    shop.write()
    disabled = shop.disable()
    assert set(disabled.released) == {"shop.sale", "shop.customer"}
    assert (shop.dump(), shop.differing_rows(), shop.leftovers()) == (before, 0, [])
    assert shop.refresh()["strategy"] in ("concurrent", "skip")


def test_rights_that_were_revoked_meanwhile_do_not_come_back(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"REVOKE ALL ON shop.mv_revenue FROM {shop.analyst}")
    before = shop.dump()
    shop.disable()
    assert without_query(shop.dump()) == without_query(before)


@pytest.mark.parametrize("words", ["CONCURRENTLY", ""])
def test_somebody_else_may_refresh_it(shop: Shop, words: str) -> None:
    """As documented for any materialized view. It brings nothing new, takes nothing away, and is looked after once."""
    shop.enable()
    shop.refresh()
    shop.write()
    shop.database.execute(f"REFRESH MATERIALIZED VIEW {words} {VIEW}")
    assert shop.differing_rows() > 0
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)
    shop.database.execute(f"REFRESH MATERIALIZED VIEW {words} {VIEW}")
    entry = shop.refresh()
    assert (entry["strategy"], entry["rows_inserted"], entry["rows_deleted"]) == ("concurrent", 0, 0)
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("skip", 0)


def test_one_that_was_emptied_by_hand_is_filled_again(shop: Shop) -> None:
    shop.enable()
    shop.database.execute(f"REFRESH MATERIALIZED VIEW {VIEW} WITH NO DATA")
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)


def test_somebody_else_s_refresh_that_waited_for_ours_has_older_rows(shop: Shop) -> None:
    """It took its snapshot before it waited, so it brings back what the stages were: found out, and mended."""
    shop.enable()
    shop.refresh()
    shop.write()
    with shop.database.connect() as ours, shop.database.connect() as other:
        ours.execute("SET default_transaction_isolation = 'repeatable read'")
        with ours.transaction():
            ours.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [VIEW])
            refreshing = threading.Thread(
                target=other.execute, args=[f"REFRESH MATERIALIZED VIEW CONCURRENTLY {VIEW}".encode()]
            )
            refreshing.start()
            _wait_until_it_waits(shop, other.info.backend_pid)
        refreshing.join()
    assert shop.differing_rows() > 0
    assert (shop.refresh()["strategy"], shop.differing_rows()) == ("concurrent", 0)


@pytest.mark.parametrize("is_committed", [True, False])
def test_somebody_else_s_refresh_since_our_snapshot_is_a_reason_to_begin_anew(
    shop: Shop, *, is_committed: bool
) -> None:
    """Rows that it added would not be seen, and stay."""
    shop.enable()
    shop.refresh()
    shop.write()
    with shop.database.connect() as ours, shop.database.connect() as other:
        ours.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        ours.execute("SELECT 1")
        if not is_committed:
            other.execute("BEGIN")
        other.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {VIEW}".encode())
        (outcome,) = ours.execute("SELECT * FROM bi_refresh.refresh_bi_views(ARRAY[%s])", [VIEW]).fetchall()
        ours.execute("COMMIT")
    assert "ERROR: somebody else refreshes" in str(outcome)
    entry = shop.database.rows("SELECT error, sqlstate FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1")
    assert entry == [(f"somebody else refreshes or alters {VIEW} at this moment", "40001")]
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)


def test_the_commands_say_what_stands_under_its_name(shop: Shop, command_line: CommandLine) -> None:
    explained = command_line(shop.database, "incremental", "explain", VIEW)
    enabled = command_line(
        shop.database, "incremental", "enable", VIEW, "--stages", "sold,named", "--output", "materialized-view"
    )
    assert enabled.exit_code == 0, enabled.stderr
    assert "It stays a materialized view over the stages sold, named: a REFRESH … CONCURRENTLY" in enabled.stdout
    assert "A change of shop.sale, shop.customer costs what it touches.\n" in enabled.stdout
    assert ("in full" in enabled.stdout, "bi_refresh_incremental" in enabled.stdout) == (False, False)
    assert ("--output materialized-view" in explained.stdout) == ("a stage would help" in explained.stdout)
    shop.write()
    assert command_line(shop.database, "refresh", VIEW).exit_code == 0
    assert shop.differing_rows() == 0
    for command in (("incremental", "explain", VIEW), ("status",), ("doctor", "--json")):
        ran = command_line(shop.database, *command)
        assert (VIEW in ran.stdout, ran.stderr) == (True, ""), command
    assert "incremental_tables_missing" not in ran.stdout
    assert command_line(shop.database, "incremental", "verify", VIEW).exit_code == 0
    assert command_line(shop.database, "incremental", "disable", VIEW).exit_code == 0


def _wait_until_it_waits(shop: Shop, pid: int) -> None:
    give_up_at = time.monotonic() + 60
    while not shop.database.value("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", pid):
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_a_comparison_with_the_query_as_a_whole_finds_what_the_stages_hide(shop: Shop) -> None:
    """The materialized view is what its stages say; so it is compared with what its user wrote."""
    shop.enable()
    with shop.database.session() as session:
        assert incremental.verify(session, VIEW).mismatches == ()
        shop.database.execute(f"UPDATE {shop.database.value(_STAGE, 'sold')} SET revenue = 0 WHERE customer_id = 3")
        found = incremental.verify(session, VIEW).mismatches
    assert {(mismatch.stage, mismatch.difference) for mismatch in found} == {
        ("sold", "other"),
        (None, "missing"),
        (None, "surplus"),
    }
    entry = shop.refresh()
    assert ("it is distrusted" in (entry["reason"] or ""), shop.differing_rows()) == (True, 0)
    shop.write()
    shop.enable()
    assert shop.differing_rows() == 0
    assert shop.database.rows("SELECT status FROM bi_refresh.incremental_view") == [("enabled",)]
    shop.refresh()
    assert shop.refresh()["strategy"] == "skip"


def test_a_dropped_one_is_made_again_and_a_renamed_one_gets_its_name_back(shop: Shop) -> None:
    before = shop.dump()
    shop.enable()
    shop.database.execute(f"ALTER MATERIALIZED VIEW {VIEW} RENAME TO moved")
    with pytest.raises(
        ConfigurationError, match=r"materialized view over stages that is kept for it is called shop\.moved"
    ) as refused:
        shop.disable()
    assert "ALTER MATERIALIZED VIEW shop.moved RENAME TO" in refused.value.remedy
    shop.database.execute("ALTER MATERIALIZED VIEW shop.moved RENAME TO mv_revenue")
    shop.disable()
    assert (shop.dump(), shop.leftovers()) == (before, [])

    shop.enable()
    shop.database.execute(f"DROP MATERIALIZED VIEW {VIEW} CASCADE")
    with (
        shop.database.session() as session,
        pytest.raises(ConfigurationError, match=r"materialized view .* was dropped"),
    ):
        incremental.verify(session, VIEW)
    assert shop.disable().restored
    assert (shop.database.value(KIND), shop.differing_rows(), shop.leftovers()) == ("m", 0, [])


def test_without_stages_or_a_unique_index_it_is_refused(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="without stages nothing of a materialized view") as refused:
        shop.enable(stages=())
    assert "--stages" in refused.value.remedy
    shop.database.execute("DROP INDEX shop.mv_revenue_key")
    with pytest.raises(ConfigurationError, match="no unique index on plain columns") as refused:
        shop.enable()
    assert "CREATE UNIQUE INDEX" in refused.value.remedy
    assert shop.leftovers() == []


def test_another_output_than_it_began_with_is_refused(shop: Shop) -> None:
    shop.enable()
    with pytest.raises(ConfigurationError, match="enabled with a materialized view as its output"):
        shop.enable(output="table")
    shop.disable()
    shop.enable(output="table")
    with pytest.raises(ConfigurationError, match="enabled with a table as its output"):
        shop.enable()


def test_a_lost_unique_index_fails_the_refresh_and_its_remedy_mends_it(shop: Shop) -> None:
    shop.enable()
    shop.database.execute("DROP INDEX shop.mv_revenue_key")
    shop.write()
    entry = shop.refresh()
    assert (entry["status"], "shop.mv_revenue has no unique index" in entry["error"]) == ("failed", True)
    assert "CREATE UNIQUE INDEX ON shop.mv_revenue" in entry["remedy"]
    shop.database.execute("CREATE UNIQUE INDEX ON shop.mv_revenue (customer_id)")
    assert (shop.refresh()["status"], shop.differing_rows()) == ("completed", 0)


def test_a_replaced_view_beneath_fails_the_refresh_until_it_is_enabled_again(shop: Shop) -> None:
    """Only its stages are there to refresh it from, and they are of what that view said."""
    shop.database.execute(
        f"CREATE VIEW shop.v_revenue AS {QUERY}; DROP MATERIALIZED VIEW {VIEW} CASCADE;"
        f"CREATE MATERIALIZED VIEW {VIEW} AS SELECT customer_id, name, sales, revenue FROM shop.v_revenue;"
        f"CREATE UNIQUE INDEX mv_revenue_key ON {VIEW} (customer_id)"
    )
    shop.enable()
    replaced = QUERY.replace("count(*) AS sales", "count(*) * 2 AS sales")
    shop.database.execute(f"CREATE OR REPLACE VIEW shop.v_revenue AS {replaced}")
    entry = shop.refresh()
    assert (entry["status"], shop.differing_rows()) == ("failed", 0)
    assert f"vistafresca incremental enable {VIEW}" in entry["remedy"]
    with shop.database.session() as session, pytest.raises(ConfigurationError, match="was replaced"):
        incremental.verify(session, VIEW)
    shop.enable()
    assert (shop.database.value(KIND), shop.differing_rows(query=replaced)) == ("m", 0)
    shop.write()
    assert (shop.refresh()["status"], shop.differing_rows(query=replaced)) == ("completed", 0)
    shop.disable()
    assert (shop.leftovers(), shop.differing_rows(query=replaced)) == ([], 0)
