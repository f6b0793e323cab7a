"""A connection to a database with fluxion, and a shop in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_database import Database
from tests.integration.fluxion.shop import Shop
from tests.integration.fluxion.system import Connection, today_in_caracas


@pytest.fixture
def connection(fluxion_database: Database) -> Iterator[Connection]:
    with fluxion_database.connect() as opened:
        yield opened


@pytest.fixture
def shop(connection: Connection) -> Iterator[Shop]:
    with connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO fluxion.ubicaciones VALUES (1, 'Tienda Chacao', 'CARACAS', 'tienda')")
        connection.execute("INSERT INTO fluxion.almacenes VALUES (1, 'PISO', 'Piso de venta')")
        yield Shop(connection, today_in_caracas(connection))
