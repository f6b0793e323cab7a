"""The view as an object, and its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.fix_steps import differing_rows
from tests.integration.universal_transactions.expected import STATES, expected_rows
from tests.integration.universal_transactions.system import (
    BASE_QUERY,
    LINES,
    MATERIALIZED_VIEW,
    SCHEMA,
    Connection,
    add,
    generate,
    logged_refresh,
    read_view,
)


def test_the_materialized_view_has_its_columns_in_order(rolled_back: Connection) -> None:
    columns = rolled_back.execute(
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) IS NOT NULL"
        " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [MATERIALIZED_VIEW],
    ).fetchall()
    assert columns == [
        ("origen", "text", True),
        ("transaccion_id", "bigint", True),
        ("fecha", "timestamp with time zone", True),
        ("dia", "date", True),
        ("cliente_id", "integer", True),
        ("cliente_nombre", "text", True),
        ("cliente_ciudad", "text", True),
        ("metodo_pago", "text", True),
        ("estado", "text", True),
        ("estado_origen", "text", True),
        ("monto_total", "numeric(14,2)", True),
        ("monto_cobrado", "numeric(14,2)", True),
        ("moneda", "text", True),
        ("es_alto_valor", "boolean", True),
    ]


def test_the_materialized_view_has_its_indexes(rolled_back: Connection) -> None:
    definitions = rolled_back.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = 'universal_transactions_mv'"
        " ORDER BY indexname",
        [SCHEMA],
    ).fetchall()
    on = f"ON {MATERIALIZED_VIEW} USING btree"
    assert definitions == [
        (f"CREATE INDEX idx_universal_transactions_mv_cliente {on} (cliente_id, fecha)",),
        (f"CREATE INDEX idx_universal_transactions_mv_fecha {on} (fecha)",),
        (f"CREATE UNIQUE INDEX idx_universal_transactions_mv_pk {on} (origen, transaccion_id)",),
    ]


def test_every_line_and_every_state_comes_out_as_worked_out_in_python(emptied: Connection) -> None:
    generate(emptied, 6_000, date(2025, 1, 4))
    rows = read_view(emptied)

    assert rows == expected_rows(emptied)
    assert len(rows) == 6_000
    assert {(row[0], row[9]) for row in rows} == {(line, state) for line, states in STATES.items() for state in states}


def test_the_refreshed_view_is_its_base_query(connection: Connection) -> None:
    """Filled, and then brought up to date by a concurrent refresh: new, changed, renamed and removed."""
    add(connection, "cpg_pos", "10")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        read_view(connection, MATERIALIZED_VIEW)
    for line in LINES:
        add(connection, line, "120.50")
    assert logged_refresh(connection)["rows_affected"] == 6
    assert read_view(connection, MATERIALIZED_VIEW) == expected_rows(connection)

    add(connection, "cpg_consignment", "50000")
    connection.execute("UPDATE universal_transactions.cpg_wholesale SET estado = 'pagada'")
    connection.execute("UPDATE universal_transactions.clientes SET nombre = 'Abarrotes La Nueva Esperanza'")
    connection.execute("DELETE FROM universal_transactions.cpg_pos WHERE id = 1")
    assert logged_refresh(connection)["rows_affected"] == 6
    assert read_view(connection, MATERIALIZED_VIEW) == expected_rows(connection)
    assert differing_rows(connection, MATERIALIZED_VIEW) == 0


def test_a_day_is_a_day_of_mexico_city_whatever_the_session_s_zone(rolled_back: Connection) -> None:
    """Half past eleven at night there: 05:30 of the next day in UTC."""
    rolled_back.execute(
        f"INSERT INTO {SCHEMA}.cpg_pos (fecha, sucursal, monto_total) VALUES"
        " ('2025-01-03 23:30:00-06', 'Sucursal 1', 1), ('2025-01-04 00:00:00-06', 'Sucursal 1', 1)"
    )
    days = []
    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
        rolled_back.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        days.append(rolled_back.execute(f"SELECT dia FROM {BASE_QUERY} ORDER BY transaccion_id").fetchall())
    assert days == [[(date(2025, 1, 3),), (date(2025, 1, 4),)]] * 3


def test_a_sale_without_a_customer_has_its_row(rolled_back: Connection) -> None:
    add(rolled_back, "cpg_pos", "99.90")
    ((customer, name, city, amount),) = rolled_back.execute(
        f"SELECT cliente_id, cliente_nombre, cliente_ciudad, monto_cobrado FROM {BASE_QUERY}"
    ).fetchall()
    assert (customer, name, city, amount) == (None, None, None, Decimal("99.90"))


def test_lines_may_use_the_same_ids(connection: Connection) -> None:
    assert {add(connection, line, "1") for line in LINES} == {1}
    assert logged_refresh(connection)["status"] == "completed"
    assert logged_refresh(connection)["status"] == "completed"  # concurrently, by the unique key of both columns


@pytest.mark.parametrize(
    ("condition", "tables"),
    [
        ("origen = 'cpg_pos' AND transaccion_id = 7", {"cpg_pos": "id = 7"}),
        ("cliente_id = 7", dict.fromkeys(LINES, "cliente_id = 7")),
    ],
)
def test_one_key_is_read_without_the_other_rows(emptied: Connection, condition: str, tables: Mapping[str, str]) -> None:
    """What makes recomputing a slice cheap: its key reaches the tables' indexes, of those lines that can have it."""
    generate(emptied, 5_000)
    emptied.execute("SET LOCAL enable_seqscan = off")
    plan = emptied.execute(f"EXPLAIN (FORMAT JSON) SELECT * FROM {BASE_QUERY} WHERE {condition}").fetchone()
    assert plan is not None

    scans = dict(scans_of(plan[0][0]["Plan"], set(LINES)))
    assert scans.keys() == tables.keys()
    for line, expected in tables.items():
        assert expected in scans[line]


def scans_of(node: Mapping[str, Any], tables: set[str]) -> Iterator[tuple[str, str]]:
    """Each table that is read, with the conditions on its index; a bitmap scan keeps its own below."""
    if node.get("Relation Name") in tables:
        below = [child.get("Index Cond") for child in node.get("Plans", [])]
        yield node["Relation Name"], json.dumps([node.get("Index Cond"), *below])
    for child in node.get("Plans", []):
        yield from scans_of(child, tables)
