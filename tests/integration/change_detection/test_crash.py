"""A server killed in mid-load: what its statistics, unlogged tables and last commits lose leads to no false skip."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psycopg
import pytest

from demo.server import EmbeddedServer, embedded_server
from refresh_task.migrations import migrate_up
from tests.fix_database import create_database
from tests.fix_steps import differing_rows, run_step_on
from tests.integration.change_detection.race import VIEWS, Race

_LONG = bool(os.environ.get("VISTAFRESCA_LONG_TESTS"))  # when imported: tests do not see the machine's settings
_CRASHES = 12 if _LONG else 1
_RESTART_TIMEOUT_S = 60


def _kill(server: EmbeddedServer) -> None:
    """SIGKILL to the postmaster, as the kernel does when memory runs out; its children follow by themselves."""
    postmaster = int(Path(server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)


def _start_again(server: EmbeddedServer) -> None:
    """It refuses until the last child of the former one is gone."""
    deadline = time.monotonic() + _RESTART_TIMEOUT_S
    while True:
        try:
            return server.start()
        except RuntimeError:
            if time.monotonic() > deadline:
                raise


@pytest.mark.parametrize("death", ["kill -9", "immediate stop"])
def test_no_false_skip_after_a_crash(death: str) -> None:
    with embedded_server(settings={"max_prepared_transactions": "20", "max_connections": "50"}) as server:
        database = create_database(server)
        with database.session() as session:
            migrate_up(session)
        race = Race(database, seed=1)
        race.set_up()
        for crash in range(_CRASHES):
            dying = threading.Timer(0.7, lambda: _kill(server) if death == "kill -9" else server.stop(mode="immediate"))
            dying.start()
            race.seed = crash
            with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError)):
                race.run(steps=100_000)
            dying.join()
            _start_again(server)
            for (prepared,) in database.rows("SELECT gid FROM pg_prepared_xacts"):
                database.execute(f"COMMIT PREPARED '{prepared}'")
            assert database.value("SELECT count(*) FROM scratch") == 0
            # the first step after the crash is the one that could be skipped wrongly
            with database.connect() as worker:
                worker.execute("SET default_transaction_isolation = 'repeatable read'")
                for name, (_, _, change_detection) in VIEWS.items():
                    status = run_step_on(worker, database, f"public.{name}", change_detection=change_detection)[
                        "status"
                    ]
                    assert (name, status, differing_rows(worker, name)) == (name, status, 0)
            race.settle()
            assert race.wrong == []
            database.execute("INSERT INTO scratch SELECT i, i FROM generate_series(1, 20) AS i")
