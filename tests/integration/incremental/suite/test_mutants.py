"""What incremental refresh rests on, taken away piece by piece (mutants.py): each time a history has to go wrong.
Otherwise the suite would not see it missing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.generator import PATIENCE
from tests.integration.incremental.suite.history import Refresh, Run
from tests.integration.incremental.suite.mutants import MUTANTS, Mutant
from tests.integration.incremental.suite.player import Failure, Player
from tests.integration.incremental.suite.templates import clone, template

pytestmark = pytest.mark.version_independent

_SHAPES = {shape.view: shape for shape in SHAPES}


@pytest.fixture(scope="module")
def whole(migrated_template: Database) -> Iterator[Database]:
    """With all views that the mutants' histories are of, and nothing taken away; to be cloned, never used."""
    with template(migrated_template, [_SHAPES[view] for view in {mutant.view for mutant in MUTANTS.values()}]) as made:
        yield made


def _play(database: Database, mutant: Mutant) -> Failure | None:
    view = mutant.view
    history = [Refresh(view), Run(PATIENCE), *mutant.events, Refresh(view)]
    return Player(database, {view: _SHAPES[view].query}).play(history)


@pytest.mark.parametrize("left_out", MUTANTS)
def test_what_incremental_refresh_rests_on_is_needed(whole: Database, left_out: str) -> None:
    mutant = MUTANTS[left_out]
    with clone(whole) as database:
        mutant.install(database)
        failure = _play(database, mutant)
    assert failure is not None, "the history did not notice"
    assert failure.is_error == mutant.fails, failure.words


@pytest.mark.skipif(not os.environ.get("VISTAFRESCA_LONG_TESTS"), reason="takes long: VISTAFRESCA_LONG_TESTS=1")
def test_with_nothing_left_out_no_history_goes_wrong(whole: Database) -> None:
    wrong: list[str] = []
    for name, mutant in MUTANTS.items():
        with clone(whole) as database:
            failure = _play(database, mutant)
        if failure is not None:
            wrong.append(f"{name}: {failure.words}")
    assert wrong == []
