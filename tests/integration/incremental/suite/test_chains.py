"""Views over views that are refreshed incrementally themselves, at times of their own: each is equal to its definition
over what stands under the other's name."""

from __future__ import annotations

import os
import random

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES, Shape
from tests.integration.incremental.suite.explanation import Again, explain_history
from tests.integration.incremental.suite.generator import random_history
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.statements import Statements
from tests.integration.incremental.suite.templates import clone, template

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_SEED = os.environ.get("VISTAFRESCA_SUITE_SEED", "1")
_HISTORIES, _ROUNDS = (10, 40) if _LONG else (1, 12)

_BENEATH = tuple(shape for shape in SHAPES if shape.name in ("left_join_of_groups", "window_partition"))
_ABOVE = (
    Shape(
        "of_zones", "SELECT zone, count(*) AS customers, sum(orders) AS orders FROM left_join_of_groups GROUP BY zone",
        None, ("left_join_of_groups",),
    ),
    Shape("of_kinds", "SELECT kind, max(total) AS total, count(*) AS n FROM window_partition GROUP BY kind", "kind",
          ("window_partition",)),
    Shape(
        "of_both",
        "SELECT o.id, o.kind, o.place, k.n, c.name FROM window_partition AS o JOIN of_kinds AS k USING (kind)"
        " LEFT JOIN left_join_of_groups AS c ON c.id = o.kind",
        "id",
    ),
)  # fmt: skip


def test_views_over_incremental_views(migrated_template: Database) -> None:
    with template(migrated_template, (*_BENEATH, *_ABOVE)) as made:
        definitions = {shape.view: shape.query for shape in (*_BENEATH, *_ABOVE)}
        version = made.value("SELECT current_setting('server_version_num')::integer")
        for number in range(_HISTORIES):
            choice = random.Random(f"{_SEED}/chains/{number}")  # noqa: S311  # reproducible, not secret
            statement = Statements(choice, frozenset({"orders", "customers"}), server_version=version)
            history = random_history(choice, statement, list(definitions), rounds=_ROUNDS)
            with clone(made) as database:
                player = Player(database, definitions)
                failure = player.play(history)
            if failure is not None:
                pytest.fail(explain_history(Again(made, definitions, failure), history, failure), pytrace=False)
            print(dict(sorted(player.counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many
