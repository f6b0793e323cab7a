"""The view in the hands of the task."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fix_database import Database
from tests.fix_steps import run_step, watch
from tests.fix_task import CRON, RunTask
from tests.integration.universal_transactions.system import MATERIALIZED_VIEW, Connection, add, generate

EVENT = {"VISTAFRESCA_TRIGGER_TYPE": "event", "VISTAFRESCA_TRIGGERED_BY": "the event rule"}
DASHBOARD = f"SELECT sum(monto_total) FROM {MATERIALIZED_VIEW}"


def test_the_schedule_fills_it_and_a_large_transaction_comes_with_the_next_look_at_the_queue(
    transactions_database: Database, connection: Connection, vistafresca: RunTask
) -> None:
    add(connection, "cpg_pos", "120.50")
    assert vistafresca(transactions_database, "run", **CRON).exit_code == 0
    assert transactions_database.value(DASHBOARD) == Decimal("120.50")

    add(connection, "cpg_pos", "1.00")
    vistafresca(transactions_database, "run", "--requested", **EVENT)
    assert transactions_database.value(DASHBOARD) == Decimal("120.50")  # nothing asked for it

    add(connection, "cpg_consignment", "50000")
    finished = vistafresca(transactions_database, "run", "--requested", **EVENT)
    assert finished.exit_code == 0
    assert transactions_database.value(DASHBOARD) == Decimal("50121.50")
    assert transactions_database.rows(
        "SELECT trigger_type, requests_served FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1"
    ) == [("event", 1)]


@pytest.mark.parametrize("change_detection", ["fingerprint", "touch"])
def test_a_run_that_finds_nothing_changed_leaves_the_view_alone(
    transactions_database: Database, connection: Connection, change_detection: str
) -> None:
    connection.execute("DELETE FROM universal_transactions.clientes")
    if change_detection == "touch":
        watch(transactions_database, MATERIALIZED_VIEW)
    generate(connection, 1_000)
    statuses = []
    for change in (
        "SELECT 1",
        "SELECT 1",
        "UPDATE universal_transactions.subscription_charges SET estado = 'cobrada' WHERE id = 1",
        "UPDATE universal_transactions.clientes SET nombre = 'Otro nombre' WHERE id = 1",
        "SELECT 1",
    ):
        connection.execute(change.encode())
        step = run_step(transactions_database, MATERIALIZED_VIEW, change_detection=change_detection)
        statuses.append(step["status"])
    assert statuses == ["completed", "skipped", "completed", "completed", "skipped"]


def test_a_bulk_load_is_seen_by_touch_triggers(transactions_database: Database, connection: Connection) -> None:
    """The generator switches off the triggers that ask for a refresh, and no others."""
    connection.execute("DELETE FROM universal_transactions.clientes")
    watch(transactions_database, MATERIALIZED_VIEW)
    steps = [run_step(transactions_database, MATERIALIZED_VIEW, change_detection="touch")]
    generate(connection, 1_000)
    steps.append(run_step(transactions_database, MATERIALIZED_VIEW, change_detection="touch"))
    assert [(step["status"], step["rows_total"]) for step in steps] == [("completed", 0), ("completed", 1_000)]
