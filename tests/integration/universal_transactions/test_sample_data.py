"""The sample data."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from tests.integration.universal_transactions.system import (
    DOCUMENT,
    LINES,
    MATERIALIZED_VIEW,
    MEXICO_CITY,
    SCHEMA,
    TABLES,
    Connection,
    generate,
    requests,
)

AT = "2025-01-04 12:00:00-06"
# Of generate_sample_data(12345, '2025-01-04'), and of what add_sample_transactions(400) changes then.
GENERATED = {
    "clientes": "72e3f0c98a7ecaa3b3c7b8109ecbdcfb",
    "cpg_consignment": "ff7fe490c37c53b6646fc84dc7350b34",
    "cpg_pos": "f9fcfb14fd1aa8f7bb044e5b2c5a453e",
    "cpg_wholesale": "02545fc47d18c9b5dbfe6581abfb5cb0",
    "ecommerce_orders": "7a0a2341d30fc9215314ce21c72ef4c2",
    "subscription_charges": "58b09bbaaab8891f7eaa5ea11cfe1be6",
}
AFTER_NEW_TRANSACTIONS = {
    "cpg_consignment": "caaca17feed19313ed4a37aac4caa832",
    "cpg_pos": "7fee8410a929d8ed5f7969c989c25d52",
    "cpg_wholesale": "6a810c64a0ddbecdce3e4d9105402c4a",
    "ecommerce_orders": "5db55cec0e91c2e43ee37992f0073afc",
}


def checksums(connection: Connection) -> dict[str, str]:
    """One md5 for each table: of its rows' text, in the order of their key."""
    query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} AS t")
    with connection.transaction():
        connection.execute("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
        return {
            table: connection.execute(query.format(table=sql.Identifier(SCHEMA, table))).fetchall()[0][0]
            for table in TABLES
        }


def definitions(connection: Connection) -> list[tuple[str, ...]]:
    """Keys, indexes and triggers, and whether these are on."""
    return connection.execute(
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'universal_transactions'::regnamespace"
        " UNION ALL SELECT tablename::text, indexname::text, indexdef FROM pg_indexes"
        " WHERE schemaname = 'universal_transactions'"
        " UNION ALL SELECT tgrelid::regclass::text, tgname::text, tgenabled::text FROM pg_trigger"
        " WHERE NOT tgisinternal"
        " ORDER BY 1, 2, 3"
    ).fetchall()


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_equal_arguments_give_equal_rows_in_every_database(emptied: Connection, zone: str) -> None:
    """Literals, so that every version and platform that runs this agrees with all others."""
    emptied.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    generate(emptied, 12_345, date(2025, 1, 4))
    assert checksums(emptied) == GENERATED

    assert emptied.execute("SELECT universal_transactions.add_sample_transactions(400, %s)", [AT]).fetchone() == (400,)
    assert checksums(emptied) == {**GENERATED, **AFTER_NEW_TRANSACTIONS}


def test_the_sample_looks_like_a_company(emptied: Connection) -> None:
    today = date(2025, 1, 4)
    counts = dict(emptied.execute("SELECT * FROM universal_transactions.generate_sample_data(20000, %s)", [today]))
    assert counts == {
        "clientes": 200,
        "cpg_consignment": 1_000,
        "cpg_pos": 12_000,
        "cpg_wholesale": 1_000,
        "ecommerce_orders": 4_000,
        "subscription_charges": 2_000,
    }
    shares = {}
    for line in LINES:
        rows = emptied.execute(f"SELECT fecha, monto_total, cliente_id FROM {SCHEMA}.{line} ORDER BY id").fetchall()
        days = [moment.astimezone(MEXICO_CITY).date() for moment, _, _ in rows]
        assert days[-1] < today
        assert len(set(days)) > 250
        if line != "subscription_charges":
            assert days == sorted(days)
            assert (days[0], days[-1]) == (today - timedelta(days=365), today - timedelta(days=1))
        shares[line] = sum(amount >= 10_000 for _, amount, _ in rows) / len(rows)
        named = sum(customer is not None for _, _, customer in rows) / len(rows)
        assert named == 1 or (line == "cpg_pos" and 0.2 < named < 0.3)
    assert all(share > 0 for share in shares.values())
    assert shares["cpg_consignment"] > 0.5
    assert shares["cpg_pos"] < 0.005
    assert {
        moment.astimezone(MEXICO_CITY).hour for (moment,) in emptied.execute(f"SELECT fecha FROM {SCHEMA}.cpg_pos")
    } == (set(range(9, 21)))
    assert emptied.execute(
        f"SELECT max(count) FROM (SELECT count(*) FROM {SCHEMA}.subscription_charges GROUP BY suscripcion_id) AS c"
    ).fetchall() == [(12,)]


@pytest.mark.parametrize("transactions", [1, 19, 20, 999])
def test_every_size_has_as_many_transactions_as_asked_for(emptied: Connection, transactions: int) -> None:
    generate(emptied, transactions)
    assert (
        sum(emptied.execute(f"SELECT count(*) FROM {SCHEMA}.{line}").fetchall()[0][0] for line in LINES) == transactions
    )


def test_loading_leaves_keys_indexes_and_triggers_as_the_migration_made_them(emptied: Connection) -> None:
    before = definitions(emptied)
    generate(emptied, 1_000)
    assert definitions(emptied) == before
    assert len(before) > 70


def test_loading_keeps_off_a_trigger_that_was_off(emptied: Connection) -> None:
    emptied.execute(f"ALTER TABLE {SCHEMA}.cpg_pos DISABLE TRIGGER cpg_pos_high_value_update")
    before = definitions(emptied)
    generate(emptied, 1_000)
    assert definitions(emptied) == before


def test_a_load_asks_for_one_refresh_and_new_large_transactions_for_theirs(emptied: Connection) -> None:
    generate(emptied, 2_000)
    large = f"SELECT count(*) FROM {SCHEMA}.v_universal_transactions WHERE es_alto_valor"
    ((loaded,),) = emptied.execute(large).fetchall()
    assert loaded > 100
    assert requests(emptied) == [(MATERIALIZED_VIEW, "critical", "sample data")]

    emptied.execute("SELECT universal_transactions.add_sample_transactions(200)")
    ((then,),) = emptied.execute(large).fetchall()
    assert then > loaded
    assert len(requests(emptied)) == 1 + then - loaded


def test_a_load_into_a_view_that_is_not_managed_asks_nobody(emptied: Connection) -> None:
    emptied.execute("DELETE FROM bi_refresh.view_policy")
    generate(emptied, 100)
    assert requests(emptied) == []


def test_new_transactions_are_of_the_last_ten_minutes_and_get_the_next_ids(emptied: Connection) -> None:
    generate(emptied, 1_000, date(2025, 1, 4))
    emptied.execute("SELECT universal_transactions.add_sample_transactions(40, %s)", [AT])
    ids = emptied.execute(f"SELECT id FROM {SCHEMA}.cpg_pos WHERE id > 600 ORDER BY id").fetchall()
    assert ids == [(id_,) for id_ in range(601, 627)]
    ((first, last),) = emptied.execute(
        f"SELECT min(fecha), max(fecha) FROM {SCHEMA}.v_universal_transactions WHERE dia = '2025-01-04'"
    ).fetchall()
    noon = datetime(2025, 1, 4, 18, tzinfo=UTC)
    assert noon - timedelta(minutes=10) <= first < last <= noon


def test_the_generator_refuses_tables_with_rows(emptied: Connection) -> None:
    generate(emptied, 100)
    with (
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="hold rows already") as refused,
        emptied.transaction(),
    ):
        generate(emptied, 100)
    (truncate,) = [part for part in (refused.value.diag.message_hint or "").split(": ") if part.startswith("TRUNCATE")]
    emptied.execute(truncate.encode())
    generate(emptied, 100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("generate_sample_data(0)", "cannot generate 0 transactions"),
        ("generate_sample_data(NULL)", "cannot generate NULL transactions"),
        ("generate_sample_data(50000001)", "cannot generate 50000001 transactions"),
        ("generate_sample_data(10, 'infinity')", "cannot generate transactions up to infinity"),
        ("add_sample_transactions(-1)", "cannot add -1 transactions"),
        ("add_sample_transactions(NULL)", "cannot add NULL transactions"),
        ("add_sample_transactions(1, 'infinity')", "cannot add 1 transactions at infinity"),
    ],
)
def test_unusable_arguments_are_explained(rolled_back: Connection, call: str, message: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message) as refused:
        rolled_back.execute(f"SELECT universal_transactions.{call}".encode())
    assert refused.value.diag.message_hint


