"""Histories that somebody thought of (directed.py), each followed by a refresh that is compared with the definition,
and by another."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.directed import DIRECTED
from tests.integration.incremental.suite.history import Refresh, Run, script
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.templates import clone, template


@pytest.mark.parametrize("half", range(2))
def test_every_directed_history_ends_with_equality(migrated_template: Database, half: int) -> None:
    directed = dict(list(DIRECTED.items())[half::2])
    names = {name for name, _ in directed.values()}
    shapes = [shape for shape in SHAPES if shape.name in names]
    wrong: list[str] = []
    with template(migrated_template, shapes) as made:
        for what, (name, events) in directed.items():
            view = f"public.{name}"
            more = "UPDATE orders SET kind = 5, amount = 3, customer = 2 WHERE id IN (3, 4)"
            history = [*events, Refresh(view), Run(more), Refresh(view)]
            with clone(made) as database:
                failure = Player(database, {shape.view: shape.query for shape in shapes}).play(history)
            if failure is not None:
                wrong.append(f"{what}: {failure.view}: {failure.words}\n{script(history)}")
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)
