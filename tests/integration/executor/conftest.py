"""The executor in the test's database."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.integration.executor.driver import Executor


@pytest.fixture
def executor(database: Database) -> Executor:
    """Carries steps out in the test's database."""
    return Executor(database)
