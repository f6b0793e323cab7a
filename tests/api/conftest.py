"""Every test that takes `client` runs twice: through the Lambda function and through HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.published import publish
from tests.fix_api import CLIENTS, Client, HttpClient
from tests.fix_database import Database, create_database, drop_database


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


@pytest.fixture(scope="module")
def library(migrated_template: Database) -> Iterator[Database]:
    """A module's own database with public.summary published, to be read only."""
    database = create_database(migrated_template.server, template=migrated_template.name)
    publish(database, base="public.summary_base")
    yield database
    drop_database(database)


@pytest.fixture(scope="module", params=list(CLIENTS))
def reader(request: pytest.FixtureRequest, library: Database) -> Iterator[Client]:
    """The API over the library."""
    client = CLIENTS[request.param](library)
    yield client
    client.close()
