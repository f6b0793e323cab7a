"""Databases that are not in UTF-8: what we bring has to have an equivalent there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from demo.server import EmbeddedServer
from refresh_task import incremental
from tests.fix_database import Database, drop_database
from tests.integration.migrations.migrating import CORE, up

VIEW = 'public."mv_año"'


@pytest.fixture(params=["LATIN1", "EUC_JP"])
def encoded(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database in this encoding."""
    database = Database(server, f"test_{uuid.uuid4().hex[:12]}")
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C'").format(
                sql.Identifier(database.name), request.param
            )
        )
        # what the tests themselves send; sessions of ours say so
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET client_encoding = utf8").format(sql.Identifier(database.name))
        )
    yield database
    drop_database(database)


@pytest.mark.version_independent
def test_one_is_migrated_and_refreshed_incrementally(encoded: Database) -> None:
    assert up(encoded) == CORE
    encoded.execute(
        f"""
        CREATE TABLE public."año" (id integer PRIMARY KEY, "señal" text NOT NULL);
        INSERT INTO public."año" SELECT i, 'ñ' || i % 3 FROM generate_series(1, 30) AS i;
        CREATE MATERIALIZED VIEW {VIEW} AS SELECT "señal", count(*) AS n FROM public."año" GROUP BY "señal";
        CREATE UNIQUE INDEX ON {VIEW} ("señal");
        """
    )
    encoded.manage(VIEW)
    with encoded.session() as session:
        incremental.enable(session, VIEW)
    encoded.execute("""DELETE FROM public."año" WHERE id = 3; UPDATE public."año" SET "señal" = 'á' WHERE id = 4""")
    with encoded.connect() as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        connection.execute("SELECT * FROM bi_refresh.refresh_bi_views()")
    assert encoded.value("SELECT strategy FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1") == "incremental"
    assert encoded.rows(f"TABLE {VIEW} ORDER BY n, 1") == [("á", 1), ("ñ0", 9), ("ñ1", 9), ("ñ2", 10)]
    with encoded.session() as session:
        incremental.disable(session, VIEW)
    assert encoded.value("SELECT count(*) FROM pg_matviews WHERE matviewname = 'mv_año'") == 1
