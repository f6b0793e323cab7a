"""Every test that takes `control` runs twice: through the Lambda function and through HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_api import CLIENTS
from tests.fix_control import Control, make_control
from tests.fix_database import Database


@pytest.fixture(params=list(CLIENTS))
def control(request: pytest.FixtureRequest, database: Database) -> Iterator[Control]:
    """The API over a migrated database without any view."""
    control = make_control(request.param, database)
    yield control
    control.close()
