"""The suite itself: a defect that is planted is found, and the history that shows it is cut down to what it takes."""

from __future__ import annotations

import random

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.compare import differences
from tests.integration.incremental.suite.explanation import Again
from tests.integration.incremental.suite.generator import history_of_shapes
from tests.integration.incremental.suite.history import Refresh, Run, Write
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.shrinking import shrink, until_failure
from tests.integration.incremental.suite.templates import clone, template

pytestmark = pytest.mark.version_independent

# Rows as they were before an update or a deletion are not captured.
_DEFECT = """
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    DO $$
    DECLARE
        log regclass;
    BEGIN
        FOR log IN SELECT oid FROM pg_class WHERE relnamespace = 'bi_refresh_incremental'::regnamespace
            AND relname ~ '^log_\\d+$'
        LOOP
            EXECUTE format('CREATE TRIGGER lose BEFORE INSERT ON %s FOR EACH ROW WHEN (NEW.bi_refresh_weight = -1)'
                ' EXECUTE FUNCTION lose()', log);
        END LOOP;
    END
    $$;
"""


def test_a_planted_defect_is_found_and_cut_down(migrated_template: Database) -> None:
    shapes = [shape for shape in SHAPES if shape.name == "filters"]
    definitions = {shape.view: shape.query for shape in shapes}
    with template(migrated_template, shapes) as made:
        made.execute(_DEFECT)
        made.wait_until_alone()
        version = made.value("SELECT current_setting('server_version_num')::integer")
        choice = random.Random("planted")  # noqa: S311  # reproducible, not secret
        history = history_of_shapes(choice, shapes, rounds=20, server_version=version)
        with clone(made) as database:
            failure = Player(database, definitions).play(history)
        assert failure is not None
        small = shrink(until_failure(history, failure.event, failure.view), Again(made, definitions, failure))
    writes = [event for event in small if isinstance(event, Write)]
    assert [len(event.statements) for event in writes] == [1]
    assert [event for event in small if isinstance(event, Refresh)] == [Refresh("public.filters")]
    assert len(small) <= 3


def test_what_takes_three_events_is_cut_down_to_three() -> None:
    history = [Run(str(number)) for number in range(100)]
    needed = {Run("3"), Run("50"), Run("97")}
    assert shrink(history, lambda tried: needed <= set(tried)) == [Run("3"), Run("50"), Run("97")]


@pytest.mark.parametrize(
    ("contents", "definition", "difference"),
    [
        ("SELECT 1 AS r, 'a' AS a", "SELECT 1, 'a'", []),
        ("SELECT 1 AS r WHERE false", "SELECT 1", ["missing: (1)"]),
        ("VALUES (1), (1)", "VALUES (1)", ["surplus: (1)"]),
        ("VALUES (NULL::integer, 2)", "VALUES (NULL::integer, 2)", []),
        ("VALUES (NULL::integer)", "SELECT 1 WHERE false", ["surplus: ()"]),
        ("VALUES (1.0)", "VALUES (1.00)", ["another image: (1.0)"]),
        ("VALUES ('0'::float8), ('-0')", "VALUES ('0'::float8), ('0')", ["another image: (-0)"]),
        ("VALUES ('1 day'::interval)", "VALUES ('24:00'::interval)", ['another image: ("1 day")']),
        ("VALUES ('{\"a\": 1}'::json)", "VALUES ('{\"a\":1}'::json)", ['another image: ("{""a"": 1}")']),
    ],
)
def test_what_the_comparison_tells_apart(
    empty_database: Database, contents: str, definition: str, difference: list[str]
) -> None:
    empty_database.execute(f"CREATE TABLE contents AS {contents}")
    with empty_database.connect() as session:
        assert differences(session, "contents", definition)[:2] == difference
