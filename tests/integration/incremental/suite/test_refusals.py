"""Shapes of which nothing would come are refused, in words, and nothing is left behind."""

from __future__ import annotations

import pytest

from refresh_task.errors import ConfigurationError
from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.adapter import enable_for_test
from tests.integration.incremental.suite.templates import template

pytestmark = pytest.mark.version_independent

_LEFT = """
    SELECT (SELECT count(*) FROM bi_refresh.incremental_view) + (SELECT count(*) FROM bi_refresh.captured_table)
        + (SELECT count(*) FROM pg_class WHERE relnamespace = 'bi_refresh_incremental'::regnamespace)
        + (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'bi\\_refresh\\_capture%')
"""


def test_shapes_of_which_nothing_would_come_are_refused(migrated_template: Database) -> None:
    wrong: list[str] = []
    with template(migrated_template, []) as database:
        for shape in SHAPES:
            if shape.can_be_enabled:
                continue
            try:
                enable_for_test(database, [shape])
            except ConfigurationError as error:
                words = shape.obstacle or "a change of any table that it reads may touch all of its rows"
                if words not in str(error):
                    wrong.append(f"{shape.name}: {error}")
            else:
                wrong.append(f"{shape.name} was enabled")
        assert database.value(_LEFT) == 0
    assert wrong == []
