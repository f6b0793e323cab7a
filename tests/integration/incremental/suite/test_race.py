"""Incremental refresh under fire: after each refresh the view is equal to its definition in the refresh's snapshot, and
once the writers have stopped, one refresh brings every view to its definition and the next is skipped.

Some hundreds of refreshes here, thousands with VISTAFRESCA_LONG_TESTS=1.
"""

from __future__ import annotations

import os

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.race import Race
from tests.integration.incremental.suite.templates import clone, template

pytestmark = pytest.mark.version_independent

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_REFRESHES = 3000 if _LONG else 200
_SHAPES = (
    "join_group", "full_join_using", "null_group", "window_partition", "several_keys", "list_partitions", "two_levels",
    "inheritance", "duplicates", "window_on_both_sides", "stage_on_a_stage", "linear", "staged_rank",
    "stage_on_partitions",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4 if _LONG else 1))
def test_no_refresh_misses_what_was_committed(migrated_template: Database, seed: int) -> None:
    shapes = [shape for shape in SHAPES if shape.name in _SHAPES]
    with template(migrated_template, shapes) as made, clone(made) as database:
        race = Race(database, shapes, seed)
        race.run(refreshes=_REFRESHES)
        race.settle()
    print(dict(sorted(race.counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many of each there were
    assert race.wrong == []
    assert race.counts["incremental"] > 0
    assert race.counts["prepared"] > 0
