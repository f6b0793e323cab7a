"""Every test that takes `client` runs twice: through the Lambda function and through HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_api import CLIENTS, Client, HttpClient
from tests.fix_database import Database


@pytest.fixture(params=list(CLIENTS))
def client(request: pytest.FixtureRequest, database: Database) -> Iterator[Client]:
    """The API over a migrated database without any view."""
    client = CLIENTS[request.param](database)
    yield client
    client.close()


@pytest.fixture
def http(database: Database) -> Iterator[HttpClient]:
    """The local server's application only: for what Lambda does not do."""
    client = HttpClient(database)
    yield client
    client.close()
