"""The sample data."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.teloo.system import BOGOTA, TABLES, Connection, generate, read_tables, start_of

AS_OF = date(2025, 2, 14)
# Of generate_sample_data(1234, '2025-02-14').
GENERATED = {
    "clientes": "f8bf8bf2e5baf02647f3924377dfac57",
    "asesores": "7ec39e2014c337a169249f06c14accfe",
    "solicitudes": "7f6153440416e75a82521f0acc67f0a3",
    "ofertas": "22f6026e1d588714c8a86c7c28a3122e",
    "evaluaciones": "0ae4bec37f35caa9f90499c163c0c8f1",
    "auditorias": "3cbd3968378e41c7c4f5d4a42d90a44b",
    "notificaciones": "0c40664719c496093426468252b7e2dd",
}


def checksums(connection: Connection) -> dict[str, str]:
    """One md5 for each table: of its rows' text, in the order of their key."""
    query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY {key})) FROM {table} AS t")
    with connection.transaction():
        connection.execute("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
        return {
            table: connection.execute(
                query.format(table=sql.Identifier("teloo", table), key=sql.Identifier(key))
            ).fetchall()[0][0]
            for table, key in TABLES.items()
        }


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_equal_arguments_give_equal_rows_in_every_database(connection: Connection, zone: str) -> None:
    """Literals, so that every version and platform that runs this agrees with all others."""
    connection.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    generate(connection, 1_234, AS_OF)
    assert checksums(connection) == GENERATED


def test_the_sample_looks_like_a_marketplace(connection: Connection) -> None:
    generate(connection, 3_000, AS_OF)
    tables = read_tables(connection)
    requests = sorted(tables["solicitudes"], key=lambda request: request["id"])
    days = [request["creada_en"].astimezone(BOGOTA).date() for request in requests]
    assert len(requests) == 3_000
    assert days == sorted(days)
    assert (days[0], days[-1]) == (date(2023, 12, 1), AS_OF - timedelta(days=1))
    months = Counter((day.year, day.month) for day in days)
    assert 0 < months[2023, 12] < 10  # the pilot
    assert months[2024, 1] == 0  # the pause
    full = [months[2024, month] for month in range(2, 13)] + [months[2025, 1]]
    assert min(full) > 50
    assert full[-1] > 2 * full[0]
    assert {request["estado"] for request in requests[:2_500]} == {
        *("ACEPTADA", "RECHAZADA", "EXPIRADA", "CERRADA_SIN_OFERTAS")
    }
    assert {"ABIERTA", "EVALUADA"} < {request["estado"] for request in requests[2_900:]}
    assert {request["creada_en"].astimezone(BOGOTA).hour for request in requests} == set(range(24))


def test_nothing_is_later_than_the_day_it_was_made_for(connection: Connection) -> None:
    generate(connection, 2_000, AS_OF)
    moments = [
        value
        for rows in read_tables(connection).values()
        for row in rows
        for value in row.values()
        if isinstance(value, datetime)
    ]
    assert start_of(AS_OF) - timedelta(hours=2) < max(moments) < start_of(AS_OF)


def test_what_is_told_of_a_request_agrees(connection: Connection) -> None:
    """States, offers, evaluations and notifications: the rules that no constraint holds."""
    generate(connection, 2_000, AS_OF)
    tables = read_tables(connection)
    offers: dict[int, list[Any]] = {}
    for offer in tables["ofertas"]:
        offers.setdefault(offer["solicitud_id"], []).append(offer)
    scores = {row["oferta_id"]: row["puntaje_total"] for row in tables["evaluaciones"]}
    answers = {(row["solicitud_id"], row["asesor_id"]): row["respondida_en"] for row in tables["notificaciones"]}
    for request in tables["solicitudes"]:
        made = offers.get(request["id"], [])
        won = [offer for offer in made if offer["ganadora"]]
        assert len(won) == (bool(made) and request["estado"] != "ABIERTA")
        assert (request["estado"] == "CERRADA_SIN_OFERTAS") <= (not made)
        accepted = [offer["aceptada_en"] for offer in made if offer["aceptada_en"] is not None]
        assert accepted == ([request["cerrada_en"]] if request["estado"] == "ACEPTADA" else [])
        if won:
            assert scores[won[0]["id"]] == max(scores[offer["id"]] for offer in made)
        for offer in made:
            assert offer["enviada_en"] == answers[request["id"], offer["asesor_id"]] > request["creada_en"]
    assert len(scores) > 1_000


def test_loading_leaves_keys_and_indexes_as_the_migration_made_them(connection: Connection) -> None:
    definitions = (
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'teloo'::regnamespace"
        " UNION ALL SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'teloo'"
        " ORDER BY 1, 2, 3"
    )
    before = connection.execute(definitions).fetchall()
    generate(connection, 500)
    assert connection.execute(definitions).fetchall() == before
    assert len(before) > 60


def test_after_loading_new_rows_get_the_next_ids(connection: Connection) -> None:
    generate(connection, 500)
    ((client, request, offer, audit, notification),) = connection.execute(
        "SELECT nextval('teloo.clientes_id_seq'), nextval('teloo.solicitudes_id_seq'), nextval('teloo.ofertas_id_seq'),"
        " nextval('teloo.auditorias_id_seq'), nextval('teloo.notificaciones_id_seq')"
    ).fetchall()
    tables = {table: len(rows) for table, rows in read_tables(connection).items()}
    assert (client, request) == (tables["clientes"] + 1, 501)
    assert (offer, audit, notification) == tuple(
        tables[table] + 1 for table in ("ofertas", "auditorias", "notificaciones")
    )


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2025, 3, 1), date(2025, 1, 1)])
def test_any_size_and_day_will_do(connection: Connection, as_of: date) -> None:
    for solicitudes in (1, 2, 60):
        with connection.transaction(force_rollback=True):
            generate(connection, solicitudes, as_of)
            assert len(read_tables(connection)["solicitudes"]) == solicitudes


def test_the_generator_refuses_tables_with_rows(connection: Connection) -> None:
    generate(connection, 100)
    before = checksums(connection)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="hold rows already") as refused:
        generate(connection, 100)
    hint = refused.value.diag.message_hint or ""
    assert checksums(connection) == before

    connection.execute(hint.removeprefix("To throw those rows away: ").encode())
    generate(connection, 100)
    assert checksums(connection) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("generate_sample_data(0)", "cannot generate 0 requests"),
        ("generate_sample_data(NULL)", "cannot generate NULL requests"),
        ("generate_sample_data(20000001)", "cannot generate 20000001 requests"),
        ("generate_sample_data(10, 'infinity')", "cannot generate requests up to infinity"),
        ("generate_sample_data(10, '1999-12-31')", "cannot generate requests up to 1999-12-31"),
        ("generate_sample_data(10, NULL)", "cannot generate requests up to NULL"),
    ],
)
def test_unusable_arguments_are_explained(connection: Connection, call: str, message: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message) as refused:
        connection.execute(f"SELECT teloo.{call}".encode())
    assert refused.value.diag.message_hint


def test_the_command_fills_the_tables(teloo_database: Database, command_line: CommandLine) -> None:
    filled = command_line(teloo_database, "sample", "teloo", "--size", "400", "--json")
    assert filled.exit_code == 0, filled.stderr
    assert [table["table_name"] for table in filled.json] == list(TABLES)
    assert {"table_name": "solicitudes", "row_count": 400} in filled.json
