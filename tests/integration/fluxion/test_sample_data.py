"""The sample data."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from tests.integration.fluxion.system import AFTER_NEW_SALES, CARACAS, GENERATED, TABLES, Connection, generate


def checksums(connection: Connection) -> dict[str, str]:
    """One md5 for each table: of its rows' text, in the order of their key."""
    query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY {key})) FROM {table} AS t")
    with connection.transaction():
        connection.execute("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
        return {
            table: connection.execute(
                query.format(table=sql.Identifier("fluxion", table), key=sql.SQL(key))
            ).fetchall()[0][0]
            for table, key in TABLES.items()
        }


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_equal_arguments_give_equal_rows_in_every_database(connection: Connection, zone: str) -> None:
    """Literals, so that every version and platform that runs this agrees with all others."""
    connection.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    generate(connection, 12_345, date(2025, 2, 14))
    assert checksums(connection) == GENERATED

    connection.execute("SELECT fluxion.add_sample_sales(800, '2025-02-14 15:00:00-04')")
    assert checksums(connection) == {**GENERATED, **AFTER_NEW_SALES}


def test_the_sample_looks_like_a_chain_of_stores(connection: Connection) -> None:
    today = date(2025, 2, 14)
    generate(connection, 20_000, today)
    sales = connection.execute("SELECT fecha, producto_id FROM fluxion.ventas ORDER BY id").fetchall()

    days = [moment.astimezone(CARACAS).date() for moment, _ in sales]
    assert days == sorted(days)
    assert (days[0], days[-1]) == (today - timedelta(days=90), today - timedelta(days=1))
    assert 0.35 < sum(day >= today - timedelta(days=30) for day in days) / len(days) < 0.50
    by_weekday = [sum(day.weekday() == weekday for day in days) for weekday in range(7)]
    assert by_weekday.index(max(by_weekday)) == 5
    assert {moment.astimezone(CARACAS).hour for moment, _ in sales} == set(range(8, 20))

    per_product: dict[int, int] = defaultdict(int)
    for _, product in sales:
        per_product[product] += 1
    ranked = sorted(per_product.values(), reverse=True)
    assert sum(ranked[:12]) > 0.4 * len(sales)  # a fifth of the 60 products
    assert len(ranked) < 60  # some are never sold


def test_loading_leaves_keys_and_indexes_as_the_migration_made_them(connection: Connection) -> None:
    definitions = (
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'fluxion'::regnamespace"
        " UNION ALL SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'fluxion'"
        " ORDER BY 1, 2, 3"
    )
    before = connection.execute(definitions).fetchall()
    generate(connection, 1_000)

    assert connection.execute(definitions).fetchall() == before
    assert len(before) > 30


def test_after_loading_new_sales_get_the_next_ids(connection: Connection) -> None:
    generate(connection, 1_000)
    assert connection.execute("SELECT fluxion.add_sample_sales(3)").fetchone() == (3,)
    ids = connection.execute("SELECT id FROM fluxion.ventas WHERE id > 1000 ORDER BY id").fetchall()
    assert ids == [(1001,), (1002,), (1003,)]


def test_what_is_sold_leaves_the_stock(connection: Connection) -> None:
    generate(connection, 1_000, date(2025, 2, 14))
    total = "SELECT sum(cantidad) FROM fluxion.inventario"
    sold = (
        "SELECT sum(v.cantidad) FROM fluxion.ventas AS v"
        " JOIN fluxion.inventario USING (ubicacion_id, almacen_codigo, producto_id) WHERE v.id > 1000"
    )
    before = connection.execute(total).fetchall()[0][0]
    connection.execute("SELECT fluxion.add_sample_sales(100, '2025-02-14 15:00:00-04')")

    assert connection.execute(total).fetchall()[0][0] == before - connection.execute(sold).fetchall()[0][0]
    moments = connection.execute("SELECT min(fecha), max(fecha) FROM fluxion.ventas WHERE id > 1000").fetchall()[0]
    assert datetime(2025, 2, 14, 18, 50, tzinfo=UTC) <= moments[0] < moments[1] <= datetime(2025, 2, 14, 19, tzinfo=UTC)


def test_the_generator_refuses_tables_with_rows(connection: Connection) -> None:
    generate(connection, 100)
    before = checksums(connection)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="hold rows already") as refused:
        generate(connection, 100)
    assert "TRUNCATE fluxion.ventas" in (refused.value.diag.message_hint or "")
    assert checksums(connection) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("generate_sample_data(0)", "cannot generate 0 sales"),
        ("generate_sample_data(NULL)", "cannot generate NULL sales"),
        ("generate_sample_data(100000001)", "cannot generate 100000001 sales"),
        ("generate_sample_data(10, 'infinity')", "cannot generate sales up to infinity"),
        ("add_sample_sales(-1)", "cannot add -1 sales"),
        ("add_sample_sales(NULL)", "cannot add NULL sales"),
        ("add_sample_sales(1, 'infinity')", "cannot add 1 sales at infinity"),
    ],
)
def test_unusable_arguments_are_explained(connection: Connection, call: str, message: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message) as refused:
        connection.execute(f"SELECT fluxion.{call}")
    assert refused.value.diag.message_hint


def test_new_sales_need_earlier_ones(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is empty") as refused:
        connection.execute("SELECT fluxion.add_sample_sales(1)")
    assert "generate_sample_data" in (refused.value.diag.message_hint or "")
