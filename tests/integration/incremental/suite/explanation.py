"""A history that failed, as small as it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fix_database import Database
from tests.integration.incremental.shapes import Shape
from tests.integration.incremental.suite.history import History, script
from tests.integration.incremental.suite.player import Failure, Player
from tests.integration.incremental.suite.shrinking import shrink, until_failure
from tests.integration.incremental.suite.templates import clone, template


@dataclass
class Again:
    """Whether a history fails in the same way, on a clone of its own."""

    made: Database
    definitions: dict[str, str]
    latest: Failure
    times: int = 0

    def __call__(self, history: History) -> bool:
        """`latest` tells how."""
        with clone(self.made) as database:
            found = Player(database, self.definitions).play(history)
        if found is None or (found.view, found.is_error) != (self.latest.view, self.latest.is_error):
            return False
        self.latest = found
        self.times += 1
        return True


def explain(migrated: Database, shapes: Sequence[Shape], history: History, failure: Failure) -> str:
    """Words and a script; with only the view that failed enabled, if that is enough."""
    found = f"{failure.view}: {failure.words}\nnot again when played alone:"
    alone = [shape for shape in shapes if shape.view == failure.view] or list(shapes)
    for among in (alone, list(shapes)):
        with template(migrated, among) as made:
            again = Again(made, {shape.view: shape.query for shape in among}, failure)
            found = explain_history(again, history, failure)
            if again.times > 0:
                return f"with {', '.join(shape.name for shape in among)} enabled:\n{found}"
    return found


def explain_history(again: Again, history: History, failure: Failure) -> str:
    """The same on a database that is there already."""
    candidate = until_failure(history, failure.event, failure.view)
    if again(candidate):
        small = shrink(candidate, again)
        return f"{failure.view}: {again.latest.words}\n\n{script(small)}"
    return f"{failure.view}: {failure.words}\nnot again when played alone:\n\n{script(history[: failure.event + 1])}"
