"""Bad rows are rejected by name."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.universal_transactions.system import LINES, REQUIRED, SCHEMA, Connection

CHARGE = "subscription_charges (cliente_id, suscripcion_id, plan, periodo, monto_total)"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("clientes VALUES (1, 'Otro', 'persona', 'León')", "clientes_pkey"),
        ("clientes VALUES (2, ' ', 'persona', 'León')", "clientes_nombre_is_not_blank"),
        ("clientes VALUES (2, 'Otro', 'gobierno', 'León')", "clientes_tipo_is_known"),
        ("clientes VALUES (2, 'Otro', 'persona', '')", "clientes_ciudad_is_not_blank"),
        ("cpg_consignment (cliente_id, monto_total) VALUES (2, 1)", "cpg_consignment_cliente_id_fkey"),
        (
            "cpg_consignment (cliente_id, monto_total, unidades) VALUES (1, 1, 0)",
            "cpg_consignment_unidades_is_positive",
        ),
        (
            "cpg_consignment (cliente_id, monto_total, comision_pct) VALUES (1, 1, 100.01)",
            "cpg_consignment_comision_pct_is_a_percentage",
        ),
        ("cpg_pos (sucursal, monto_total, cliente_id) VALUES ('A', 1, 2)", "cpg_pos_cliente_id_fkey"),
        ("cpg_pos (sucursal, monto_total) VALUES (' ', 1)", "cpg_pos_sucursal_is_not_blank"),
        ("cpg_pos (sucursal, monto_total, caja) VALUES ('A', 1, 0)", "cpg_pos_caja_is_positive"),
        ("cpg_wholesale (cliente_id, monto_total) VALUES (2, 1)", "cpg_wholesale_cliente_id_fkey"),
        (
            "cpg_wholesale (cliente_id, monto_total, dias_credito) VALUES (1, 1, 181)",
            "cpg_wholesale_dias_credito_is_in_bounds",
        ),
        ("ecommerce_orders (cliente_id, monto_productos) VALUES (2, 1)", "ecommerce_orders_cliente_id_fkey"),
        (
            "ecommerce_orders (cliente_id, monto_productos, canal) VALUES (1, 1, 'fax')",
            "ecommerce_orders_canal_is_known",
        ),
        (
            "ecommerce_orders (cliente_id, monto_productos, monto_envio) VALUES (1, 1, -1)",
            "ecommerce_orders_monto_envio_is_an_amount",
        ),
        (
            "ecommerce_orders (cliente_id, monto_productos) VALUES (1, -0.01)",
            "ecommerce_orders_monto_productos_is_an_amount",
        ),
        (
            f"{CHARGE} VALUES (1, 1, 'negocio', '2025-01-02', 1)",
            "subscription_charges_periodo_is_a_month",
        ),
        (
            f"{CHARGE} VALUES (1, 1, 'gratis', '2025-01-01', 1)",
            "subscription_charges_plan_is_known",
        ),
        (
            f"{CHARGE} VALUES (1, 1, 'negocio', '2025-01-01', 1), (1, 1, 'negocio', '2025-01-01', 1)",
            "subscription_charges_suscripcion_id_periodo_key",
        ),
    ],
)
def test_a_bad_row_is_rejected_by_name(rolled_back: Connection, statement: str, constraint: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as rejected:
        rolled_back.execute(f"INSERT INTO {SCHEMA}.{statement}".encode())
    assert rejected.value.diag.constraint_name == constraint


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("moneda", "USD", "moneda_is_mxn"),
        ("fecha", "infinity", "fecha_is_finite"),
        ("estado", "perdida", "estado_is_known"),
        ("metodo_pago", "trueque", "metodo_pago_is_known"),
        ("monto_total", "-0.01", "monto_total_is_an_amount"),
        ("monto_total", "NaN", "monto_total_is_an_amount"),
    ],
)
def test_what_every_line_rejects(rolled_back: Connection, line: str, column: str, value: str, constraint: str) -> None:
    amount = "monto_total"
    if line == "ecommerce_orders":  # whose total is a sum
        amount, column, constraint = (name.replace("total", "productos") for name in (amount, column, constraint))
    columns, values = REQUIRED[line]
    columns, values = (
        (f"{columns}, {column}", f"{values}, '{value}'")
        if column == amount
        else (f"{columns}, {amount}, {column}", f"{values}, 1, '{value}'")
    )
    with pytest.raises(psycopg.errors.CheckViolation) as rejected:
        rolled_back.execute(f"INSERT INTO {SCHEMA}.{line} ({columns}) VALUES ({values})".encode())
    assert rejected.value.diag.constraint_name == f"{line}_{constraint}"
