"""refresh_universal_transactions_logged() in all its outcomes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import last_log
from tests.integration.universal_transactions.system import (
    MATERIALIZED_VIEW,
    SCHEMA,
    Connection,
    add,
    logged_refresh,
    read_view,
)

WAITS = "SELECT a.pid FROM pg_stat_activity AS a WHERE a.wait_event_type = 'Lock'"
CONSECUTIVE_FAILURES = "SELECT consecutive_failures FROM bi_refresh.view_state"


@pytest.mark.parametrize(
    ("arguments", "trigger_type", "triggered_by"),
    [
        (("manual", "ceo@company.com"), "manual", "ceo@company.com"),
        (("cron", "hourly_job"), "cron", "hourly_job"),
        (("event", "worker"), "event", "worker"),
        (("test", "manual_test"), "manual", "test: manual_test"),
        (("cron",), "cron", "postgres"),
        ((), "manual", "postgres"),
    ],
)
def test_a_completed_refresh_says_how_many_rows_there_are(
    transactions_database: Database,
    connection: Connection,
    arguments: tuple[str, ...],
    trigger_type: str,
    triggered_by: str,
) -> None:
    for _ in range(3):
        add(connection, "cpg_pos", "10")
    outcome = logged_refresh(connection, *arguments)

    log = last_log(transactions_database, MATERIALIZED_VIEW)
    assert outcome == {
        "refresh_id": log["id"],
        "duration_ms": log["duration_ms"],
        "rows_affected": 3,
        "status": "completed",
    }
    assert (log["trigger_type"], log["triggered_by"], log["rows_total"]) == (trigger_type, triggered_by, 3)


@pytest.mark.parametrize("trigger_type", ["nightly", "CRON", "", None])
def test_an_unknown_trigger_type_is_refused(rolled_back: Connection, trigger_type: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown trigger type") as refused:
        rolled_back.execute(f"SELECT * FROM {SCHEMA}.refresh_universal_transactions_logged(%s)", [trigger_type])
    assert refused.value.diag.message_hint == "One of: cron, event, manual, test."


def test_while_another_session_refreshes_it_is_skipped(transactions_database: Database, connection: Connection) -> None:
    add(connection, "cpg_pos", "10")
    with transactions_database.connect() as other, other.transaction():
        assert logged_refresh(other)["status"] == "completed"
        outcome = logged_refresh(connection, "cron", "hourly_job")
        holder = other.info.backend_pid
    assert (outcome["status"], outcome["duration_ms"], outcome["rows_affected"]) == ("skipped", 0, None)
    ((reason,),) = connection.execute(
        "SELECT reason FROM bi_refresh.mv_refresh_log WHERE id = %s", [outcome["refresh_id"]]
    ).fetchall()
    assert reason.startswith(f"another session is refreshing it (process {holder} of postgres since ")


def test_a_failure_is_told_logged_and_leaves_the_last_good_data(
    transactions_database: Database, connection: Connection
) -> None:
    add(connection, "cpg_pos", "10")
    logged_refresh(connection)
    before = read_view(connection, MATERIALIZED_VIEW)
    connection.execute(f"DROP INDEX {SCHEMA}.idx_universal_transactions_mv_pk")
    add(connection, "cpg_pos", "20")
    warnings: list[tuple[str | None, str | None]] = []
    connection.add_notice_handler(lambda told: warnings.append((told.message_primary, told.message_hint)))
    outcome = logged_refresh(connection, "cron", "hourly_job")

    log = last_log(transactions_database, MATERIALIZED_VIEW)
    assert (outcome["refresh_id"], outcome["status"], outcome["rows_affected"]) == (log["id"], "failed", None)
    assert log["sqlstate"] == "55000"
    ((message, hint),) = warnings
    assert message == f"{MATERIALIZED_VIEW} was not refreshed: {log['error']}"
    assert "CREATE UNIQUE INDEX" in (hint or "")
    assert read_view(connection, MATERIALIZED_VIEW) == before


def test_two_failures_in_a_row_are_counted_manual_ones_are_not(connection: Connection) -> None:
    """What the alarm failing-repeatedly goes by, at 2 (alarms.consecutive_failures)."""
    logged_refresh(connection)
    connection.execute(f"DROP INDEX {SCHEMA}.idx_universal_transactions_mv_pk")
    for arguments in (("manual", "cfo"), ("test", "manual_test")):
        assert logged_refresh(connection, *arguments)["status"] == "failed"
    assert connection.execute(CONSECUTIVE_FAILURES).fetchall() == [(0,)]
    for arguments in (("cron", "hourly_job"), ("event", "worker")):
        assert logged_refresh(connection, *arguments)["status"] == "failed"
    assert connection.execute(CONSECUTIVE_FAILURES).fetchall() == [(2,)]

    key = "(origen, transaccion_id)"
    connection.execute(f"CREATE UNIQUE INDEX idx_universal_transactions_mv_pk ON {MATERIALIZED_VIEW} {key}")
    assert logged_refresh(connection, "cron", "hourly_job")["status"] == "completed"
    assert connection.execute(CONSECUTIVE_FAILURES).fetchall() == [(0,)]


def test_a_timeout_is_a_failure_that_is_kept(transactions_database: Database, connection: Connection) -> None:
    """A line of business is locked by a migration, say."""
    logged_refresh(connection)
    with transactions_database.connect() as other, other.transaction():
        other.execute(f"LOCK TABLE {SCHEMA}.cpg_pos IN ACCESS EXCLUSIVE MODE")
        connection.execute("SET lock_timeout = '50ms'")
        outcome = logged_refresh(connection, "cron", "hourly_job")
    assert outcome["status"] == "failed"
    assert last_log(transactions_database, MATERIALIZED_VIEW)["sqlstate"] == "55P03"


def test_a_cancelled_refresh_is_told_and_logged(transactions_database: Database, connection: Connection) -> None:
    logged_refresh(connection)
    with transactions_database.connect() as other, ThreadPoolExecutor(1) as pool, other.transaction():
        other.execute(f"LOCK TABLE {SCHEMA}.cpg_pos IN ACCESS EXCLUSIVE MODE")
        cancelled = pool.submit(logged_refresh, connection, "cron", "hourly_job")
        transactions_database.wait_for(f"{WAITS} AND a.pid = {connection.info.backend_pid}")
        transactions_database.execute("SELECT pg_cancel_backend(%s)", connection.info.backend_pid)
        outcome = cancelled.result(20)
    assert (outcome["status"], outcome["rows_affected"]) == ("cancelled", None)
    assert last_log(transactions_database, MATERIALIZED_VIEW)["status"] == "cancelled"


def test_the_loss_of_a_line_of_business_does_not_reach_the_dashboard(connection: Connection) -> None:
    """More than 20 % fewer rows: the refresh is undone."""
    for line in ("cpg_pos", "cpg_pos", "cpg_pos", "cpg_consignment"):
        add(connection, line, "10")
    logged_refresh(connection)
    before = read_view(connection, MATERIALIZED_VIEW)
    connection.execute(f"TRUNCATE {SCHEMA}.cpg_consignment")

    assert logged_refresh(connection, "cron", "hourly_job")["status"] == "failed"
    assert read_view(connection, MATERIALIZED_VIEW) == before


def test_a_view_without_a_policy_is_a_failure_with_its_number(
    transactions_database: Database, connection: Connection
) -> None:
    connection.execute("DELETE FROM bi_refresh.view_policy")
    outcome = logged_refresh(connection)
    log = last_log(transactions_database, MATERIALIZED_VIEW)
    assert (outcome["status"], outcome["refresh_id"], log["sqlstate"]) == ("failed", log["id"], "42704")


def test_only_whom_the_owner_allows_may_call_it(make_role: MakeRole, transactions_database: Database) -> None:
    """With that, no right on the tables is needed."""
    role = make_role()
    transactions_database.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
    with transactions_database.connect() as owner:
        add(owner, "cpg_pos", "10")
        with psycopg.connect(dsn_as(transactions_database, role), autocommit=True, row_factory=dict_row) as caller:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                logged_refresh(caller)
            owner.execute(
                f"GRANT EXECUTE ON FUNCTION {SCHEMA}.refresh_universal_transactions_logged(text, text) TO {role}"
            )
            assert logged_refresh(caller)["rows_affected"] == 1
        assert last_log(transactions_database, MATERIALIZED_VIEW)["triggered_by"] == role
