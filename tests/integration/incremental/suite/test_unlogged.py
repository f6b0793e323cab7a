"""Why logs are logged: after a crash an unlogged one is empty, and what was committed is missed for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demo.server import embedded_server
from refresh_task.migrations import migrate_up
from tests.fix_database import create_database
from tests.integration.incremental.shapes import SHAPES
from tests.integration.incremental.suite.history import Refresh
from tests.integration.incremental.suite.player import Player
from tests.integration.incremental.suite.templates import template

pytestmark = pytest.mark.version_independent

_CAPTURE_TABLE = Path(__file__).parents[4] / "sql" / "bi_refresh" / "functions" / "capture_table.sql"
_LOGGED = "'CREATE TABLE %s (bi_refresh_layout pg_catalog.int4 NOT NULL, bi_refresh_weight"
_SHAPE = next(shape for shape in SHAPES if shape.name == "filters")


@pytest.mark.skipif(
    not os.environ.get("VISTAFRESCA_LONG_TESTS"), reason="a server of its own: VISTAFRESCA_LONG_TESTS=1"
)
def test_what_was_captured_outlives_a_crash_because_it_is_logged() -> None:
    text = _CAPTURE_TABLE.read_text()
    assert text.count(_LOGGED) == 1
    unlogged = text.replace(_LOGGED, _LOGGED.replace("CREATE TABLE", "CREATE UNLOGGED TABLE"))
    with embedded_server(settings={"max_prepared_transactions": "20", "synchronous_commit": "on"}) as server:
        migrated, mutant = create_database(server), create_database(server)
        for database in (migrated, mutant):
            with database.session() as session:
                migrate_up(session)
        mutant.execute(unlogged)
        with template(migrated, [_SHAPE]) as right, template(mutant, [_SHAPE]) as wrong:
            for database in (right, wrong):
                database.execute("UPDATE orders SET kind = 7 WHERE id IN (1, 2)")
            server.stop(mode="immediate")
            server.start()
            players = [Player(database, {_SHAPE.view: _SHAPE.query}) for database in (right, wrong)]
            found = [player.play([Refresh(_SHAPE.view)]) for player in players]
    assert found[0] is None
    assert found[1] is not None
    assert not found[1].is_error
