"""Skipping under fire: writers commit before, during and after fingerprints and refreshes.

Each step is checked in its own snapshot (skipped or refreshed, the view is equal to its definition by EXCEPT ALL), and
once the writers have stopped, two runs bring every view to its definition. Some seconds here; thousands of steps with
VISTAFRESCA_LONG_TESTS=1.
"""

from __future__ import annotations

import os

import pytest

from tests.fix_database import Database
from tests.integration.change_detection.race import Race

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_STEPS = 3000 if _LONG else 250


@pytest.mark.parametrize("seed", range(3 if _LONG else 1))
def test_no_skip_hides_a_committed_change(database: Database, seed: int) -> None:
    race = Race(database, seed)
    race.set_up()
    race.run(steps=_STEPS)
    race.settle()
    print(dict(sorted(race.counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many of each there were
    assert race.wrong == []
    assert race.counts["SKIPPED"] > 0
    assert race.counts["SUCCESS"] > 0