def test_new_transactions_need_earlier_ones(rolled_back: Connection) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is empty") as refused:
        rolled_back.execute("SELECT universal_transactions.add_sample_transactions(1)")
    assert "generate_sample_data" in (refused.value.diag.message_hint or "")


def test_the_documented_bulk_load_asks_once(rolled_back: Connection) -> None:
    """Its statements as they stand there, with an INSERT for the COPY, which needs a file on the server."""
    before = definitions(rolled_back)
    (block,) = re.findall(r"```sql\nBEGIN;\n(.+?)COMMIT;\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    disable, copy, enable, ask = block.splitlines()
    assert copy.startswith(f"COPY {SCHEMA}.cpg_wholesale (fecha, cliente_id, monto_total, estado) FROM ")
    load = (
        f"INSERT INTO {SCHEMA}.cpg_wholesale (fecha, cliente_id, monto_total, estado)"
        " SELECT now(), 1, 20000, 'pedida' FROM generate_series(1, 100)"
    )
    for statement in (disable, load, enable, ask):
        rolled_back.execute(statement.encode())
    assert requests(rolled_back) == [(MATERIALIZED_VIEW, "critical", "a bulk load")]
    assert definitions(rolled_back) == before


def test_an_own_bulk_load_with_keys_and_indexes_off(rolled_back: Connection) -> None:
    """begin_bulk_load() and what it returns, around rows that would each ask for a refresh."""
    before = definitions(rolled_back)
    ((restoring,),) = rolled_back.execute(
        "SELECT universal_transactions.begin_bulk_load('universal_transactions.cpg_wholesale')"
    ).fetchall()
    rolled_back.execute(
        f"INSERT INTO {SCHEMA}.cpg_wholesale (cliente_id, monto_total) SELECT 1, 20000 FROM generate_series(1, 100)"
    )
    for statement in restoring:
        rolled_back.execute(statement)
    assert requests(rolled_back) == []
    assert definitions(rolled_back) == before
    assert rolled_back.execute(f"SELECT sum(monto_total) FROM {SCHEMA}.cpg_wholesale").fetchall() == [
        (Decimal(2_000_000),)
    ]
