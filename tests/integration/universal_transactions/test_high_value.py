"""A transaction of 10,000 pesos or more asks for a refresh, in its own transaction."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.integration.universal_transactions.system import (
    LINES,
    MATERIALIZED_VIEW,
    SCHEMA,
    Connection,
    add,
    logged_refresh,
    requests,
)

PROCESS = "SELECT bi_refresh.process_pending_mv_refreshes()"


def asked(line: str, *, how: str = "monto_total") -> tuple[str, str, str]:
    return (MATERIALIZED_VIEW, "critical", f"{line}: {how} >= 10000 MXN")


@pytest.mark.parametrize("line", LINES)
def test_the_threshold_is_10000_pesos_on_every_line(rolled_back: Connection, line: str) -> None:
    for amount in ("0", "9999.99", "9999.99"):
        add(rolled_back, line, amount)
    assert requests(rolled_back) == []
    add(rolled_back, line, "10000.00")
    add(rolled_back, line, "50000")
    assert requests(rolled_back) == [asked(line)] * 2


def test_the_total_counts_and_not_the_goods_alone(rolled_back: Connection) -> None:
    insert = f"INSERT INTO {SCHEMA}.ecommerce_orders (cliente_id, monto_productos, monto_envio) VALUES (1, %s, 99)"
    rolled_back.execute(insert, ["9900.99"])
    assert requests(rolled_back) == []
    rolled_back.execute(insert, ["9901.00"])
    assert requests(rolled_back) == [asked("ecommerce_orders")]


@pytest.mark.parametrize("line", LINES)
def test_an_update_asks_when_it_crosses_the_threshold_upwards(rolled_back: Connection, line: str) -> None:
    add(rolled_back, line, "9999.99")
    column = "monto_productos" if line == "ecommerce_orders" else "monto_total"
    for amount, waiting in (("9999.98", 0), ("10000", 1), ("60000", 1), ("9999.99", 1), ("10000.01", 2)):
        rolled_back.execute(f"UPDATE {SCHEMA}.{line} SET {column} = %s", [amount])
        assert len(requests(rolled_back)) == waiting
    rolled_back.execute(f"UPDATE {SCHEMA}.{line} SET metodo_pago = 'transferencia'")
    assert requests(rolled_back) == [asked(line, how="monto_total raised to")] * 2


def test_what_is_rolled_back_asks_for_nothing(connection: Connection) -> None:
    logged_refresh(connection)
    with connection.transaction(force_rollback=True):
        add(connection, "cpg_consignment", "50000")
        assert requests(connection) == [asked("cpg_consignment")]
    assert requests(connection) == []
    assert connection.execute(PROCESS).fetchone() == (0,)


def test_a_transaction_that_commits_late_is_not_lost(transactions_database: Database, connection: Connection) -> None:
    """It wrote its request before a refresh that could not see it, and was committed after."""
    with transactions_database.connect() as writer:
        with writer.transaction():
            add(writer, "cpg_consignment", "50000")
            assert logged_refresh(connection)["rows_affected"] == 0
        assert requests(connection) == [asked("cpg_consignment")]
    assert connection.execute(PROCESS).fetchone() == (1,)
    assert connection.execute(f"SELECT monto_total FROM {MATERIALIZED_VIEW}").fetchall() == [(50000,)]
    assert requests(connection) == []


def test_fifty_large_transactions_are_one_refresh(connection: Connection) -> None:
    logged_refresh(connection)
    for _ in range(50):
        add(connection, "cpg_consignment", "20000")
    assert len(requests(connection)) == 50
    assert connection.execute(PROCESS).fetchone() == (1,)
    assert requests(connection) == []
    assert connection.execute(
        "SELECT requests_served, rows_total FROM bi_refresh.mv_refresh_log WHERE trigger_type = 'event'"
    ).fetchall() == [(50, 50)]


def test_a_writer_needs_no_right_on_the_queue(make_role: MakeRole, transactions_database: Database) -> None:
    role = make_role()
    transactions_database.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
    transactions_database.execute(f"GRANT INSERT, SELECT ON {SCHEMA}.cpg_consignment TO {role}")
    with Connection.connect(dsn_as(transactions_database, role), autocommit=True) as writer:
        add(writer, "cpg_consignment", "50000")
    with transactions_database.connect() as connection:
        assert requests(connection) == [asked("cpg_consignment")]
