"""Random histories over every shape: after each refresh the view is equal to its definition in the same snapshot.

A history that fails is cut down and printed as a script. Some hundreds of refreshes of each group of shapes here,
thousands with VISTAFRESCA_LONG_TESTS=1.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES, Shape
from tests.integration.incremental.suite.explanation import explain
from tests.integration.incremental.suite.generator import history_of_shapes
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.templates import clone, template

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_SEED = os.environ.get("VISTAFRESCA_SUITE_SEED", "1")
_GROUPS = 12
_HISTORIES, _ROUNDS = (20, 40) if _LONG else (1, 6)


@pytest.mark.parametrize("group", range(_GROUPS))
def test_a_view_is_equal_to_its_definition_after_any_history(migrated_template: Database, group: int) -> None:
    shapes = [shape for shape in SHAPES if shape.can_be_enabled][group::_GROUPS]
    _play_histories(migrated_template, shapes, f"{_SEED}/{group}")


def test_a_materialized_view_over_stages_is_equal_to_its_definition_after_any_history(
    migrated_template: Database,
) -> None:
    shapes = [
        replace(shape, output="materialized_view")
        for shape in SHAPES
        if shape.can_be_enabled and shape.stages and shape.key is not None
    ]
    _play_histories(migrated_template, shapes, f"{_SEED}/materialized views")


def _play_histories(migrated_template: Database, shapes: Sequence[Shape], seed: str) -> None:
    counts: Counter[str] = Counter()
    with template(migrated_template, shapes) as made:
        version = made.value("SELECT current_setting('server_version_num')::integer")
        for number in range(_HISTORIES):
            choice = random.Random(f"{seed}/{number}")  # noqa: S311  # reproducible, not secret
            history = history_of_shapes(choice, shapes, rounds=_ROUNDS, server_version=version)
            with clone(made) as database:
                player = Player(database, {shape.view: shape.query for shape in shapes})
                failure = player.play(history)
            counts += player.counts
            if failure is not None:
                pytest.fail(explain(migrated_template, shapes, history, failure), pytrace=False)
    print(dict(sorted(counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many of each there were
