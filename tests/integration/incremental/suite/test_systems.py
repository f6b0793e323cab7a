"""Random histories of the four source systems: their own views, with the stages that their policies name."""

from __future__ import annotations

import os
import random

import pytest

from tests.fix_database import Database
from tests.integration.incremental.shapes import SYSTEM_VIEWS
from tests.integration.incremental.suite.adapter import enable_view
from tests.integration.incremental.suite.explanation import Again, explain_history
from tests.integration.incremental.suite.generator import random_history
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.system_statements import SystemStatements, columns_of
from tests.integration.incremental.suite.templates import WRITERS, clone

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_SEED = os.environ.get("VISTAFRESCA_SUITE_SEED", "1")
# Where the policy names none, for it is not worth it.
_STAGES = {
    "teloo.mv_ranking_asesores": ("ofertas_30d", "notificaciones_30d", "auditorias_asesor"),
}
_HISTORIES, _ROUNDS = (10, 40) if _LONG else (1, 8)


@pytest.mark.parametrize("system", SYSTEM_VIEWS)
def test_a_system_s_views_are_equal_to_their_definitions_after_any_history(
    systems_database: Database, system: str
) -> None:
    views = SYSTEM_VIEWS[system]
    with systems_database.connect() as session:
        definitions = {
            view: str(session.execute("SELECT rtrim(pg_get_viewdef(%s::regclass), ';')", [view]).fetchall()[0][0])
            for view in views
        }
        columns = columns_of(session, list(views))
    systems_database.execute(WRITERS)
    # a history may empty every table
    systems_database.execute(
        "UPDATE bi_refresh.view_policy SET must_not_be_empty = false, max_row_drop_percent = NULL, custom_checks = '{}'"
    )
    for view in views:
        enable_view(systems_database, view, stages=_STAGES.get(view))
    systems_database.wait_until_alone()
    for number in range(_HISTORIES):
        choice = random.Random(f"{_SEED}/{system}/{number}")  # noqa: S311  # reproducible, not secret
        history = random_history(choice, SystemStatements(choice, columns), views, rounds=_ROUNDS)
        with clone(systems_database) as database:
            player = Player(database, definitions)
            failure = player.play(history)
        if failure is not None:
            again = Again(systems_database, definitions, failure)
            pytest.fail(explain_history(again, history, failure), pytrace=False)
        print(dict(sorted(player.counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many there were
