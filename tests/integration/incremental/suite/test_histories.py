"""Random histories over every shape: after each refresh the view is equal to its definition in the same snapshot.

A history that fails is cut down and printed as a script. Some hundreds of refreshes of each group of shapes here,
thousands with VISTAFRESCA_LONG_TESTS=1.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES, Shape
from tests.integration.incremental.suite.generator import random_history
from tests.integration.incremental.suite.history import History, script
from tests.integration.incremental.suite.player import Failure, Player
from tests.integration.incremental.suite.shrinking import shrink, until_failure
from tests.integration.incremental.suite.templates import clone, template

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_SEED = int(os.environ.get("VISTAFRESCA_SUITE_SEED", "1"))
_GROUPS = 12
_HISTORIES, _ROUNDS = (20, 40) if _LONG else (1, 12)


@pytest.mark.parametrize("group", range(_GROUPS))
def test_a_view_is_equal_to_its_definition_after_any_history(migrated_template: Database, group: int) -> None:
    shapes = SHAPES[group::_GROUPS]
    counts: Counter[str] = Counter()
    with template(migrated_template, shapes) as made:
        version = made.value("SELECT current_setting('server_version_num')::integer")
        for number in range(_HISTORIES):
            choice = random.Random(f"{_SEED}/{group}/{number}")  # noqa: S311  # reproducible, not secret
            history = random_history(choice, shapes, rounds=_ROUNDS, server_version=version)
            with clone(made) as database:
                player = Player(database, {shape.name: shape for shape in shapes})
                failure = player.play(history)
            counts += player.counts
            if failure is not None:
                pytest.fail(explain(migrated_template, shapes, history, failure), pytrace=False)
    print(dict(sorted(counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many of each there were


def explain(migrated_template: Database, shapes: Sequence[Shape], history: History, failure: Failure) -> str:
    """The failing history, as small as it gets."""
    alone = [shape for shape in shapes if shape.name == failure.view] or list(shapes)
    candidate = until_failure(history, failure.event, failure.view)
    for among in (alone, list(shapes)):
        with template(migrated_template, among) as made:
            again = _Again(made, among, failure)
            if again(candidate):
                small = shrink(candidate, again)
                names = ", ".join(shape.name for shape in among)
                return f"{failure.view}: {again.latest.words}\nwith {names} enabled:\n\n{script(small)}"
    return f"{failure.view}: {failure.words}\nnot again when played alone:\n\n{script(history[: failure.event + 1])}"


@dataclass
class _Again:
    """Whether a history fails in the same way."""

    made: Database
    among: Sequence[Shape]
    latest: Failure

    def __call__(self, history: History) -> bool:
        with clone(self.made) as database:
            found = Player(database, {shape.name: shape for shape in self.among}).play(history)
        if found is None or (found.view, found.is_error) != (self.latest.view, self.latest.is_error):
            return False
        self.latest = found
        return True
