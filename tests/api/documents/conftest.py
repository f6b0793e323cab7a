"""Every test runs twice, through the Lambda function and through HTTP, over a database with all four systems."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_api import CLIENTS
from tests.fix_control import Control, make_control
from tests.fix_database import Database, create_database, drop_database


@pytest.fixture(scope="module")
def shared_database(systems_template: Database) -> Iterator[Database]:
    """A module's own, for tests that do not mind each other's refreshes."""
    database = create_database(systems_template.server, template=systems_template.name)
    yield database
    drop_database(database)


@pytest.fixture(scope="module", params=list(CLIENTS))
def shared(request: pytest.FixtureRequest, shared_database: Database) -> Iterator[Control]:
    """The API over it."""
    control = make_control(request.param, shared_database)
    yield control
    control.close()


@pytest.fixture(params=list(CLIENTS))
def control(request: pytest.FixtureRequest, systems_database: Database) -> Iterator[Control]:
    """The API over a database of the test's own."""
    control = make_control(request.param, systems_database)
    yield control
    control.close()
