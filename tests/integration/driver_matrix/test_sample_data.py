"""The sample data."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.driver_matrix.system import LIMA, TABLES, Connection, generate

AS_OF = date(2026, 2, 14)
# Of generate_sample_data(1234, '2026-02-14').
GENERATED = {
    "public.drivers": "bc0b6e85565a0433ba1566867686c4e8",
    "observational.leads": "bfb5cfae2b716cecf699f9135f7b299a",
    "ops.trips": "874b6fe14cbfa2e16d9465f6e198a57b",
    "ops.funnel_events": "8998c4ebb692da904ad2ca1abae4e8ef",
    "ops.milestone_rules": "7335900684d6a215c194c426bd965b29",
    "ops.yango_claims": "3e9e741da77bad1cc9761abd8f736f9e",
    "ops.yango_payments": "69b9e6bbfd55f9c95e5ea9a1315a55a9",
    "ops.yango_statements": "819b80eff08cecc7751336dc93e2a900",
}


def checksums(connection: Connection) -> dict[str, str]:
    """One md5 for each table: of its rows' text, in the order of their key."""
    connection.execute("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
    return {
        table: connection.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY {key})) FROM {table} AS t").fetchall()[
            0
        ][0]
        for table, key in TABLES.items()
    }


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_equal_arguments_give_equal_rows_in_every_database(connection: Connection, zone: str) -> None:
    """Literals, so that every version and platform that runs this agrees with all others."""
    connection.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    generate(connection, 1_234, AS_OF)
    assert checksums(connection) == GENERATED


def test_the_sample_looks_like_a_fleet(connection: Connection) -> None:
    generate(connection, 2_000, AS_OF)

    def column(query: str) -> list[object]:
        return [value for (value,) in connection.execute(query.encode()).fetchall()]

    moments = connection.execute(
        "SELECT registered_at FROM observational.leads UNION ALL SELECT ended_at FROM ops.trips"
        " UNION ALL SELECT happened_at FROM ops.funnel_events UNION ALL SELECT claimed_at FROM ops.yango_claims"
        " UNION ALL SELECT paid_at FROM ops.yango_payments"
    ).fetchall()
    days = {moment.astimezone(LIMA).date() for (moment,) in moments}
    assert (min(days), max(days)) == (AS_OF - timedelta(days=364), AS_OF - timedelta(days=1))
    assert column("SELECT max(statement_date) FROM ops.yango_statements") == [AS_OF - timedelta(days=1)]
    assert len(set(column("SELECT date_trunc('week', lead_date::timestamp) FROM observational.leads"))) == 53

    (leads,) = column("SELECT count(DISTINCT driver_id) FROM observational.leads")
    (twice,) = column("SELECT count(*) - count(DISTINCT driver_id) FROM observational.leads")
    (cabinet,) = column("SELECT count(*) FROM observational.leads WHERE origin_tag = 'cabinet'")
    assert isinstance(leads, int)
    assert isinstance(twice, int)
    assert isinstance(cabinet, int)
    assert 1_800 < leads < 1_950
    assert 20 < twice < 100
    assert 0.4 < cabinet / leads < 0.6
    (unknown,) = column("SELECT count(*) FROM ops.yango_claims WHERE driver_id > 2000")
    assert unknown == 11
    assert set(column("SELECT status FROM ops.yango_claims")) == {"submitted", "approved", "rejected"}
    # The payment of a claim comes after it.
    assert column(
        "SELECT count(*) FROM ops.yango_payments AS p JOIN ops.yango_claims AS c USING (claim_id)"
        " WHERE p.paid_at <= c.claimed_at"
    ) == [0]


def test_it_says_how_many_rows_each_table_got(connection: Connection) -> None:
    said = connection.execute("SELECT * FROM driver_matrix.generate_sample_data(50)").fetchall()
    assert [table for table, _ in said] == list(TABLES)
    for table, number in said:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (number,)
        assert number > 0


def test_the_command_line_names_the_tables_by_their_own_schemas(
    matrix_database: Database, command_line: CommandLine
) -> None:
    result = command_line(matrix_database, "sample", "driver_matrix", "--size", "20")
    assert [line.split()[1] for line in result.stdout.splitlines()] == list(TABLES)


def test_loading_leaves_keys_and_indexes_as_the_migration_made_them(connection: Connection) -> None:
    schemas = "('ops', 'observational', 'public')"
    definitions = (
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE connamespace::regnamespace::text IN {schemas}"
        f" UNION ALL SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname IN {schemas}"
        " ORDER BY 1, 2, 3"
    )
    before = connection.execute(definitions).fetchall()
    generate(connection, 100)
    assert connection.execute(definitions).fetchall() == before
    assert len(before) > 50


def test_after_loading_new_rows_get_the_next_ids(connection: Connection) -> None:
    generate(connection, 100)
    inserts = {
        ("ops.trips", "trip_id"): "(driver_id, status) VALUES (1, 'completed')",
        ("ops.funnel_events", "event_id"): "(driver_id, stage) VALUES (1, 'connected')",
        ("observational.leads", "lead_id"): "(driver_id, origin_tag) VALUES (1, 'another')",
        ("ops.yango_claims", "claim_id"): (
            "(driver_id, milestone_value, lead_date, amount) VALUES (1, 1, '2025-03-05', 1)"
        ),
        ("ops.yango_payments", "payment_id"): (
            "(claim_id, driver_id, milestone_value, amount)"
            " SELECT claim_id, driver_id, milestone_value, 1 FROM ops.yango_claims LIMIT 1"
        ),
    }
    for (table, key), values in inserts.items():
        ((highest,),) = connection.execute(f"SELECT max({key}) FROM {table}").fetchall()
        assert connection.execute(f"INSERT INTO {table} {values} RETURNING {key}").fetchone() == (highest + 1,)


def test_the_smallest_sample_is_one_driver(connection: Connection) -> None:
    generate(connection, 1)
    assert connection.execute("SELECT count(*) FROM public.drivers").fetchone() == (1,)


@pytest.mark.parametrize(
    "row",
    [
        "public.drivers VALUES (1, 'Ana', 'Lima')",
        "ops.milestone_rules VALUES ('cabinet', 1, '2025-01-01', 25, 14)",
        "ops.yango_claims (driver_id, milestone_value, lead_date, amount) VALUES (1, 1, '2025-03-05', 25)",
        "ops.yango_statements VALUES ('2025-03-05')",
    ],
)
def test_the_generator_refuses_tables_with_rows(connection: Connection, row: str) -> None:
    connection.execute(f"INSERT INTO {row}")
    before = checksums(connection)
    with (
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="hold rows already") as refused,
        connection.transaction(),
    ):
        generate(connection, 100)
    assert checksums(connection) == before
    hint = refused.value.diag.message_hint or ""
    connection.execute(hint.removeprefix("To throw those rows away: "))
    generate(connection, 100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("generate_sample_data(0)", "cannot generate 0 drivers"),
        ("generate_sample_data(NULL)", "cannot generate NULL drivers"),
        ("generate_sample_data(2000001)", "cannot generate 2000001 drivers"),
        ("generate_sample_data(10, 'infinity')", "cannot generate drivers up to infinity"),
        ("generate_sample_data(10, NULL)", "cannot generate drivers up to NULL"),
    ],
)
def test_unusable_arguments_are_explained(connection: Connection, call: str, message: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message) as refused:
        connection.execute(f"SELECT driver_matrix.{call}")
    assert refused.value.diag.message_hint
